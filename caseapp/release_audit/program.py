"""Integer programs over a system: which unknowns bind one another, and how far one of them can be pushed.

A row that says "these parts sum to their parent" binds nobody else as long as no part of it is asked about: whatever
the parent's count is, its parts can be chosen to fit (one of them takes all of it, down to the last split). So the
block of a cell needs its own split rows up to the base cells, and all rows of `logic`; the others are left out without
loss. `whole=True` leaves nothing out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from .reading import System

EXACT = 1e-6


class Unsolved(RuntimeError):
    """The solver gave no answer; the text is its own."""


@dataclass(frozen=True)
class Block:
    """Unknowns and the rows over them."""

    unknowns: np.ndarray
    matrix: csr_array
    least: np.ndarray
    greatest: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def place(self, unknown: int) -> int:
        return int(np.searchsorted(self.unknowns, unknown))

    def solve(self, aim: np.ndarray) -> np.ndarray | None:
        """A truth with the least ∑ aim·x, exactly, in whole numbers; None if there is none."""
        constraints = [LinearConstraint(self.matrix, self.least, self.greatest)] if len(self.least) else []
        found = milp(
            aim.astype(np.float64),
            integrality=np.ones(len(self.unknowns)),
            bounds=Bounds(self.low, self.high),
            constraints=constraints,
            options={"mip_rel_gap": 0.0},
        )
        if found.status == 2:
            return None
        if found.x is None or found.status != 0:
            raise Unsolved(found.message)
        truth: np.ndarray = np.rint(found.x).astype(np.int64)
        return truth

    def relax(self, aim: np.ndarray) -> np.ndarray | None:
        """The same in fractions: a small linear program, for the rows that are ≥ 0 only."""
        found = linprog(
            aim.astype(np.float64),
            A_ub=-self.matrix if len(self.least) else None,
            b_ub=-self.least if len(self.least) else None,
            bounds=np.column_stack([self.low, self.high]),
            method="highs",
        )
        if found.status == 2:
            return None
        if found.x is None or found.status != 0:
            raise Unsolved(found.message)
        truth: np.ndarray = found.x
        return truth

    def fits(self, truth: np.ndarray) -> bool:
        """Whether the counts keep to every bound and row; computed anew."""
        sums = self.matrix @ truth
        return bool(
            (truth >= self.low).all() and (truth <= self.high).all()
            and (sums >= self.least - EXACT).all() and (sums <= self.greatest + EXACT).all()
        )  # fmt: skip


class Programs:
    """The blocks of one system. `without`: rows of `logic` that fit no truth, and so exclude nothing."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.columns = system.rows.tocsc()
        self.without: set[int] = set()
        self._blocks: dict[tuple[int, ...], Block] = {}
        self.component = self._components()

    def _components(self) -> np.ndarray:
        """The number of the group of unknowns that rows of `logic` bind together."""
        rows = self.system.rows[self.system.splits :]
        if not rows.shape[0]:
            return np.arange(self.system.size)
        reach = abs(rows)
        links = reach.T @ reach
        found: np.ndarray = connected_components(links, directed=False)[1]
        return found

    def groups(self) -> list[np.ndarray]:
        """The unknowns of every group that some row of `logic` binds."""
        bound = np.zeros(self.system.size, dtype=bool)
        bound[self.system.rows[self.system.splits :].indices] = True
        own = np.flatnonzero(bound)
        in_order = own[np.argsort(self.component[own], kind="stable")]
        cuts = np.flatnonzero(np.diff(self.component[in_order])) + 1
        return [np.sort(part) for part in np.split(in_order, cuts)] if len(own) else []

    def rows_of(self, unknowns: np.ndarray) -> np.ndarray:
        """The rows that touch some unknowns."""
        starts, ends = self.columns.indptr[unknowns], self.columns.indptr[unknowns + 1]
        touched = [self.columns.indices[a:b] for a, b in zip(starts, ends, strict=True)]
        return np.unique(np.concatenate(touched)) if touched else np.zeros(0, dtype=np.int64)

    def logic_block(self, unknowns: np.ndarray) -> Block:
        """A group with its rows of `logic` alone."""
        rows = self.rows_of(unknowns)
        return self._block(unknowns, [r for r in rows[rows >= self.system.splits] if r not in self.without])

    def block(self, unknown: int, *, whole: bool = False) -> Block:
        """The block that settles one unknown."""
        if whole:
            every = np.arange(self.system.size)
            return self._block(every, [r for r in range(self.system.rows.shape[0]) if r not in self.without])
        split_rows = self._split_rows(unknown)
        key = (int(self.component[unknown]), *split_rows)
        if key not in self._blocks:
            start = {unknown, *(int(i) for r in split_rows for i in self.system.rows[[r]].indices)}
            groups = np.unique(self.component[list(start)])
            own = np.flatnonzero(np.isin(self.component, groups))
            rows = self.rows_of(own)
            chosen = [r for r in rows[rows >= self.system.splits] if r not in self.without]
            self._blocks[key] = self._block(own, [*split_rows, *chosen])
        return self._blocks[key]

    def _split_rows(self, unknown: int) -> list[int]:
        """The rows in which a part, its parent, its parent's parent … are divided."""
        found: list[int] = []
        waiting = [unknown]
        while waiting:
            part = waiting.pop()
            rows = self.rows_of(np.array([part]))
            for row in rows[rows < self.system.splits].tolist():
                entries = self.system.rows[[row]]
                own = dict(zip(entries.indices.tolist(), entries.data.tolist(), strict=True))
                # As a part it stands on the plus side; the rows below it, where it is a parent, bind nothing.
                if own[part] > 0 and row not in found:
                    found.append(row)
                    waiting += [cell for cell, factor in own.items() if factor < 0 and self.system.part[cell]]
        return sorted(found)

    def _block(self, unknowns: np.ndarray, rows: list[int]) -> Block:
        system = self.system
        matrix = csr_array(system.rows[rows][:, unknowns]) if rows else csr_array((0, len(unknowns)))
        return Block(
            unknowns, matrix, system.least_sum[rows], system.greatest_sum[rows],
            system.low[unknowns], system.high[unknowns],
        )  # fmt: skip
