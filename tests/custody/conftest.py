"""A station, a desk that holds files of people in it, and those who work beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from caseapp.accounts.models import Team
from caseapp.core import access
from caseapp.core.db import session
from caseapp.people.models import Case, Person
from tests.factories import make_household, make_person, make_site, make_team, make_user, principal_of
from tests.factories.shelter import relate


@dataclass
class World:
    db: Any
    team: Team
    station: Team
    authority: Team
    woman: Person
    man: Person
    other_man: Person
    mother: Person
    child: Person
    caseworker: access.Principal
    supervisor: access.Principal
    liaison: access.Principal
    officer: access.Principal
    numbers: dict[Any, str]

    def case(self, person: Person) -> Case:
        return session.get_one(Case, person.case_id)

    def url(self, person: Person, path: str = "") -> str:
        return f"/cases/{self.numbers[person.case_id]}/custody{path}"


@pytest.fixture
def world(db: Any) -> World:
    with db.as_owner():
        team = make_team()
        station = make_team(make_site(admin1="MX07"), "MIGRATION_CUSTODY")
        authority = make_team(make_site(), "CHILD_AUTHORITY")
        woman = make_person(team, given_names="Berta", surname_1="Zapata", sex_in_document="F")
        man = make_person(team, given_names="Carlos", surname_1="Mejía", sex_in_document="M")
        other_man = make_person(team, given_names="Darío", surname_1="Álvarez", sex_in_document="M")
        mother = make_person(team, given_names="Elena", surname_1="Núñez", birth=date(1988, 1, 9))
        child = make_person(team, given_names="Flor", surname_1="Núñez", birth=date(2014, 7, 1))
        make_household(team, mother, child)
        relate(mother, child)
        users = [
            principal_of(make_user(role, of), (role, of))
            for role, of in (
                ("CASEWORKER", team), ("SUPERVISOR", team), ("CUSTODY_LIAISON", station), ("CHILD_OFFICER", authority),
            )
        ]  # fmt: skip
        people = (woman, man, other_man, mother, child)
        numbers = {p.case_id: session.get_one(Case, p.case_id).number for p in people}
    session.expunge_all()
    return World(db, team, station, authority, *people, *users, numbers)


def restart() -> None:
    """Commit the savepoint and forget, so that the identity hook speaks again."""
    session.commit()
    session.expunge_all()
