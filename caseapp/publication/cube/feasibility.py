"""A9: with the markers' logic, does every small cell keep both its ends (0–4, or 1–5)?

First a quick test that is enough for almost every group: one witness in which everything that can help stands at
its upper end and everything that can hurt at its lower, and from which each single cell can move to its other end.
Where that fails, small integer programs (HiGHS) settle it exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from .definition import YEAR, Cube, Integers, Mask
from .logic import Group, Row, Sheet


class Verdict(Enum):
    """What the markers' logic does to a group."""

    KEPT = "KEPT"
    NARROWED = "NARROWED"
    # No truth fits, so somebody changed band: the logic does not hold here, and excludes nothing.
    CONTRADICTED = "CONTRADICTED"


@dataclass(frozen=True)
class Boxes:
    """What a reader takes each published cell (flat, all sheets) to mean: 0 → 0..k−1, k → 1..k, else itself."""

    low: Integers
    high: Integers
    helps: Integers


def boxes_of(cube: Cube, sheets: Sequence[Sheet]) -> Boxes:
    """The boxes of all sheets. A larger multiple of k is taken as exact, which errs towards safety."""
    values = np.concatenate([sheet.values.ravel() for sheet in sheets])
    shown = np.concatenate([sheet.shown.ravel() for sheet in sheets])
    low = np.where(values == cube.k, 1, values)
    high = np.where(values == 0, cube.k - 1, values)
    years = cube.mask({cube.marker: (YEAR,)}).ravel().astype(np.int64)
    return Boxes(np.where(shown, low, 0), np.where(shown, high, 0), np.tile(years, len(sheets)))


def shortfall(row: Row, boxes: Boxes) -> int:
    """How far a row is from leaving every cell in it both ends, others at their most helpful; 0 is enough.

    YEAR helps wherever it stands; QUARTER and MONTH help one row and hurt another, so they are not relied upon.
    """
    low, high, helps = boxes.low, boxes.high, boxes.helps
    lhs, rhs = list(row.lhs), list(row.rhs)
    most = np.where(helps[rhs] == 1, high[rhs], low[rhs])
    slack = row.factor * int(most.sum()) - int(low[lhs].sum())
    widths = np.concatenate([high[lhs] - low[lhs], row.factor * helps[rhs] * (high[rhs] - low[rhs])])
    return max(0, int(widths.max(initial=0)) - slack)


class _Program:
    """The integer program of one group over the cells that its rows touch."""

    def __init__(self, group: Group, boxes: Boxes) -> None:
        self.cells = sorted({i for row in group.rows for i in (*row.lhs, *row.rhs)})
        place = {cell: n for n, cell in enumerate(self.cells)}
        self.low, self.high = boxes.low[self.cells], boxes.high[self.cells]
        matrix = np.zeros((len(group.rows), len(self.cells)))
        for n, row in enumerate(group.rows):
            for cell in row.rhs:
                matrix[n, place[cell]] += row.factor
            for cell in row.lhs:
                matrix[n, place[cell]] -= 1
        self.rows = LinearConstraint(csr_array(matrix), lb=0)

    def solve(self, aim: Integers) -> Integers | None:
        """A truth that fits with the least ∑ aim·x, or nothing."""
        found = milp(
            aim.astype(np.float64),
            integrality=np.ones(len(self.cells)),
            bounds=Bounds(self.low, self.high),
            constraints=self.rows,
        )
        return None if found.x is None else np.rint(found.x).astype(np.int64)

    def verdict(self, least: Integers, most: Integers) -> Verdict:
        """Can every cell fall to `least` and rise to `most`? Each truth found may answer for several cells."""
        nowhere = np.zeros(len(self.cells), dtype=np.int64)
        first = self.solve(nowhere)
        if first is None:
            return Verdict.CONTRADICTED
        falls, rises = first <= least, first >= most
        for n in range(len(self.cells)):
            for seen, sign in ((falls, 1), (rises, -1)):
                if seen[n]:
                    continue
                aim = nowhere.copy()
                aim[n] = sign
                truth = self.solve(aim)
                if truth is None:
                    return Verdict.CONTRADICTED
                falls |= truth <= least
                rises |= truth >= most
                if not seen[n]:
                    return Verdict.NARROWED
        return Verdict.KEPT


def is_hopeless(group: Group, boxes: Boxes, free: Mask, k: int, tops: Integers) -> bool:
    """Whether no draw of the free cells (flat, all sheets) can save a group.

    Free cells may be anything up to their upper value at once, which is more than any draw allows; of themselves
    they must only be able to stand for 1 and for k − 1, which both published values ask for.
    """
    if not group.rows:
        return False
    wide = Boxes(np.where(free, 0, boxes.low), np.where(free, tops, boxes.high), boxes.helps)
    program = _Program(group, wide)
    own = free[program.cells]
    least = np.where(own, np.minimum(1, program.high), program.low)
    most = np.where(own, np.minimum(k - 1, program.high), program.high)
    return program.verdict(least, most) is not Verdict.KEPT


def verdict_of(group: Group, boxes: Boxes) -> Verdict:
    """The verdict on one group: the quick test, then if need be the exact one."""
    if all(shortfall(row, boxes) == 0 for row in group.rows):
        return Verdict.KEPT
    program = _Program(group, boxes)
    return program.verdict(program.low, program.high)


def examine(groups: Sequence[Group], boxes: Boxes) -> list[tuple[Group, Verdict]]:
    """All groups that are not KEPT, with their verdict."""
    verdicts = [(group, verdict_of(group, boxes)) for group in groups]
    return [(group, verdict) for group, verdict in verdicts if verdict is not Verdict.KEPT]
