"""An indicator's exact value, before any protection: for tests and for trying a definition, never for a page."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import sqlalchemy as sa

from caseapp.indicators.catalogue import PUBLIC, Band, Indicator, Selection
from caseapp.indicators.cubes import MARKERS, Domain, domains
from caseapp.indicators.queries import site_numbers, true_cells


@dataclass(frozen=True)
class Exact:
    """`value` of a COUNT or of MONEY; of a RATE to one decimal, None where nothing was counted below the line."""

    value: Decimal | None
    numerator: int | None = None
    denominator: int | None = None


def exact(connection: sa.Connection, indicator: Indicator, country: str, period: str) -> Exact:
    """The value for the whole country in a month (`2025-09`), quarter (`2025-Q3`) or year (`2025`)."""
    if indicator.measure == "COUNT":
        return Exact(Decimal(_sum(connection, indicator, country, period, {})))
    if indicator.unit_cost is not None:
        return Exact(_sum(connection, indicator, country, period, {}) * indicator.unit_cost)
    if indicator.measure == "MEDIAN":
        held = [
            _sum(connection, indicator, country, period, {indicator.dimension: (b[0],)})
            for b in indicator.bands
        ]
        return Exact(_median(indicator.bands, held), None, sum(held))
    above = _sum(connection, indicator, country, period, indicator.part)
    if indicator.of == PUBLIC:
        below = _public(connection, indicator, country, period)
    elif indicator.over:
        below = _over(connection, indicator, country, period)
    else:
        assert not isinstance(indicator.of, str)
        below = _sum(connection, indicator, country, period, indicator.of)
    if not below:
        return Exact(None, above, below)
    scale = 100 if indicator.unit == "PERCENT" else 1
    value = (Decimal(scale) * above / below).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return Exact(value, above, below)


def _median(bands: Sequence[Band], held: Sequence[int]) -> Decimal | None:
    """Interpolated in its band, one decimal; None where nothing was counted or the band is open."""
    before, total = 0, sum(held)
    for (_, lower, upper), inside in zip(bands, held, strict=True):
        if inside and 2 * (before + inside) >= total:
            if upper is None:
                return None
            within = (Decimal(total) / 2 - before) / inside
            return (lower + within * (upper - lower)).quantize(Decimal("0.1"), ROUND_HALF_UP)
        before += inside
    return None


def markers(basis: str, period: str) -> Collection[str]:
    """Which markers make a country's figure of a period (docs/release-format.md, `counted`)."""
    if basis in ("FIRST_COUNTED", "FIRST_EVER"):
        return ("YEAR",)
    if basis == "PERSON_MONTHS" or period[5:6].isdigit():
        return MARKERS[:3]
    return MARKERS[:2] if "Q" in period else MARKERS[:1]


def pieces(period: str, grain: str) -> list[str]:
    """The periods of a cube that a figure's period sums."""
    if grain == "QUARTER":
        return [period] if "Q" in period else [f"{period}-Q{q}" for q in (1, 2, 3, 4)]
    if len(period) == 4:
        found = range(1, 13)
    elif "Q" in period:
        found = range(int(period[6]) * 3 - 2, int(period[6]) * 3 + 1)
    else:
        found = range(int(period[5:7]), int(period[5:7]) + 1)
    named = [f"{period[:4]}-{month:02d}" for month in found]
    return [piece for m in named for piece in ((m + "a", m + "b") if m.endswith("-10") else (m,))]


def _sum(
    connection: sa.Connection, indicator: Indicator, country: str, period: str, within: Selection
) -> int:
    domain = indicator.domain
    wanted = {name: _base(domain, name, labels) for name, labels in {**indicator.select, **within}.items()}
    names = sorted(wanted)
    if domain.is_distinct:
        names.append("household_counted" if indicator.basis == "HOUSEHOLDS" else "counted")
        wanted[names[-1]] = set(markers(indicator.basis, period))
    total = 0
    for piece in pieces(period, domain.grain):
        for cell in true_cells(connection, domain.name, country, piece, names):
            if all(cell.labels[name] in labels for name, labels in wanted.items()):
                total += cell.count
    return total


def _base(domain: Domain, name: str, labels: Collection[str]) -> set[str]:
    groups = domain.axis(name).groups or {}
    return {base for label in labels for base in groups.get(label, (label,))}


def _over(connection: sa.Connection, indicator: Indicator, country: str, period: str) -> int:
    """All that other domains counted in a period, a person once for each site and month."""
    found = 0
    for domain in (domains()[name] for name in indicator.over):
        for piece in pieces(period, domain.grain):
            found += sum(cell.count for cell in true_cells(connection, domain.name, country, piece, []))
    return found


def _public(connection: sa.Connection, indicator: Indicator, country: str, period: str) -> int:
    assert indicator.public is not None
    # A month's number stands under its calendar pieces, as its nights do.
    return sum(
        sum(site_numbers(connection, indicator.public, country, piece).values())
        for piece in pieces(period, indicator.domain.grain)
    )
