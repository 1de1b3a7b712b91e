"""When a version takes force and who publishes it, as plain decisions."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import pytest

from caseapp.publication import defining as rules

ONE, OTHER = uuid4(), uuid4()


@pytest.mark.parametrize(
    ("month", "first_open", "last", "refusal"),
    [
        ("2025-10", "2025-10", None, None),
        ("2026-01", "2025-10", date(2025, 12, 1), None),
        ("2020-01", None, None, None),
        ("2025-09", "2025-10", None, rules.MonthReleased),
        ("2025-12", "2025-10", date(2025, 12, 1), rules.AfterTheLast),
        ("2025-11", "2025-10", date(2025, 12, 1), rules.AfterTheLast),
        ("2025-Q4", "2025-10", None, rules.MonthUnknown),
        ("", None, None, rules.MonthUnknown),
    ],
)
def test_a_version_counts_from_a_month_that_is_not_released(month, first_open, last, refusal):
    if refusal is None:
        assert rules.may_take_force(month, first_open=first_open, last=last) == date.fromisoformat(
            f"{month}-01"
        )
        return
    with pytest.raises(refusal):
        rules.may_take_force(month, first_open=first_open, last=last)


@pytest.mark.parametrize(
    ("month", "needed", "drawn", "is_refused"),
    [
        ("2025-10", {"a", "a.x"}, {"a", "a.x", "b"}, False),
        ("2025-10", {"a", "a.y"}, {"a", "a.x", "b"}, True),
        ("2026-01", {"a", "a.y"}, {"a", "a.x", "b"}, False),
        ("2025-10", {"a", "a.y"}, None, False),
        ("2025-10", {"a"}, set(), True),
    ],
)
def test_a_year_draws_the_same_cubes_to_its_end(month, needed, drawn, is_refused):
    if is_refused:
        with pytest.raises(rules.CubeNotDrawn):
            rules.must_be_drawn(month, needed=needed, drawn=drawn)
    else:
        rules.must_be_drawn(month, needed=needed, drawn=drawn)


@pytest.mark.parametrize(
    ("state", "approver_of", "writers", "by", "refusal"),
    [
        ("AWAITING_APPROVAL", ("MEX",), [ONE], OTHER, None),
        ("AWAITING_APPROVAL", ("GTM",), [ONE], OTHER, rules.NotDefinitionApprover),
        ("AWAITING_APPROVAL", ("MEX",), [ONE, OTHER], OTHER, rules.OwnDefinition),
        ("AWAITING_APPROVAL", ("MEX",), [ONE], None, rules.OwnDefinition),
        ("DRAFT", ("MEX",), [ONE], OTHER, rules.NotProposed),
        ("PUBLISHED", ("MEX",), [ONE], OTHER, rules.NotProposed),
    ],
)
def test_another_person_publishes(state, approver_of, writers, by, refusal):
    def asked():
        rules.may_publish(state, country="MEX", approver_of=approver_of, writers=writers, by=by)

    if refusal is None:
        asked()
        return
    with pytest.raises(refusal):
        asked()


def test_why_and_what_to_mend_are_said():
    assert rules.must_say_why("  El plazo cambió. ") == "El plazo cambió."
    assert rules.must_say_what("Falta el inglés.") == "Falta el inglés."
    for empty in ("", "  ", "ab "):
        with pytest.raises(rules.WhyMissing):
            rules.must_say_why(empty)
        with pytest.raises(rules.NoteMissing):
            rules.must_say_what(empty)


def test_the_months_to_choose_from_begin_with_the_first_that_is_open():
    found = rules.months_to_choose(date(2025, 11, 23), "2025-10")
    assert found[0] == "2025-10" and found[3] == "2026-01" and len(found) == rules.MONTHS_AHEAD
    assert rules.months_to_choose(date(2025, 11, 23), None)[0] == "2025-11"
