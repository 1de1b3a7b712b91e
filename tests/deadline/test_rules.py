"""Time limits from data to moments."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import pytest

from caseapp.core import reference
from caseapp.deadline import rules


class Limit(NamedTuple):
    value: int | None
    unit: str | None


START = datetime(2025, 10, 31, 20, 30, tzinfo=UTC)  # Friday, 14:30 in Mexico City


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (60, "minutes", datetime(2025, 10, 31, 21, 30, tzinfo=UTC)),
        (72, "hours", datetime(2025, 11, 3, 20, 30, tzinfo=UTC)),
        (14, "days", datetime(2025, 11, 14, 20, 30, tzinfo=UTC)),
        (2, "weeks", datetime(2025, 11, 14, 20, 30, tzinfo=UTC)),
        (4, "months", datetime(2026, 2, 28, 20, 30, tzinfo=UTC)),
        (1, "years", datetime(2026, 10, 31, 20, 30, tzinfo=UTC)),
        (1, "working_days", datetime(2025, 11, 4, 5, 59, 59, tzinfo=UTC)),  # Monday night
        (None, None, None),
    ],
)
def test_when_a_limit_ends(value, unit, expected):
    assert rules.due_at(Limit(value, unit), START, "America/Mexico_City") == expected


def test_days_keep_the_wall_time_over_a_change_of_clocks():
    # New York leaves summer time on 2 November 2025.
    due = rules.due_at(Limit(3, "days"), datetime(2025, 10, 31, 16, 0, tzinfo=UTC), "America/New_York")
    assert due == datetime(2025, 11, 3, 17, 0, tzinfo=UTC)


def test_working_days_with_holidays_of_a_country():
    works = rules.except_on(frozenset({date(2025, 11, 17)}))  # a Monday
    assert rules.due_on(Limit(45, "working_days"), date(2025, 10, 31), works) == date(2026, 1, 5)
    assert rules.due_on(Limit(1, "working_days"), date(2025, 11, 14), works) == date(2025, 11, 18)


def test_a_limit_in_hours_has_no_last_day():
    with pytest.raises(ValueError, match="hours"):
        rules.due_on(Limit(3, "hours"), date(2025, 1, 1))


def test_every_clock_of_the_reference_data_can_be_reckoned():
    for clock in reference.clock_rules():
        due = rules.due_at(clock, START, "America/Mexico_City")
        assert (due is None) == (clock.value is None), clock.code
        assert due is None or due > START, clock.code


@pytest.mark.parametrize(
    ("minutes", "expected"), [(0, "running"), (44, "running"), (45, "soon"), (60, "soon"), (61, "late")]
)
def test_how_a_clock_stands(minutes, expected):
    now = START + timedelta(minutes=minutes)
    assert rules.state_of(START, START + timedelta(hours=1), now) == expected
    assert rules.state_of(START, START + timedelta(hours=1), now, paused=True) == "paused"
    assert rules.state_of(START, START + timedelta(hours=1), now, met=True) == "met"
