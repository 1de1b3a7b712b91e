"""What markers say about each other, as linear rows over the published cells of a year (DISCLOSURE.md, A9).

For people who keep their sex, age band and origin:

- MONTH: those counted again in a month were counted earlier in that quarter: MONTH ≤ ∑ earlier (YEAR + QUARTER).
- QUARTER: those counted again in a quarter were counted in an earlier quarter: ∑ QUARTER ≤ ∑ earlier YEAR.
- SITE: each of a month's persons is counted at most at the other sites again: SITE ≤ (sites − 1)·(the others).

An origin merged into *other* adds to the rows of *other* from then on. Rows hold for one sex × age × origin only as
long as nobody changes band, so an attacker who uses them knows more than there is to know: the check errs towards
safety.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from . import period as periods
from .definition import MONTH, QUARTER, SITE, YEAR, Cube, Integers, Mask


@dataclass(frozen=True)
class Sheet:
    """A period as published: values (of the cube's shape), which cells stood in it, which origins were merged."""

    period: str
    values: Integers
    shown: Mask
    merged: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Row:
    """∑ lhs ≤ factor · ∑ rhs. Indexes are sheet number × cells + flat cell."""

    lhs: tuple[int, ...]
    rhs: tuple[int, ...]
    factor: int = 1


@dataclass(frozen=True)
class Group:
    """One sex × age × …, with the origins that have been merged together, and all rows that bind its cells."""

    name: tuple[str, ...]
    rows: tuple[Row, ...]


class Chain:
    """The rows of one year for every group. Sheets must be in order of time and of one calendar year."""

    def __init__(self, cube: Cube, sheets: Sequence[Sheet]) -> None:
        self.cube, self.sheets = cube, sheets
        self.size = int(np.prod(cube.shape))
        self.markers = cube.dimension(cube.marker).labels
        self.number = np.arange(self.size).reshape(cube.shape)
        self.axes = [d for d in cube.dimensions if d.name not in (cube.marker, cube.late, cube.origin)]
        self._known: dict[tuple[tuple[str, ...], tuple[str, ...], str], list[int]] = {}
        self.shown = [sheet.shown.ravel().tolist() for sheet in self.sheets]
        self.on_time = self._on_time() if cube.has(cube.late) else None

    def groups(self) -> Iterator[Group]:
        """Every group of the cube with its rows."""
        for labels in self._classes():
            for origins in self._components():
                pools = [[o for o in origins if o == origin] for origin in origins]
                rows = tuple(self._rows(labels, origins, pools))
                yield Group((*labels, *(o for o in origins if o)), rows)

    def _classes(self) -> Iterator[tuple[str, ...]]:
        shape = [len(d.labels) for d in self.axes]
        for place in np.ndindex(*shape):
            yield tuple(d.labels[i] for d, i in zip(self.axes, place, strict=True))

    def _components(self) -> list[list[str]]:
        """Origins that were ever merged stand together with *other*; every other origin stands alone."""
        if not self.cube.has(self.cube.origin):
            return [[""]]
        merged = {origin for sheet in self.sheets for origin in sheet.merged}
        labels = self.cube.dimension(self.cube.origin).labels
        together = [o for o in labels if o in merged or o == self.cube.other]
        return [[o] for o in labels if o not in together] + ([together] if together else [])

    def _cells(self, labels: tuple[str, ...], origins: Sequence[str], marker: str) -> list[int]:
        """Flat cells of a class, some origins and one marker; asked for once a period, so kept."""
        key = (labels, tuple(origins), marker)
        if key not in self._known:
            self._known[key] = self._find(labels, origins, marker) if marker in self.markers else []
        return self._known[key]

    def _find(self, labels: tuple[str, ...], origins: Sequence[str], marker: str) -> list[int]:
        place: list[list[int]] = []
        for d in self.cube.dimensions:
            if d.name == self.cube.marker:
                place.append([self.markers.index(marker)])
            elif d.name == self.cube.origin:
                place.append([d.labels.index(o) for o in origins])
            elif d.name == self.cube.late:
                place.append(list(range(len(d.labels))))
            else:
                place.append([d.labels.index(labels[self.axes.index(d)])])
        found: list[int] = self.number[np.ix_(*place)].ravel().tolist()
        return found

    def _rows(self, labels: tuple[str, ...], origins: list[str], pools: list[list[str]]) -> Iterator[Row]:
        for at in range(len(self.sheets)):
            for pool in self._pools(origins, pools, at):
                cells = {m: self._cells(labels, pool, m) for m in (YEAR, QUARTER, MONTH, SITE)}
                for row in (self._again_in_month(cells, at), self._again_in_quarter(cells, at)):
                    if row.lhs:
                        yield row
                yield from self._again_at_site(cells, at)

    def _pools(self, origins: list[str], alone: list[list[str]], at: int) -> list[list[str]]:
        """Which origins stand together at a period: those merged by then, with *other*."""
        merged = {o for sheet in self.sheets[: at + 1] for o in sheet.merged}
        if not merged.intersection(origins):
            return alone
        together = [o for o in origins if o in merged or o == self.cube.other]
        return [together] + [pool for pool in alone if pool[0] not in together]

    def _at(self, sheets: Sequence[int], cells: Sequence[int]) -> tuple[int, ...]:
        """The shown cells of some sheets."""
        return tuple(n * self.size + cell for n in sheets for cell in cells if self.shown[n][cell])

    def _same_month(self, at: int) -> list[int]:
        own = periods.month(self.sheets[at].period)
        return [i for i in range(at + 1) if periods.month(self.sheets[i].period) == own]

    def _same_quarter(self, at: int) -> list[int]:
        own = periods.quarter(self.sheets[at].period)
        return [i for i in range(at + 1) if periods.quarter(self.sheets[i].period) == own]

    def _again_in_month(self, cells: dict[str, list[int]], at: int) -> Row:
        month = self._same_month(at)
        before = [i for i in self._same_quarter(at) if i not in month]
        return Row(self._at(month, cells[MONTH]), self._at(before, cells[YEAR] + cells[QUARTER]))

    def _again_in_quarter(self, cells: dict[str, list[int]], at: int) -> Row:
        quarter = self._same_quarter(at)
        before = [i for i in range(at) if i not in quarter]
        return Row(self._at(quarter, cells[QUARTER]), self._at(before, cells[YEAR]))

    def _again_at_site(self, cells: dict[str, list[int]], at: int) -> Iterator[Row]:
        """For all cells of the month, and for those on time alone: late ones are marked after them."""
        month, others = self._same_month(at), cells[YEAR] + cells[QUARTER] + cells[MONTH]
        factor = self.cube.sites - 1
        lhs, rhs = self._at(month, cells[SITE]), self._at(month, others)
        if lhs and rhs:
            yield Row(lhs, rhs, factor)
        if self.on_time is not None:
            lhs = tuple(i for i in lhs if i % self.size in self.on_time)
            rhs = tuple(i for i in rhs if i % self.size in self.on_time)
            if lhs and rhs:
                yield Row(lhs, rhs, factor)

    def _on_time(self) -> set[int]:
        first = self.cube.dimension(self.cube.late).labels[0]
        return set(np.flatnonzero(self.cube.mask({self.cube.late: (first,)})).tolist())


def in_order(sheets: Sequence[Sheet], own: Sheet) -> list[Sheet]:
    """The sheets of a year in order of time, with `own` in place of an older one of its period."""
    others = [sheet for sheet in sheets if sheet.period != own.period]
    return sorted([*others, own], key=lambda sheet: sheet.period)
