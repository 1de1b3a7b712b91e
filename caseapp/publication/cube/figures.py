"""Published figures, computed from published cells and from nothing else (DISCLOSURE.md, The method, 4 and 7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

import numpy as np

from .definition import MONTH, QUARTER, SITE, YEAR, Dimension, Integers, Span, Where

LEAST_DENOMINATOR = 10
LEAST_IN_BANDS, LEAST_HOUSEHOLDS = 10, 3


class Status(StrEnum):
    """What stands in a figure's place."""

    PUBLISHED = "PUBLISHED"
    NOT_OFFERED = "NOT_OFFERED"
    NO_COVERAGE = "NO_COVERAGE"


@dataclass(frozen=True)
class Figure:
    """A figure; without status PUBLISHED it has no numbers."""

    status: Status
    value: Decimal | None = None
    numerator: int | None = None
    denominator: int | None = None


NOT_OFFERED = Figure(Status.NOT_OFFERED)
NO_COVERAGE = Figure(Status.NO_COVERAGE)


def distinct_markers(*, at_site: bool, span: Span) -> tuple[str, ...] | None:
    """The markers whose sum is the number of distinct persons (or households), or None where there is none."""
    if at_site:
        return (YEAR, QUARTER, MONTH, SITE) if span is Span.MONTH else None
    return {Span.MONTH: (YEAR, QUARTER, MONTH), Span.QUARTER: (YEAR, QUARTER), Span.YEAR: (YEAR,)}[span]


def cells_sum(dimensions: Sequence[Dimension], sheets: Sequence[Integers], where: Where) -> int:
    """The sum of the cells inside all restrictions (base or coarser labels, or `T`) over some periods.

    Labels that the dimension does not have add nothing only where the dimension is a marker: a coarse grain has no
    SITE. Restricting a dimension that the cube lacks is an error.
    """
    names = [d.name for d in dimensions]
    if unknown := set(where) - set(names):
        raise KeyError(f"the cube has no {sorted(unknown)}")
    positions = [d.positions(_known(d, where.get(d.name, ("T",)))) for d in dimensions]
    return sum(int(sheet[np.ix_(*positions)].sum()) for sheet in sheets)


def _known(dimension: Dimension, labels: Sequence[str]) -> list[str]:
    markers = (YEAR, QUARTER, MONTH, SITE)
    return [label for label in labels if label in dimension.labels or label not in markers]


def is_whole(origin: Dimension, labels: Sequence[str], merged: frozenset[str], other: str = "OTHER") -> bool:
    """Whether origins can be told apart so: those merged into *other* must be asked for together with it, or not."""
    asked = {base for label in labels for base in origin.base(label)}
    together = merged | {other} if merged else frozenset()
    return together <= asked or not (together & asked)


def count(value: int) -> Figure:
    """A count as it stands."""
    return Figure(Status.PUBLISHED, Decimal(value))


def rate(numerator: int, denominator: int, scale: int = 100) -> Figure:
    """A rate to one decimal, half up, where its denominator is at least 10. Both are sums of published cells."""
    if denominator < LEAST_DENOMINATOR:
        return NOT_OFFERED
    value = _one_decimal(Decimal(scale) * numerator / denominator)
    return Figure(Status.PUBLISHED, value, numerator, denominator)


def median(bands: Sequence[tuple[int, int | None]], counts: Sequence[int], households: int) -> Figure:
    """The median of a duration, interpolated in its band.

    In: each band's lower and upper end (None: open), its published count, and the *published* number of households
    of the same cells. Not offered below 10 persons or 3 households, or in a band without an end.
    """
    total = sum(counts)
    if total < LEAST_IN_BANDS or households < LEAST_HOUSEHOLDS:
        return NOT_OFFERED
    before = 0
    for (lower, upper), inside in zip(bands, counts, strict=True):
        if 2 * (before + inside) < total:
            before += inside
            continue
        if upper is None:
            return NOT_OFFERED
        within = (Decimal(total) / 2 - before) / inside
        return Figure(Status.PUBLISHED, _one_decimal(lower + within * (upper - lower)), None, total)
    return NOT_OFFERED


def money(number: int, unit_cost: Decimal) -> Figure:
    """A published count × a published unit cost, to two decimals: money says nothing that the count does not."""
    return Figure(Status.PUBLISHED, (number * unit_cost).quantize(Decimal("0.01"), ROUND_HALF_UP))


def _one_decimal(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.1"), ROUND_HALF_UP)
