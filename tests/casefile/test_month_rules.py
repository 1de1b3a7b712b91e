"""When a site's month is signed: every case of the rules."""

from __future__ import annotations

from datetime import date

import pytest

from caseapp.casefile.month import rules
from caseapp.core import journal


@pytest.mark.parametrize(
    ("text", "is_month"),
    [
        ("2025-09", True), ("2025-12", True), ("2025-00", False), ("2025-13", False), ("2025-9", False), ("", False),
        ("2025-Q3", False), ("202509", False), ("2025-109", False), ("abcd-09", False),
    ],
)  # fmt: skip
def test_a_month_is_a_year_and_two_digits(text, is_month):
    assert rules.is_month(text) is is_month


def test_a_month_is_due_on_the_fifth_of_the_next():
    assert rules.due_on("2025-12") == date(2026, 1, 5) and rules.day_after("2025-02") == date(2025, 3, 1)
    assert not rules.is_late("2025-10", date(2025, 11, 5)) and rules.is_late("2025-10", date(2025, 11, 6))


def test_the_last_months_that_are_over():
    assert rules.last_full(date(2025, 2, 28), 3) == ["2025-01", "2024-12", "2024-11"]
    assert rules.last_full(date(2025, 3, 31)) == ["2025-02"]


def test_what_is_signed_is_over_and_remarks_are_of_the_list():
    notes = {"PAPER_PENDING"}
    rules.may_sign("2025-10", today=date(2025, 11, 1), note=None, notes=notes)
    rules.may_sign("2025-10", today=date(2025, 11, 1), note="PAPER_PENDING", notes=notes)
    with pytest.raises(rules.MonthNotOver):
        rules.may_sign("2025-10", today=date(2025, 10, 31), note=None, notes=notes)
    with pytest.raises(rules.NoteUnknown):
        rules.may_sign("2025-10", today=date(2025, 11, 1), note="Ana llegó", notes=notes)


def test_kinds_are_printed_ones_and_what_is_told_of_is_counted():
    assert set(rules.TOLD) <= set(rules.KINDS)
    assert not any(journal.kind(name).sealed for name in rules.KINDS)
