"""The usual "<5" export and why it fails: linear programming finds what was hidden (A7, the attacker's teeth).

A naive export shows every margin of a table and writes "<5" for 1 to 4. Shown totals minus shown cells leave
equations over the hidden cells; each hidden cell is pushed down and up within them.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

HIDDEN = -1
SMALLEST, LARGEST = 1, 4
Export = dict[tuple[int, ...], np.ndarray]
Cell = tuple[int, ...]


def export(counts: np.ndarray) -> Export:
    """All margins of a table by the axes that they keep, 1 to 4 replaced by HIDDEN."""
    axes = range(counts.ndim)
    shown: Export = {}
    for size in range(counts.ndim + 1):
        for kept in combinations(axes, size):
            margin = counts.sum(axis=tuple(axis for axis in axes if axis not in kept))
            shown[kept] = np.where((margin >= SMALLEST) & (margin <= LARGEST), HIDDEN, margin)
    return shown


def attack(shown: Export, cells: Iterable[Cell]) -> dict[Cell, tuple[int, int]]:
    """The least and greatest count that each hidden cell can have, by what is shown alone."""
    inner = shown[max(shown, key=len)]
    hidden = np.argwhere(inner == HIDDEN)
    number = {tuple(int(i) for i in cell): n for n, cell in enumerate(hidden)}
    equal, equal_to, between = _equations(shown, inner, hidden)
    # A hidden margin is a sum of 1 to 4: both ends as inequalities.
    at_most = np.concatenate([np.full(len(between), LARGEST), np.full(len(between), -SMALLEST)])
    limits = {
        "A_eq": _matrix(equal, len(hidden)),
        "b_eq": np.array(equal_to),
        "A_ub": _matrix([*between, *between], len(hidden), negative_from=len(between)),
        "b_ub": at_most,
        "bounds": (SMALLEST, LARGEST),
    }
    width = len(hidden)
    return {
        cell: (_end(number[cell], 1, width, limits), _end(number[cell], -1, width, limits)) for cell in cells
    }


def _equations(
    shown: Export, inner: np.ndarray, hidden: np.ndarray
) -> tuple[list[np.ndarray], list[int], list[np.ndarray]]:
    """Groups of hidden cells with a known sum, these sums, and groups whose own margin is hidden."""
    equal: list[np.ndarray] = []
    equal_to: list[int] = []
    between: list[np.ndarray] = []
    visible = np.where(inner == HIDDEN, 0, inner)
    for kept, margin in shown.items():
        if len(kept) == inner.ndim or not len(hidden):
            continue
        rest = visible.sum(axis=tuple(axis for axis in range(inner.ndim) if axis not in kept))
        at = (
            np.ravel_multi_index(hidden[:, kept].T, margin.shape)
            if kept
            else np.zeros(len(hidden), dtype=int)
        )
        for group in np.unique(at):
            members = np.flatnonzero(at == group)
            if margin.flat[group] == HIDDEN:
                between.append(members)
            else:
                equal.append(members)
                equal_to.append(int(margin.flat[group] - np.asarray(rest).flat[group]))
    return equal, equal_to, between


def _matrix(groups: list[np.ndarray], width: int, negative_from: int | None = None) -> csr_array | None:
    if not groups:
        return None
    lines = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    signs = np.ones(len(lines)) if negative_from is None else np.where(lines < negative_from, 1.0, -1.0)
    return csr_array((signs, (lines, np.concatenate(groups))), shape=(len(groups), width))


def _end(cell: int, direction: int, width: int, limits: dict) -> int:
    """The least (direction 1) or greatest (-1) whole value of one hidden cell."""
    target = np.zeros(width)
    target[cell] = direction
    solved = linprog(
        target,
        A_ub=limits["A_ub"],
        b_ub=None if limits["A_ub"] is None else limits["b_ub"],
        A_eq=limits["A_eq"],
        b_eq=None if limits["A_eq"] is None else limits["b_eq"],
        bounds=limits["bounds"],
        method="highs",
    )
    if not solved.success:
        return SMALLEST if direction == 1 else LARGEST
    value = direction * solved.fun
    return int(np.ceil(value - 1e-6)) if direction == 1 else int(np.floor(value + 1e-6))
