"""The attacker has teeth: an export that writes "<5" gives away more than four in five of what it hides."""

from __future__ import annotations

import numpy as np

from caseapp.release_audit.naive import HIDDEN, attack, export


def arrivals() -> np.ndarray:
    """Month × site × sex × age × origin, as uneven as arrivals are: most cells empty, many small."""
    draw = np.random.default_rng(7)
    sites = np.array([40, 12, 5, 2])
    origins = np.array([0.5, 0.25, 0.12, 0.06, 0.04, 0.03])
    ages = np.array([0.12, 0.15, 0.12, 0.56, 0.05])
    mean = 4 * np.einsum("s,x,a,o->sxao", sites, np.array([0.45, 0.55]), ages, origins)
    return draw.poisson(draw.gamma(0.5, 2.0, size=(3, *mean.shape)) * mean)


def test_hidden_cells_are_recovered_exactly() -> None:
    counts = arrivals()
    shown = export(counts)
    hidden = [tuple(int(i) for i in cell) for cell in np.argwhere(shown[(0, 1, 2, 3, 4)] == HIDDEN)]
    chosen = hidden[:: max(1, len(hidden) // 60)]
    found = attack(shown, chosen)
    assert all(low <= counts[cell] <= high for cell, (low, high) in found.items())
    exact = sum(low == high for low, high in found.values())
    assert exact / len(chosen) > 0.8


def test_a_lone_hidden_cell_falls_to_subtraction() -> None:
    assert attack(export(np.array([[3, 7], [9, 12]])), [(0, 0)]) == {(0, 0): (3, 3)}


def test_a_cell_without_a_total_keeps_its_range() -> None:
    shown = {(0,): np.array([HIDDEN, HIDDEN, 8]), (): np.array(13)}
    assert attack(shown, [(0,)]) == {(0,): (1, 4)}


def test_an_export_that_hides_everything_gives_nothing_away() -> None:
    assert attack(export(np.array([1, 1])), [(0,), (1,)]) == {(0,): (1, 3), (1,): (1, 3)}
