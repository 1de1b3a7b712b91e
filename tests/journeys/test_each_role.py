"""Each role signs in and sees its own day, in both languages and on a phone, without a violation."""

from __future__ import annotations

import pytest

from tests.journeys.ground import ROLES
from tests.journeys.walk import PHONE, Walker

pytestmark = pytest.mark.journey


def test_every_role_sees_its_day(browser, site):
    """One installation for all roles: founding it takes longer than looking at it."""
    wrong = {}
    for role in sorted(ROLES):
        try:
            _signs_in_and_sees_today(browser, site, role)
        except AssertionError as error:
            wrong[role] = str(error)
    assert wrong == {}


def _signs_in_and_sees_today(browser, site, role):
    with Walker(browser, site, role) as person:
        person.sign_in()
        person.open("/today")
        person.look(f"today-{role.lower()}")
        person.language = "en"
        person.page.set_viewport_size(PHONE)
        person.open("/today")
        person.look(f"today-{role.lower()}")
