"""Integer programs as rows are gathered, given to HiGHS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array


class NoAnswer(Exception):
    """There is no solution, or none was found in the time given."""


@dataclass
class Program:
    """Whole-number variables from 0 to `most`, rows of the form low ≤ Σ a·x ≤ high."""

    most: list[int] = field(default_factory=list)
    _rows: list[tuple[list[int], list[float]]] = field(default_factory=list)
    _low: list[float] = field(default_factory=list)
    _high: list[float] = field(default_factory=list)
    proven: bool = True

    def variable(self, most: int = 1) -> int:
        self.most.append(most)
        return len(self.most) - 1

    def row(self, terms: Mapping[int, float], low: float = -np.inf, high: float = np.inf) -> None:
        """Add low ≤ Σ a·x ≤ high."""
        self._rows.append((list(terms), list(terms.values())))
        self._low.append(low)
        self._high.append(high)

    def least(self, cost: Mapping[int, float], seconds: float) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """The solution of least cost, with gap 0; raises `NoAnswer`. A solution that is not proven to be the best
        (the time was up) is given too, and `proven` becomes False."""
        if not self.most:
            return np.zeros(0, dtype=np.int64)
        weights = np.zeros(len(self.most))
        for variable, weight in cost.items():
            weights[variable] += weight
        found = milp(
            weights, integrality=np.ones(len(self.most)), bounds=Bounds(0, np.array(self.most, dtype=float)),
            constraints=self._constraint(), options={"mip_rel_gap": 0.0, "time_limit": max(seconds, 0.1)},
        )  # fmt: skip
        if found.x is None:
            raise NoAnswer(found.message)
        self.proven = self.proven and found.status == 0
        return np.rint(found.x).astype(np.int64)

    def _constraint(self) -> Sequence[LinearConstraint]:
        if not self._rows:
            return ()
        ends = np.cumsum([0, *(len(columns) for columns, _ in self._rows)])
        columns = np.fromiter((c for row, _ in self._rows for c in row), dtype=np.int64, count=ends[-1])
        values = np.fromiter((v for _, row in self._rows for v in row), dtype=float, count=ends[-1])
        matrix = csr_array((values, columns, ends), shape=(len(self._rows), len(self.most)))
        return (LinearConstraint(matrix, np.array(self._low), np.array(self._high)),)
