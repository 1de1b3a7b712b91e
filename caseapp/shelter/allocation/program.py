"""Integer programs as rows are gathered, given to HiGHS."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array, vstack

#: Of the variables, so many for each row are looked at first, the most promising.
FIRST = 6
#: What `milp` says: proven to be the best; there is none.
BEST, NONE = 0, 2
Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]
Solution = np.ndarray[tuple[int], np.dtype[np.int64]]
Numbers = np.ndarray[tuple[int], np.dtype[np.float64]]


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

    def row(self, terms: Mapping[int, float], low: float = -np.inf, high: float = np.inf) -> int:
        """Add low ≤ Σ a·x ≤ high; returns its number."""
        self._rows.append((list(terms), list(terms.values())))
        self._low.append(low)
        self._high.append(high)
        return len(self._rows) - 1

    def change(self, row: int, *, high: float) -> None:
        """Say something else of a row."""
        self._high[row] = high

    def bound(self, cost: Mapping[int, float]) -> int:
        """What any solution costs at least (costs are whole numbers); raises `NoAnswer`."""
        return int(np.ceil(self._relaxed(self._weights(cost))[0] - 1e-6)) if self.most else 0

    def least(self, cost: Mapping[int, float], seconds: float) -> Solution:
        """The solution of least cost, with gap 0; raises `NoAnswer`. Costs are whole numbers. A solution that is not proven
        to be the best (the time was up) is given too, and `proven` becomes False.

        Most variables are 0 in every good solution. The relaxation prices each: by how much, at least, a solution that uses
        it costs more than the bound. So the best solution over the cheap ones is sought first, and then a better one that
        uses at least one of those that were left out, among those that are not too dear for that."""
        if not self.most:
            return np.zeros(0, dtype=np.int64)
        until = time.monotonic() + max(seconds, 0.1)
        weights = self._weights(cost)
        low, price = self._relaxed(weights)
        within = float(np.sort(price)[min(len(price) - 1, FIRST * (len(self._rows) + 1))])
        found, status = self._solved(weights, price <= within, until)
        if found is None:
            found, status = self._solved(weights, price < np.inf, until)
        elif status == BEST and (gap := float(weights @ found) - low) > within:
            more = (price > within) & (price <= gap)
            better, status = self._solved(
                weights, price <= gap, until, uses=more, below=float(weights @ found)
            )
            found = found if better is None else better
        if found is None:
            raise NoAnswer
        self.proven = self.proven and status in (BEST, NONE)
        return found

    def _weights(self, cost: Mapping[int, float]) -> Numbers:
        weights = np.zeros(len(self.most))
        for variable, weight in cost.items():
            weights[variable] += weight
        return weights

    def _relaxed(self, weights: Numbers) -> tuple[float, Numbers]:
        """The least cost in fractions, and of each variable what a solution that uses it costs more than that."""
        matrix, low, high = self._constraint()
        same = low == high
        below, above = ~same & np.isfinite(high), ~same & np.isfinite(low)
        found = linprog(
            weights, A_ub=vstack([matrix[below], -matrix[above]]), b_ub=np.concatenate([high[below], -low[above]]),
            A_eq=matrix[same], b_eq=low[same], bounds=list(zip([0] * len(self.most), self.most, strict=True)), method="highs",
        )  # fmt: skip
        if found.status != 0:
            raise NoAnswer(found.message)
        return float(found.fun), np.asarray(found.lower.marginals)

    def _solved(
        self, weights: Numbers, kept: Flags, until: float, *, uses: Flags | None = None, below: float = np.inf
    ) -> tuple[Solution | None, int]:
        """The best solution over some of the variables, the others being 0, and its status. `uses`: it uses one of these,
        and costs less than `below`."""
        matrix, low, high = self._constraint()
        if uses is not None:
            matrix = vstack([matrix, uses.astype(float)[None, :], weights[None, :]], format="csr")
            low, high = np.append(low, (1, -np.inf)), np.append(high, (np.inf, below - 1))
        found = milp(
            weights[kept], integrality=np.ones(int(kept.sum())), bounds=Bounds(0, np.array(self.most, dtype=float)[kept]),
            constraints=LinearConstraint(matrix[:, kept], low, high),
            options={"mip_rel_gap": 0.0, "time_limit": max(until - time.monotonic(), 0.1)},
        )  # fmt: skip
        if found.x is None:
            return None, int(found.status)
        whole = np.zeros(len(self.most), dtype=np.int64)
        whole[kept] = np.rint(found.x).astype(np.int64)
        return whole, int(found.status)

    def _constraint(self) -> tuple[csr_array, Numbers, Numbers]:
        ends = np.cumsum([0, *(len(columns) for columns, _ in self._rows)])
        columns = np.fromiter((c for row, _ in self._rows for c in row), dtype=np.int64, count=ends[-1])
        values = np.fromiter((v for _, row in self._rows for v in row), dtype=float, count=ends[-1])
        matrix = csr_array((values, columns, ends), shape=(len(self._rows), len(self.most)))
        return matrix, np.array(self._low), np.array(self._high)
