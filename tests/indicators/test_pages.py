"""The catalogue's page, in both languages and for those who may read it."""

from __future__ import annotations

import pytest

from caseapp.indicators import catalogue
from tests.factories import make_team, make_user, principal_of


def reader(db, role: str):
    with db.as_owner():
        team = make_team(type="COMMISSION_STATISTICS")
        user = make_user(role, team)
    return principal_of(user, (role, team))


@pytest.mark.parametrize(
    "role", ["DATA_STEWARD", "COMMISSION_ANALYST", "REGIONAL_ANALYST", "RELEASE_APPROVER"]
)
def test_the_catalogue_is_printed_whole(client, db, role):
    client.sign_in(reader(db, role))
    page = client.get("/indicators?lang=es")
    assert page.status_code == 200
    for each in catalogue.all():
        assert each.code in page.text and each.name["es"] in page.text


def test_in_english(client, db):
    client.sign_in(reader(db, "DATA_STEWARD"))
    assert "Persons registered" in client.get("/indicators?lang=en").text
    page = client.get("/indicators/P1-00?lang=en")
    assert "Persons registered in Acogida in the period." in page.text
    assert client.get("/indicators/P9-99").status_code == 404


def test_an_indicator_is_found_by_a_word_of_it_or_by_its_code(client, db):
    client.sign_in(reader(db, "COMMISSION_ANALYST"))
    for asked in ("registradas", "p1-00", "PERSONAS registradas"):
        found = client.get("/indicators", query_string={"q": asked}).text
        assert "Personas registradas" in found and "Nuevas solicitudes" not in found
    assert "Ningún indicador con esas palabras" in client.get("/indicators?q=zzz").text


def test_the_gate_does_not_read_it(client, db):
    client.sign_in(reader(db, "GATE_NIGHT"))
    assert client.get("/indicators").status_code == 403
