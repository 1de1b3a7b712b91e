"""Stories that few families live and that every demo has: a hand-over that was accepted and arrived at, a protection
transfer, a voluntary return with legal advice, one who thinks better of it, and two children who came alone.

Every choice here is drawn from streams of this module's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from caseapp.people import service as people_service
from caseapp.people.service import NewConsent
from caseapp.solutions import service as solutions
from workers.demo import places
from workers.demo.acts import Act
from workers.demo.history import Life
from workers.demo.people import CHILDREN

if TYPE_CHECKING:
    from workers.demo.perform import Scene
    from workers.demo.plan import Slot

MOVED, LEFT, LEAVES, RETURNED, STAYED, ALONE = "MOVED", "PTA_LEFT", "PTA", "RETURN", "RETURN_STOPPED", "ALONE"
#: How many days before the demo's day these families came.
DAYS = {MOVED: 16, LEFT: 150, LEAVES: 70, RETURNED: 75, STAYED: 40, ALONE: 20}
#: Which of them each country has, in the order in which a country with few families gets them.
STORIES = {
    "MEX": (MOVED, RETURNED, STAYED), "GTM": (MOVED, RETURNED), "HND": (LEAVES, RETURNED), "SLV": (LEFT, LEAVES),
    "CRI": (RETURNED, STAYED), "PAN": (RETURNED,),
}  # fmt: skip
TRANSFER = ("INFORMED", "CHOSEN", "APPLIED", "ACCEPTED", "PREPARED", "HAPPENED")
#: Each step of a return, how many days it comes after the one before, and what ends it where somebody stays.
RETURN = (("COUNSELLED", 3), ("LEGAL_ADVICE", 4), ("DECLARED_VOLUNTARY", 3), ("COOLING_OFF", 1))
GOES = (("CONFIRMED_AT_DEPARTURE", 5), ("ARRIVED", 2), ("MONITORED", 21))


def chosen(country: str, slots: Sequence[Slot], desks: Sequence[str], today: date) -> list[Slot]:
    """The same families, of whom some live these stories: of those that play no other part, adults for most, and the
    first children who came alone."""
    found = list(slots)
    free = [i for i, s in enumerate(found) if s.scene is None and not s.custody and not s.copied]
    adults = [i for i in free if not any(p.band in CHILDREN for p in found[i].shape)]
    alone = [i for i in free if all(p.band in CHILDREN for p in found[i].shape)]
    wanted = [s for s in STORIES.get(country, ()) if s != MOVED or len(desks) > 1]
    told = [*zip(sorted(adults, key=lambda i: (len(found[i].shape), i)), wanted, strict=False)]
    told += [(i, ALONE) for i in sorted(alone, key=lambda i: (-len(found[i].shape), i))[:1]]
    at_desk = next((d for d in desks if "RECEPTION_DESK" in places.team_types(d)), desks[0])
    for i, story in told:
        desk = at_desk if story in (ALONE, MOVED) else found[i].desk
        found[i] = replace(found[i], rare=story, arrived=today - timedelta(days=DAYS[story]), desk=desk)
    return found


def tell(life: Life, story: str, others: Sequence[str], random: Random) -> None:
    """One of the stories of adults, from arrival on."""
    life.willing = True
    at = life.screened(life.registered(life.days.at(life.arrived, 9, 12)), share=1.0)
    if story == MOVED:
        _moved(life, at, others)
    elif story in (LEAVES, LEFT):
        _transferred(life, at, random, ends=story == LEFT)
    else:
        _returns(life, at, stays=story == STAYED)


def _moved(life: Life, at: datetime, others: Sequence[str]) -> None:
    """Another centre takes the files over, and the family arrives there on the day that was agreed."""
    to = others[0]
    asked = life.days.later_day(at, 6)
    arrives = life.days.day_of(asked) + timedelta(days=2)
    life.add(asked, "agree_transfer", life.adults)
    offered = life.days.after(asked, 30)
    life.add(offered, "offer_files", life.everyone, ref="handover", to=to, arrives_on=arrives)
    life.add(life.days.after(offered, 90), "accept_files", life.everyone, ref="handover", to=to)
    life.add(life.days.at(arrives, 10, 13), "arrive", life.everyone, ref="handover", to=to)


def _transferred(life: Life, at: datetime, random: Random, *, ends: bool) -> None:
    """A protection transfer step by step; the one that is not over waits for the day of leaving."""
    who = life.adults
    at = life.days.later_day(at, 5)
    for i in who:
        life.add(at, "agree_alone", (i,), purpose="PTA")
    life.add(life.days.after(at, 20), "plan", who, ref="pta", pathway="PTA")
    for step in TRANSFER[: None if ends else -2]:
        at = life.days.later_day(at, random.randint(5, 14))
        life.add(at, "step", who, ref="pta", step=step)
    if ends:
        life.closed(life.days.later_day(at, 10), "SOLUTION_PTA")


def _returns(life: Life, at: datetime, *, stays: bool) -> None:
    """Advice first, then the person's own word, days to think, and leaving; or a change of mind, which ends it."""
    who = life.adults
    at = life.days.later_day(at, 5)
    life.add(at, "plan", who, ref="return", pathway="VOLUNTARY_RETURN")
    life.add(life.days.after(at, 30), "step", who, ref="return", step="INFORMED")
    for step, after in (*RETURN, *((("CHANGED_MIND", 2),) if stays else GOES)):
        at = life.days.later_day(at, after)
        if step == "DECLARED_VOLUNTARY":
            advised = max(life.days.day_of(a.at) for a in life.acts if a.args.get("step") == "LEGAL_ADVICE")
            for i in who:
                life.add(
                    at - timedelta(minutes=20), "agree_alone", (i,), purpose="RETURN_ASSISTANCE", advised=advised,
                    country=life.family.origin,
                )  # fmt: skip
        life.add(at, "return_step", who, ref="return", step=step)


# -- the verbs ----------------------------------------------------------------------------------------
def agree_alone(scene: Scene, act: Act) -> None:
    """What is asked of an adult alone, after legal advice where the purpose asks for it."""
    with scene.at_desk():
        for i, case in scene.of(act):
            new = NewConsent(
                act.args["purpose"], form="SIGNED", language=scene.story.family.language, alone=True,
                recipient_country=act.args.get("country"), legal_advice_on=act.args.get("advised"),
            )  # fmt: skip
            people_service.record_consent(case, scene.persons[i], new, on=scene.on(act))


def return_step(scene: Scene, act: Act) -> None:
    with scene.at_desk():
        for i, case in scene.of(act):
            made = scene.plans.get((act.ref, i))
            if made is not None:
                solutions.return_step(case, made, step=act.args["step"], on=scene.on(act))
