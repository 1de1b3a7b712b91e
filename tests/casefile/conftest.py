"""A desk with a woman and a mother with her child, and those who work there and beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from caseapp.accounts.models import Team
from caseapp.core import access
from caseapp.core.db import session
from caseapp.people.models import Case, Person
from tests.factories import make_household, make_person, make_team, make_user, principal_of
from tests.factories.shelter import make_shelter, relate


@dataclass
class Desk:
    db: Any
    team: Team
    shelter: Team
    woman: Person
    mother: Person
    child: Person
    caseworker: access.Principal
    supervisor: access.Principal
    coordinator: access.Principal
    gate: access.Principal
    numbers: dict[Any, str]

    def case(self, person: Person) -> Case:
        return session.get_one(Case, person.case_id)


@pytest.fixture
def desk(db: Any) -> Desk:
    with db.as_owner():
        team, shelter = make_team(), make_shelter()
        woman = make_person(team, birth=date(1990, 5, 17))
        mother = make_person(team, birth=date(1988, 1, 9))
        child = make_person(team, birth=date(2014, 7, 1))
        make_household(team, woman)
        make_household(team, mother, child)
        relate(mother, child)
        numbers = {p.case_id: session.get_one(Case, p.case_id).number for p in (woman, mother, child)}
        users = {
            role: principal_of(make_user(role, of), (role, of))
            for role, of in (
                ("CASEWORKER", team), ("SUPERVISOR", team), ("SHELTER_COORDINATOR", shelter), ("GATE_NIGHT", shelter),
            )
        }  # fmt: skip
    session.expunge_all()
    return Desk(
        db, team, shelter, woman, mother, child, users["CASEWORKER"], users["SUPERVISOR"],
        users["SHELTER_COORDINATOR"], users["GATE_NIGHT"], numbers,
    )  # fmt: skip


def restart() -> None:
    """Commit the savepoint and forget, so that the identity hook speaks again."""
    session.commit()
    session.expunge_all()


@pytest.fixture
def as_caseworker(desk: Desk) -> Any:
    with access.acting_as(desk.caseworker):
        restart()
        yield desk
