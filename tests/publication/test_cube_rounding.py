from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseapp.publication.cube.rounding import (
    CellNotPossible,
    Truth,
    TruthInconsistent,
    choices,
    hold,
    is_small,
    take_where_far,
)
from tests.publication.cube_samples import plain_cube, truth_of


def cell(count: int, persons: int, households: int) -> Truth:
    return Truth(np.array([count]), np.array([persons]), np.array([households]))


@pytest.mark.parametrize(
    ("count", "persons", "households", "k", "small"),
    [
        (0, 0, 0, 5, False),
        (1, 1, 1, 5, True),
        (4, 4, 4, 5, True),
        (5, 5, 2, 5, False),
        (7, 7, 1, 5, True),  # one large household
        (30, 4, 2, 5, True),  # thirty events of four people
        (9, 9, 9, 10, True),
        (10, 10, 2, 10, False),
    ],
)
def test_small_is_a_matter_of_persons_and_households(count, persons, households, k, small):
    assert bool(is_small(cell(count, persons, households), k)[0]) is small


@pytest.mark.parametrize(
    ("count", "persons", "households", "high", "chance"),
    [(3, 3, 2, 5, 0.6), (7, 7, 1, 10, 0.7), (12, 3, 3, 15, 0.8), (0, 0, 0, 5, 0.02)],
)
def test_a_small_count_becomes_nothing_or_the_next_multiple(count, persons, households, high, chance):
    choice = choices(cell(count, persons, households), plain_cube(1), np.array([True]))
    assert (int(choice.low[0]), int(choice.high[0])) == (0, high)
    assert choice.chance[0] == pytest.approx(chance)
    assert bool(choice.free[0])


def test_other_cells_and_impossible_zeros_are_not_drawn():
    truth = truth_of(np.array([6, 0]))
    choice = choices(truth, plain_cube(2), np.array([True, False]))
    assert choice.free.tolist() == [False, False]
    assert choice.low.tolist() == choice.high.tolist() == [6, 0]


def test_an_impossible_cell_that_counts_is_refused():
    with pytest.raises(CellNotPossible):
        choices(truth_of(np.array([1])), plain_cube(1), np.array([False]))


@pytest.mark.parametrize("numbers", [(3, 4, 1), (3, 0, 1), (3, 3, 0), (0, 0, 1), (-1, 0, 0)])
def test_numbers_that_cannot_belong_together_are_refused(numbers):
    with pytest.raises(TruthInconsistent):
        cell(*numbers)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=30), st.floats(1.0, 6.0), st.sampled_from([5, 10]))
def test_both_values_of_every_cell_are_nothing_or_at_least_k(counts, size, k):
    cube = plain_cube(len(counts), k=k)
    choice = choices(truth_of(np.array(counts), size), cube, np.ones(len(counts), dtype=bool))
    for value in (*choice.low.tolist(), *choice.high.tolist()):
        assert value == 0 or value >= k


def test_held_cells_keep_what_was_published():
    choice = choices(truth_of(np.array([3, 3])), plain_cube(2), np.array([True, True]))
    held = hold(choice, np.array([True, False]), np.array([5, 0]))
    assert held.low.tolist() == [5, 0]
    assert held.high.tolist() == [5, 5]
    assert held.free.tolist() == [False, True]


def test_a_revision_takes_the_new_draw_only_from_k_on():
    published, drawn = np.array([12, 12, 0, 5, 8]), np.array([13, 17, 5, 0, 5])
    assert take_where_far(published, drawn, 5).tolist() == [12, 17, 5, 0, 8]
