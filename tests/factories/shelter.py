"""A shelter with rooms, and people at it (made up). Written as owner."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.core import clock
from caseapp.core.db import session
from caseapp.people.models import CaseAccess, HouseholdMember, Person, PlacementRequirement, Relation
from caseapp.places.models import Site
from caseapp.shelter.models import Place, Stay, Unit
from caseapp.shelter.service import add_unit
from tests.factories.places import make_site, make_team

TONIGHT = date(2025, 11, 23)


def make_shelter(site: Site | None = None, **site_values: Any) -> Team:
    """A shelter team with family rooms F1 (4 beds, cot) and F2 (3 beds), a women's room M1, a men's H1 and an
    accessible room A1 (2 beds)."""
    site = site or make_site(kind="SHELTER", **site_values)
    team = make_team(site, "SHELTER")
    furnish(team)
    return team


def furnish(team: Team) -> None:
    opened = date(2025, 1, 1)
    for code, takes, traits, places in (
        ("F1", "FAMILIES", ["FAMILY_ROOM", "GROUND_FLOOR", "STEP_FREE"], {"BED": 4, "COT": 1}),
        ("F2", "FAMILIES", ["FAMILY_ROOM"], {"BED": 3}),
        ("M1", "WOMEN", ["LOWER_BUNK"], {"BED": 3}),
        ("H1", "MEN", [], {"BED": 3}),
        ("A1", "ANYONE", ["STEP_FREE", "ACCESSIBLE_BATH", "POWER_SOCKET"], {"BED": 2}),
    ):
        add_unit(
            team,
            code=code,
            name=f"Cuarto {code}",
            takes=takes,
            traits=traits,
            places=places,
            opened_on=opened,
        )


def places_in(team: Team, unit_code: str) -> list[Place]:
    """The places of a unit, in the order of their codes."""
    return list(
        session.scalars(
            sa.select(Place).join(Unit, Unit.id == Place.unit_id)
            .where(Unit.team_id == team.id, Unit.code == unit_code).order_by(Place.code)
        )
    )  # fmt: skip


def open_to(person: Person, team: Team, scope: str = "REFERRAL") -> None:
    """Let a team read the person's case."""
    session.add(CaseAccess(case_id=person.case_id, team_id=team.id, scope=scope, since=clock.now()))
    session.flush()


def relate(elder: Person, younger: Person, relation: str = "PARENT", evidence: str = "DOCUMENT") -> None:
    session.add(
        Relation(
            case_id=elder.case_id, other_case_id=younger.case_id, relation=relation, evidence=evidence,
            recorded_on=date(2025, 11, 20),
        )
    )  # fmt: skip
    session.flush()


def require(person: Person, requirement: str, detail: str | None = None, life_critical: bool = False) -> None:
    row = PlacementRequirement(
        case_id=person.case_id,
        requirement=requirement,
        life_critical=life_critical,
        set_on=date(2025, 11, 20),
    )
    row.detail = detail
    session.add(row)
    session.flush()


def make_stay(person: Person, place: Place, **values: Any) -> Stay:
    """A booked stay for tonight and two more nights, written directly."""
    unit = session.get_one(Unit, place.unit_id)
    household = session.scalar(
        sa.select(HouseholdMember.household_id).where(HouseholdMember.case_id == person.case_id)
    )
    called = values.pop("called_name", "Anita")
    stay = Stay(
        **{
            "case_id": person.case_id, "household_id": household, "site_id": unit.site_id, "team_id": unit.team_id,
            "unit_id": unit.id, "place_id": place.id, "one_household": unit.one_household,
            "first_night": TONIGHT, "last_night": date(2025, 11, 25), "state": "BOOKED", "child": False,
            "requirements": [], "booked_at": datetime(2025, 11, 23, 17, 0, tzinfo=UTC), **values,
        }
    )  # fmt: skip
    stay.called_name = called
    session.add(stay)
    session.flush()
    return stay
