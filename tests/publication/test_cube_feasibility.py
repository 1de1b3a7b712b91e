from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from caseapp.publication.cube.definition import Cube, Dimension, possible
from caseapp.publication.cube.feasibility import Verdict, boxes_of, examine, shortfall, verdict_of
from caseapp.publication.cube.logic import Chain, Sheet, in_order

K = 3


def chain_cube(markers=("YEAR", "QUARTER", "MONTH"), **more) -> Cube:
    return Cube("c", "MEX", (Dimension("sex", ("F",)), Dimension("counted", markers)), k=K, **more)


def sheets_of(cube, values):
    """Sheets from {period: values by marker}."""
    names = list(values)
    return [Sheet(p, np.array([values[p]]), possible(cube, p, [q for q in names if q < p])) for p in names]


def verdict(cube, values):
    sheets = sheets_of(cube, values)
    found = examine(list(Chain(cube, sheets).groups()), boxes_of(cube, sheets))
    return found[0][1] if found else Verdict.KEPT


def brute(cube, values):
    """Try every truth that a reader could think of."""
    sheets = sheets_of(cube, values)
    boxes = boxes_of(cube, sheets)
    (group,) = list(Chain(cube, sheets).groups())
    ranges = [range(low, high + 1) for low, high in zip(boxes.low, boxes.high, strict=True)]
    fits = [
        truth
        for truth in product(*ranges)
        if all(sum(truth[i] for i in r.lhs) <= r.factor * sum(truth[i] for i in r.rhs) for r in group.rows)
    ]
    if not fits:
        return Verdict.CONTRADICTED
    bound = {i for row in group.rows for i in (*row.lhs, *row.rhs)}
    both = all(
        {boxes.low[i], boxes.high[i]} <= {truth[i] for truth in fits} for i in bound
    )  # fmt: skip
    return Verdict.KEPT if both else Verdict.NARROWED


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from([0, 3, 4, 6]), min_size=7, max_size=7))
def test_the_verdict_is_that_of_trying_everything(cells):
    values = {
        "2025-03": [cells[0], 0, 0],
        "2025-04": [cells[1], cells[2], 0],
        "2025-05": [cells[3], cells[4], cells[5]],
    }
    assert verdict(chain_cube(), values) is brute(chain_cube(), values)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([0, 3, 4, 6]), min_size=4, max_size=4), st.sampled_from([2, 3]))
def test_sites_are_part_of_the_logic(cells, sites):
    cube = chain_cube(("YEAR", "MONTH", "SITE"), sites=sites)
    values = {"2025-01": [cells[0], 0, cells[1]], "2025-02": [cells[2], cells[3], 0]}
    assert verdict(cube, values) is brute(cube, values)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from([0, 3, 4, 6, 9]), min_size=9, max_size=9))
def test_the_quick_test_never_says_kept_wrongly(cells):
    cube = chain_cube()
    values = {
        "2025-01": [cells[0], 0, 0],
        "2025-02": [cells[1], 0, cells[2]],
        "2025-04": [cells[3], cells[4], 0],
        "2025-05": [cells[5], cells[6], cells[7]],
    }
    sheets = sheets_of(cube, values)
    boxes = boxes_of(cube, sheets)
    (group,) = list(Chain(cube, sheets).groups())
    quick = all(shortfall(row, boxes) == 0 for row in group.rows)
    if quick:
        assert brute(cube, values) is Verdict.KEPT


def test_a_month_needs_somebody_before_it():
    # "3" in February may stand for three people only if January may stand for three.
    assert verdict(chain_cube(), {"2025-01": [0, 0, 0], "2025-02": [0, 0, 3]}) is Verdict.NARROWED
    assert verdict(chain_cube(), {"2025-01": [3, 0, 0], "2025-02": [0, 0, 3]}) is Verdict.KEPT
    assert verdict(chain_cube(), {"2025-01": [4, 0, 0], "2025-02": [0, 0, 7]}) is Verdict.CONTRADICTED


def test_both_halves_of_october_share_the_people_before_them():
    before = {"2025-01": [4, 0, 0]}
    halves = {"2025-10a": [0, 4, 0], "2025-10b": [0, 0, 0]}
    # All four came in the first half: nobody is left for the second.
    assert verdict(chain_cube(), before | halves) is Verdict.NARROWED


def test_late_atoms_count_with_the_others():
    late = Dimension("late", ("NO", "YES"))
    cube = Cube("c", "MEX", (Dimension("counted", ("YEAR", "MONTH")), late), k=K)
    january = Sheet("2025-01", np.array([[4, 0], [0, 0]]), possible(cube, "2025-01"))
    february = Sheet("2025-02", np.array([[0, 0], [4, 3]]), possible(cube, "2025-02", ["2025-01"]))
    sheets = [january, february]
    (group,) = list(Chain(cube, sheets).groups())
    assert verdict_of(group, boxes_of(cube, sheets)) is Verdict.NARROWED


def test_merged_origins_count_with_other_from_then_on():
    origin = Dimension("origin", ("HND", "OTHER"))
    cube = Cube("c", "MEX", (origin, Dimension("counted", ("YEAR", "MONTH"))), k=K)
    shown = np.ones(cube.shape, dtype=bool)
    january = Sheet("2025-01", np.array([[4, 0], [4, 0]]), shown & (np.array([1, 0]) == 1))
    without = shown.copy()
    without[0] = False
    february = Sheet("2025-02", np.array([[0, 0], [0, 7]]), without, frozenset({"HND"}))
    apart = Sheet("2025-02", np.array([[0, 0], [0, 7]]), shown)
    assert {g.name for g in Chain(cube, [january, apart]).groups()} == {("HND",), ("OTHER",)}
    for second, expected in ((february, []), (apart, [(("OTHER",), Verdict.CONTRADICTED)])):
        sheets = [january, second]
        found = examine(list(Chain(cube, sheets).groups()), boxes_of(cube, sheets))
        assert [(group.name, verdict) for group, verdict in found] == expected


def test_sheets_come_in_order_of_time():
    sheets = [Sheet(p, np.zeros(1, dtype=np.int64), np.ones(1, dtype=bool)) for p in ("2025-11", "2025-09")]
    own = Sheet("2025-10b", np.zeros(1, dtype=np.int64), np.ones(1, dtype=bool))
    assert [s.period for s in in_order(sheets, own)] == ["2025-09", "2025-10b", "2025-11"]
