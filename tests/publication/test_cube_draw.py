from __future__ import annotations

import numpy as np
import pytest

from caseapp.publication.cube.definition import Margin, Span
from caseapp.publication.cube.draw import Sampler, deviations, totals_of
from caseapp.publication.cube.rounding import choices
from caseapp.publication.cube.seed import SecretTooShort, generator
from tests.publication.cube_samples import SECRET, plain_cube, truth_of


def sampler(cube, truth, carried=0):
    choice = choices(truth, cube, np.ones(cube.shape, dtype=bool))
    return Sampler(choice, truth.count, totals_of(cube, lambda name, cells: carried), None)


def whole(weight: float, span: Span = Span.MONTH) -> tuple[Margin, ...]:
    return (Margin("whole", (), (), span, weight),)


def test_without_totals_a_cell_is_rounded_up_with_its_own_probability():
    counts = np.repeat([0, 1, 2, 3, 4], 400)
    run = sampler(plain_cube(len(counts)), truth_of(counts))
    ups = np.mean([run.run(generator(SECRET, "plain", "2025-01", n)) > 0 for n in range(10)], axis=0)
    for x, chance in ((0, 0.02), (1, 0.2), (2, 0.4), (3, 0.6), (4, 0.8)):
        error = (chance * (1 - chance) / 4000) ** 0.5
        assert abs(ups[counts == x].mean() - chance) < 4 * error


def test_without_totals_small_counts_are_right_on_average():
    counts = np.repeat([1, 2, 3, 4], 500)
    run = sampler(plain_cube(len(counts)), truth_of(counts))
    means = [run.run(generator(SECRET, "plain", "2025-02", n)).mean() for n in range(10)]
    assert abs(np.mean(means) - counts.mean()) < 4 * (5.0 / 20000) ** 0.5


def test_totals_hold_the_whole_down_without_bias():
    counts = np.tile([0, 0, 1, 1, 2, 3, 4, 20], 12)
    cube = plain_cube(len(counts), margins=whole(0.1))
    loose, tight = sampler(plain_cube(len(counts)), truth_of(counts)), sampler(cube, truth_of(counts))
    off = {
        name: [int(run.run(generator(SECRET, name, "2025-03", n)).sum() - counts.sum()) for n in range(60)]
        for name, run in (("loose", loose), ("tight", tight))
    }
    assert np.std(off["tight"]) < np.std(off["loose"]) / 3
    assert abs(np.mean(off["tight"])) < 2.0


def test_cells_stay_uncertain_although_totals_are_held_down():
    counts = np.tile([1, 2, 3, 4], 20)
    run = sampler(plain_cube(len(counts), margins=whole(0.1)), truth_of(counts))
    ups = np.mean([run.run(generator(SECRET, "plain", "2025-04", n)) > 0 for n in range(60)], axis=0)
    for x, chance in ((1, 0.2), (2, 0.4), (3, 0.6), (4, 0.8)):
        assert abs(ups[counts == x].mean() - chance) < 0.15


def test_what_earlier_months_lack_is_made_up():
    counts = np.tile([1, 2, 3, 4], 20)
    cube = plain_cube(len(counts), margins=whole(0.1, Span.YEAR))
    drawn = {
        carried: np.mean(
            [sampler(cube, truth_of(counts), carried).run(generator(SECRET, "plain", "2025-05", n)).sum()
             for n in range(20)]
        )
        for carried in (-15, 15)
    }  # fmt: skip
    assert drawn[-15] - counts.sum() > 10
    assert drawn[15] - counts.sum() < -10


def test_every_published_pair_comes_from_every_small_truth():
    cube = plain_cube(2, margins=whole(0.01), lift=0.2)
    for first in range(5):
        for second in range(5):
            run = sampler(cube, truth_of(np.array([first, second])))
            rng = generator(SECRET, "pair", "2025-06", 10 * first + second)
            seen = {tuple(run.run(rng).tolist()) for _ in range(250)}
            assert seen == {(0, 0), (0, 5), (5, 0), (5, 5)}


def test_deviations_count_what_is_carried():
    cube = plain_cube(3, margins=whole(1.0))
    totals = totals_of(cube, lambda name, cells: 4)
    assert deviations(totals, np.array([1, 2, 3]), np.array([0, 5, 5])).tolist() == [8]


def test_the_same_secret_draws_the_same_and_another_does_not():
    def numbers(secret, *place):
        return generator(secret, *place).integers(0, 1 << 60, 4).tolist()

    first = numbers(SECRET, "MEX/arrivals", "2025-01", 0)
    assert first == numbers(SECRET, "MEX/arrivals", "2025-01", 0)
    others = [
        numbers(SECRET + b"!", "MEX/arrivals", "2025-01", 0),
        numbers(SECRET, "GTM/arrivals", "2025-01", 0),
        numbers(SECRET, "MEX/arrivals", "2025-02", 0),
        numbers(SECRET, "MEX/arrivals", "2025-01", 1),
        numbers(SECRET, "MEX/arrivals", "2025-01", 0, 1),
    ]
    assert first not in others
    with pytest.raises(SecretTooShort):
        generator(b"short", "MEX/arrivals", "2025-01", 0)
