"""Sites, teams, rooms and accounts of the demo."""

from __future__ import annotations

import json
import stat
from datetime import date
from pathlib import Path

import sqlalchemy as sa

from caseapp.accounts.models import Membership, Team, User
from caseapp.accounts.service import passwords
from caseapp.core import access
from caseapp.core.db import session
from caseapp.places.models import Service, Site
from caseapp.shelter.models import Place, Unit
from tests.conftest import Database
from workers.demo import accounts, places
from workers.demo.acting import acting

TODAY = date(2025, 11, 23)


def test_every_role_has_an_account_where_the_vocabulary_puts_it() -> None:
    found = {p.email: p for p in accounts.posts()}
    assert found["caseworker.mx-tap@demo.example"].teams == ("MX-TAP-RECEPTION_DESK",)
    assert found["service_focal_point.mx-sal@demo.example"].teams == ("MX-SAL-HEALTH", "MX-SAL-MHPSS")
    assert "gate_night.gt-cao@demo.example" in found and "gate_night.mx-leg@demo.example" not in found
    assert found["data_steward.blz@demo.example"].site is None
    assert {p.role for p in found.values()} == set(access.ROLES)
    assert len(found) == len(accounts.posts())


def test_the_file_of_accounts_is_private_and_stays(tmp_path: Path) -> None:
    made = accounts.kept(tmp_path)
    file = tmp_path / accounts.FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert set(json.loads(file.read_text())[0]) == {"email", "password", "totp", "role", "country", "site"}
    assert accounts.kept(tmp_path) == made
    assert len({a.password for a in made}) == len(made)


def test_places_are_founded_once_and_their_workers_can_sign_in(
    committed_db: Database, tmp_path: Path
) -> None:
    made = accounts.kept(tmp_path)
    for _ in range(2):
        places.found(made, 7, TODAY)
        session.commit()
    assert session.scalar(sa.select(sa.func.count()).select_from(Site)) == 36
    assert session.scalar(sa.select(sa.func.count()).select_from(User)) == len(made)
    team = session.scalars(sa.select(Team).where(Team.code == "MX-LEG-LEGAL_AID")).one()
    offered = set(session.scalars(sa.select(Service.kind).where(Service.team_id == team.id)))
    assert {"LEGAL", "DOCUMENTATION"} <= offered
    user = session.scalars(sa.select(User).where(User.email == made[0].email)).one()
    assert passwords.matches(user.password_hash, made[0].password)
    held = session.scalars(sa.select(Membership.role).where(Membership.user_id == user.id)).all()
    assert held == [made[0].role]
    with acting(places.worker("SHELTER_COORDINATOR", "MX-CEI-SHELTER")) as who:
        units = session.scalars(sa.select(Unit).where(Unit.team_id.in_(who.site_teams))).all()
        beds = session.scalar(sa.select(sa.func.count()).select_from(Place))
    assert len(units) == 8
    assert beds == 56
