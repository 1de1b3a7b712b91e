from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseapp.publication.cube.definition import Dimension
from caseapp.publication.cube.rounding import CellNotPossible, Truth
from caseapp.publication.cube.seed import generator
from caseapp.publication.cube.splits import (
    ParentNotPublished,
    PartsTooCoarse,
    convolve_part,
    draw_parts,
    log_chance,
    part_weights,
)
from caseapp.publication.cube.splitting import NotAPartition, Split, check_tree, parents_of, protect_split
from tests.publication.cube_samples import SECRET, small_cube, truth_of

K, Q = 5, 0.02


def draw(total, counts, n=0, small=None, ks=None, lift=Q):
    counts = np.array(counts)
    small = counts < K if small is None else np.array(small)
    ks = np.full(len(counts), K) if ks is None else np.array(ks)
    return draw_parts(total, counts, small, ks, lift, generator(SECRET, "split", "2025-01", n))


def formula(d: int, c: int, k: int = K, q: float = Q) -> float:
    """g as DISCLOSURE.md writes it."""
    if 0 < d < k:
        return 0.0
    if c < k:
        p = max(c / k, q)
        return 1 - p if d == 0 else p * 0.3 ** (d - k)
    return 0.3 ** (c - k + 2) if d == 0 else 0.3 ** abs(d - c)


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 6, 9, 17])
def test_weights_are_those_of_the_design(count):
    found = np.exp(part_weights(30, count, 0 < count < K, K, Q))
    assert found == pytest.approx([formula(d, count) for d in range(31)])


@pytest.mark.parametrize(
    ("count", "small"), [(0, False), (4, True), (5, False), (7, True), (12, False), (40, False)]
)
@pytest.mark.parametrize("size", [0, 1, 5, 6, 23])
def test_the_fast_convolution_equals_the_slow_one(count, small, size):
    rng = np.random.default_rng(count * 100 + size)
    before = rng.normal(0, 30, size + 1)
    before[rng.random(size + 1) < 0.3] = -np.inf
    weights = part_weights(size, count, small, K, Q)
    terms = [[weights[d] + before[s - d] for d in range(s + 1)] for s in range(size + 1)]
    slow = [np.logaddexp.reduce(row) for row in terms]
    assert convolve_part(before, count, small, K, Q) == pytest.approx(slow, rel=1e-9)


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 60), min_size=1, max_size=8),
    st.one_of(st.just(0), st.integers(K, 400)),
    st.integers(0, 9),
)
def test_parts_sum_to_their_parent_and_are_nothing_or_at_least_k(counts, total, n):
    parts = draw(total, counts, n)
    assert int(parts.sum()) == total
    assert all(part == 0 or part >= K for part in parts.tolist())
    assert draw(total, counts, n).tolist() == parts.tolist()


@settings(deadline=None)
@given(st.lists(st.integers(0, 30), min_size=3, max_size=3), st.lists(st.booleans(), min_size=3, max_size=3))
def test_every_vector_is_reachable_from_every_truth(counts, homes):
    small = np.array([0 < c < K or (h and c > 0) for c, h in zip(counts, homes, strict=True)])
    for total in (0, 5, 12, 16):
        allowed = [v for v in product((0, *range(K, total + 1)), repeat=3) if sum(v) == total]
        chances = [
            np.exp(log_chance(np.array(v), np.array(counts), small, np.full(3, K), Q)) for v in allowed
        ]
        assert min(chances) > 0
        assert sum(chances) == pytest.approx(1)


def test_draws_come_with_the_probabilities_of_the_design():
    counts, total, runs = np.array([3, 0, 7]), 10, 6000
    rng = generator(SECRET, "split", "2025-02", 0)
    small = counts < K
    seen = Counter(
        tuple(draw_parts(total, counts, small, np.full(3, K), Q, rng).tolist()) for _ in range(runs)
    )
    allowed = [v for v in product((0, *range(K, total + 1)), repeat=3) if sum(v) == total]
    weights = {v: np.prod([formula(d, c) for d, c in zip(v, counts.tolist(), strict=True)]) for v in allowed}
    for vector, weight in weights.items():
        chance = weight / sum(weights.values())
        assert abs(seen[vector] / runs - chance) < 4 * (chance * (1 - chance) / runs) ** 0.5 + 1e-9


def test_large_parents_stay_close_to_the_truth():
    counts = np.array([2500, 900, 700, 420, 33, 12, 4, 1, 0, 0])
    parts = draw(int(counts.sum()) + 3, counts)
    assert int(parts.sum()) == int(counts.sum()) + 3
    assert np.abs(parts - counts).max() <= 15


def test_a_parent_far_from_all_its_parts_is_still_divided():
    parts = draw(4000, [0, 0, 0])
    assert int(parts.sum()) == 4000
    assert draw(0, [300, 12, 3]).tolist() == [0, 0, 0]


def test_one_household_does_not_stand_out():
    def shown_as_it_is(one_household):
        return sum(int(draw(40, [7, 33], n, small=[one_household, False])[0] == 7) for n in range(300)) / 300

    assert shown_as_it_is(True) < 0.35
    assert shown_as_it_is(False) > 0.65


def test_a_sensitive_part_has_its_own_k():
    for n in range(60):
        yes, no = draw(23, [6, 17], n, small=[True, False], ks=[10, 5]).tolist()
        assert yes == 0 or yes >= 10
        assert no == 0 or no >= 5
        assert yes + no == 23
    assert draw(7, [6, 1], small=[True, True], ks=[10, 5]).tolist() == [0, 7]
    with pytest.raises(PartsTooCoarse):
        draw(7, [6, 1], small=[True, True], ks=[10, 10])


SITE = Dimension("place", ("MX-TAP", "MX-TIJ", "MX-OTH"))
BY_SITE = Split("small.site", "small", (("sex", ("F", "M")), ("late", ("NO", "YES"))), SITE)


def test_a_split_divides_the_published_cells_of_its_parent():
    cube = small_cube()
    rng = np.random.default_rng(5)
    y = rng.choice([0, 5, 6, 40], size=cube.shape)
    counts = rng.integers(0, 60, size=(2, 2, 3))
    found = protect_split(
        BY_SITE, cube.dimensions, y, truth_of(counts), secret=SECRET, country="MEX", period="2025-01"
    )
    assert [d.name for d in found.dimensions] == ["sex", "late", "place"]
    assert found.y.sum(axis=-1).tolist() == y.sum(axis=(1, 2)).tolist()
    assert ((found.y == 0) | (found.y >= K)).all()


def test_a_split_of_a_split_and_coarser_labels():
    age = Dimension("age_band", ("0-4", "5-17", "18+"), {"CHILD": ("0-4", "5-17")})
    values = np.array([[5, 6, 30], [0, 5, 12]])
    split = Split("a.stage", "a", (("age_band", ("CHILD", "18+")),), Dimension("stage", ("YES", "NO")))
    dimensions = (Dimension("sex", ("F", "M")), age)
    assert parents_of(split, dimensions, values).tolist() == [16, 42]
    first = protect_split(
        split, dimensions, values, truth_of(np.array([[9, 7], [30, 12]])),
        secret=SECRET, country="MEX", period="2025-01",
    )  # fmt: skip
    second = Split(
        "a.stage.site", "a.stage", (("stage", ("YES", "NO")), ("age_band", ("CHILD", "18+"))), SITE
    )
    found = protect_split(
        second, first.dimensions, first.y, truth_of(np.full((2, 2, 3), 6)),
        secret=SECRET, country="MEX", period="2025-01",
    )  # fmt: skip
    assert found.y.sum(axis=-1).tolist() == first.y.T.tolist()


def test_labels_that_leave_something_out_are_refused():
    with pytest.raises(NotAPartition):
        Split("small.x", "small", (("origin", ("HND", "OTHER")),), SITE).dimensions(small_cube().dimensions)


def test_impossible_parts_stay_empty_and_impossible_parents_are_refused():
    split = Split("p.site", "p", (("sex", ("F", "M")),), SITE)
    dimensions = (Dimension("sex", ("F", "M")),)
    more = {"secret": SECRET, "country": "MEX", "period": "2025-01"}
    possible = np.array([[True, True, False], [True, True, True]])
    nothing = truth_of(np.zeros((2, 3)))
    found = protect_split(split, dimensions, np.array([25, 5]), nothing, possible=possible, **more)
    assert found.y[0, 2] == 0
    assert found.y.sum(axis=1).tolist() == [25, 5]
    with pytest.raises(CellNotPossible):
        counts = truth_of(np.array([[1, 1, 1], [0, 0, 0]]))
        protect_split(split, dimensions, np.array([25, 5]), counts, possible=possible, **more)
    with pytest.raises(ParentNotPublished):
        protect_split(split, dimensions, np.array([3, 5]), nothing, **more)


def test_a_revision_leaves_the_parts_of_unchanged_parents():
    split = Split("p.site", "p", (("sex", ("F", "M")),), SITE)
    dimensions = (Dimension("sex", ("F", "M")),)
    truth = Truth(*(np.array([[9, 4, 2], [6, 3, 1]]) for _ in range(3)))
    more = {"secret": SECRET, "country": "MEX", "period": "2025-01"}
    old = protect_split(split, dimensions, np.array([15, 10]), truth, **more)
    before = (np.array([15, 10]), old.y)
    for edition in range(1, 8):
        new = protect_split(
            split, dimensions, np.array([15, 20]), truth, edition=edition, replaces=before, **more
        )
        assert new.y[0].tolist() == old.y[0].tolist()
        assert int(new.y[1].sum()) == 20


def test_a_tree_of_splits_must_hang_together():
    cube = small_cube()
    check_tree(cube, [BY_SITE])
    with pytest.raises(ValueError, match="does not hang"):
        check_tree(cube, [Split("small.site.x", "small.site", (), SITE)])
    with pytest.raises(PartsTooCoarse):
        check_tree(cube, [Split("small.torture", "small", (), Dimension("torture", ("YES", "NO")), k=10)])
