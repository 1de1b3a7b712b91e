"""Keys of the open interface: what they may be made for, their page, and what the database refuses."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, ProgrammingError

from caseapp.core import access, clock
from caseapp.core.audit import AuditRow
from caseapp.core.db import session, uuid7
from caseapp.core.errors import NotYours
from caseapp.publication.api import keys, rules
from caseapp.publication.api.models import ApiKey
from caseapp.publication.api.rules import Scope, State
from tests.factories import make_site, make_team, make_user, principal_of
from tests.publication.routes import organisation

GOOD = {"scopes": ["figures:read"], "countries": ["MEX"], "days": 30, "steward_of": ("MEX", "GTM")}


@pytest.mark.parametrize(
    ("name", "change", "error"),
    [
        ("Tablero", {}, None), ("Tablero", {"countries": ["MEX", "GTM"]}, None), ("Tablero", {"days": 366}, None),
        ("x" * 80, {"scopes": [str(one) for one in Scope]}, None),
        ("", {}, rules.NameMissing), ("x" * 81, {}, rules.NameMissing),
        ("Tablero", {"scopes": []}, rules.NothingToRead), ("Tablero", {"scopes": ["cases:read"]}, rules.NothingToRead),
        ("Tablero", {"countries": []}, rules.NotKeySteward), ("Tablero", {"countries": ["MEX", "HND"]}, rules.NotKeySteward),
        ("Tablero", {"steward_of": ()}, rules.NotKeySteward),
        ("Tablero", {"days": 0}, rules.LivesTooLong), ("Tablero", {"days": 367}, rules.LivesTooLong),
    ],
)  # fmt: skip
def test_what_a_key_may_be_made_for(name, change, error):
    if error is None:
        rules.may_make(name, **(GOOD | change))
        return
    with pytest.raises(error):
        rules.may_make(name, **(GOOD | change))


@pytest.mark.parametrize(
    ("revoked", "days", "state"),
    [
        (False, 1, State.ACTIVE),
        (False, 0, State.ACTIVE),
        (False, -1, State.EXPIRED),
        (True, 1, State.REVOKED),
    ],
)
def test_the_state_of_a_key(revoked, days, state):
    today = date(2025, 11, 23)
    assert rules.state_of(revoked=revoked, expires_on=today + timedelta(days=days), today=today) is state


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (f"Bearer acg_{'A' * 43}", True), (f"bearer   acg_{'A' * 43} ", True), (None, False), ("", False),
        (f"acg_{'A' * 43}", False), (f"Basic acg_{'A' * 43}", False), ("Bearer acg_short", False),
        (f"Bearer acg_{'A' * 44}", False), (f"Bearer acg_{'A' * 42}é", False),
    ],
)  # fmt: skip
def test_which_headers_hold_a_key(header, found):
    assert (rules.bearer(header) is not None) == found


@pytest.fixture
def steward(db):
    with db.as_owner():
        team = make_team(make_site(), "COMMISSION_STATISTICS")
        who = principal_of(make_user("DATA_STEWARD", team), ("DATA_STEWARD", team))
    organisation(db, team.country)
    with access.acting_as(who):
        access.tell_database(session(), None, session.connection())
        yield who


def made(db, who, **change):
    country = who.grants[0].country
    wanted = {
        "organisation_id": organisation(db, country).id, "scopes": ["figures:read"], "countries": [country], "days": 30,
    } | change  # fmt: skip
    access.tell_database(session(), None, session.connection())
    return keys.make("Tablero", by=who, **wanted)


def test_only_the_hash_is_kept_and_both_acts_are_audited(db, steward):
    row, token = made(db, steward)
    kept = session.execute(sa.select(ApiKey.__table__)).mappings().one()
    assert token not in " ".join(str(value) for value in kept.values()) and token.startswith(kept["hint"])
    assert kept["token_hash"] == rules.hashed(token)
    keys.revoke(row.id, by=steward)
    acts = session.scalars(
        sa.select(AuditRow.act).where(AuditRow.subject_id == row.id).order_by(AuditRow.id)
    ).all()
    assert acts == ["api_key_made", "api_key_revoked"]
    with pytest.raises(rules.RevokedAlready):
        keys.revoke(row.id, by=steward)


def test_another_countrys_steward_neither_sees_nor_takes_back(db, steward):
    row, _token = made(db, steward)
    with db.as_owner():
        team = make_team(make_site(code="HN-ZZ9", country="HND"), "COMMISSION_STATISTICS")
        other = principal_of(make_user("DATA_STEWARD", team), ("DATA_STEWARD", team))
    with access.acting_as(other):
        access.tell_database(session(), None, session.connection())
        assert (
            keys.listing(other) == [] and session.scalar(sa.select(sa.func.count()).select_from(ApiKey)) == 0
        )
        with pytest.raises(NotYours):
            keys.revoke(row.id, by=other)
        with pytest.raises(NotYours):
            made(db, other, organisation_id=row.organisation_id)
        with pytest.raises(rules.NotKeySteward):
            made(db, other, countries=["MEX"])


def insert(who, **change):
    row = {
        "id": "00000000-0000-7000-8000-000000000001", "organisation_id": session.scalar(sa.text("SELECT id FROM organisation")),
        "name": "Tablero", "hint": "acg_abcdef", "token_hash": b"x" * 32, "scopes": ["figures:read"],
        "countries": [who.grants[0].country], "made_by_id": who.user_id, "made_at": clock.real_now(),
        "expires_on": clock.real_now().date() + timedelta(days=30),
    } | change  # fmt: skip
    session.execute(sa.insert(ApiKey).values(**row))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"countries": ["HND"]}, "row-level security"), ({"scopes": ["cases:read"]}, "scopes_known"),
        ({"scopes": []}, "scopes_known"), ({"countries": []}, "countries_given"),
        ({"token_hash": b"plain"}, "token_hashed"), ({"name": ""}, "named"),
        ({"expires_on": date(2099, 1, 1)}, "expires_within_a_year"), ({"last_used_on": date(2025, 1, 1)}, "permission denied"),
    ],
)  # fmt: skip
def test_the_database_says_it_too(db, steward, change, said):
    with pytest.raises((IntegrityError, ProgrammingError), match=said):
        insert(steward, **change)


def test_a_key_is_not_widened_lengthened_or_brought_back(db, steward):
    row, _token = made(db, steward)
    for column, value in (
        ("scopes", "'{cells:read}'"),
        ("expires_on", "'2099-01-01'"),
        ("countries", "'{HND}'"),
    ):
        with pytest.raises(ProgrammingError, match="permission denied"), session.begin_nested():
            session.execute(sa.text(f"UPDATE api_key SET {column} = {value}"))
    keys.revoke(row.id, by=steward)
    back = session.execute(sa.text("UPDATE api_key SET revoked_at = NULL, revoked_by_id = NULL"))
    assert back.rowcount == 0


def test_the_page_shows_a_key_once_and_takes_it_back(db, client, steward):
    client.sign_in(steward)
    country = steward.grants[0].country
    form = {
        "organisation": str(organisation(db, country).id), "name": "Tablero del ministerio", "scopes": ["figures:read"],
        "countries": [country], "days": "90",
    }  # fmt: skip
    assert "Nadie tiene una llave" in client.get("/releases/keys").get_data(as_text=True)
    wrong = client.post("/releases/keys", data=form | {"name": ""})
    assert wrong.status_code == 422 and "Escriba para qué es la llave" in wrong.get_data(as_text=True)
    wrong = client.post("/releases/keys", data=form | {"scopes": []})
    page = wrong.get_data(as_text=True)
    assert wrong.status_code == 422 and "Elija al menos una cosa" in page and "Tablero del ministerio" in page
    answer = client.post("/releases/keys", data=form)
    token = re.search(r"acg_[A-Za-z0-9_-]{43}", answer.get_data(as_text=True))
    assert answer.status_code == 201 and token
    page = client.get("/releases/keys").get_data(as_text=True)
    assert token.group() not in page and f"{token.group()[:10]}…" in page and "nunca" in page
    key_id = session.scalar(sa.select(ApiKey.id))
    # Before it is taken back, a page says what happens; afterwards there is nothing to ask.
    page = client.get(f"/releases/keys/{key_id}/revoke").get_data(as_text=True)
    assert "Desde la siguiente solicitud no abre nada" in page and "México" in page
    assert client.post(f"/releases/keys/{key_id}/revoke").status_code == 302
    assert client.get(f"/releases/keys/{key_id}/revoke").status_code == 302
    assert client.get(f"/releases/keys/{uuid7()}/revoke").status_code == 404
    page = client.get("/releases/keys").get_data(as_text=True)
    assert "Retirada" in page and "/revoke" not in page
