"""Which life a family has: the ordinary one, or one of those that stand in the middle of something on the demo's day.

The second kind is there so that each role finds work: somebody at the desk, a referral whose clock runs, people
expected tonight, somebody overdue, somebody whose last night was this one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from caseapp.core import clock
from caseapp.people.rules.household import ENOUGH
from workers.demo.calibration import drawn
from workers.demo.history import Life

#: Days between arrival and registration; the long ones are late entries from paper.
DELAYS = {0: 0.74, 1: 0.17, 2: 0.04, 3: 0.02, 16: 0.01, 24: 0.01, 33: 0.01}
HEALTH = {"IMMEDIATE": 0.12, "EMERGENCY": 0.33, "URGENT": 0.35, "NORMAL": 0.2}
GONE = {"CONTACT_LOST": 0.5, "LEFT_LEARNT": 0.2, "LEFT_TOLD": 0.14, "PERSON_ASKED": 0.16}
#: How often a case ends, and how, by how the claim ended; OPEN: not yet, NONE: there was none.
ENDINGS: dict[str, tuple[float, dict[str, float]]] = {
    "REJECTED": (0.4, {"LEFT_TOLD": 0.35, "PERSON_ASKED": 0.3, "NEEDS_MET": 0.2, "CONTACT_LOST": 0.15}),
    "NONE": (0.62, {"CONTACT_LOST": 0.36, "LEFT_LEARNT": 0.26, "NEEDS_MET": 0.28, "PERSON_ASKED": 0.1}),
    "OPEN": (0.05, {"LEFT_TOLD": 1.0}),
}


def ordinary(life: Life) -> None:
    """From arrival through screening, shelter, services and the claim to what became of it."""
    days, random = life.days, life.random
    life.homeless = life.chance(0.55)
    at = life.registered(days.at(life.arrived + timedelta(days=drawn(random, DELAYS)), 8, 16))
    at = life.screened(at if life.chance(0.86) else days.later_day(at, random.randint(1, 6)))
    afterwards(life, at)


def afterwards(life: Life, at: datetime, *until: datetime) -> None:
    """What follows the first talk; the end of the case is not before any of `until`."""
    days, random = life.days, life.random
    ends = [at, *until, *_services(life, at)]
    if life.homeless:
        ends.append(life.sheltered(days.after(at, 20)))
    outcome = "NONE"
    if life.asylum and life.chance(0.84):
        ended, outcome = life.claimed(at)
        ends.append(ended)
    if life.chance(0.04):
        life.add(
            days.later_day(at, random.randint(1, 20)),
            "correct",
            (random.choice(life.everyone),),
            what=_slip(random),
        )
    if life.chance(0.02):
        life.add(
            days.later_day(at, random.randint(5, 60)), "withdraw_consent", (random.choice(life.everyone),)
        )
    _ending(life, max(ends), outcome)


def _slip(random: Random) -> str:
    return drawn(random, {"NAME": 0.5, "BIRTH": 0.25, "DOCUMENT": 0.25})


def _services(life: Life, at: datetime) -> list[datetime]:
    days, random, adults = life.days, life.random, life.adults or life.everyone
    found = []

    def sent(after: int, kind: str, purpose: str, who: tuple[int, ...], how_soon: dict[str, float]) -> None:
        moment = days.later_day(at, random.randint(0, after)) if after else days.after(at, 30)
        found.append(life.served(moment, kind, purpose, who, how_soon, kind.lower()))

    if not life.adults:
        sent(
            0,
            "CHILD_PROTECTION",
            "REFER_CHILD_AUTHORITY",
            life.everyone,
            {"IMMEDIATE": 0.5, "EMERGENCY": 0.5},
        )
    if life.asylum and life.chance(0.45):
        sent(6, "LEGAL", "REFER_LEGAL", adults[:1], {"URGENT": 0.35, "NORMAL": 0.65})
    if life.asylum and life.chance(0.3):
        sent(3, "ASYLUM_AUTHORITY", "SHARE_ASYLUM_AUTHORITY", life.everyone, {"URGENT": 0.8, "NORMAL": 0.2})
    if life.chance(0.24):
        sent(0, "HEALTH", "REFER_HEALTH", (random.choice(life.everyone),), HEALTH)
    if life.chance(0.07):
        sent(12, "MHPSS", "REFER_MHPSS", adults[:1], {"URGENT": 0.4, "NORMAL": 0.6})
    return found


def _ending(life: Life, at: datetime, outcome: str) -> None:
    """What became of the family once its claim had ended, or without one. A child alone, or with an adult whose
    relation nobody has proven, stays with us."""
    if not life.adults or any(life.family.new.members[i].evidence not in ENOUGH for i in life.children):
        return
    if outcome in ("RECOGNISED", "COMPLEMENTARY"):
        if life.chance(0.72):
            life.solved(at)
        return
    share, reasons = ENDINGS.get(outcome, (0.8, GONE))
    if not life.chance(share):
        return
    reason = drawn(life.random, reasons)
    if reason == "CONTACT_LOST":
        life.lost(at)
        return
    moment = life.days.later_day(at, life.random.randint(6, 70))
    if outcome == "OPEN":
        life.add(moment - timedelta(minutes=5), "close_claim", life.everyone, reason="DEPARTED")
    life.closed(moment, reason)


def with_a_copy(life: Life, today: date) -> None:
    """Somebody alone comes back after weeks, is not recognised and is registered again; later the two records
    are found to be one person."""
    ordinary(life)
    again = life.arrived + timedelta(days=life.random.randint(20, 70))
    if again > today - timedelta(days=4):
        again = today - timedelta(days=4)
    # Some are written down weeks after they came.
    written = next(life.days.day_of(act.at) for act in life.acts if act.verb == "register")
    again = max(again, written + timedelta(days=1))
    at = life.days.at(again, 8, 16)
    life.add(at, "register_again", (0,), ref="copy", place=life.setting.place)
    life.add(life.days.later_day(at, life.random.randint(1, 3)), "merge", (0,), ref="copy")


# --- in the middle of something -------------------------------------------------------------------------


@dataclass(frozen=True)
class Scene:
    """A life for the demo's day: how many days before it the family arrived, and how it is told. `tell` gets
    the life and the code of the shelter's team."""

    name: str
    days_before: int
    tell: Callable[[Life, str], None]


def _arrival(life: Life, hour: int) -> datetime:
    """These lives are about shelter: the family has nowhere to sleep and agrees to be referred."""
    life.homeless = life.willing = True
    return life.screened(life.registered(life.days.at(life.arrived, hour, hour + 1)))


def _asked_for(life: Life, sent: datetime, priority: str, nights: int, receiver: str) -> None:
    args: dict[str, Any] = {
        "kind": "SHELTER",
        "priority": priority,
        "receivers": [receiver],
        "nights": nights,
    }
    life.add(sent, "refer", life.everyone, ref="shelter", **args)


def _also_sent(life: Life, at: datetime, *kinds: str) -> None:
    """Referrals to services that nobody has answered yet, of a few families in each country."""
    if not life.setting.also_served:
        return
    purposes = {"LEGAL": "REFER_LEGAL", "HEALTH": "REFER_HEALTH", "MHPSS": "REFER_MHPSS",
                "ASYLUM_AUTHORITY": "SHARE_ASYLUM_AUTHORITY", "CHILD_PROTECTION": "REFER_CHILD_AUTHORITY"}  # fmt: skip
    for kind in kinds:
        who = life.children[:1] if kind == "CHILD_PROTECTION" else (life.adults or life.everyone)[:1]
        receiver = life.setting.receivers.get(kind)
        if not who or receiver is None:
            continue
        at = life.asked(at, purposes[kind], who)
        priority = "URGENT" if kind in ("HEALTH", "CHILD_PROTECTION") else "NORMAL"
        args: dict[str, Any] = {"kind": kind, "priority": priority, "receivers": [receiver]}
        life.add(at, "refer", who, ref=kind.lower(), **args)


def _expected(life: Life, receiver: str) -> None:
    """Accepted yesterday for tonight."""
    at = _arrival(life, 9)
    _asked_for(life, life.days.after(at, 20), "EMERGENCY", 14, receiver)
    yesterday = life.days.day_of(at)
    accepted = max(life.days.at(yesterday, 15, 17), life.days.after(at, 60))
    life.add(accepted, "accept", life.everyone, ref="shelter", nights=14, first=yesterday + timedelta(days=1))
    _also_sent(life, life.days.after(at, 40), "LEGAL", "CHILD_PROTECTION")


def _waiting(life: Life, receiver: str) -> None:
    """Sent yesterday, its clock still runs."""
    at = _arrival(life, 9)
    sent = max(life.days.at(life.arrived + timedelta(days=1), 14, 17), life.days.after(at, 30))
    _asked_for(life, sent, "URGENT", 10, receiver)
    _also_sent(life, life.days.after(sent, 3), "HEALTH", "ASYLUM_AUTHORITY")


def _overdue(life: Life, receiver: str) -> None:
    """Accepted for the night before last and not come; nobody has written them off."""
    at = _arrival(life, 10)
    sent = max(life.days.at(life.arrived, 15, 16), life.days.after(at, 20))
    _asked_for(life, sent, "IMMEDIATE", 7, receiver)
    accepted = life.days.after(sent, 25)
    life.add(accepted, "accept", life.everyone, ref="shelter", nights=7, first=life.arrived)
    _also_sent(life, life.days.at(life.arrived + timedelta(days=1), 9, 15), "MHPSS")
    if life.adults:
        at = clock.at(life.arrived + timedelta(days=1), 16, 30, life.days.timezone)
        life.add(at, "act_without", life.adults[:1])


def _leaving(life: Life, receiver: str) -> None:
    """In since a week; their last night was last night."""
    at = _arrival(life, 9)
    _asked_for(life, life.days.after(at, 20), "EMERGENCY", 7, receiver)
    accepted = life.days.after(at, 120)
    life.add(accepted, "accept", life.everyone, ref="shelter", nights=7, first=life.arrived)
    life.add(
        max(life.days.at(life.arrived, 18, 21), life.days.after(accepted, 30)),
        "check_in",
        life.everyone,
        ref="shelter",
    )
    if life.asylum:
        life.add(life.days.at(life.arrived + timedelta(days=3), 9, 15), "lodge", life.everyone)
    _also_sent(life, life.days.at(life.arrived + timedelta(days=6), 9, 15), "LEGAL", "HEALTH")


def _staying(life: Life, receiver: str) -> None:
    """In for another fortnight."""
    at = _arrival(life, 11)
    _asked_for(life, life.days.after(at, 20), "URGENT", 24, receiver)
    accepted = life.days.after(at, 180)
    life.add(accepted, "accept", life.everyone, ref="shelter", nights=24, first=life.arrived)
    life.add(
        max(life.days.at(life.arrived, 19, 22), life.days.after(accepted, 30)),
        "check_in",
        life.everyone,
        ref="shelter",
    )
    if life.asylum:
        life.add(life.days.at(life.arrived + timedelta(days=4), 9, 15), "lodge", life.everyone)
    if len(life.adults) > 1:
        # One of two adults takes the consent back; the other and the children go on being seen.
        at = clock.at(life.arrived + timedelta(days=6), 11, 0, life.days.timezone)
        life.add(at, "take_back", life.adults[-1:])


def _just_here(life: Life, receiver: str) -> None:
    """Registered yesterday afternoon; nobody has talked with them yet."""
    life.homeless = life.willing = True
    life.registered(life.days.at(life.arrived, 15, 17))


#: In the order in which a country with few families gets them.
SCENES = (
    Scene("expected", 1, _expected), Scene("waiting", 2, _waiting), Scene("overdue", 2, _overdue),
    Scene("leaving", 7, _leaving), Scene("just_here", 1, _just_here), Scene("staying", 10, _staying),
)  # fmt: skip
