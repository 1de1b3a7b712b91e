"""Families for whom no shelter had a place and who wait for one.

Told after the rest of the life, from a stream of its own, so that nothing else of the demo changes with it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from workers.demo.history import Life

#: So many days before the demo's day a family may still wait.
STILL = 45


def tell(life: Life, until: datetime, random: Random) -> None:
    """If the last shelter that was asked says no, the family goes on its list; whether it does is seen when it is told."""
    asked = [a for a in life.acts if a.verb == "refer" and a.args.get("kind") == "SHELTER" and a.at < until]
    if not asked or any(a.verb == "close_case" for a in life.acts):
        return
    last = max(asked, key=lambda a: a.at)
    answers = [a.at for a in life.acts if a.ref == last.ref and a.verb in ("decline", "lapse", "accept")]
    if not answers or max(answers) < until - timedelta(days=STILL):
        return
    told = ["NO_ROOF_TONIGHT"] if random.random() < 0.3 else []
    life.add(
        max(answers) + timedelta(minutes=random.randrange(20, 200)), "wait", last.who, ref=last.ref, told=told
    )
