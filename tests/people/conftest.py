"""A desk: a team, its caseworker and a family that it registered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from caseapp.accounts.models import Team
from caseapp.core import access
from caseapp.core.db import session
from caseapp.people.service import NewFamily, Registered
from caseapp.reception.service import NewArrival, register_family
from tests.factories import make_team, make_user, principal_of
from tests.reception.families import TODAY, family_of_five


def restart() -> None:
    """A new transaction with nothing in memory, so that the identity hook speaks again."""
    session.commit()
    session.expunge_all()
    session().info.clear()


@dataclass
class Desk:
    """A team and its caseworker; `register` acts as the caseworker."""

    db: Any
    team: Team
    principal: access.Principal

    def register(self, family: NewFamily | None = None, **values: Any) -> Registered:
        made = register_family(
            family or family_of_five(), NewArrival(TODAY), team=self.team, on=TODAY, **values
        )
        restart()
        return made


@pytest.fixture
def desk(db):
    with db.as_owner():
        team = make_team()
        user = make_user(team=team)
    who = principal_of(user, ("CASEWORKER", team), ("SUPERVISOR", team))
    with access.acting_as(who):
        restart()
        yield Desk(db, team, who)


@pytest.fixture
def stranger(db):
    with db.as_owner():
        team = make_team()
        user = make_user(team=team)
    return Desk(db, team, principal_of(user, ("CASEWORKER", team)))
