"""The directory's pages: what a caseworker finds, what a page says, how it is kept true."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from caseapp.core.db import session
from caseapp.places.models import (
    OrganisationName,
    Service,
    ServiceClosure,
    ServiceHours,
    ServiceLanguage,
    ServiceTerm,
)
from tests.conftest import NOW
from tests.factories import make_site, make_team, make_user, principal_of
from tests.factories.directory import make_address, make_organisation, make_service
from tests.statements import count_statements

ALWAYS = {"always_open": True, "hours": ()}


@pytest.fixture
def world(db):
    """A clinic, a women's house, a school in another state, and an office abroad. It is Sunday noon."""
    with db.as_owner():
        red = make_organisation(name="Médicos Jacinto")
        session.add(
            OrganisationName(organisation_id=red.id, country="MEX", name="MJ Salud", sort_key="mj salud")
        )
        site = make_site(code="MX-CLI", organisation_id=red.id, name="Clínica Río", sort_key="clinica rio")
        team = make_team(site, "HEALTH")
        clinic = make_service(
            team,
            "HEALTH",
            name="Consulta general",
            languages=["mam", "spa"],
            confirmed_at=NOW - timedelta(days=3),
            phone="962 1",
        )
        make_address(site.id)
        women = make_service(
            make_team(make_site(code="MX-MUJ")), "SHELTER", name="Casa de mujeres", terms=[("SEX", "F")], age_from=18,
            confirmed_at=NOW - timedelta(days=200), **ALWAYS,
        )  # fmt: skip
        school = make_service(
            make_team(make_site(code="MX-ESC", admin1="MX27")), "EDUCATION", name="Escuela abierta", age_to=17,
            terms=[("AREA", "MX27")], confirmed_at=NOW - timedelta(days=40),
        )  # fmt: skip
        make_service(
            make_team(make_site(code="GT-OFI", country="GTM", admin1="GT01")), "LEGAL", name="Oficina chapina"
        )
        over = make_service(name="Campaña terminada", offered_to=date(2025, 1, 1))
        worker = principal_of(make_user("CASEWORKER", (t := make_team(make_site()))), ("CASEWORKER", t))
        focal = principal_of(make_user("SERVICE_FOCAL_POINT", team), ("SERVICE_FOCAL_POINT", team))
    return {
        "clinic": clinic,
        "women": women,
        "school": school,
        "over": over,
        "worker": worker,
        "focal": focal,
        "db": db,
    }


NAMES = ("Consulta general", "Casa de mujeres", "Escuela abierta", "Oficina chapina", "Campaña terminada")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"Consulta general", "Casa de mujeres", "Escuela abierta"}),
        ("q=consulta", {"Consulta general"}),
        ("q=clinica+rio", {"Consulta general"}),
        ("q=medicos+jasinto", {"Consulta general"}),
        ("q=MJ+Salud", {"Consulta general"}),
        ("q=nada+de+nada", set()),
        ("kind=EDUCATION", {"Escuela abierta"}),
        ("language=mam", {"Consulta general"}),
        ("sex=M", {"Consulta general", "Escuela abierta"}),
        ("age=30", {"Consulta general", "Casa de mujeres"}),
        ("age=10", {"Consulta general", "Escuela abierta"}),
        ("area=MX27", {"Escuela abierta"}),
        ("open_now=y", {"Casa de mujeres"}),
        ("ended=y", {"Consulta general", "Casa de mujeres", "Escuela abierta", "Campaña terminada"}),
        ("country=GTM", {"Oficina chapina"}),
        ("age=999", {"Consulta general", "Casa de mujeres", "Escuela abierta"}),
    ],
)  # fmt: skip
def test_what_a_search_finds(client, world, query, found):
    client.sign_in(world["worker"])
    for path in (f"/directory?{query}", f"/directory.csv?{query}"):
        html = client.get(path).get_data(as_text=True)
        assert {n for n in NAMES if n in html} == found, path


def test_a_line_says_whether_it_is_open_and_how_old_it_is(client, world):
    client.sign_in(world["worker"])
    html = client.get("/directory").get_data(as_text=True)
    assert "Cerrado ahora, abre mañana a las 08:00" in html
    assert "Abierto día y noche" in html
    assert "Confirmado hace 3 días" in html
    assert "llame antes de referir" in html and "falta confirmarlo" in html
    assert "Solo mujeres" in html


def test_the_page_of_a_service_says_everything_and_its_focal_point_confirms_in_one_tap(client, world):
    client.sign_in(world["worker"])
    url = f"/directory/{world['clinic'].id}"
    html = client.get(url).get_data(as_text=True)
    for words in (
        "Médicos Jacinto · MJ Salud",
        "Calle Invento 12",
        "962 1",
        "mam, español",
        "08:00-16:00",
        "cerrado",
    ):
        assert words in html
    assert "Sigue siendo cierto hoy" not in html
    client.sign_in(world["focal"])
    assert "Sigue siendo cierto hoy" in client.get(url).get_data(as_text=True)
    assert client.post(f"{url}/confirm").status_code == 302
    html = client.get(url).get_data(as_text=True)
    assert "Confirmado hace un momento" in html and "Se confirmó que es cierto" in html


def test_what_the_form_says_is_what_is_kept(client, world):
    client.sign_in(world["focal"])
    url = f"/directory/{world['clinic'].id}/edit"
    html = client.get(url).get_data(as_text=True)
    for number, day in enumerate(
        ("Lunes", "Martes", "Miércoles", "Jueves", "Viernes", "Sábado", "Domingo"), start=1
    ):
        assert f'for="day_{number}">{day}</label>' in html
        kept = "08:00-16:00" if number < 6 else ""
        assert re.search(rf'<input[^>]*name="day_{number}"[^>]*value="{kept}"', html)
    data = {
        "name": "Consulta y vacunas", "sex": ["F"], "age_from": "18", "area": ["MX07"], "population": ["IDP"],
        "day_1": "08:00-12:00, 14.00 a 17.30", "day_5": "22:00-06:00", "closed_from": "2025-12-20", "closed_to": "2026-01-06",
        "closed_why": "SEASON", "language": ["mam", "tzo"], "referral_method": "PHONE", "answer_hours": "48", "cost": "FREE",
        "document": ["ID"], "accessibility": ["STEP_FREE"], "unit": "APPOINTMENT", "available": "4", "maximum": "10",
        "person_name": "Recepción", "person_email": "citas@prueba.example", "duty_phone": "962 9", "version": "1",
    }  # fmt: skip
    answer = client.post(url, data=data)
    assert answer.status_code == 302, answer.get_data(as_text=True)
    html = client.get(url.removesuffix("/edit")).get_data(as_text=True)
    for words in (
        "Solo mujeres", "desde 18 años", "persona desplazada interna", "Chiapas", "08:00-12:00, 14:00-17:30", "22:00-06:00",
        "20 dic 2025 a 6 ene 2026", "Por teléfono", "2 días", "Gratuito", "Documento de identidad", "Entrada sin gradas",
        "4 de 10", "citas@prueba.example", "962 9", "tsotsil", "Se cambió",
    ):  # fmt: skip
        assert words in html, words
    assert client.post(url, data={**data, "name": "Otra"}).status_code == 409
    with world["db"].as_owner():
        of = world["clinic"].id
        assert session.scalar(sa.select(Service.name).where(Service.id == of)) == "Consulta y vacunas"
        counted = [
            session.scalar(sa.select(sa.func.count()).select_from(t).where(t.service_id == of))
            for t in (ServiceHours, ServiceClosure, ServiceLanguage, ServiceTerm)
        ]
    assert counted == [3, 1, 2, 5]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"name": ""}, "Escriba el nombre."),
        ({"day_2": "mañana"}, "Escriba la hora así"),
        ({"day_2": "25:00-26:00"}, "Escriba la hora así"),
        ({"day_2": "08:00-08:00"}, "igual a la de apertura"),
        ({"day_2": "08:00-12:00, 08:00-13:00"}, "Dos turnos empiezan"),
        ({"closed_from": "2025-12-01"}, "el primero y el último día"),
        ({"closed_from": "2025-12-09", "closed_to": "2025-12-01", "closed_why": "WORKS"}, "es anterior al primero"),
        ({"closed_from": "2025-12-01", "closed_to": "2025-12-09"}, "Elija por qué se cierra."),
        ({"age_from": "18", "age_to": "12"}, "La edad mínima es mayor"),
        ({"unit": "KIT"}, "escriba cuántos quedan"),
        ({"unit": "KIT", "available": "5", "maximum": "4"}, "no puede ser más que el máximo"),
        ({"person_email": "sin arroba"}, "Escriba el correo completo."),
    ],
)  # fmt: skip
def test_what_was_typed_is_kept_beside_what_to_do(client, world, given, sentence):
    client.sign_in(world["focal"])
    data = {
        "name": "Consulta",
        "description": "Lo que escribí",
        "referral_method": "SYSTEM",
        "version": "1",
        **given,
    }
    answer = client.post(f"/directory/{world['clinic'].id}/edit", data=data)
    html = answer.get_data(as_text=True)
    assert answer.status_code == 422 and sentence in html and "Lo que escribí" in html


def test_those_who_keep_a_country_see_what_is_out_of_date(client, world, db):
    with db.as_owner():
        national = make_team(country="MEX", type="COMMISSION_STATISTICS")
        steward = principal_of(make_user("DATA_STEWARD", national), ("DATA_STEWARD", national))
    client.sign_in(steward)
    html = client.get("/directory/stale").get_data(as_text=True)
    assert "Casa de mujeres" in html and "Escuela abierta" in html and "Consulta general" not in html
    assert "2 de 4 entradas" in html
    assert "Consulta general" in client.get("/directory/stale?all=1").get_data(as_text=True)
    client.post(f"/directory/{world['women'].id}/confirm", data={"back": "stale"})
    client.get("/directory")  # what was done is said once
    assert "Casa de mujeres" not in client.get("/directory/stale").get_data(as_text=True)


def test_a_service_is_entered_and_taken_off_after_a_page_that_says_what_happens(client, world, db):
    with db.as_owner():
        site = make_site(code="MX-NUE")
        team = make_team(site)
        keeper = principal_of(make_user("ADMINISTRATOR", team), ("ADMINISTRATOR", team))
    client.sign_in(keeper)
    data = {"site": str(site.id), "kind": "FOOD", "name": "Comedor Sol", "referral_method": "WALK_IN"}
    made = client.post("/directory/new", data=data).headers["Location"].removesuffix("/edit")
    assert "Comedor Sol" in client.get(made).get_data(as_text=True)
    assert (
        client.post("/directory/new", data={**data, "site": str(world["clinic"].site_id)}).status_code == 422
    )
    assert "Nadie lo encuentra" in client.get(f"{made}/close").get_data(as_text=True)
    client.post(f"{made}/close", data={"version": "1"})
    client.get("/directory")
    assert "Comedor Sol" not in client.get("/directory").get_data(as_text=True)


def test_a_search_costs_the_same_whatever_it_finds(client, world, db):
    client.sign_in(world["worker"])

    def cost() -> int:
        with count_statements(db.connection) as statements:
            client.get("/directory")
        return len(statements)

    few = cost()
    with db.as_owner():
        site = make_site()
        for n in range(40):
            make_service(site_id=site.id, name=f"Servicio {n:02d}", terms=[("SEX", "F")], languages=["mam"])
    assert cost() == few <= 14
    assert "1 a 25 de 43" in client.get("/directory").get_data(as_text=True)
