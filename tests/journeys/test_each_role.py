"""Each role signs in and sees its own day, in both languages and on a phone, without a violation."""

from __future__ import annotations

import pytest

from tests.journeys.conftest import ROLES
from tests.journeys.walk import Walker

pytestmark = pytest.mark.journey


@pytest.mark.parametrize("role", sorted(ROLES))
def test_signs_in_and_sees_today(browser, site, role):
    with Walker(browser, site, role) as person:
        person.sign_in()
        person.open("/today")
        person.look(f"today-{role.lower()}")
        person.language = "en"
        person.page.set_viewport_size({"width": 360, "height": 640})
        person.open("/today")
        person.look(f"today-{role.lower()}")
