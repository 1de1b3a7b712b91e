"""Which day it is in a country when a month of it is asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from caseapp.core import clock
from caseapp.core.db import session
from caseapp.publication.sites import today_in
from tests.factories import make_site


def test_a_month_is_over_in_a_country_when_it_is_over_at_each_of_its_sites(db: Any) -> None:
    with db.as_owner():
        make_site(country="BLZ", timezone="America/Mexico_City")
        for at, expected in ((1, date(2025, 8, 31)), (7, date(2025, 9, 1))):
            with clock.held_at(datetime(2025, 9, 1, at, tzinfo=UTC)):
                assert today_in(session.connection(), "BLZ") == expected
        make_site(country="BLZ", timezone="America/Tijuana")
        # An office counts nobody.
        make_site(country="BLZ", timezone="Pacific/Honolulu", kind="OFFICE")
        for minute, expected in ((30, date(2025, 8, 31)), (59, date(2025, 8, 31))):
            with clock.held_at(datetime(2025, 9, 1, 6, minute, tzinfo=UTC)):
                assert today_in(session.connection(), "BLZ") == expected
        with clock.held_at(datetime(2025, 9, 1, 7, tzinfo=UTC)):
            assert today_in(session.connection(), "BLZ") == date(2025, 9, 1)


def test_where_no_site_receives_people_the_day_is_that_of_utc(db: Any) -> None:
    with clock.held_at(datetime(2025, 9, 1, 1, tzinfo=UTC)):
        assert today_in(session.connection(), "ZZZ") == date(2025, 9, 1)
