"""Two people correct the same person: the second loses nothing typed and sees both versions."""

from __future__ import annotations

import pytest

from tests.journeys.known import known_family
from tests.journeys.walk import Walker

pytestmark = pytest.mark.journey


def test_the_second_of_two_loses_nothing(browser, site):
    number = known_family(site)[0]
    with Walker(browser, site, "CASEWORKER") as first, Walker(browser, site, "SUPERVISOR") as second:
        for person in (first, second):
            person.sign_in()
            person.open(f"/cases/{number}/person")
        first.look("person")
        first.field("Cómo le dicen").fill("Martita")
        first.submit()
        second.field("Cómo le dicen").fill("Lichita")
        second.field("Segundo apellido").fill("De la Cruz")
        second.submit()
        assert "Martita" in second.text() and "Lichita" in second.text()
        assert second.field("Segundo apellido").input_value() == "De la Cruz"
        second.look("person-conflict")
        second.submit()
        assert "Lichita" in second.text()
        first.open(f"/cases/{number}")
        assert "De la Cruz" in first.text()
