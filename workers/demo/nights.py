"""The last nights at the shelters of the demo: the gate calls the roll, somebody alone is missing once, and somebody
twice, which is an alert in their file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.core import clock
from caseapp.core.db import session
from caseapp.places.models import Site
from caseapp.shelter.models import Place, Stay
from caseapp.shelter.night import service as roll
from workers.demo import accounts, places
from workers.demo.acting import acting
from workers.demo.calibration import stream

COUNTRIES = ("GTM", "MEX")
#: How many evenings before the demo's day the roll is called.
EVENINGS = (3, 2, 1)
#: In a house with fewer people nobody is missing.
ENOUGH = 6


def tell(seed: int, today: date) -> None:
    """Write it once, by the people who would; commits nothing."""
    rows = session.execute(
        sa.select(Team.code, Team.id, Site.timezone)
        .join(Site, Site.id == Team.site_id)
        .where(Team.type == "SHELTER", Team.active, Team.country.in_(COUNTRIES))
        .order_by(Team.code)
    ).all()
    # A parish without an account calls no roll here.
    gates = {team for post in accounts.posts() if post.role == "GATE_NIGHT" for team in post.teams}
    for code, team_id, timezone in rows:
        if code not in gates:
            continue
        random = stream("nights", seed, code)
        once, twice = random.random(), random.random()
        for days in EVENINGS:
            moment = clock.at(today - timedelta(days=days), 22, 30, timezone)
            with clock.held_at(moment), acting(places.worker("GATE_NIGHT", code)):
                everyone = _in_house(team_id)
                if not everyone:
                    continue
                away = _away(
                    everyone, once if days == EVENINGS[0] else None, twice if days != EVENINGS[0] else None
                )
                roll.call_roll(everyone, {s.id for s in everyone} - {s.id for s in away}, finished=True)


def _in_house(team_id: object) -> list[Stay]:
    """Who was in at that moment and still is, in an order that is the same every time."""
    return list(
        session.scalars(
            sa.select(Stay)
            .join(Place, Place.id == Stay.place_id)
            .where(Stay.team_id == team_id, Stay.state == "IN", Stay.arrived_at < clock.now())
            .order_by(Stay.arrived_at, Place.code)
        )
    )


def _away(everyone: Sequence[Stay], *draws: float | None) -> list[Stay]:
    """Adults who came alone, one for each draw."""
    with_child = {s.household_id for s in everyone if s.child}
    alone = [s for s in everyone if not s.child and s.household_id not in with_child]
    if len(everyone) < ENOUGH or not alone:
        return []
    return [alone[int(draw * len(alone))] for draw in draws if draw is not None]
