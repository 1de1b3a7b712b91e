"""What may be said of released figures: only what their declared deviation allows."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from caseapp.publication import findings
from caseapp.publication.findings import Apart, Ground, Number, Part, Point, Says

WHOLE = Ground(3, 3, "COMPLETE", ("A 1/1", "B 1/1", "C 1/1"), "v1")
PARTIAL = Ground(2, 3, "PARTIAL", ("A 1/1", "B 1/1", "C 0/1"), "v1")


def count(value):
    return Number("COUNT", None if value is None else Decimal(value))


def rate(above, below, *, public=False):
    return Number("RATE", Decimal(100) * above / below, above, below, public)


def points(*values, grounds=None):
    return [Point(str(at), count(v), (grounds or {}).get(at, WHOLE)) for at, v in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "says", "first", "second"),
    [
        ((100, 121), Says.ROSE, 1, 0),
        ((100, 120), Says.LEVEL, 1, 0),  # 110 may be both
        ((121, 100), Says.FELL, 1, 0),
        ((100, 110, 140), Says.HIGHEST, 2, 0),
        ((100, 125, 140), Says.ROSE, 2, 0),
        ((100, 90, 50), Says.LOWEST, 2, 0),
        ((100, 60, 70), Says.FELL, 2, 0),
        ((100,), Says.ONE, 0, -1),
        ((None, 100), Says.ONE, 1, -1),
        ((100, 200, None), Says.ROSE, 1, 0),
        ((None, None), Says.NONE, -1, -1),
        ((), Says.NONE, -1, -1),
    ],
)
def test_a_series(values, says, first, second):
    found = findings.of_series(points(*values), 10)
    assert (found.says, found.first, found.second) == (says, first, second)


def test_nothing_is_compared_between_different_grounds():
    assert findings.of_series(points(100, 900, grounds={0: PARTIAL}), 10).says is Says.ONE
    # Of three, those of the same ground are.
    found = findings.of_series(points(100, 900, 300, grounds={1: PARTIAL}), 10)
    assert (found.says, found.second) == (Says.ROSE, 0)


@pytest.mark.parametrize(
    ("one", "changes", "why"),
    [
        (WHOLE, {}, None),
        (PARTIAL, {}, None),
        (WHOLE, {"reporting": 2}, Apart.COVERAGE),
        (WHOLE, {"expected": 4}, Apart.COVERAGE),
        # As many sites reported, but not all of them had signed.
        (WHOLE, {"status": "PARTIAL"}, Apart.SIGNATURES),
        (WHOLE, {"status": "NO_COVERAGE"}, Apart.SIGNATURES),
        # Another site is missing: the same numbers of other places.
        (PARTIAL, {"signed": ("A 0/1", "B 1/1", "C 1/1")}, Apart.SIGNATURES),
        (PARTIAL, {"signed": ()}, Apart.SIGNATURES),
        # One site closed and another opened.
        (WHOLE, {"signed": ("A 1/1", "B 1/1", "D 1/1")}, Apart.SIGNATURES),
        # A release of before does not say which sites reported: complete is complete.
        (WHOLE, {"signed": ()}, None),
        (WHOLE, {"definition": "v2"}, Apart.DEFINITION),
        (WHOLE, {"awaits": ("MEX-2025-08-R1",)}, Apart.EDITION),
        (PARTIAL, {"awaits": ("MEX-2025-08-R1",)}, Apart.EDITION),
        # A year to August says nothing against one to December, nor against another to August.
        (WHOLE, {"is_whole": False, "through": "2025-08"}, Apart.UNFINISHED),
        (WHOLE, {"reporting": None}, Apart.COVERAGE),
        (Ground(), {}, Apart.COVERAGE),
    ],
)
def test_why_two_periods_are_not_set_against_each_other(one, changes, why):
    other = replace(one, **changes)
    assert findings.why_apart(one, other) is why and findings.why_apart(other, one) is why
    found = findings.of_series([Point("1", count(900), one), Point("2", count(100), other)], 10)
    assert (found.says is Says.FELL) == (why is None)


def test_two_periods_that_are_not_over_are_compared_with_nothing():
    running = replace(WHOLE, is_whole=False, through="2025-08")
    assert findings.why_apart(running, running) is Apart.UNFINISHED
    assert findings.of_series(points(900, 800, 100, grounds={2: running}), 20).says is Says.ONE


def test_the_highest_since_only_without_anything_between_that_might_be_higher():
    # A period of other coverage, or without a figure, stands in between: no claim goes past it.
    for values, grounds in (((100, 110, 900, 140), {2: PARTIAL}), ((100, 110, None, 140), {})):
        found = findings.of_series(points(*values, grounds=grounds), 10)
        assert (found.says, found.first, found.second) == (Says.ROSE, 3, 0)
    found = findings.of_series(points(900, 90, 100, 140, grounds={0: PARTIAL}), 10)
    assert (found.says, found.first, found.second) == (Says.HIGHEST, 3, 1)
    found = findings.of_series(points(10, 900, 200, 180, 100, grounds={1: PARTIAL}), 10)
    assert (found.says, found.first, found.second) == (Says.LOWEST, 4, 2)


def test_quarters_of_as_many_sites_are_apart_where_other_sites_are_missing():
    one = Ground(11, 12, "PARTIAL", ("A 2/3", "B 3/3"), "v1")
    assert findings.why_apart(one, one) is None
    assert findings.why_apart(one, replace(one, signed=("A 3/3", "B 2/3"))) is Apart.SIGNATURES
    # Two that do not say which sites reported, or where none did, are not set against each other.
    for changes in ({"signed": ()}, {"reporting": 0, "signed": ("A 0/3", "B 0/3")}):
        same = replace(one, **changes)
        assert findings.why_apart(same, same) is Apart.SIGNATURES


def test_what_rests_on_an_outdated_edition_is_compared_with_nothing():
    outdated = replace(WHOLE, awaits=("MEX-2025-08-R1",))
    assert findings.why_apart(outdated, outdated) is Apart.EDITION
    found = findings.of_series(points(100, 900, 400, grounds={2: outdated}), 10)
    assert (found.says, found.first) == (Says.ONE, 2)


def test_a_median_is_told_and_not_compared():
    both = [
        Point("1", Number("MEDIAN", Decimal(10)), WHOLE),
        Point("2", Number("MEDIAN", Decimal(90)), WHOLE),
    ]
    assert findings.of_series(both, 10).says is Says.ONE


@pytest.mark.parametrize(
    ("number", "low", "high"),
    [
        (count(50), 40, 60),
        (count(5), 0, 15),
        (rate(50, 100), Decimal(4000) / 110, Decimal(6000) / 90),
        (rate(95, 100), Decimal(8500) / 110, 100),
        (rate(5, 10), 0, 100),
        (rate(50, 100, public=True), 40, 60),
        (rate(120, 100, public=True), 110, 130),
    ],
)
def test_the_span_of_a_figure(number, low, high):
    found = findings.span(number, 10)
    assert [round(one, 9) for one in found] == [round(Decimal(one), 9) for one in (low, high)]


def parts(*values, rest=None):
    return [Part(str(at), count(v), at == rest) for at, v in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "rest", "says", "first"),
    [
        ((300, 100), None, Says.MAJORITY, 0),
        # 2 × (223 − 15) is just above 400 + 15; 2 × (222 − 15) is not.
        ((223, 177), None, Says.MAJORITY, 0),
        ((222, 178), None, Says.FIRST, 0),
        ((215, 185), None, Says.ALIKE, -1),
        ((100, 160, 140), None, Says.ALIKE, -1),
        ((100, 180, 120), None, Says.FIRST, 1),
        ((300, 100), 0, Says.ALIKE, -1),
        ((300, None), None, Says.NONE, -1),
        ((0, 5), None, Says.ALIKE, -1),
    ],
)
def test_a_breakdown(values, rest, says, first):
    found = findings.of_parts(parts(*values, rest=rest), count(sum(v or 0 for v in values)), 10)
    assert (found.says, found.first) == (says, first)


def test_rates_of_groups_are_apart_only_where_their_spans_do_not_touch():
    far = [Part("F", rate(900, 1000)), Part("M", rate(300, 1000))]
    near = [Part("F", rate(20, 40)), Part("M", rate(12, 40))]
    assert findings.of_parts(far, rate(1200, 2000), 10) == findings.Finding(Says.APART, 0, 1)
    assert findings.of_parts(near, rate(32, 80), 10).says is Says.ALIKE
