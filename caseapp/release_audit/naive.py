"""Three usual ways to protect a table, and how they fail (A7, the attacker's teeth).

A naive export shows every margin of a table and writes "<5" for 1 to 4. Shown totals minus shown cells leave
equations over the hidden cells; each hidden cell is pushed down and up within them. Hiding further cells, so that no
line of the table has one hidden cell alone, helps a little. Rounding each number to 5 leaves margins that contradict
their cells, and so tell about these.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

HIDDEN = -1
SMALLEST, LARGEST = 1, 4
ROUND_TO = 5
#: Of so many cells one is attacked in the rounded table.
ROUNDED_EVERY = 4
Export = dict[tuple[int, ...], np.ndarray]
Cell = tuple[int, ...]
Ends = dict[Cell, tuple[int, int]]


@dataclass(frozen=True)
class Teeth:
    """What one attack on an unprotected export recovered: of `tried` small cells, `found` by `means`."""

    method: str
    means: str
    tried: int
    found: int

    @property
    def share(self) -> float:
        return self.found / self.tried if self.tried else 0.0


def _margins(counts: np.ndarray) -> Export:
    axes = range(counts.ndim)
    return {
        kept: np.asarray(counts.sum(axis=tuple(axis for axis in axes if axis not in kept)))
        for size in range(counts.ndim + 1)
        for kept in combinations(axes, size)
    }


def _is_small(values: np.ndarray) -> np.ndarray:
    small: np.ndarray = (values >= SMALLEST) & (values <= LARGEST)
    return small


def export(counts: np.ndarray) -> Export:
    """All margins of a table by the axes that they keep, 1 to 4 replaced by HIDDEN."""
    return {kept: np.where(_is_small(margin), HIDDEN, margin) for kept, margin in _margins(counts).items()}


def export_with_complements(counts: np.ndarray) -> Export:
    """As `export`, but in every line of cells with one hidden alone, the smallest other one is hidden too."""
    shown = export(counts)
    inner = shown[max(shown, key=len)]
    is_changed = True
    while is_changed:
        is_changed = False
        for axis in range(counts.ndim):
            lines = np.moveaxis(inner, axis, -1).reshape(-1, counts.shape[axis])
            truth = np.moveaxis(counts, axis, -1).reshape(-1, counts.shape[axis])
            for line in np.flatnonzero((lines == HIDDEN).sum(axis=1) == 1):
                others = np.flatnonzero(lines[line] != HIDDEN)
                if len(others):
                    lines[line, others[np.argmin(truth[line, others])]] = HIDDEN
                    is_changed = True
            inner = np.moveaxis(lines.reshape(np.moveaxis(inner, axis, -1).shape), -1, axis).copy()
    shown[max(shown, key=len)] = inner
    return shown


def attack(
    shown: Export, cells: Iterable[Cell], bounds: tuple[int, int | None] = (SMALLEST, LARGEST)
) -> Ends:
    """The least and greatest count that each hidden cell can have, by what is shown alone; `bounds` is what hidden
    says of a cell."""
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
        "bounds": bounds,
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
        for group, members in _groups(kept, margin, hidden):
            if margin.flat[group] == HIDDEN:
                between.append(members)
            else:
                equal.append(members)
                equal_to.append(int(margin.flat[group] - np.asarray(rest).flat[group]))
    return equal, equal_to, between


def _groups(kept: tuple[int, ...], margin: np.ndarray, cells: np.ndarray) -> Iterable[tuple[int, np.ndarray]]:
    """Which of the cells each number of a margin sums."""
    at = np.ravel_multi_index(cells[:, kept].T, margin.shape) if kept else np.zeros(len(cells), dtype=int)
    for group in np.unique(at):
        yield int(group), np.flatnonzero(at == group)


def rounded(counts: np.ndarray) -> Export:
    """All margins of a table, each rounded to the nearest 5 by itself."""
    return {
        kept: (margin + ROUND_TO // 2) // ROUND_TO * ROUND_TO for kept, margin in _margins(counts).items()
    }


def attack_rounded(shown: Export, cells: Iterable[Cell]) -> Ends:
    """The least and greatest count of cells of a rounded table: each number is at most 2 from its count."""
    inner = shown[max(shown, key=len)]
    every = np.argwhere(np.ones(inner.shape, dtype=bool))
    groups: list[np.ndarray] = []
    sums: list[int] = []
    for kept, margin in shown.items():
        if len(kept) < inner.ndim:
            for group, members in _groups(kept, margin, every):
                groups.append(members)
                sums.append(int(margin.flat[group]))
    reach = ROUND_TO // 2
    low, high = np.maximum(inner.ravel() - reach, 0), inner.ravel() + reach
    limits = {
        "A_eq": None, "b_eq": None,
        "A_ub": _matrix([*groups, *groups], inner.size, negative_from=len(groups)),
        "b_ub": np.concatenate([np.array(sums) + reach, reach - np.array(sums)]),
        "bounds": np.column_stack([low, high]),
    }  # fmt: skip
    places = {cell: int(np.ravel_multi_index(cell, inner.shape)) for cell in cells}
    return {
        cell: (_end(at, 1, inner.size, limits), _end(at, -1, inner.size, limits))
        for cell, at in places.items()
    }


def _matrix(groups: Sequence[np.ndarray], width: int, negative_from: int | None = None) -> csr_array | None:
    if not groups:
        return None
    lines = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    signs = np.ones(len(lines)) if negative_from is None else np.where(lines < negative_from, 1.0, -1.0)
    return csr_array((signs, (lines, np.concatenate(groups))), shape=(len(groups), width))


def _end(cell: int, direction: int, width: int, limits: dict) -> int:
    """The least (direction 1) or greatest (-1) whole value of one cell; where the solver gives none, the bound
    that the value itself says, or for one without upper bound a number beyond all."""
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
        return 0 if direction == 1 else np.iinfo(np.int64).max
    value = direction * solved.fun
    return int(np.ceil(value - 1e-6)) if direction == 1 else int(np.floor(value + 1e-6))


def teeth(counts: np.ndarray, cells: int, seed: int = 1) -> list[Teeth]:
    """The three attacks on a table of true counts, each on at most so many of its cells 1 to 4, chosen at random."""
    small = np.argwhere(_is_small(counts))
    chance = np.random.default_rng(seed)
    picked = (
        small[np.sort(chance.choice(len(small), min(cells, len(small)), replace=False))]
        if len(small)
        else small
    )
    chosen = [tuple(int(i) for i in cell) for cell in picked]
    hidden = attack(export(counts), chosen)
    complemented = attack(export_with_complements(counts), chosen, (0, None))
    # Every cell of a rounded table is unknown: its program is large.
    few = chosen[::ROUNDED_EVERY]
    close = attack_rounded(rounded(counts), few)
    return [
        Teeth('hide "<5"', "recovered exactly", len(chosen), _narrow(hidden, 0)),
        Teeth('hide "<5" and complementary cells', "recovered exactly", len(chosen), _narrow(complemented, 0)),
        Teeth("round each number to 5", "left with two values or one", len(few), _narrow(close, 1)),
    ]  # fmt: skip


def _narrow(ends: Ends, width: int) -> int:
    return sum(high - low <= width for low, high in ends.values())
