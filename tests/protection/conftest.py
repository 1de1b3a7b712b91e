"""A reception desk with a woman, a family with a child, and those who work there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from caseapp.accounts.models import Team
from caseapp.core import access
from caseapp.core.db import session
from caseapp.people.models import Case, Person
from caseapp.protection.rules import Conditions
from tests.factories import make_household, make_person, make_team, make_user, principal_of

PRIVATE = Conditions("YES", "YES", "NONE", "YES", "NOT_APPLICABLE")


@dataclass
class Desk:
    db: Any
    team: Team
    woman: Person
    mother: Person
    child: Person
    caseworker: access.Principal
    supervisor: access.Principal

    def case(self, person: Person) -> Case:
        return session.get_one(Case, person.case_id)


@pytest.fixture
def desk(db: Any) -> Desk:
    with db.as_owner():
        team = make_team()
        woman = make_person(team, birth=date(1990, 5, 17))
        mother = make_person(team, birth=date(1988, 1, 9))
        child = make_person(team, birth=date(2014, 7, 1))
        make_household(team, woman)
        make_household(team, mother, child)
        worker, supervisor = make_user(team=team), make_user("SUPERVISOR", team)
    return Desk(
        db, team, woman, mother, child,
        principal_of(worker, ("CASEWORKER", team)), principal_of(supervisor, ("SUPERVISOR", team)),
    )  # fmt: skip


@pytest.fixture
def as_caseworker(desk: Desk) -> Any:
    with access.acting_as(desk.caseworker):
        session.commit()
        session.expunge_all()
        yield desk
