"""What must be true of counts besides their published values: markers imply earlier markers, and what was withdrawn
had been counted before.

For people who keep their sex, age band and origin (an attacker who assumes that knows more than there is to know):

- MONTH, counted again in a month: at most those counted earlier in that quarter as YEAR or QUARTER.
- QUARTER, counted again in a quarter: at most those counted as YEAR in earlier quarters of the year.
- SITE, counted again in a month: each of the month's people at most at every other site, of all cells and of those on
  time.
- Within: whom the attacker knows to be counted in another cube too (`--within`), of a month and class on time, are at
  most those counted there.
- Withdrawn: at most what earlier releases counted of that sex and age.

Origins that vanish from a year's cells have been merged into *other* from then on. A row is left out where the given
folders lack an earlier period that the country has released: whoever stands there may be whom the row counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import period

if TYPE_CHECKING:
    from .reading import Slice

MARKER, LATE, ORIGIN, OTHER = "counted", "late", "origin", "OTHER"
SPECIAL = ("period", "place", MARKER, LATE, ORIGIN)


@dataclass(frozen=True)
class Row:
    """factor · ∑ plus − ∑ minus ≥ 0, over unknowns."""

    plus: tuple[int, ...]
    minus: tuple[int, ...]
    factor: int = 1


@dataclass(frozen=True)
class _Sheet:
    """A period's cells by origin and marker, of one class; `on_time` are the unknowns that are not late."""

    pieces: frozenset[str]
    month: frozenset[str]
    quarter: str
    cells: dict[tuple[str, str], list[int]]
    on_time: frozenset[int]


@dataclass(frozen=True)
class _Held:
    """The months of a year that the slices have; nothing was counted before `begin`."""

    year: str
    begin: str
    pieces: frozenset[str]

    def has_all(self, start: str, until: str) -> bool:
        """Whether no month from `start` up to `until` is missing."""
        wanted = (p for p in period.pieces(self.year) if max(start, self.begin) <= p < until)
        return all(piece in self.pieces for piece in wanted)


def marker_rows(slices: Sequence[Slice], first: frozenset[str] = frozenset()) -> Iterator[Row]:
    """The rows of markers, for every year and every class of the slices (base cubes, in order of time). `first`: the
    first month that the country ever released."""
    years: dict[str, list[Slice]] = defaultdict(list)
    for one in slices:
        if MARKER in one.cube.dimensions:
            years[one.period[:4]].append(one)
    for year in years.values():
        ordered = sorted(year, key=lambda one: min(period.pieces(one.period)))
        sites = max(_sites(one) for one in ordered)
        classes = [_sheets(one) for one in ordered]
        label = ordered[0].period[:4]
        pieces = frozenset(piece for one in ordered for piece in period.pieces(one.period))
        held = _Held(label, max(min(first, default=label), label), pieces)
        for own in dict.fromkeys(name for found in classes for name in found):
            yield from _class_rows([found[own] for found in classes if own in found], sites, held)


def _sites(one: Slice) -> int:
    return max(len(one.cube.hierarchy.base("place", label)) for label in one.cube.names["place"])


def _sheets(one: Slice) -> dict[tuple[str, ...], _Sheet]:
    """The sheet of every class in a slice."""
    axes = [one.labels(d) for d in one.cube.dimensions if d not in SPECIAL]
    blank = [""] * len(one.at)
    origins = one.labels(ORIGIN) if ORIGIN in one.cube.dimensions else blank
    lates = one.labels(LATE) if LATE in one.cube.dimensions else blank
    names = list(zip(*axes, strict=True)) if axes else [()] * len(one.at)
    pieces = period.pieces(one.period)
    months = frozenset(piece.rstrip("ab") for piece in pieces)
    found: dict[tuple[str, ...], _Sheet] = {}
    on_time: dict[tuple[str, ...], set[int]] = defaultdict(set)
    cells: dict[tuple[str, ...], dict[tuple[str, str], list[int]]] = defaultdict(lambda: defaultdict(list))
    markers = one.labels(MARKER)
    for n, unknown in enumerate(one.unknowns.tolist()):
        cells[names[n]][origins[n], markers[n]].append(unknown)
        if lates[n] != "YES":
            on_time[names[n]].add(unknown)
    for name, own in cells.items():
        found[name] = _Sheet(pieces, months, _quarter(one.period), dict(own), frozenset(on_time[name]))
    return found


def _quarter(label: str) -> str:
    return label if "Q" in label else f"{label[:4]}-Q{(int(label[5:7]) + 2) // 3}"


def _class_rows(sheets: Sequence[_Sheet], sites: int, held: _Held) -> Iterator[Row]:
    every = dict.fromkeys(origin for sheet in sheets for origin, _ in sheet.cells)
    merged: set[str] = set()
    for at, sheet in enumerate(sheets):
        merged |= every.keys() - {origin for origin, _ in sheet.cells}
        together = [o for o in every if o in merged or o == OTHER] if merged else []
        pools = [[o] for o in every if o not in together] + ([together] if together else [])
        for pool in pools:
            yield from _pool_rows(sheets, at, pool, sites, held)


def _pool_rows(
    sheets: Sequence[_Sheet], at: int, pool: Sequence[str], sites: int, held: _Held
) -> Iterator[Row]:
    own = sheets[at]
    so_far = sheets[: at + 1]
    month = [sheet for sheet in so_far if sheet.month == own.month]
    quarter = [sheet for sheet in so_far if sheet.quarter == own.quarter]
    before_month = [sheet for sheet in quarter if sheet.month != own.month]
    before_quarter = [sheet for sheet in so_far if sheet.quarter != own.quarter]
    of_month, of_quarter = min(own.month), min(period.pieces(own.quarter))
    again = _cells(month, pool, "MONTH")
    if again and held.has_all(of_quarter, of_month):
        yield Row(_cells(before_month, pool, "YEAR", "QUARTER"), again)
    again = _cells(quarter, pool, "QUARTER")
    if again and held.has_all(held.year, of_quarter):
        yield Row(_cells(before_quarter, pool, "YEAR"), again)
    elsewhere, here = _cells(month, pool, "SITE"), _cells(month, pool, "YEAR", "QUARTER", "MONTH")
    if not held.has_all(of_month, min(own.pieces)):
        return
    timely = frozenset().union(*(sheet.on_time for sheet in month))
    for kept in (None, timely):
        plus = here if kept is None else tuple(cell for cell in here if cell in kept)
        minus = elsewhere if kept is None else tuple(cell for cell in elsewhere if cell in kept)
        if plus and minus:
            yield Row(plus, minus, sites - 1)


def _cells(sheets: Sequence[_Sheet], pool: Sequence[str], *markers: str) -> tuple[int, ...]:
    return tuple(
        cell for sheet in sheets for origin in pool for marker in markers
        for cell in sheet.cells.get((origin, marker), ())
    )  # fmt: skip


def withdrawn_rows(slices: Sequence[Slice], back: Sequence[Slice]) -> Iterator[Row]:
    """What was withdrawn by a period, of a class, is at most what earlier periods counted of it."""
    for at, one in enumerate(sorted(back, key=lambda one: min(period.pieces(one.period)))):
        until = sorted(back, key=lambda one: min(period.pieces(one.period)))[: at + 1]
        month = min(period.pieces(one.period)).rstrip("ab")
        before = [each for each in slices if min(period.pieces(each.period)).rstrip("ab") < month]
        for labels in dict.fromkeys(_class_labels(one)):
            taken = tuple(
                cell for each in until for cell, own in zip(each.unknowns.tolist(), _class_labels(each), strict=True)
                if own == labels
            )  # fmt: skip
            counted = tuple(cell for each in before for cell in _inside(each, one, labels))
            yield Row(counted, taken)


def _class_labels(one: Slice) -> list[tuple[str, ...]]:
    axes = [one.labels(d) for d in one.cube.dimensions if d not in ("period", "place")]
    return list(zip(*axes, strict=True))


def _inside(each: Slice, one: Slice, labels: tuple[str, ...]) -> list[int]:
    """The cells of a slice that may lie inside a class of a withdrawn cube."""
    dimensions = [d for d in one.cube.dimensions if d not in ("period", "place")]
    kept = [True] * len(each.at)
    for dimension, label in zip(dimensions, labels, strict=True):
        if dimension in each.cube.dimensions:
            base = one.cube.hierarchy.base(dimension, label)
            for n, own in enumerate(each.labels(dimension)):
                kept[n] = kept[n] and bool(base & each.cube.hierarchy.base(dimension, own))
    return [cell for cell, is_in in zip(each.unknowns.tolist(), kept, strict=True) if is_in]


def within_rows(parts: Sequence[Slice], wholes: Sequence[Slice]) -> Iterator[Row]:
    """What is counted on time in a month and class of one domain is at most what is counted on time in another one that
    the same people stand in: for cubes drawn apart on the same people."""
    months = {_month(one): [each for each in parts if _month(each) == _month(one)] for one in parts}
    for month, own in months.items():
        whole = [each for each in wholes if _month(each) == month]
        shared = [
            d
            for d in own[0].cube.dimensions
            if d not in SPECIAL and all(d in w.cube.dimensions for w in whole)
        ]
        classes: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for one in own:
            for cell, labels in _timely(one, shared):
                classes[labels].append(cell)
        for labels, cells in classes.items() if whole else ():
            there = tuple(
                cell for each in whole for cell, theirs in _timely(each, shared)
                if all(_overlap(own[0], each, d, a, b) for d, a, b in zip(shared, labels, theirs, strict=True))
            )  # fmt: skip
            yield Row(there, tuple(cells))


def _month(one: Slice) -> str:
    return one.period.rstrip("ab")


def _timely(one: Slice, dimensions: Sequence[str]) -> list[tuple[int, tuple[str, ...]]]:
    """The cells of a slice that are not late, with their labels on some dimensions."""
    late = one.labels(LATE) if LATE in one.cube.dimensions else [""] * len(one.at)
    axes = [one.labels(d) for d in dimensions]
    names = list(zip(*axes, strict=True)) if axes else [()] * len(one.at)
    return [(cell, names[n]) for n, cell in enumerate(one.unknowns.tolist()) if late[n] != "YES"]


def _overlap(one: Slice, two: Slice, dimension: str, label: str, other: str) -> bool:
    return bool(one.cube.hierarchy.base(dimension, label) & two.cube.hierarchy.base(dimension, other))
