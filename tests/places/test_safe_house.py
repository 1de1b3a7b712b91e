"""A safe house has no address for anyone without the right, anywhere: an outsider is shown the same bytes whether
one was written or not, in every output there is."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from caseapp.core import access
from caseapp.core.audit import AuditRow
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, NotYours
from caseapp.places import queries
from caseapp.places.models import (
    DirectoryChange,
    SafeHouse,
    SafeHouseAccess,
    Service,
    ServiceContact,
    Site,
    SiteAddress,
)
from caseapp.places.service import safe_house
from caseapp.places.service.safe_house import Whereabouts
from tests.factories import make_site, make_team, make_user, principal_of
from tests.factories.directory import make_address, make_safe_house, make_service

HIDDEN = Whereabouts("Calle Recóndita 77", "Portón verde", "555 0101", "555 0202", "14.91234", "-92.26543")
SECRETS = ("Recóndita", "Portón", "555 01", "555 02", "14.91234", "92.26543")
ROLES = (
    "CASEWORKER",
    "SUPERVISOR",
    "SERVICE_FOCAL_POINT",
    "SHELTER_COORDINATOR",
    "DATA_STEWARD",
    "ADMINISTRATOR",
    "CHILD_OFFICER",
)


def person_of(db, role, team):
    with db.as_owner():
        return principal_of(make_user(role, team), (role, team))


@pytest.fixture
def house(db):
    with db.as_owner():
        team = make_safe_house(code="MX-ALB")
    own = person_of(db, "SHELTER_COORDINATOR", team)
    return SimpleNamespace(id=team.id, site_id=team.site_id), own


def as_(who):
    session.commit()
    session.expunge_all()
    return access.acting_as(who)


def write(house, **given):
    team, own = house
    with as_(own):
        session.commit()
        safe_house.write(session.get_one(Site, team.site_id), Whereabouts(**{**vars(HIDDEN), **given}))
        session.commit()


def test_its_own_team_reads_what_it_wrote_and_each_look_is_audited(db, house):
    write(house)
    team, own = house
    with as_(own):
        assert safe_house.whereabouts(team.site_id) == HIDDEN
        session.commit()
    acts = session.scalars(
        sa.select(AuditRow.act).where(AuditRow.subject == "safe_house").order_by(AuditRow.id)
    ).all()
    assert acts == ["changed", "viewed"]


def test_nothing_of_it_stands_in_the_clear(db, house):
    write(house)
    with db.as_owner():
        [sealed] = session.scalars(sa.select(SafeHouse.whereabouts_sealed))
    assert not any(secret.encode() in sealed for secret in SECRETS)


@pytest.mark.parametrize("role", ROLES)
def test_the_database_shows_an_outsider_no_row(db, house, role):
    write(house)
    with db.as_owner():
        elsewhere, national = make_team(make_site()), make_team(country="MEX")
    for team in (elsewhere, national):
        with as_(person_of(db, role, team)):
            session.commit()
            assert session.scalar(sa.select(sa.func.count()).select_from(SafeHouse)) == 0
            assert safe_house.whereabouts(house[0].site_id) is None
            with pytest.raises(NotYours):
                safe_house.write(session.get_one(Site, house[0].site_id), HIDDEN)
            with pytest.raises(NotYours):
                safe_house.give_access(session.get_one(Site, house[0].site_id), team.id, date(2026, 1, 1))


def test_the_workers_role_and_those_of_figures_have_no_way_to_it(db, house):
    write(house)
    for role in ("work", "facts", "figures"):
        session.commit()
        db.as_role(role)
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), session.begin_nested():
            session.execute(sa.text("SELECT * FROM safe_house"))
        db.as_role("app")


def test_a_right_that_was_given_ends_on_its_day_or_when_it_is_taken_back(db, house):
    write(house)
    team, own = house
    with db.as_owner():
        other = make_team(make_site())
    reader = person_of(db, "CASEWORKER", other)
    with as_(own):
        session.commit()
        site = session.get_one(Site, team.site_id)
        given = safe_house.give_access(site, other.id, date(2027, 1, 1))
    with as_(reader):
        session.commit()
        assert safe_house.whereabouts(team.site_id) == HIDDEN
        with pytest.raises(NotYours):
            safe_house.write(session.get_one(Site, team.site_id), HIDDEN)
    with as_(own):
        session.commit()
        safe_house.end_access(session.get_one(Site, team.site_id), given.id)
    with as_(reader):
        session.commit()
        assert safe_house.whereabouts(team.site_id) is None
    with db.as_owner():
        session.add(
            SafeHouseAccess(
                site_id=team.site_id, team_id=other.id, granted_by_id=own.user_id, granted_at=given.granted_at,
                valid_to=date(2025, 1, 1),
            )
        )  # fmt: skip
    with as_(reader):
        session.commit()
        assert safe_house.whereabouts(team.site_id) is None


def test_an_older_version_is_not_written_over(db, house):
    write(house)
    with as_(house[1]):
        session.commit()
        with pytest.raises(ChangedMeanwhile):
            safe_house.write(session.get_one(Site, house[0].site_id), HIDDEN, version=9)


def test_no_open_address_or_telephone_can_be_kept_for_one(db, house):
    team, _own = house
    with db.as_owner():
        [service] = session.scalars(sa.select(Service).where(Service.team_id == team.id))
    for row in (
        SiteAddress(site_id=team.site_id, address="Calle 1"),
        ServiceContact(service_id=service.id, kind="DUTY", phone="1"),
    ):
        with pytest.raises(sa.exc.IntegrityError, match="safe house"), db.as_owner(), session.begin_nested():
            session.add(row)
            session.flush()


def test_a_site_that_becomes_one_loses_its_open_address_and_telephones(db):
    with db.as_owner():
        site = make_site()
        make_service(make_team(site), phone="962 5")
        make_address(site.id)
        site.kind = "SAFE_HOUSE"
        session.flush()
        session.expunge_all()
        assert session.get(SiteAddress, site.id) is None
        assert session.scalars(sa.select(ServiceContact)).all() == []


# -- every output -----------------------------------------------------------------------------------------
def outputs(client, who) -> dict[str, bytes]:
    """Everything that an outsider may ask for, without what is drawn anew for each answer."""
    client.sign_in(who)
    paths = [
        "/directory",
        "/directory?q=alba",
        "/directory?kind=SAFE_SHELTER",
        "/directory?q=Recondita",
        "/directory.csv",
        "/directory/package.zip",
    ]
    if "ADMINISTRATOR" in who.roles or "DATA_STEWARD" in who.roles:
        paths += ["/directory/stale?all=1", "/directory/new"]
    drawn = rb'nonce="[^"]+"|csrf[^>]*(value|content)="[^"]+"'
    found = {path: re.sub(drawn, b"", client.get(path).get_data()) for path in paths}
    with zipfile.ZipFile(io.BytesIO(found["/directory/package.zip"])) as packed:
        found["/directory/package.zip"] = b"".join(packed.read(name) for name in packed.namelist())
    return found


@pytest.mark.parametrize("role", ROLES)
def test_an_outsider_is_shown_the_same_bytes_with_and_without_the_address(db, client, house, role):
    with db.as_owner():
        make_service(make_team(make_site(code="MX-OTR")), name="Consulta abierta")
        who = principal_of(make_user(role, (national := make_team(country="MEX"))), (role, national))
        [service] = session.scalars(sa.select(Service.id).where(Service.team_id == house[0].id))
    before = outputs(client, who)
    write(house)
    after = outputs(client, who)
    assert before == after
    for path, shown in after.items():
        assert b"Consulta abierta" in shown or "stale" in path or "new" in path or "?" in path
        assert not any(secret.encode() in shown for secret in SECRETS)
        assert b"Alba" not in shown
    for path in (f"/directory/{service}", "/safe-houses/MX-ALB"):
        assert client.get(path).status_code in (403, 404)


def test_its_own_team_reads_it_on_its_pages(db, client, house):
    write(house)
    team, own = house
    with db.as_owner():
        [service] = session.scalars(sa.select(Service.id).where(Service.team_id == team.id))
    client.sign_in(own)
    for path in (f"/directory/{service}", "/safe-houses/MX-ALB"):
        assert "Calle Recóndita 77" in client.get(path).get_data(as_text=True)
    listed = client.get("/directory").get_data(as_text=True)
    assert "Alojamiento Alba" in listed and "Recóndita" not in listed
    assert "Recóndita" not in client.get("/directory.csv").get_data(as_text=True)


def test_neither_the_history_nor_the_audit_holds_it(db, client, house):
    write(house)
    client.sign_in(house[1])
    client.post("/safe-houses/MX-ALB", data={"address": "Calle Recóndita 78", "version": "1"})
    with db.as_owner():
        said = [
            str(vars(r))
            for r in (*session.scalars(sa.select(AuditRow)), *session.scalars(sa.select(DirectoryChange)))
        ]
    assert said and not any(secret in one for one in said for secret in SECRETS)


def test_protected_kinds_are_listed_to_their_own_team_and_to_who_keeps_the_directory(db, client):
    with db.as_owner():
        team = make_team(make_site(code="MX-ESP"), "GBV_SPECIALIST")
        service = make_service(team, "GBV", name="Atención especializada")
        outside, national = make_team(make_site()), make_team(country="MEX")
    for role, of, seen in (
        ("CASEWORKER", team, True), ("CASEWORKER", outside, False), ("SUPERVISOR", outside, False),
        ("DATA_STEWARD", national, True), ("DATA_STEWARD", outside, False),
    ):  # fmt: skip
        client.sign_in(person_of(db, role, of))
        assert ("Atención especializada" in client.get("/directory").get_data(as_text=True)) is seen, (
            role,
            of.code,
        )
        assert client.get(f"/directory/{service.id}").status_code == (200 if seen else 404)


def test_who_keeps_a_country_does_not_list_its_safe_houses(db, client, house):
    with db.as_owner():
        national = make_team(country="MEX")
    who = person_of(db, "ADMINISTRATOR", national)
    with as_(who):
        session.commit()
        assert all(e.site.kind != "SAFE_HOUSE" for e in queries.kept_by(who))
