"""What a cube is: its dimensions, its possible cells, its k, and the totals that people look at.

A definition is public and fixed before the data are seen. It is the same for every period of a year.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

from . import period as periods

TOTAL = "T"
YEAR, QUARTER, MONTH, SITE, NONE = "YEAR", "QUARTER", "MONTH", "SITE", "NONE"
OTHER = "OTHER"

Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]
# A restriction: dimension → labels (base labels, coarser labels or `T`).
Where = Mapping[str, Sequence[str]]


class LabelUnknown(ValueError):
    """A label that the dimension does not have."""


@dataclass(frozen=True)
class Dimension:
    """A dimension with its base labels and the coarser labels made of them (`CHILD` → `0-4`, `5-11`, `12-17`).

    `takes` sends codes of the facts that are finer than the base labels to these, `rest` is the base label of every
    code not named.
    """

    name: str
    labels: tuple[str, ...]
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    takes: Mapping[str, str] = field(default_factory=dict)
    rest: str = ""

    def place(self, code: str) -> int | None:
        """The position of the base label that a code of the facts belongs to, or None."""
        return self._places.get(self.takes.get(code, code), self._places.get(self.rest))

    @cached_property
    def _places(self) -> dict[str, int]:
        return {label: at for at, label in enumerate(self.labels)}

    def base(self, label: str) -> tuple[str, ...]:
        """The base labels inside a label; `T` is all of them."""
        if label == TOTAL:
            return self.labels
        if label in self.groups:
            return self.groups[label]
        if label in self.labels:
            return (label,)
        raise LabelUnknown(f"{self.name} has no label {label}")

    def positions(self, labels: Sequence[str]) -> list[int]:
        """Sorted positions of all base labels inside the given labels."""
        inside = {base for label in labels for base in self.base(label)}
        return [i for i, label in enumerate(self.labels) if label in inside]

    def hierarchy(self) -> dict[str, list[str]]:
        """Label → base labels, as `hierarchy.json` writes it."""
        own = {label: [label] for label in self.labels}
        return own | {label: list(base) for label, base in self.groups.items()}


class Span(StrEnum):
    """Over which time the deviation of a margin is held down."""

    MONTH = "MONTH"
    QUARTER = "QUARTER"
    YEAR = "YEAR"

    def of(self, period: str) -> str:
        """The span's own period that a cube period lies in."""
        if self is Span.YEAR:
            return periods.year(period)
        return periods.quarter(period) if self is Span.QUARTER else periods.month(period)


@dataclass(frozen=True)
class Margin:
    """Totals that people look at: one for each combination of the `by` labels, over the cells of `where`.

    With span QUARTER or YEAR the deviation of earlier periods of that quarter or year is carried along.
    """

    name: str
    by: tuple[tuple[str, tuple[str, ...]], ...] = ()
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    span: Span = Span.MONTH
    weight: float = 1.0


@dataclass(frozen=True)
class Delta:
    """The greatest deviations that readers are promised (DISCLOSURE.md, What readers see)."""

    month: int = 10
    quarter: int = 15
    year: int = 20
    site_month: int = 15

    def of(self, span: Span) -> int:
        """The promise for a span."""
        return {Span.MONTH: self.month, Span.QUARTER: self.quarter, Span.YEAR: self.year}[span]


@dataclass(frozen=True)
class Cube:
    """A base cube of one country and domain.

    `excluded` is the public list of cells that cannot be (each entry removes the cells that match it); all others
    are *possible*. `marker`, `late`, `origin` name the dimensions that carry these meanings, or "" where the cube
    has none. `sites` bounds at how many sites one person can be counted in a month. `is_blurred`: another cube counts
    the same people on another day, so that no cell is ever exact (`blurring`).
    """

    name: str
    country: str
    dimensions: tuple[Dimension, ...]
    k: int = 5
    lift: float = 0.02
    margins: tuple[Margin, ...] = ()
    delta: Delta = field(default_factory=Delta)
    excluded: tuple[Where, ...] = ()
    marker: str = "counted"
    late: str = "late"
    origin: str = "origin"
    other: str = OTHER
    sites: int = 100
    is_blurred: bool = False

    def __post_init__(self) -> None:
        if self.k < 2:
            raise ValueError("k must be at least 2")
        if not 0 < self.lift < 1:
            # A lift of 0 or 1 would let a zero, or a 5, be read as certain.
            raise ValueError("the lift must lie between 0 and 1")
        if self.is_blurred and any(d.name == self.marker for d in self.dimensions):
            raise ValueError("markers cannot be told from cells that are never exact")

    @property
    def key(self) -> str:
        """The cube's name with its country: what its randomness belongs to."""
        return f"{self.country}/{self.name}"

    @cached_property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(d.labels) for d in self.dimensions)

    def has(self, name: str) -> bool:
        return any(d.name == name for d in self.dimensions)

    def axis(self, name: str) -> int:
        """The position of a dimension."""
        for i, dimension in enumerate(self.dimensions):
            if dimension.name == name:
                return i
        raise LabelUnknown(f"{self.name} has no dimension {name}")

    def dimension(self, name: str) -> Dimension:
        return self.dimensions[self.axis(name)]

    def mask(self, where: Where) -> Mask:
        """The cells inside all given restrictions."""
        inside = np.ones(self.shape, dtype=np.bool_)
        for name, labels in where.items():
            inside &= self._along(name, tuple(labels))
        return inside

    def _along(self, name: str, labels: tuple[str, ...]) -> Mask:
        """The cells of a dimension that lie inside some labels, shaped so that they meet a whole array."""
        known = self._known.get((name, labels))
        if known is None:
            axis = self.axis(name)
            known = np.zeros([size if n == axis else 1 for n, size in enumerate(self.shape)], dtype=np.bool_)
            known.reshape(-1)[self.dimension(name).positions(labels)] = True
            self._known[name, labels] = known
        return known

    @cached_property
    def _known(self) -> dict[tuple[str, tuple[str, ...]], Mask]:
        return {}

    def cells(self) -> Iterator[tuple[str, ...]]:
        """The labels of every cell, in the order of the flattened array."""
        return product(*(d.labels for d in self.dimensions))


def possible(cube: Cube, period: str, published: Sequence[str] = (), *, is_first: bool = False) -> Mask:
    """The public list of possible cells of a period; `is_first`: of the first that the country ever counts.

    Nothing can be late in the first period of all, nor in the first half of October, since late ones stand in the
    second. Nobody can be QUARTER (first this quarter, not first this year) without an earlier published quarter of the
    year, nor MONTH without an earlier published month of the quarter, nor SITE where there is one site.
    """
    inside = np.ones(cube.shape, dtype=np.bool_)
    for where in cube.excluded:
        inside &= ~cube.mask(where)
    if (is_first or period.endswith("a")) and cube.has(cube.late):
        # A cell that everybody knows to be empty would lend others a room that is not there.
        inside &= cube.mask({cube.late: cube.dimension(cube.late).labels[:1]})
    if not cube.has(cube.marker):
        return inside
    for label in cube.dimension(cube.marker).labels:
        if not _marker_possible(cube, label, period, published):
            inside &= ~cube.mask({cube.marker: (label,)})
    return inside


def _marker_possible(cube: Cube, label: str, period: str, published: Sequence[str]) -> bool:
    before = [p for p in published if periods.year(p) == periods.year(period)]
    if label == QUARTER:
        return any(periods.quarter(p) < periods.quarter(period) for p in before)
    if label == MONTH:
        same = [p for p in before if periods.quarter(p) == periods.quarter(period)]
        return any(periods.month(p) < periods.month(period) for p in same)
    return label != SITE or cube.sites > 1


def margin_sets(cube: Cube, margin: Margin) -> list[tuple[tuple[str, ...], Integers]]:
    """For each total of a margin its labels and the flat indexes of its cells."""
    inside = cube.mask(dict(margin.where))
    names = [name for name, _ in margin.by]
    sets = []
    for labels in product(*(labels for _, labels in margin.by)):
        cells = inside & cube.mask({name: (label,) for name, label in zip(names, labels, strict=True)})
        sets.append((labels, np.flatnonzero(cells).astype(np.int64)))
    return sets
