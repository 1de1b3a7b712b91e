"""A national statistics team and its data steward."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from caseapp.accounts.models import Team, User
from caseapp.core import access
from caseapp.core.db import session
from tests.factories import make_site, make_team, make_user, principal_of
from tests.people.conftest import restart


@dataclass
class Desk:
    db: Any
    team: Team
    user: Any
    steward: access.Principal


@pytest.fixture
def desk(db: Any) -> Desk:
    with db.as_owner():
        team = make_team(make_site(kind="OFFICE"), "COMMISSION_STATISTICS")
        user = make_user("DATA_STEWARD", team)
    return Desk(db, team, user, principal_of(user, ("DATA_STEWARD", team)))


@pytest.fixture
def at_desk(desk: Desk) -> Any:
    with access.acting_as(desk.steward):
        ids = desk.team.id, desk.user.id
        restart()
        desk.team, desk.user = session.get_one(Team, ids[0]), session.get_one(User, ids[1])
        yield desk
