"""How far published totals lie from the exact ones. It is computed from the truth and stays inside the house."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .definition import Cube, Integers, Span, margin_sets
from .draw import Totals, deviations


@dataclass(frozen=True)
class Utility:
    """Deviations of a protected period.

    `worst` by span (month, quarter and year to date), `within` whether all keep the promised delta, `mean_cell` the
    mean absolute error of the shown cells, `total` the relative error of the whole, `small_cells` the cells of 1 to k−1.
    """

    worst: Mapping[Span, int]
    within: bool
    mean_cell: float
    total: float
    small_cells: int


def excess(totals: Totals, truth: Integers, y: Integers) -> int:
    """The sum of what exceeds the promised deltas; 0 where all are kept."""
    over = np.abs(deviations(totals, truth, y)) - np.array(totals.deltas, dtype=np.int64)
    return int(np.maximum(over, 0).sum())


def utility_of(cube: Cube, totals: Totals, truth: Integers, y: Integers) -> Utility:
    """The report on one draw; `truth` is the exact count."""
    off = np.abs(deviations(totals, truth, y)).tolist()
    spans = [margin.span for margin in cube.margins for _ in margin_sets(cube, margin)]
    worst: dict[Span, int] = {}
    for span, value in zip(spans, off, strict=True):
        worst[span] = max(worst.get(span, 0), value)
    whole = int(truth.sum())
    return Utility(
        worst=worst,
        within=excess(totals, truth, y) == 0,
        mean_cell=float(np.abs(y - truth).mean()),
        total=abs(int(y.sum()) - whole) / whole if whole else 0.0,
        small_cells=int(((truth > 0) & (truth < cube.k)).sum()),
    )
