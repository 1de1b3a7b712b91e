"""The claim of a family in the demo: how its steps fall in time, and the verbs that perform them.

The story says when a claim is lodged and how it ends; the steps between are drawn here, from a stream of their own,
so that no other draw depends on them.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from caseapp.core import clock, reference
from caseapp.people.models import Case
from caseapp.procedure import queries, rules
from caseapp.procedure import service as procedure
from caseapp.procedure.models import Claim
from workers.demo.acts import Act
from workers.demo.calibration import stream

if TYPE_CHECKING:
    from workers.demo.history import Setting
    from workers.demo.perform import Scene

#: Days from one step to the next, at least and at most.
GAPS = {
    "REGISTERED": (1, 9), "DOCUMENT_ISSUED": (2, 12), "INTERVIEW": (9, 40), "DECISION": (10, 60), "NOTIFIED": (1, 8),
}  # fmt: skip
#: Acts of a claim that has not ended: none of them after the family's files have closed.
VERBS = frozenset({"claim_step", "notify", "appeal"})
#: How often somebody appeals against a rejection.
APPEALS = 0.35


def between(
    random: Random, country: str, lodged: date, until: date, *, decided: bool
) -> list[tuple[str, date]]:
    """The steps after lodging, each with its day, none later than `until`. Of a claim that is decided all that
    the country's order needs come before; of one that is not, those that it has come to."""
    order = reference.claim_procedure(country, lodged).steps
    names = [s.step for s in order if s.step in GAPS and s.step not in ("DECISION", "NOTIFIED")]
    gaps = [random.randint(*GAPS[name]) for name in names]
    if decided and names:
        room = max(0, (until - lodged).days - 1)
        whole = sum(gaps)
        gaps = [gap * min(room, whole) // whole for gap in gaps]
    found, day = [], lodged
    for name, gap in zip(names, gaps, strict=True):
        day += timedelta(days=gap)
        if day > until:
            break
        found.append((name, day))
    return found


def lodge(scene: Scene, act: Act) -> None:
    """The head of the family lodges one claim with those who may be in it; others who may, lodge their own."""
    on = scene.on(act)
    with scene.at_desk():
        for lead, beside in _claims(scene, act):
            first = rules.next_steps(reference.claim_procedure(lead.country, on).steps, [])
            if first == ("INTENTION",) or act.args.get("intention"):
                said = on - timedelta(days=act.args.get("intention", 2))
                procedure.intend(lead, on=max(said, lead.opened_on), beside=beside)
                procedure.lodge(lead, on=on)
            else:
                procedure.lodge(lead, on=on, beside=beside)


def _claims(scene: Scene, act: Act) -> list[tuple[Case, list[Case]]]:
    cases = [case for _, case in scene.of(act)]
    nations = queries.nationalities_of([c.id for c in cases])
    may = [c for c in cases if c.country not in nations[c.id]]
    return [(may[0], may[1:])] if may else []


def claim_step(scene: Scene, act: Act) -> None:
    """A step of the family's claim, if its order allows it now."""
    with scene.at_desk():
        for lead, claim in _led(scene, act):
            _if_next(scene, act, lead, claim, act.args["step"])


def decide(scene: Scene, act: Act) -> None:
    """The authority decides."""
    with scene.at_desk():
        for lead, claim in _led(scene, act):
            if claim.is_open:
                procedure.decide(lead, claim, on=scene.on(act), outcome=act.args["outcome"])


def notify(scene: Scene, act: Act) -> None:
    """The decision reaches the family."""
    with scene.at_desk():
        for lead, claim in _led(scene, act):
            _if_next(scene, act, lead, claim, "NOTIFIED")


def appeal(scene: Scene, act: Act) -> None:
    """The family appeals against a rejection."""
    with scene.at_desk():
        for lead, claim in _led(scene, act):
            _if_next(scene, act, lead, claim, "APPEAL")


def close_claim(scene: Scene, act: Act) -> None:
    """A claim ends without a decision on its merits."""
    with scene.at_desk():
        for lead, claim in _led(scene, act):
            if claim.is_open:
                procedure.close(lead, claim, on=scene.on(act), reason=act.args["reason"])


def _if_next(scene: Scene, act: Act, lead: Case, claim: Claim, step: str) -> None:
    order = reference.claim_procedure(lead.country, claim.lodged_on or scene.on(act)).steps
    if step in rules.next_steps(order, queries.taken(queries.steps_of([claim.id])[claim.id])):
        procedure.take(lead, claim, step, on=scene.on(act), code=act.args.get("code"))


def _led(scene: Scene, act: Act) -> list[tuple[Case, Claim]]:
    """The newest claim of whoever of the family leads one."""
    found = []
    for _, case in scene.of(act):
        led = [c for c in queries.for_case(case.id) if c.case_id == case.id]
        found += [(case, c) for c in led[:1]]
    return found


# --- as a story tells it --------------------------------------------------------------------------------
def acts_between(
    setting: Setting, who: tuple[int, ...], lodged: datetime, until: datetime, *, decided: bool
) -> list[Act]:
    """What happens to a claim between lodging and its end (or `until`)."""
    random = stream("claim", setting.country, lodged.isoformat(), len(who))
    first, last = (clock.local(m, setting.timezone).date() for m in (lodged, until))
    return [
        Act(_moment(random, setting, day, lodged, until), "claim_step", who, args={"step": name})
        for name, day in between(random, setting.country, first, last, decided=decided)
    ]


def acts_after(setting: Setting, who: tuple[int, ...], decided: datetime, outcome: str) -> list[Act]:
    """The decision is notified, and some appeal in time."""
    random = stream("claim decided", setting.country, decided.isoformat(), len(who))
    told = decided + timedelta(days=random.randint(*GAPS["NOTIFIED"]))
    found = [Act(told, "notify", who)]
    if outcome == "REJECTED" and random.random() < APPEALS:
        found.append(Act(told + timedelta(days=random.randint(1, 2)), "appeal", who))
    return found


def _moment(random: Random, setting: Setting, day: date, lodged: datetime, until: datetime) -> datetime:
    """In the hours of an office, after the lodging and before the end."""
    at = clock.at(day, random.randint(9, 15), random.randrange(60), setting.timezone)
    return min(max(at, lodged + timedelta(minutes=20)), until - timedelta(minutes=5))
