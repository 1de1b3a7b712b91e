"""Nights: the roll-over hour, the time zone, and the days on which the clock changes. Date only against moment."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseapp.core import clock
from caseapp.places.models import Site
from caseapp.shelter import queries, rules

#: Zones of the seven countries (none changes its clock now, but Tijuana, which follows California), and two that do.
ZONES = (
    "America/Mexico_City", "America/Tijuana", "America/Cancun", "America/Guatemala", "America/El_Salvador",
    "America/Tegucigalpa", "America/Costa_Rica", "America/Panama", "America/Belize", "America/New_York", "Europe/Madrid",
)  # fmt: skip
HOURS = range(24)


@pytest.mark.parametrize("rollover", HOURS)
@pytest.mark.parametrize("hour", HOURS)
def test_every_hour_with_every_roll_over_hour(hour, rollover):
    day = date(2025, 11, 23)
    for minute in (0, 59):
        local = datetime(2025, 11, 23, hour, minute, tzinfo=ZoneInfo("America/Mexico_City"))
        assert rules.night_of(local, rollover) == (day if hour >= rollover else day - timedelta(days=1))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("rollover", [0, 6, 12, 18])
def test_nights_follow_each_other_through_a_whole_year(zone, rollover):
    """Hour by hour: the night never goes back, never skips, and every date is a night."""
    moment, seen = datetime(2025, 1, 1, 12, tzinfo=UTC), []
    for _ in range(366 * 24):
        night = rules.night_of(clock.local(moment, zone), rollover)
        if not seen or seen[-1] != night:
            seen.append(night)
        moment += timedelta(hours=1)
    assert seen == [seen[0] + timedelta(days=i) for i in range(len(seen))] and len(seen) >= 366


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("America/Tijuana", date(2025, 3, 9)),
        ("America/Tijuana", date(2025, 11, 2)),
        ("Europe/Madrid", date(2025, 10, 26)),
    ],
)
def test_the_bus_at_two_on_the_night_the_clock_changes_still_belongs_to_the_evening(zone, day):
    """02:10 may not exist, or exist twice: it is last evening's night in every case."""
    evening = day - timedelta(days=1)
    start = datetime(evening.year, evening.month, evening.day, 20, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    for minutes in range(0, 9 * 60, 10):
        assert rules.night_of(clock.local(start + timedelta(minutes=minutes), zone), 12) == evening


@given(
    moment=st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    zone=st.sampled_from(ZONES), rollover=st.integers(0, 23),
)  # fmt: skip
def test_a_night_is_today_or_yesterday_at_the_site(moment, zone, rollover):
    local = clock.local(moment, zone)
    night = rules.night_of(local, rollover)
    assert night in (local.date(), local.date() - timedelta(days=1))
    assert rules.nights_between(night, night + timedelta(days=2))[-1] == night + timedelta(days=2)


@given(
    hours=st.integers(0, 72), after=st.integers(0, 23), immediate=st.booleans(),
    day=st.dates(date(2024, 1, 1), date(2027, 1, 1)),
)  # fmt: skip
def test_no_machine_writes_a_no_show_before_the_hour_and_never_of_an_immediate_one(
    hours, after, immediate, day
):
    local = datetime.combine(day, datetime.min.time()) + timedelta(hours=hours)
    allowed = rules.may_mark_no_show(local, day, after, immediate=immediate, by_person=False)
    assert allowed == (not immediate and hours >= 24 + after)


@pytest.mark.parametrize("zone", ["America/Mexico_City", "America/Tijuana", "America/Panama"])
def test_the_sites_night_is_its_own_whatever_the_servers_date(zone):
    site = Site(timezone=zone, rollover_hour=12)
    local_noon = datetime(2025, 11, 24, 12, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    with clock.held_at(local_noon - timedelta(minutes=1)):
        assert queries.tonight_at(site) == date(2025, 11, 23)
    with clock.held_at(local_noon):
        assert queries.tonight_at(site) == date(2025, 11, 24)


@pytest.mark.parametrize("rollover", HOURS)
@pytest.mark.parametrize("hour", HOURS)
def test_which_night_an_arrival_books_at_every_hour(hour, rollover):
    """The small hours belong to the night that runs; from the morning on the bed is for the coming one."""
    day = date(2025, 11, 23)
    for minute in (0, 59):
        local = datetime(2025, 11, 23, hour, minute, tzinfo=ZoneInfo("America/Mexico_City"))
        coming = hour >= min(rules.ARRIVALS_FROM, rollover)
        booked = rules.night_to_book(local, rollover)
        assert booked == (day if coming else day - timedelta(days=1))
        running = rules.night_of(local, rollover)
        assert running <= booked <= running + timedelta(days=1)
        assert (booked > running) == (rules.ARRIVALS_FROM <= hour < rollover)
    if rollover == 12:
        assert (rules.night_to_book(local, rollover) == day) == (hour >= 6)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("rollover", [0, 6, 12, 18])
def test_arrivals_never_book_a_night_that_is_over_through_a_whole_year(zone, rollover):
    """Hour by hour, over the days on which the clock changes too: never back, never skipping, never a past night."""
    moment, seen = datetime(2025, 1, 1, 12, tzinfo=UTC), []
    for _ in range(366 * 24):
        local = clock.local(moment, zone)
        night = rules.night_to_book(local, rollover)
        assert night >= rules.night_of(local, rollover) and night <= local.date()
        if not seen or seen[-1] != night:
            seen.append(night)
        moment += timedelta(hours=1)
    assert seen == [seen[0] + timedelta(days=i) for i in range(len(seen))] and len(seen) >= 366


@pytest.mark.parametrize("hour", HOURS)
def test_the_first_night_slept_is_never_before_the_first_booked(hour):
    day = date(2025, 11, 23)
    arrived = datetime(2025, 11, 23, hour, 10, tzinfo=ZoneInfo("Europe/Madrid"))
    assert rules.night_came(arrived, day, 12) == day  # booked for the coming night, or came in it
    assert rules.night_came(arrived, day - timedelta(days=3), 12) == rules.night_of(arrived, 12)


@pytest.mark.parametrize("now", HOURS)
@pytest.mark.parametrize("told", HOURS)
def test_an_hour_told_later_is_the_last_time_the_clock_showed_it(now, told):
    moment = datetime(2025, 11, 23, now, 30)  # noqa: DTZ001
    found = rules.last_time(moment, time(told, 10))
    assert moment - timedelta(days=1) < found <= moment and (found.hour, found.minute) == (told, 10)


@pytest.mark.parametrize(("typed", "hour"), [("02:10", time(2, 10)), ("2:10", time(2, 10)), ("0210", time(2, 10)), (" 2359", time(23, 59))])  # fmt: skip
def test_an_hour_as_people_write_it(typed, hour):
    assert rules.hour_written(typed) == hour


@pytest.mark.parametrize("typed", ["", "2", "2h", "24:00", "12:60", "-2:10", "02:10:00", "²10"])
def test_what_is_no_hour(typed):
    with pytest.raises(ValueError, match=r".*"):
        rules.hour_written(typed)
