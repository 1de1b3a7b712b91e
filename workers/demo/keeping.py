"""What the demo's shelters keep of themselves: square metres, inspections, licences, the longest stay, how long they hold
places, and overflow in one of them. Written when all families are in, so that it changes nothing of their past."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.core import clock
from caseapp.core.db import session
from caseapp.places.models import Site
from caseapp.shelter import service as shelter
from caseapp.shelter.models import HOLDING, Place, Stay, Unit
from workers.demo import calibration
from workers.demo.acting import acting
from workers.demo.places import opening, worker

#: How long places are held, by priority; a shelter in four holds none.
HELD: tuple[dict[str, int | None], ...] = (
    {"IMMEDIATE": 45, "EMERGENCY": 120},
    {"IMMEDIATE": 60},
    {"IMMEDIATE": 30, "EMERGENCY": 60, "URGENT": 240},
    {},
)


def keep_true(seed: int, today: date) -> None:
    """Each shelter's coordinator writes it down on the morning of today."""
    moment = datetime(today.year, today.month, today.day, 15, 0, tzinfo=UTC)
    codes = sorted(f"{line['code']}-SHELTER" for line in calibration.sites_file()["sites"] if "units" in line)
    teams = session.scalars(sa.select(Team).where(Team.code.in_(codes)).order_by(Team.code)).all()
    for number, team in enumerate(teams):
        random = calibration.stream(seed, "keeping", team.code)
        site = session.get_one(Site, team.site_id)
        with clock.held_at(moment), acting(worker("SHELTER_COORDINATOR", team.code)):
            units = session.scalars(sa.select(Unit).where(Unit.team_id == team.id).order_by(Unit.code)).all()
            for unit in units:
                beds = session.scalar(
                    sa.select(sa.func.count()).where(Place.unit_id == unit.id, Place.kind != "COT")
                )
                area = Decimal(random.randrange(32, 52)) * (beds or 1) / 10
                shelter.measure(
                    unit, area_m2=area, turnaround_nights=1 if unit.one_household and number % 3 == 0 else 0
                )
                # In this month: what earlier months hold has been released.
                seen = today - timedelta(days=random.randrange(max(1, today.day - 1)))
                outcome = random.choices(("PASSED", "WITH_REMARKS"), (4, 1))[0]
                shelter.inspect(unit, on=seen, outcome=outcome, next_due_on=seen + timedelta(days=182))
            if number == 0:
                _one_fails(units, today)
                if units:
                    shelter.open_surge(
                        units[-1], count=4, reason="ARRIVALS", closes_on=today + timedelta(days=6)
                    )
            if site.child_licence:
                shelter.license_children(
                    team.id,
                    site,
                    valid_from=opening(today),
                    valid_to=today + timedelta(days=random.randrange(90, 500)),
                )
            shelter.set_longest(team.id, (None, 180, 90)[number % 3])
            shelter.declare_holds(team.id, HELD[number % len(HELD)], site=site)


def _one_fails(units: Sequence[Unit], today: date) -> None:
    """An empty room whose last inspection failed."""
    for unit in units:
        held = sa.select(Stay.id).where(Stay.unit_id == unit.id, Stay.state.in_(HOLDING)).limit(1)
        if unit.takes in ("ANYONE", "FAMILIES") and session.scalars(held).first() is None:
            shelter.inspect(unit, on=today, outcome="FAILED", next_due_on=today + timedelta(days=14))
            return
