"""A shelter, a reception desk, a family and a single woman, and the people who work there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

from caseapp import load_areas
from caseapp.accounts.models import Team
from caseapp.core import access
from caseapp.core.db import session
from caseapp.people.models import Household, Person
from tests.factories import make_household, make_person, make_team, make_user, principal_of
from tests.factories.shelter import make_shelter, open_to, relate

load_areas()  # what higher areas hang on the shelter's moments


@dataclass
class House:
    db: Any
    shelter: Team
    desk: Team
    mother: Person
    child: Person
    woman: Person
    household: Household
    coordinator: access.Principal
    second: access.Principal
    gate: access.Principal
    caseworker: access.Principal
    secrets: set[str] = field(default_factory=set)


def restart() -> None:
    """Commit the savepoint and forget, so that the identity hook speaks again."""
    session.commit()
    session.expunge_all()


@pytest.fixture
def house(db: Any) -> House:
    with db.as_owner():
        desk, shelter = make_team(), make_shelter()
        mother = make_person(desk, called_name="Lucha", birth=date(1992, 3, 4))
        child = make_person(desk, birth=date(2018, 7, 1))
        woman = make_person(desk, birth=date(1988, 1, 9))
        household = make_household(desk, mother, child)
        relate(mother, child)
        for person in (mother, child, woman):
            open_to(person, shelter)
        users = {
            role: make_user(role, team)
            for role, team in (
                ("SHELTER_COORDINATOR", shelter),
                ("GATE_NIGHT", shelter),
                ("CASEWORKER", desk),
            )
        }
        second = make_user("SHELTER_COORDINATOR", shelter)
    return House(
        db, shelter, desk, mother, child, woman, household,
        principal_of(users["SHELTER_COORDINATOR"], ("SHELTER_COORDINATOR", shelter)),
        principal_of(second, ("SHELTER_COORDINATOR", shelter)),
        principal_of(users["GATE_NIGHT"], ("GATE_NIGHT", shelter)),
        principal_of(users["CASEWORKER"], ("CASEWORKER", desk)),
    )  # fmt: skip


@pytest.fixture
def as_coordinator(house: House) -> Any:
    with access.acting_as(house.coordinator):
        restart()
        yield house
