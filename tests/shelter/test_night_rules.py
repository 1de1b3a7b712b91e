"""The roll's rules, every row of their tables."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from caseapp.core import reference
from caseapp.shelter.night import rules

N = date(2025, 11, 23)


def local(day, hour, minute):
    """A local moment of November, without a zone."""
    return datetime.combine(date(2025, 11, day), time(hour, minute))


def marks(*said):
    """The marks of the nights up to N: the last one is N's; None: no roll that night."""
    return {N - timedelta(days=i): m for i, m in enumerate(reversed(said)) if m is not None}


@pytest.mark.parametrize(
    ("said", "away"),
    [
        ((), 0),
        (("SEEN",), 0),
        (("ABSENT",), 1),
        (("SEEN", "ABSENT"), 1),
        (("ABSENT", "ABSENT"), 2),
        (("ABSENT", None, "ABSENT"), 2),  # nobody looked in between: the absence goes on
        (("ABSENT", None), 1),
        (("ABSENT", "ABSENT", "SEEN"), 0),
        (("ABSENT", "SEEN", "ABSENT"), 1),
    ],
)
def test_nights_away_count_since_somebody_was_last_seen(said, away):
    assert rules.nights_away(marks(*said), N) == away


def test_a_later_night_does_not_count():
    assert rules.nights_away({N: "ABSENT", N + timedelta(days=1): "ABSENT"}, N) == 1


@pytest.mark.parametrize(
    ("away", "with_child", "signal"),
    [
        (0, False, "NONE"), (0, True, "NONE"), (1, False, "ASK"), (1, True, "ALERT"), (2, False, "ALERT"),
        (2, True, "ALERT"), (5, False, "ALERT"),
    ],
)  # fmt: skip
def test_an_absence_is_asked_about_or_an_alert(away, with_child, signal):
    assert rules.signal(away, with_child=with_child) == signal


@pytest.mark.parametrize(
    ("typed", "rollover", "moment"),
    [
        (time(23, 40), 12, local(23, 23, 40)),
        (time(12, 0), 12, local(23, 12, 0)),
        (time(11, 59), 12, local(24, 11, 59)),
        (time(2, 10), 12, local(24, 2, 10)),
        (time(7, 0), 6, local(23, 7, 0)),
        (time(0, 5), 0, local(23, 0, 5)),
    ],
)
def test_an_hour_on_paper_belongs_to_the_night(typed, rollover, moment):
    assert rules.hour_of_night(N, typed, rollover) == moment


@pytest.mark.parametrize(
    ("moment", "inside"),
    [
        (local(23, 11, 59), False), (local(23, 12, 0), True),
        (local(24, 2, 10), True), (local(24, 3, 1), False),  # still to come
    ],
)  # fmt: skip
def test_a_moment_lies_in_the_night_and_has_passed(moment, inside):
    assert rules.within_night(moment, N, 12, local(24, 3, 0)) is inside
    assert not rules.within_night(local(24, 12, 0), N, 12, local(25, 0, 0))


def test_the_papers_pairs_are_allowed_pairs():
    allowed = {(p.reason, p.destination) for p in reference.stay_pairs()}
    assert set(rules.PAPER_LEFT.values()) <= allowed
    assert not any(
        p.needs_review
        for p in reference.stay_pairs()
        if (p.reason, p.destination) in rules.PAPER_LEFT.values()
    )


def test_missing_are_those_not_ticked_in_order():
    assert rules.missing(["a", "b", "c"], ["b"]) == ["a", "c"]
