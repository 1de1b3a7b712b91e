"""A3: for each published 0 and k of a base cube, two possible truths, one at either end.

A truth is a count for every unknown of the system: base cells, the parts of every split, what was withdrawn. One truth
is built and verified in full; from it each cell is moved to its ends, with its parts. Where that breaks a row, an integer
program finds another truth of the group. Every truth is verified by computing bounds and rows anew; that the method
turns it into what was published follows, since every published value can come from every count within the bounds, and
every division from every division of the same sum.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csc_array

from .program import EXACT, Programs
from .reading import System

YEAR = "YEAR"
BATCH = 4096


@dataclass
class Witnesses:
    """How many ends were tried and verified, how many truths an integer program had to find, which failed."""

    tried: int = 0
    verified: int = 0
    solved: int = 0
    contradicted: int = 0
    failed: list[tuple[int, int]] = field(default_factory=list)


Change = dict[int, int]


class Witness:
    """Makes witnesses of one system and verifies them."""

    def __init__(self, programs: Programs) -> None:
        self.programs, self.system = programs, programs.system
        self.heir = _heirs(self.system)
        self.found = Witnesses()
        self.base = self._base()
        self.sums = self.system.rows @ self.base
        self.kept = np.ones(self.system.rows.shape[0], dtype=bool)
        self.kept[sorted(programs.without)] = False

    def run(self) -> Witnesses:
        """Both ends of every base cell that is 0 or k."""
        if not self._fits(self.base):
            raise AssertionError("the first truth breaks a row")
        system = self.system
        cells = system.small()
        cells = cells[~system.part[cells]]
        ends = [(int(cell), end) for cell in cells for end in system.ends(int(cell))]
        for start in range(0, len(ends), BATCH):
            self._batch(ends[start : start + BATCH])
        return self.found

    def _batch(self, ends: list[tuple[int, int]]) -> None:
        changes = [self._moved({cell: end - int(self.base[cell])}) for cell, end in ends]
        good = self._verify(changes)
        self.found.tried += len(ends)
        self.found.verified += int(good.sum())
        for n in np.flatnonzero(~good):
            self._solve(*ends[n])

    def _solve(self, cell: int, end: int) -> None:
        """Another truth of the cell's group, found by an integer program."""
        block = self.programs.block(cell)
        aim = np.zeros(len(block.unknowns))
        aim[block.place(cell)] = 1 if end <= self.system.ends(cell)[0] else -1
        truth = block.solve(aim)
        self.found.solved += 1
        if truth is not None and int(truth[block.place(cell)]) == end:
            own = truth - self.base[block.unknowns]
            moved = np.flatnonzero(own)
            change = self._moved({int(block.unknowns[n]): int(own[n]) for n in moved})
            if self._verify([change]).all():
                self.found.verified += 1
                return
        self.found.failed.append((cell, end))

    def _moved(self, change: Change) -> Change:
        """A change of base cells with the change of one part of every split below them."""
        moved = dict(change)
        waiting = list(change.items())
        while waiting:
            cell, by = waiting.pop()
            for part in self.heir.get(cell, ()):
                moved[part] = moved.get(part, 0) + by
                waiting.append((part, by))
        return moved

    def _verify(self, changes: list[Change]) -> np.ndarray:
        """Which changed truths keep to every bound and row; the sums of all rows that change are computed anew."""
        columns = np.repeat(np.arange(len(changes)), [len(change) for change in changes])
        cells = np.array([cell for change in changes for cell in change], dtype=np.int64)
        by = np.array([value for change in changes for value in change.values()], dtype=np.int64)
        system, good = self.system, np.ones(len(changes), dtype=bool)
        now = self.base[cells] + by
        good[columns[(now < system.low[cells]) | (now > system.high[cells])]] = False
        delta = csc_array((by.astype(np.float64), (cells, columns)), shape=(system.size, len(changes)))
        moved = (system.rows @ delta).tocoo()
        sums = self.sums[moved.row] + moved.data
        broken = (sums < system.least_sum[moved.row] - EXACT) | (
            sums > system.greatest_sum[moved.row] + EXACT
        )
        good[moved.col[broken & self.kept[moved.row]]] = False
        return good

    def _fits(self, truth: np.ndarray) -> bool:
        system = self.system
        within = (truth >= system.low) & (truth <= system.high)
        kept = (self.sums >= system.least_sum - EXACT) & (self.sums <= system.greatest_sum + EXACT)
        return bool(within.all() and kept[self.kept].all())

    def _base(self) -> np.ndarray:
        """The first truth: what helps others (YEAR) as large as may be, all else as small."""
        system = self.system
        helps = np.zeros(system.size, dtype=bool)
        for one in system.slices:
            if not one.is_part and not one.is_withdrawn:
                markers = one.labels("counted") if "counted" in one.cube.dimensions else [YEAR] * len(one.at)
                helps[one.unknowns] = [marker == YEAR for marker in markers]
        truth = np.where(helps, system.high, system.low)
        for group in self.programs.groups():
            block = self.programs.logic_block(group)
            if block.fits(truth[group]):
                continue
            found = block.solve(np.where(helps[group], -1.0, 1.0))
            self.found.solved += 1
            if found is None:
                # No truth fits: somebody changed band, so these rows do not hold and exclude nothing.
                rows = self.programs.rows_of(group)
                self.programs.without |= {int(r) for r in rows if r >= system.splits}
                self.found.contradicted += 1
                found = truth[group]
            truth[group] = found
        truth[system.part] = 0
        for cell in np.flatnonzero(~system.part):
            for part, by in self._moved({int(cell): int(truth[cell])}).items():
                if system.part[part]:
                    truth[part] += by
        return truth


def _heirs(system: System) -> dict[int, tuple[int, ...]]:
    """For each cell the part of each of its splits that takes what moves: the first of its group."""
    found: dict[int, list[int]] = {}
    rows = system.rows
    for row in range(system.splits):
        span = slice(rows.indptr[row], rows.indptr[row + 1])
        cells, factors = rows.indices[span], rows.data[span]
        first = int(cells[factors > 0][0])
        for cell in cells[factors < 0].tolist():
            found.setdefault(cell, []).append(first)
    return {cell: tuple(parts) for cell, parts in found.items()}
