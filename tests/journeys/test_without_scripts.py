"""Without JavaScript: a family of three is registered person by person, referred, and declined by a reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.journeys.family import ABIGAIL, ROSA, WALTER, fill_member
from tests.journeys.known import referred_family
from tests.journeys.walk import Walker

pytestmark = pytest.mark.journey
PEOPLE = (replace(ROSA, given="Ana Lucía"), replace(WALTER, given="Edwin"), ABIGAIL)


def test_registers_a_family_of_three(browser, site):
    with Walker(browser, site, "CASEWORKER", scripts=False) as desk:
        desk.sign_in()
        desk.open("/families/new")
        for position, who in enumerate(PEOPLE):
            if position:
                desk.press("Agregar persona")
            fill_member(desk, position, who)
        desk.press("Agregar persona")
        desk.press("Quitar a Persona 4")
        desk.look("registration-plain")
        desk.press("Registrar familia")
        assert "Familia registrada." in desk.text()
        assert all(who.given in desk.text() for who in PEOPLE)


def test_declines_by_reason(browser, site):
    number = referred_family(site)
    with Walker(browser, site, "SHELTER_COORDINATOR", scripts=False) as shelter:
        shelter.sign_in()
        shelter.open(f"/referrals/{number}")
        shelter.follow("No aceptar", exact=True)
        shelter.follow("Sin cupo en esas fechas", exact=True)
        shelter.look("decline-plain")
        shelter.press("No aceptar")
        assert "Respuesta enviada: no se acepta." in shelter.text()
        assert "Su equipo ya no ve a estas personas." in shelter.text()
        assert "Marta" not in shelter.bytes()
    with Walker(browser, site, "CASEWORKER", scripts=False) as desk:
        desk.sign_in()
        assert "Marta" in desk.text()  # on today's page: another option is to be found
        desk.open(f"/referrals/{number}")
        assert "Sin cupo en esas fechas" in desk.text()
        desk.look("declined-plain")
