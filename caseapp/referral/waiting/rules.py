"""The order of a waiting list, published (list `waiting_criterion`), and its states.

First the priority of the referral, then the criteria that hold, in the published order of the list, then who has
waited longest. Nothing else ranks: no consent given or refused, no nationality, no need code (VOCABULARY A7,
DO_NO_HARM). The place in the list is never lost by an offer that could not be taken.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeVar

from caseapp.core import reference
from caseapp.referral.rules.reviewing import NEED_STANDS

WAITING, OFFERED, ASKED, PLACED, LEFT = "WAITING", "OFFERED", "ASKED", "PLACED", "LEFT"
STATES = (WAITING, OFFERED, ASKED, PLACED, LEFT)
#: Those that keep a rank.
OPEN = (WAITING, OFFERED, ASKED)
#: List `waiting_step`: what changed a rank or a state.
STEPS = (
    "JOINED", "MOVED", "CHANGED", "OFFERED", "NOT_NOW", "OFFER_LAPSED", "ASKED", "BACK", "PLACED", "LEFT",
)  # fmt: skip
#: Which step leads from which states to which.
TRANSITIONS: dict[str, tuple[tuple[str, ...], str]] = {
    "OFFERED": ((WAITING,), OFFERED),
    "NOT_NOW": ((OFFERED,), WAITING),
    "OFFER_LAPSED": ((OFFERED,), WAITING),
    # A sender may send without an offer: the receiver answers as it answers everybody.
    "ASKED": ((WAITING, OFFERED), ASKED),
    # Not accepted; or accepted, and then nothing was given (`given_back`).
    "BACK": ((ASKED, PLACED), WAITING),
    "PLACED": ((ASKED,), PLACED),
    "LEFT": (OPEN, LEFT),
}
#: Requirements of a place that only some places answer; the criterion ADAPTED_PLACE.
ADAPTED = frozenset({
    "STEP_FREE", "GROUND_FLOOR", "LOWER_BUNK", "ACCESSIBLE_BATH", "GUIDE_DOG", "FRIDGE_FOR_MEDICINE", "POWER_SOCKET",
})  # fmt: skip
#: Criteria that only the sender knows and is asked for.
TOLD = frozenset({"NO_ROOF_TONIGHT", "SCHOOL_AGE_OUT", "DATE_SET"})
PASSED_REASONS = ("DOES_NOT_FIT", "ASKED_TO_WAIT", "NOT_REACHED", "CANNOT_OFFER")
YOUNG, OLDER = 5, 60


class Waiting(NamedTuple):
    """What ranks an entry."""

    priority: str
    criteria: frozenset[str]
    since: datetime


@dataclass(frozen=True)
class Somebody:
    """A person of the household, as the criteria see them; `ages` in whole years, the least and the most that is
    possible, None where nothing is known. Where it is not exact, what is better for the person is taken."""

    child: bool
    ages: tuple[int, int] | None = None
    with_family: bool = True  # a child: a parent, guardian or other adult of the family goes along


def given_back(state: str, not_completed_reason: str | None) -> bool:
    """Whether people were accepted and the receiver then gave nothing: they keep the time that they have waited."""
    return state == "NOT_COMPLETED" and not_completed_reason in NEED_STANDS


def may_join(state: str, not_completed_reason: str | None) -> bool:
    """Whether the people of a referral in this state may be put on its receiver's list."""
    return state in ("DRAFT", "DECLINED", "LAPSED") or given_back(state, not_completed_reason)


def next_state(step: str, state: str) -> str | None:
    """The state after a step, or None where it may not be taken now."""
    before, after = TRANSITIONS[step]
    return after if state in before else None


def criteria_of(kind: str) -> list[str]:
    """The published criteria of a service kind, the strongest first."""
    return [c.code for c in reference.codes("waiting_criterion") if kind in c.extra["kinds"].split("|")]


def criteria_that_hold(
    kind: str, people: Sequence[Somebody], requirements: Collection[str], told: Collection[str] = ()
) -> frozenset[str]:
    """Which of the kind's criteria hold for these people; `told` are those the sender answered with yes."""
    children = [p for p in people if p.child]
    held = {
        "CHILD_WITHOUT_ADULT": any(not c.with_family for c in children),
        "YOUNG_CHILD": any(c.ages is not None and c.ages[0] < YOUNG for c in children),
        "ONE_ADULT_WITH_CHILDREN": bool(children) and len(people) - len(children) == 1,
        "ADAPTED_PLACE": bool(ADAPTED.intersection(requirements)),
        "OLDER_PERSON": any(p.ages is not None and p.ages[1] >= OLDER for p in people),
        **{code: code in told for code in TOLD},
    }
    return frozenset(code for code in criteria_of(kind) if held.get(code))


def sort_key(kind: str, entry: Waiting) -> str:
    """The entry's place in the order as text that sorts bytewise: lower comes first. `since` is an instant with zone."""
    priorities = [c.code for c in reference.codes("referral_priority")]
    marks = "".join("0" if code in entry.criteria else "1" for code in criteria_of(kind))
    return f"{priorities.index(entry.priority):02d}|{marks}|{int(entry.since.timestamp() * 1_000_000):020d}"


Keyed = TypeVar("Keyed")


def in_order(kind: str, entries: Iterable[tuple[Keyed, Waiting]]) -> list[Keyed]:
    """The entries, first come first in the published order."""
    return [
        each for _, each in sorted(((sort_key(kind, w), e) for e, w in entries), key=lambda pair: pair[0])
    ]


def why(kind: str, entry: Waiting) -> list[str]:
    """The criteria that hold, in the published order: what is said beside a rank."""
    return [code for code in criteria_of(kind) if code in entry.criteria]


def passed_over(ranks: dict[Keyed, int], states: dict[Keyed, str], chosen: Keyed) -> list[Keyed]:
    """Who stands before the chosen one and waits: each gets a reason when a place is offered past them."""
    before = [e for e, rank in ranks.items() if rank < ranks[chosen] and states[e] == WAITING]
    return sorted(before, key=lambda e: ranks[e])
