"""Holidays: our dated rules, set beside a published calendar of each country."""

from __future__ import annotations

from datetime import date

import pytest

from caseapp.core import reference
from caseapp.core.reference.holidays import easter
from caseapp.deadline import rules
from caseapp.deadline.working_days import works_in

published = pytest.importorskip("holidays", reason="the calendar to compare with is a development dependency")

COUNTRIES = {"MEX": "MX", "GTM": "GT", "HND": "HN", "SLV": "SV", "CRI": "CR", "PAN": "PA", "BLZ": "BZ"}


@pytest.mark.parametrize("year", range(2018, 2029))
@pytest.mark.parametrize("country", COUNTRIES)
def test_the_same_weekdays_are_kept_as_in_the_published_calendar(country, year):
    theirs = {d for d in published.country_holidays(COUNTRIES[country], years=year) if d.weekday() < 5}
    ours = {d for d in reference.holidays_in(country, year) if d.weekday() < 5}
    assert ours == theirs


@pytest.mark.parametrize(
    ("year", "day"), [(2018, date(2018, 4, 1)), (2024, date(2024, 3, 31)), (2025, date(2025, 4, 20)), (2038, date(2038, 4, 25))]
)  # fmt: skip
def test_easter(year, day):
    assert easter(year) == day


@pytest.mark.parametrize(
    ("country", "start", "days", "end"),
    [
        # Mexico: 17 November (third Monday), 25 December and 1 January are not worked.
        ("MEX", date(2025, 10, 31), 45, date(2026, 1, 7)),
        # Costa Rica: three working days over Holy Week.
        ("CRI", date(2025, 4, 16), 3, date(2025, 4, 23)),
        # Guatemala: the same three days.
        ("GTM", date(2025, 4, 16), 3, date(2025, 4, 23)),
        ("XXX", date(2025, 12, 24), 1, date(2025, 12, 25)),
    ],
)
def test_working_days_of_a_country(country, start, days, end):
    limit = reference.ClockRule("X", country, "x", days, "working_days", start, None, "x", "high", {})
    assert rules.due_on(limit, start, works_in(country)) == end


def test_a_rule_holds_only_while_it_is_in_force():
    assert date(2021, 12, 20) not in reference.holidays_in("PAN", 2021)
    assert date(2022, 12, 20) in reference.holidays_in("PAN", 2022)
    assert date(2022, 5, 23) not in reference.holidays_in("BLZ", 2022)


def test_every_rule_says_where_it_comes_from():
    assert {h.country for h in reference.holidays()} == set(COUNTRIES)
    assert all(h.source and h.label_es and h.label_en for h in reference.holidays())
