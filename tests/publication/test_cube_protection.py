from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseapp.publication.cube.definition import Cube, Dimension
from caseapp.publication.cube.feasibility import boxes_of, examine
from caseapp.publication.cube.grain import Grain, cube_for
from caseapp.publication.cube.logic import Chain
from caseapp.publication.cube.markers import Occurrence, atoms_of
from caseapp.publication.cube.merging import merge_labels, sparsest
from caseapp.publication.cube.protection import StillNarrowed, protect
from caseapp.publication.cube.rounding import CellNotPossible, Truth
from caseapp.publication.cube.tally import items_of, tally
from tests.publication.cube_samples import ORIGIN, SECRET, SEX, plain_cube, small_cube, truth_of

MONTHS = ("2025-01", "2025-02", "2025-03", "2025-04", "2025-05")


def life(cube, rng, months=MONTHS, mean=50):
    """Exact numbers of some months, counted from made-up people of whom some come back, some at two sites, some late."""
    people, occurrences, found, frozen = [], [], {}, []
    for month in range(1, len(months) + 1):
        for _ in range(rng.poisson(mean)):
            home = people[-1][1] if people and rng.random() < 0.4 else f"home {len(people)}"
            where = {
                "sex": rng.choice(["F", "M"]),
                "origin": rng.choice(["HND", "CUB", "NIC"], p=[0.6, 0.3, 0.1]),
            }
            people.append((f"person {len(people)}", home, where))
        again = [p for p in people[:-mean] if rng.random() < 0.25]
        for who, home, where in people[-mean:] + again:
            for _ in range(1 + (rng.random() < 0.15)):
                day = date(2025, month, int(rng.integers(1, 28)))
                known = datetime(2025, month + (rng.random() < 0.05), 28, tzinfo=UTC)
                number = f"{len(occurrences):05d}"
                site = f"site {rng.integers(4)}"
                occurrences.append(Occurrence(number, who, home, site, day, known, where))
        cut_off = [o for o in occurrences if o.recorded_at.month <= month]
        new = atoms_of(months[month - 1], cut_off, frozen, since=months[0])
        frozen += new
        found[months[month - 1]] = tally(cube.dimensions, items_of(new))
    return found


def year_of(cube, truths):
    ledger, found = [], []
    for period, truth in truths.items():
        found.append(protect(cube, period, truth, secret=SECRET, ledger=ledger))
        ledger.append(found[-1].entry)
    return found


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([5, 10]))
def test_a_year_is_closed_and_keeps_its_promises(seed, k):
    cube = small_cube(k=k, sites=4)
    found = year_of(cube, life(cube, np.random.default_rng(seed)))
    for done in found:
        assert ((done.y == 0) | (done.y >= k)).all()
        assert (done.y[~done.shown] == 0).all()
        assert done.utility.within
    sheets = [done.entry.sheet() for done in found]
    verdicts = examine(list(Chain(cube, sheets).groups()), boxes_of(cube, sheets))
    assert {group.name for group, _ in verdicts} <= set(found[-1].contradicted)


def test_large_cells_keep_their_value_and_small_ones_do_not():
    cube = small_cube()
    count = np.zeros(cube.shape, dtype=np.int64)
    count[0, 0, 0, 0], count[1, 1, 0, 0] = 480, 3
    seen = set()
    for n in range(40):
        secret = SECRET + bytes([n])
        y = protect(cube, "2025-01", truth_of(count), secret=secret).y
        assert y[0, 0, 0, 0] == 480
        seen.add(int(y[1, 1, 0, 0]))
    assert seen == {0, 5}


def test_the_same_release_can_be_made_again():
    cube = small_cube()
    counts = life(cube, np.random.default_rng(3))
    first, second = year_of(cube, counts), year_of(cube, counts)
    assert [d.y.tolist() for d in first] == [d.y.tolist() for d in second]
    other = year_of(replace(cube, country="GTM"), counts)
    assert [d.y.tolist() for d in first] != [d.y.tolist() for d in other]


def test_a_month_that_cannot_be_is_refused():
    cube = small_cube()
    count = np.zeros(cube.shape, dtype=np.int64)
    count[0, 0, 2, 0] = 7  # MONTH in January
    with pytest.raises(CellNotPossible):
        protect(cube, "2025-01", truth_of(count), secret=SECRET)


def test_the_full_grain_of_a_large_country_is_close():
    origins = ("HND", "CUB", "HTI", "VEN", "SLV", "GTM", "COL", "OTHER")
    cube = cube_for("arrivals", "MEX", Grain.FULL, origins, sites=40)
    rng = np.random.default_rng(11)
    done = protect(cube, "2025-01", truth_of(_january(cube, rng, 5000), 1.7), secret=SECRET)
    assert done.utility.within
    assert done.utility.total <= 0.005
    assert done.utility.small_cells > 50


def _january(cube, rng, people):
    shares = {
        "sex": [0.42, 0.57, 0.01], "age_band": [0.1, 0.12, 0.1, 0.63, 0.05], "counted": [0.97, 0, 0, 0.03],
        "origin": [0.35, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03, 0.05], "late": [1, 0],
    }  # fmt: skip
    chances = np.ones(())
    for dimension in cube.dimensions:
        chances = np.multiply.outer(chances, np.array(shares[dimension.name]))
    return rng.multinomial(people, chances.ravel()).reshape(cube.shape)


def protect_all(cube, counts):
    """Periods one after the other, each with the ledger of those before."""
    ledger = []
    for period, count in counts.items():
        ledger.append(protect(cube, period, truth_of(count), secret=SECRET, ledger=ledger).entry)
    return ledger


def test_an_origin_that_the_markers_would_narrow_is_merged_for_the_year():
    cube = Cube("cohort", "MEX", (SEX, ORIGIN, Dimension("counted", ("YEAR", "QUARTER", "MONTH"))))

    def month(marker, number):
        count = np.zeros(cube.shape, dtype=np.int64)
        count[:, 2, 0] = 40
        count[0, 0, marker] = number
        return count

    # Four new Honduran women in January and in February; in March all eight come again, and eight is exact.
    counts = {"2025-01": month(0, 4), "2025-02": month(0, 4), "2025-03": month(2, 8), "2025-04": month(0, 3)}
    january, february, march, april = protect_all(cube, counts)
    assert january.merged == february.merged == frozenset()
    assert march.merged == april.merged == {"HND"}
    assert not march.shown[:, 0].any()
    assert (march.y[:, 0] == 0).all()
    assert int(march.y[0, 2, 2]) == 8
    following = protect(cube, "2026-01", truth_of(month(0, 4)), secret=SECRET, ledger=[march, april])
    assert following.merged == frozenset()


def test_a_period_that_nothing_can_save_is_not_offered():
    cube = Cube("cohort", "MEX", (SEX, Dimension("counted", ("YEAR", "MONTH"))))
    counts = {"2025-01": [[4, 0], [0, 0]], "2025-02": [[4, 0], [0, 0]], "2025-03": [[0, 8], [0, 0]]}
    with pytest.raises(StillNarrowed, match="2025-03"):
        protect_all(cube, {period: np.array(count) for period, count in counts.items()})


def test_values_that_the_markers_would_narrow_are_drawn_otherwise():
    cube = Cube("again", "MEX", (SEX, Dimension("counted", ("YEAR", "MONTH"))), lift=0.3)
    pairs = set()
    for n in range(120):
        more = {"secret": SECRET + bytes([n])}
        first = protect(cube, "2025-01", truth_of(np.array([[3, 0], [40, 0]])), **more)
        february = truth_of(np.array([[0, 3], [0, 20]]))
        second = protect(cube, "2025-02", february, ledger=[first.entry], **more)
        pairs.add((int(first.y[0, 0]), int(second.y[0, 1])))
    # Five again in February, where January shows 0, could not be five people: it never comes.
    assert pairs == {(0, 0), (5, 0), (5, 5)}


def test_a_stock_changes_only_where_its_count_changed():
    cube = plain_cube(200)
    counts = np.tile([0, 1, 2, 3, 4, 9], 34)[:200]
    first = protect(cube, "2025-Q1", truth_of(counts), secret=SECRET)
    later = counts.copy()
    later[:20] += 1
    second = protect(cube, "2025-Q2", truth_of(later), secret=SECRET, sticky=first.entry)
    assert second.y[20:].tolist() == first.y[20:].tolist()
    assert second.y[:20].tolist() != first.y[:20].tolist()
    fresh = protect(cube, "2025-Q2", truth_of(counts), secret=SECRET)
    assert fresh.y.tolist() != first.y.tolist()


def test_a_revision_changes_cells_by_k_or_not_at_all():
    cube = plain_cube(300)
    rng = np.random.default_rng(9)
    counts = rng.integers(0, 14, 300)
    first = protect(cube, "2025-02", truth_of(counts), secret=SECRET)
    changed = counts.copy()
    changed[:150] = rng.integers(0, 14, 150)
    revised = protect(
        cube,
        "2025-02",
        truth_of(changed),
        secret=SECRET,
        edition=1,
        replaces=first.entry,
        ledger=[first.entry],
    )
    step = np.abs(revised.y - first.y)
    assert ((step == 0) | (step >= 5)).all()
    assert (step[150:] == 0).all()
    assert step.any()
    assert ((revised.y == 0) | (revised.y >= 5)).all()


def test_merging_keeps_people_and_never_makes_one_home_look_like_two():
    dimensions = (SEX, ORIGIN)
    counts = np.array([[3, 4, 0], [0, 0, 2]])
    homes = np.array([[1, 1, 0], [0, 0, 2]])
    merged = merge_labels(Truth(counts, counts, homes), dimensions, "origin", {"HND", "CUB"}, "OTHER")
    assert merged.count.tolist() == [[0, 0, 7], [0, 0, 2]]
    assert merged.persons.tolist() == [[0, 0, 7], [0, 0, 2]]
    assert merged.households.tolist() == [[0, 0, 1], [0, 0, 2]]
    assert counts.tolist() == [[3, 4, 0], [0, 0, 2]]


def test_the_sparsest_is_found_in_what_was_published():
    sheets = [np.array([[9, 5, 30], [9, 6, 30]]), np.array([[9, 5, 30], [0, 5, 0]])]
    assert sparsest(sheets, ORIGIN, 1, ("HND", "CUB")) == "CUB"
