"""The steps of a claim: which may come next in a country's order, and which clocks each starts and stops.

The order itself is dated reference data (`claim_procedure.yml`); here is only how it is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l
from caseapp.core.reference import OrderedStep
from caseapp.procedure.rules.claim import DateBefore, DateInFuture

STEPS = (
    "INTENTION", "LODGED", "REGISTERED", "DOCUMENT_ISSUED", "INTERVIEW", "DECISION", "NOTIFIED", "APPEAL", "CLOSED",
    "REOPENED",
)  # fmt: skip
#: Steps with which a claim may begin.
FIRST = ("INTENTION", "LODGED")
#: What comes once more after an appeal.
AGAIN = frozenset({"INTERVIEW", "DECISION", "NOTIFIED", "APPEAL"})
MAY_REPEAT = ("DOCUMENT_ISSUED", "INTERVIEW")
APPEALABLE = ("REJECTED", "COMPLEMENTARY")

#: step: clocks that it starts (`clocks.yml`; a country without the rule has no clock), and those that it meets.
STARTS: Mapping[str, tuple[str, ...]] = {
    "INTENTION": ("CLAIM_APPLY",),
    "LODGED": ("CLAIM_TELL_MIGRATION_AUTHORITY", "CLAIM_INTERVIEW", "CLAIM_DOCUMENT_ISSUE"),
    "REGISTERED": ("CLAIM_DECIDE",),
    "INTERVIEW": ("CLAIM_OPINION",),
    "NOTIFIED": ("CLAIM_APPEAL",),
    "APPEAL": ("CLAIM_DECIDE_APPEAL",),
}
MEETS: Mapping[str, tuple[str, ...]] = {
    "LODGED": ("CLAIM_APPLY",),
    "REGISTERED": ("CLAIM_TELL_MIGRATION_AUTHORITY",),
    "DOCUMENT_ISSUED": ("CLAIM_DOCUMENT_ISSUE",),
    "INTERVIEW": ("CLAIM_INTERVIEW",),
    "DECISION": ("CLAIM_DECIDE", "CLAIM_OPINION", "CLAIM_DECIDE_APPEAL"),
    "APPEAL": ("CLAIM_APPEAL",),
}
#: What nobody waits for any more after a step.
CANCELS: Mapping[str, tuple[str, ...]] = {"DECISION": ("CLAIM_DOCUMENT_ISSUE",)}
#: Why a clock of a claim ended as the claim closed: what goes on, from that day, where the claim is reopened.
CLOSED_WITH = "SUBJECT_ENDED"
#: The limit of which a decision was in time or late.
DECIDED_WITHIN = ("CLAIM_DECIDE_APPEAL", "CLAIM_DECIDE")


class NotNext(Refused):
    """The country's order does not allow this step now."""

    sentence = _l("Este paso todavía no corresponde o ya pasó.")


@dataclass(frozen=True)
class Taken:
    """A step that was taken on a day. `code` is the outcome of a decision."""

    step: str
    on: date
    code: str | None = None


def next_steps(order: Sequence[OrderedStep], taken: Sequence[Taken]) -> tuple[str, ...]:
    """The steps that may be recorded now, in the country's order, then CLOSED or REOPENED. `taken` stands in the
    order in which it was recorded."""
    if taken and taken[-1].step == "CLOSED":
        return ("REOPENED",)
    done = _this_round(taken)
    found = [each.step for n, each in enumerate(order) if _possible(order, n, done, taken)]
    if not taken:
        return tuple(step for step in found if step in FIRST)
    if _outcome(taken) is None:
        found.append("CLOSED")
    return tuple(found)


def _this_round(taken: Sequence[Taken]) -> set[str]:
    """What counts as done: after an appeal what comes once more does not."""
    last = max((n for n, each in enumerate(taken) if each.step == "APPEAL"), default=None)
    if last is None:
        return {each.step for each in taken}
    before = {each.step for each in taken[:last]} - AGAIN
    # An interview on appeal is possible and not required.
    return before | {"INTERVIEW"} | {each.step for each in taken[last + 1 :]}


def _possible(order: Sequence[OrderedStep], n: int, done: set[str], taken: Sequence[Taken]) -> bool:
    each, later = order[n], {step.step for step in order[n + 1 :] if not step.repeats}
    if any(before.step not in done for before in order[:n] if not before.optional):
        return False
    if each.step == "APPEAL":
        return "APPEAL" not in done and _outcome(taken) in APPEALABLE
    if each.repeats:
        return "DECISION" not in done or each.step == "DOCUMENT_ISSUED"
    return each.step not in done and not later & done


def _outcome(taken: Sequence[Taken]) -> str | None:
    """The decision that stands: the last one, unless it was appealed against."""
    for each in reversed(taken):
        if each.step == "APPEAL":
            return None
        if each.step == "DECISION":
            return each.code
    return None


def may_take(order: Sequence[OrderedStep], taken: Sequence[Taken], step: str, on: date, today: date) -> None:
    """Whether a step may be recorded on a day. Raises NotNext, DateInFuture, DateBefore: nothing that the order puts
    before it may be later."""
    if step not in next_steps(order, taken):
        raise NotNext
    if on > today:
        raise DateInFuture
    if any(each.on > on for each in taken if each.step in _before(order, step)):
        raise DateBefore


def _before(order: Sequence[OrderedStep], step: str) -> set[str]:
    """What the order puts before a step. After an appeal, everything; so too for the end and the reopening."""
    names = [each.step for each in order]
    if step in ("CLOSED", "REOPENED"):
        return {*names, *STEPS}
    place = names.index(step)
    before = set(names[:place])
    return before | {"APPEAL"} if step in AGAIN else before


def begin_again(ended: Sequence[tuple[str, str, str | None]]) -> tuple[str, ...]:
    """The rules whose clocks begin again as a closed claim is reopened: those that its closing ended. `ended` are rule,
    state and reason of every clock of the claim, the oldest first; the newest of a rule decides, so that nothing that was
    met is awaited again."""
    newest = {rule: (state, reason) for rule, state, reason in ended}
    return tuple(rule for rule, how in newest.items() if how == ("CANCELLED", CLOSED_WITH))


def within(met_on_time: bool | None) -> str:
    """How a decision stood to its limit: IN_TIME, LATE, or NO_LIMIT where the country sets none."""
    if met_on_time is None:
        return "NO_LIMIT"
    return "IN_TIME" if met_on_time else "LATE"
