from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseapp.publication.cube import period as periods
from caseapp.publication.cube.definition import MONTH, NONE, QUARTER, SITE, YEAR
from caseapp.publication.cube.markers import Marking, Occurrence, atoms_of, withdrawn

YEARS = ("2024", "2025")
MONTHS = [f"{year}-{month:02d}" for year in YEARS for month in range(1, 13)]
QUARTERS = [f"{year}-Q{n}" for year in YEARS for n in range(1, 5)]


def seen(number, person, day, *, site="A", household="", known=None, **dimensions):
    recorded = datetime.combine(known or day, datetime.min.time(), UTC)
    return Occurrence(f"{number:04d}", person, household or f"home {person}", site, day, recorded, dimensions)


def known_by(occurrences, period):
    """What was recorded before the period after this one began."""
    unit = periods.quarter_of if "Q" in period else (lambda day: periods.month(periods.period_of(day)))
    return [o for o in occurrences if unit(o.recorded_at.date()) <= period]


def released(occurrences, calendar=MONTHS):
    frozen = []
    for period in calendar:
        frozen += atoms_of(period, known_by(occurrences, period), frozen, since=calendar[0])
    return frozen


days = st.dates(date(2024, 1, 1), date(2025, 12, 31))


@st.composite
def histories(draw):
    found = []
    for number in range(draw(st.integers(0, 25))):
        day = draw(days)
        known = min(day + timedelta(days=draw(st.sampled_from([0, 0, 0, 40, 200]))), date(2025, 12, 31))
        person = draw(st.sampled_from("pqrstu"))
        household = draw(st.sampled_from([f"home {person}", "home one", "home two"]))
        found.append(
            seen(number, person, day, site=draw(st.sampled_from("AB")), household=household, known=known)
        )
    return found


def account(occurrence):
    """The month a history's occurrence is counted in: its own, or the one in which it became known."""
    return max(f"{occurrence.effective_on:%Y-%m}", f"{occurrence.recorded_at:%Y-%m}")


def brute(occurrences):
    """(who, month of account, site) for everything that counts: an occurrence adds nothing if its month is covered."""
    counted, covered = set(), set()
    for month in MONTHS:
        new = [o for o in occurrences if account(o) == month]
        fresh = [o for o in new if (o.person, f"{o.effective_on:%Y-%m}", o.site) not in covered]
        counted |= {(o.person, month, o.site) for o in fresh}
        covered |= {(o.person, f"{o.effective_on:%Y-%m}", o.site) for o in fresh}
    return counted


def sum_of(atoms, markers, place, site=None):
    return sum(a.counted in markers and place(a.period) and site in (None, a.site) for a in atoms)


@settings(max_examples=200, deadline=None)
@given(histories())
def test_distinct_persons_are_sums_of_atoms(occurrences):
    atoms, truth = released(occurrences), brute(occurrences)
    for year in YEARS:
        people = {who for who, month, _ in truth if month.startswith(year)}
        assert sum_of(atoms, (YEAR,), lambda p, y=year: periods.year(p) == y) == len(people)
    for quarter in QUARTERS:
        people = {who for who, month, _ in truth if periods.quarter(month) == quarter}
        assert sum_of(atoms, (YEAR, QUARTER), lambda p, q=quarter: periods.quarter(p) == q) == len(people)
    for month in MONTHS:
        people = {who for who, at, _ in truth if at == month}
        inside = lambda p, m=month: periods.month(p) == m  # noqa: E731
        assert sum_of(atoms, (YEAR, QUARTER, MONTH), inside) == len(people)
        for site in "AB":
            there = {who for who, at, where in truth if at == month and where == site}
            assert sum_of(atoms, (YEAR, QUARTER, MONTH, SITE), inside, site) == len(there)


@settings(max_examples=150, deadline=None)
@given(histories())
def test_what_was_on_time_is_counted_without_what_came_late(occurrences):
    atoms = [a for a in released(occurrences) if not a.late]
    for month in MONTHS:
        on_time = [o for o in occurrences if account(o) == month == f"{o.effective_on:%Y-%m}"]
        inside = lambda p, m=month: periods.month(p) == m  # noqa: E731
        assert sum_of(atoms, (YEAR, QUARTER, MONTH), inside) == len({o.person for o in on_time})


@settings(max_examples=150, deadline=None)
@given(histories())
def test_distinct_households_are_sums_of_atoms(occurrences):
    atoms = released(occurrences)
    marked = [replace(a, counted=a.household_counted) for a in atoms]
    for year in YEARS:
        homes = {a.household for a in atoms if periods.year(a.period) == year}
        assert sum_of(marked, (YEAR,), lambda p, y=year: periods.year(p) == y) == len(homes)
    for month in MONTHS:
        inside = lambda p, m=month: periods.month(p) == m  # noqa: E731
        homes = {a.household for a in atoms if inside(a.period)}
        assert sum_of(marked, (YEAR, QUARTER, MONTH), inside) == len(homes)
        for site in "AB":
            there = {a.household for a in atoms if inside(a.period) and a.site == site}
            assert sum_of(marked, (YEAR, QUARTER, MONTH, SITE), inside, site) == len(there)


@settings(max_examples=100, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(occurrences, shuffler):
    shuffled = list(occurrences)
    shuffler.shuffle(shuffled)
    assert released(shuffled) == released(occurrences)


@settings(max_examples=100, deadline=None)
@given(histories())
def test_quarterly_atoms_add_up_too(occurrences):
    atoms = released(occurrences, QUARTERS)
    for quarter in QUARTERS:
        people = {a.person for a in atoms if a.period == quarter}
        assert sum_of(atoms, (YEAR, QUARTER), lambda p, q=quarter: p == q) == len(people)
    for year in YEARS:
        people = {a.person for a in atoms if periods.year(a.period) == year}
        assert sum_of(atoms, (YEAR,), lambda p, y=year: periods.year(p) == y) == len(people)


def marks(atoms):
    return [(a.period, a.site, a.counted, a.late) for a in atoms]


def test_one_person_through_a_year():
    occurrences = [
        seen(1, "p", date(2025, 1, 10)),
        seen(2, "p", date(2025, 1, 12), site="B"),
        seen(3, "p", date(2025, 2, 1)),
        seen(4, "p", date(2025, 5, 1)),
        seen(5, "p", date(2025, 5, 30)),
    ]
    assert marks(released(occurrences)) == [
        ("2025-01", "A", YEAR, False),
        ("2025-01", "B", SITE, False),
        ("2025-02", "A", MONTH, False),
        ("2025-05", "A", QUARTER, False),
    ]


def test_october_is_cut_and_still_one_month():
    occurrences = [
        seen(1, "p", date(2025, 10, 26)),
        seen(2, "p", date(2025, 10, 27)),
        seen(3, "p", date(2025, 10, 28), site="B"),
        seen(4, "q", date(2025, 10, 27)),
    ]
    assert marks(released(occurrences)) == [
        ("2025-10a", "A", YEAR, False),
        ("2025-10b", "A", YEAR, False),
        ("2025-10b", "B", SITE, False),
    ]


def test_late_data_are_counted_once_in_the_next_month():
    occurrences = [
        seen(1, "p", date(2025, 1, 5), known=date(2025, 3, 2)),
        seen(2, "p", date(2025, 2, 5), known=date(2025, 3, 2)),
        seen(3, "q", date(2025, 2, 7)),
        seen(4, "q", date(2025, 1, 7), site="B", known=date(2025, 3, 9)),
        seen(5, "q", date(2025, 3, 8), site="A"),
    ]
    atoms = released(occurrences)
    assert marks(atoms) == [
        ("2025-02", "A", YEAR, False),
        ("2025-03", "A", MONTH, False),
        ("2025-03", "A", YEAR, True),
        ("2025-03", "B", SITE, True),
    ]
    assert atoms[2].covers == ("2025-01", "2025-02")


def test_ties_go_by_day_then_recording_then_id():
    day = date(2025, 4, 1)
    late_entry = seen(1, "p", day, site="A", known=date(2025, 4, 3))
    early_entry, same = seen(3, "p", day, site="B"), seen(2, "p", day, site="C")
    assert [a.occurrence for a in released([late_entry, early_entry, same])] == ["0002", "0003", "0001"]


def test_what_happened_before_the_first_month_is_outside():
    occurrences = [seen(1, "p", date(2025, 1, 5)), seen(2, "p", date(2025, 6, 5))]
    assert marks(atoms_of("2025-06", occurrences, since="2025-06")) == [("2025-06", "A", YEAR, False)]


def test_first_ever_is_once_in_a_life():
    occurrences = [
        seen(1, "p", date(2024, 5, 5)),
        seen(2, "p", date(2025, 5, 5)),
        seen(3, "q", date(2025, 5, 6)),
    ]
    assert [(a.person, a.period[:4], a.first_ever) for a in released(occurrences)] == [
        ("p", "2024", True),
        ("p", "2025", False),
        ("q", "2025", True),
    ]


def test_dimensions_are_those_of_the_first_occurrence():
    first = seen(1, "p", date(2025, 5, 5), age_band="12-17")
    second = seen(2, "p", date(2025, 5, 9), age_band="18-59")
    (atom,) = released([second, first])
    assert atom.labels() == {
        "age_band": "12-17", "counted": YEAR, "household_counted": YEAR, "late": "NO", "ever": "FIRST",
    }  # fmt: skip


def units(atoms):
    return {(a.person, unit, a.site) for a in atoms for unit in a.covers}


def test_what_lost_its_ground_is_withdrawn_once():
    atoms = released([seen(1, "p", date(2025, 1, 5)), seen(2, "q", date(2025, 1, 6))])
    left = units(atoms) - {("p", "2025-01", "A")}
    assert withdrawn(atoms, units(atoms)) == []
    (gone,) = withdrawn(atoms, left)
    assert (gone.person, gone.counted) == ("p", YEAR)
    assert withdrawn(atoms, left, already={gone.occurrence}) == []


@pytest.mark.parametrize(
    ("second", "marker"),
    [(date(2025, 1, 20), YEAR), (date(2025, 2, 20), YEAR), (date(2025, 8, 20), YEAR)],
)
def test_a_merge_withdraws_the_second_first_time(second, marker):
    atoms = released([seen(1, "p", date(2025, 1, 5)), seen(2, "q", second)])
    still = {("p", "2025-01", "A"), ("p", f"{second:%Y-%m}", "A")}
    gone = withdrawn(atoms, still, now={"q": "p"})
    assert [(a.person, a.counted) for a in gone] == [("q", marker)]


def test_an_undone_merge_withdraws_nothing():
    atoms = released([seen(1, "p", date(2025, 1, 5)), seen(2, "q", date(2025, 2, 6))])
    assert withdrawn(atoms, units(atoms), now={}) == []


def test_single_people_are_their_own_household():
    atoms = released([seen(1, "p", date(2025, 1, 5)), seen(2, "q", date(2025, 1, 5), household="home p")])
    assert [a.household_counted for a in atoms] == [YEAR, NONE]


@given(days)
def test_every_day_lies_in_one_year_of_each_kind(day):
    period = periods.period_of(day)
    assert periods.year(period) == str(day.year)
    mirps = day.year + ((day.month, day.day) >= (10, 27))
    assert periods.mirps_year(period) == f"MIRPS-{mirps}"
    assert periods.quarter(period) == periods.quarter_of(day)
    assert period in periods.pieces(periods.month(period))


def test_an_uncut_october_has_no_mirps_year():
    for period in ("2025-10", "2025-Q4"):
        with pytest.raises(ValueError, match="no single MIRPS year"):
            periods.mirps_year(period)


CASH = Marking(any_of={"cash": ("PAID", "NOTHING")}, households={"cash": ("PAID",)})


def aided(person: str, day: str, cash: str, site: str = "A", household: str = "h") -> Occurrence:
    on = date.fromisoformat(day)
    at = datetime(on.year, on.month, on.day, tzinfo=UTC)
    return Occurrence(f"{person} {day} {cash}", person, household, site, on, at, {"cash": cash})


def told(atoms: list) -> list[tuple[str, str, str]]:
    return [(atom.person, atom.dimensions["cash"], atom.household_counted) for atom in atoms]


def test_whoever_has_any_such_thing_in_the_period_has_it() -> None:
    """At any site and on any day of a month, or of a quarter where that is what is counted."""
    found = [aided("p", "2025-07-01", "NOTHING"), aided("p", "2025-07-09", "PAID", site="B")]
    assert told(atoms_of("2025-07", found, marking=CASH)) == [("p", "PAID", YEAR), ("p", "PAID", SITE)]
    later = [aided("p", "2025-07-01", "NOTHING"), aided("p", "2025-09-09", "PAID")]
    assert told(atoms_of("2025-Q3", later, marking=CASH)) == [("p", "PAID", YEAR)]


def test_a_household_is_marked_on_somebody_who_can_carry_it() -> None:
    july = [
        aided("p", "2025-07-01", "NOTHING"),
        aided("q", "2025-07-02", "PAID"),
        aided("r", "2025-07-03", "PAID"),
    ]
    frozen = atoms_of("2025-07", july, marking=CASH)
    assert told(frozen) == [("p", "NOTHING", NONE), ("q", "PAID", YEAR), ("r", "PAID", NONE)]
    august = [aided("p", "2025-08-01", "PAID")]
    assert told(atoms_of("2025-08", august, frozen, marking=CASH)) == [("p", "PAID", MONTH)]
