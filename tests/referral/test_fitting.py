"""The referral's choice of receiver reads the directory: whom a service is for, and whether it is open."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from caseapp.core.db import session
from caseapp.people.models import Case, Person
from caseapp.places.models import Service, ServiceHours, ServiceTerm
from tests.factories import make_site, make_team
from tests.factories.directory import WORKING_WEEK, make_service
from tests.statements import count_statements


def page(client, world, kind="HEALTH") -> str:
    with world.db.as_owner():
        number = session.get_one(Case, world.mother.case_id).number
    client.sign_in(world.caseworker)
    return client.get(f"/cases/{number}/refer?kind={kind}").get_data(as_text=True)


def clinic(world, **values):
    """The health service of the world, as its entry says."""
    terms, hours = values.pop("terms", ()), values.pop("hours", ())
    with world.db.as_owner():
        [service] = session.scalars(
            sa.select(Service).where(Service.team_id == world.health.id, Service.kind == "HEALTH")
        )
        for name, value in values.items():
            setattr(service, name, value)
        session.add_all(ServiceTerm(service_id=service.id, kind=k, code=c) for k, c in terms)
        session.add_all(
            ServiceHours(service_id=service.id, weekday=d, opens=a, closes=b) for d, a, b in hours
        )
        session.flush()
        session.expunge_all()


def chosen(html: str) -> str:
    return html.split('id="to_team"')[1].split("</fieldset>")[0].split("</select>")[0]


def test_a_service_that_says_nothing_is_offered_as_before(client, world):
    html = page(client, world)
    assert "Servicio HEALTH" in chosen(html) and "abierto" not in chosen(html) and "no se ofrecen" not in html


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"hours": WORKING_WEEK}, "cerrado ahora, abre mañana a las 08:00"),
        ({"always_open": True}, "abierto día y noche"),
        ({"terms": [("SEX", "F")]}, "atiende solo a mujeres"),
        ({"age_from": 18}, "atiende a personas desde 18 años"),
    ],
)
def test_what_the_directory_says_stands_beside_the_name(client, world, given, said):
    clinic(world, **given)
    assert said in chosen(page(client, world))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"age_from": 90}, "atiende a personas desde 90 años"),
        ({"terms": [("AREA", "MX27")]}, "cubre solo: Tabasco"),
        ({"terms": [("HOUSEHOLD", "ADULT_ALONE")]}, "atiende solo a: persona adulta sola"),
        ({"referral_method": "NOT_ACCEPTED"}, "no recibe referencias"),
        ({"offered_to": date(2025, 1, 1)}, "se ofreció hasta el 1 ene 2025"),
    ],
)
def test_a_service_that_fits_nobody_is_not_offered_and_the_page_says_why(client, world, given, said):
    clinic(world, **given)
    html = page(client, world)
    assert said in html and "Nadie ofrece este servicio" in html


def test_neither_a_disputed_age_nor_where_somebody_feels_safe_shuts_anybody_out(client, world):
    clinic(world, age_from=18, terms=[("SEX", "F")])
    with world.db.as_owner():
        for person in (world.mother, world.child, world.father):
            row = session.get_one(Person, person.id)
            row.age_status, row.feels_safe_in = "DISPUTED_TREATED_AS_CHILD", "WOMEN"
        session.flush()
    assert "no es para" not in chosen(page(client, world))


def test_the_page_costs_the_same_whatever_the_number_of_services(client, world):
    clinic(world, always_open=True)
    with world.db.as_owner():
        number = session.get_one(Case, world.mother.case_id).number
    client.sign_in(world.caseworker)

    def cost() -> int:
        with count_statements(world.db.connection) as statements:
            client.get(f"/cases/{number}/refer?kind=HEALTH")
        return len([s for s in statements if s.startswith("SELECT")])

    cost()  # what is asked once a session
    few = cost()
    with world.db.as_owner():
        for _n in range(6):
            make_service(make_team(make_site(), "HEALTH"), "HEALTH", terms=[("SEX", "F")])
    assert cost() == few
