"""Families for whom no shelter had a place and who wait for one.

Told after the rest of the life, from a stream of its own, so that nothing else of the demo changes with it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from workers.demo.history import Life

#: So many days before the demo's day a family may still wait.
STILL = 120


def tell(life: Life, until: datetime, random: Random) -> None:
    """A family whose last shelter said no goes on its list, and so do some of those who were never asked for one."""
    registered = [a.at for a in life.acts if a.verb == "register"]
    if not registered or any(a.verb == "close_case" for a in life.acts):
        return
    asked = [a for a in life.acts if a.verb == "refer" and a.args.get("kind") == "SHELTER" and a.at < until]
    told = ["NO_ROOF_TONIGHT"] if random.random() < 0.3 else []
    if asked:
        last = max(asked, key=lambda a: a.at)
        answers = [a.at for a in life.acts if a.ref == last.ref and a.verb in ("decline", "lapse", "accept")]
        if answers and max(answers) >= until - timedelta(days=STILL):
            life.add(_soon(max(answers), random), "wait", last.who, ref=last.ref, told=told)
    elif max(registered) >= until - timedelta(days=STILL) and life.setting.shelters:
        _asked_in_vain(
            life, life.days.later_day(max(registered), random.randrange(1, 4)), told, until, random
        )


def _asked_in_vain(life: Life, at: datetime, told: list[str], until: datetime, random: Random) -> None:
    """Referred, declined for want of a place, on the list; to one in four a place is offered."""
    life.willing = True
    at = life.asked(at, "REFER_SHELTER", life.everyone)
    receiver = life.setting.shelters[0]
    args: dict[str, Any] = {
        "kind": "SHELTER", "priority": random.choice(("EMERGENCY", "URGENT", "URGENT", "NORMAL")),
        "receivers": [receiver], "nights": random.randrange(7, 30),
    }  # fmt: skip
    life.add(_soon(at, random), "refer", life.everyone, ref="waits", **args)
    no = _soon(at + timedelta(hours=6), random)
    life.add(no, "decline", life.everyone, ref="waits", reason="NO_PLACE_TONIGHT")
    life.add(_soon(no, random), "wait", life.everyone, ref="waits", told=told)
    offered = until - timedelta(minutes=random.randrange(30, 240))
    if random.random() < 0.25 and offered > no + timedelta(minutes=200):
        life.add(offered, "offer_waiting", life.everyone, ref="waits")


def _soon(at: datetime, random: Random) -> datetime:
    return at + timedelta(minutes=random.randrange(20, 200))
