"""The pages of a shelter: what the gate sees and nothing else, check-in, departure, the paper, what a page costs."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from caseapp.core import clock
from caseapp.core.db import session
from caseapp.shelter.models import Stay
from tests.factories import make_person
from tests.factories.shelter import make_stay, places_in, require
from tests.statements import count_statements


def asked(statements):
    """What was asked of the database, less what the test's own savepoints add."""
    return [s[:90] for s in statements if not s.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK"))]


INSIDE = {"state": "IN", "arrived_at": datetime(2025, 11, 23, 17, 0, tzinfo=UTC)}


@pytest.fixture
def tonight(house):
    """A mother and child expected, a woman in; every secret of theirs is a word that can be looked for."""
    with house.db.as_owner():
        f1, m1 = places_in(house.shelter, "F1"), places_in(house.shelter, "M1")
        require(house.child, "ALLERGY_LIFE", "cacahuate", life_critical=True)
        stays = [
            make_stay(house.mother, f1[0], called_name="Lucha", requirements=["STEP_FREE"]),
            make_stay(house.child, f1[1], called_name="Beto", child=True, first_night=date(2025, 11, 21)),
            make_stay(house.woman, m1[0], called_name="Irma", requirements=["NO_PUBLIC_LIST"], **INSIDE),
        ]
        stays[1].life_critical = "ALLERGY_LIFE|cacahuate"
        stays[1].requirements = ["ALLERGY_LIFE"]
        session.flush()
        ids = [s.id for s in stays]
        house.secrets = secrets_of(house)
    return ids


def secrets_of(house):
    """What the gate may never read, as the pages would write it."""
    people = (house.mother, house.child, house.woman)
    return {
        *(p.given_names for p in people), house.mother.surname_1, house.mother.surname_2, str(house.mother.case_id),
        "HND", "Hondur", "25 nov", "21 nov", "2025-11-25", "2025-11-21", house.household.number, "noches,", "niñez sin",
        "necesidad", "Referencia", "/cases/", "/referrals",
    }  # fmt: skip


def test_the_gate_sees_called_name_bed_requirement_and_life_critical_and_nothing_else(client, house, tonight):
    client.sign_in(house.gate)
    page = client.get("/shelter/tonight").get_data(as_text=True)
    for shown in (
        "Lucha",
        "Beto",
        "Irma",
        "F1-B1",
        "M1-B1",
        "Sin gradas",
        "Alergia grave: cacahuate",
    ):
        assert shown in page, shown
    for hidden in house.secrets:
        assert hidden not in page, hidden
    assert (
        "/shelter/stays/" not in re.sub(r"/shelter/stays/[-0-9a-f]+/(departure|absent|back)", "", page)
        and "Confirmar que es así" not in page
    )


@pytest.mark.parametrize("path", ["", "/move", "/cancel", "/no-show"])
def test_the_gate_opens_no_stay(client, house, tonight, path):
    client.sign_in(house.gate)
    assert client.get(f"/shelter/stays/{tonight[0]}{path}").status_code == 403
    assert client.get("/shelter/places").status_code == 403


def test_the_gates_departure_page_tells_no_more(client, house, tonight):
    client.sign_in(house.gate)
    first = client.get(f"/shelter/stays/{tonight[2]}/departure").get_data(as_text=True)
    second = client.get(f"/shelter/stays/{tonight[2]}/departure?reason=OWN_WISH").get_data(as_text=True)
    for hidden in house.secrets - {"Referencia"}:
        assert hidden not in first and hidden not in second, hidden
    assert "Traslado por seguridad" not in first and "Casa segura" not in second


def test_the_paper_holds_bed_name_requirement_and_when_to_destroy_it(client, house, tonight):
    client.sign_in(house.gate)
    page = client.get("/shelter/tonight/print").get_data(as_text=True)
    for shown in ("F1-B1", "Lucha", "cacahuate", "Destruir antes de:", "24 nov 2025, 12:00"):
        assert shown in page, shown
    assert "Irma" not in page  # asked not to stand on lists that others see
    for hidden in house.secrets - {"25 nov"}:
        assert hidden not in page, hidden
    assert "Acogida" not in page


def test_several_come_in_in_one_act(client, house, tonight):
    client.sign_in(house.gate)
    answer = client.post(
        "/shelter/check-in", data={"stay": [str(i) for i in tonight[:2]], "team": house.shelter.code}
    )
    assert answer.status_code == 302
    page = client.get(answer.headers["Location"]).get_data(as_text=True)
    assert "Ingresaron 2 personas." in page and "Nadie más por llegar" in page


def test_nobody_chosen_is_said_and_nothing_is_lost(client, house, tonight):
    client.sign_in(house.gate)
    answer = client.post("/shelter/check-in", data={"team": house.shelter.code})
    assert answer.status_code == 422 and "Elija a quién recibe." in answer.get_data(as_text=True)
    mixed = client.post("/shelter/check-in", data={"stay": [str(tonight[0]), str(tonight[2])]})
    assert mixed.status_code == 422  # one of them is in already: none comes in
    with house.db.as_owner():
        assert session.scalar(sa.select(Stay.state).where(Stay.id == tonight[0])) == "BOOKED"


def test_a_departure_in_two_steps(client, house, tonight):
    client.sign_in(house.coordinator)
    url = f"/shelter/stays/{tonight[2]}/departure"
    assert "¿Por qué se va?" in client.get(url).get_data(as_text=True)
    step = client.get(f"{url}?reason=HEALTH").get_data(as_text=True)
    assert "Hospital" in step and "Alquiler propio" not in step and "Qué va a pasar" in step
    wrong = client.post(url, data={"reason": "HEALTH", "destination": "STREET"})
    assert wrong.status_code == 422
    early = client.post(url, data={"reason": "HEALTH", "destination": "HOSPITAL", "at": "2025-11-23T01:00"})
    assert early.status_code == 422 and "Escriba una hora entre el ingreso" in early.get_data(as_text=True)
    assert client.post(url, data={"reason": "HEALTH", "destination": "HOSPITAL"}).status_code == 302


def test_asking_somebody_to_leave_waits_for_another_person(client, house, tonight):
    client.sign_in(house.coordinator)
    url, data = (
        f"/shelter/stays/{tonight[2]}/departure",
        {"reason": "ASKED_TO_LEAVE", "destination": "RENTED"},
    )
    assert client.post(url, data=data).status_code == 302
    client.sign_in(house.second)
    page = client.get("/shelter/tonight").get_data(as_text=True)
    assert "Salidas por confirmar" in page
    assert "Otra persona propuso" in client.get(url).get_data(as_text=True)
    client.post(url, data=data)
    with house.db.as_owner():
        assert session.scalar(sa.select(Stay.state).where(Stay.id == tonight[2])) == "ENDED"


def test_a_move_offers_only_what_the_rules_allow(client, house, tonight):
    client.sign_in(house.coordinator)
    page = client.get(f"/shelter/stays/{tonight[0]}/move").get_data(as_text=True)
    # the family of a child: the other family room and its own, never a shared one
    assert "Cuarto F2" not in page.split("place_picker")[0] or "todos en un cuarto" in page
    assert "Cuarto H1" not in page and "Cuarto M1" not in page
    lone = client.get(f"/shelter/stays/{tonight[2]}/move").get_data(as_text=True)
    assert "Cuarto A1" in lone and "Cuarto H1" not in lone


def test_capacity_is_confirmed_in_one_tap(client, house, tonight):
    client.sign_in(house.coordinator)
    assert "Nadie lo ha confirmado." in client.get("/shelter/tonight").get_data(as_text=True)
    answer = client.post(f"/shelter/teams/{house.shelter.code}/confirm")
    assert "Confirmado: 10 lugares libres." in client.get(answer.headers["Location"]).get_data(as_text=True)


@pytest.mark.parametrize("path", ["/shelter/tonight", "/shelter/places", "/shelter/tonight/print"])
def test_a_page_costs_the_same_whatever_the_rows(client, house, tonight, path):
    client.sign_in(house.coordinator)
    client.get(path)
    with count_statements() as few:
        client.get(path)
    with house.db.as_owner():
        for place in places_in(house.shelter, "H1"):
            make_stay(make_person(house.desk, sex_in_document="M"), place)
    with count_statements() as many:
        assert client.get(path).status_code == 200
    assert len(asked(many)) <= 15 and len(asked(many)) == len(asked(few)), asked(many)


def test_the_forms_of_a_place_begin_on_the_shelter_s_own_day(house, client):
    """19:00 in Mexico is the next day in UTC."""
    with house.db.as_owner():
        place = places_in(house.shelter, "F1")[0]
        urls = (f"/shelter/places/{place.id}/out", f"/shelter/units/{place.unit_id}/inspection")
    client.sign_in(house.coordinator)
    with clock.held_at(datetime(2025, 11, 24, 1, tzinfo=UTC)):
        for url in urls:
            page = client.get(url).get_data(as_text=True)
            assert 'value="2025-11-23"' in page and 'value="2025-11-24"' not in page
