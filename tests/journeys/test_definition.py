"""A steward drafts a definition without scripts, on a telephone; another person publishes it; the catalogue tells why."""

from __future__ import annotations

import pytest

from tests.journeys.walk import Walker

pytestmark = pytest.mark.journey


def test_a_definition_from_the_draft_to_the_catalogue(browser, site):
    with (
        Walker(browser, site, "DATA_STEWARD", width=360, scripts=False) as steward,
        Walker(browser, site, "RELEASE_APPROVER") as approver,
    ):
        steward.sign_in().open("/indicators/P1-02")
        steward.press("Proponer una versión nueva")
        steward.field("Nombre (en español)").fill("Personas con entrevista de protección")
        steward.field("Nombre (en inglés)").fill("")
        steward.press("Guardar y ver qué cambia")
        assert "Escriba el nombre en los dos idiomas." in steward.text()
        assert steward.field("Nombre (en español)").input_value() == "Personas con entrevista de protección"
        steward.field("Nombre (en inglés)").fill("Persons with a protection screening")
        steward.press("Guardar y ver qué cambia")
        assert "Cambian las palabras; ninguna cifra puede cambiar." in steward.text()
        steward.field("Por qué cambia").fill("Se dice lo que se cuenta.")
        steward.press("Proponer")
        assert "Espera a otra persona" in steward.text()
        approver.sign_in().open("/indicators")
        approver.follow("Personas con entrevista de protección")
        approver.look("definition-to-decide")
        approver.press("Publicar esta versión")
        assert "Se dice lo que se cuenta." in approver.text()
        approver.look("indicator-with-versions")
