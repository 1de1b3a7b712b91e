"""The countries side by side, from what each has released, and why one has nothing to set beside the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from caseapp.core.i18n import _
from caseapp.indicators import catalogue
from caseapp.indicators.catalogue import Indicator
from caseapp.publication import present, queries, telling
from caseapp.publication.beside import BESIDE
from caseapp.publication.editions import Editions, editions
from caseapp.publication.queries import Offered

#: Why a country has no figure beside the others; what the releases themselves say comes from there.
NOT_RELEASED, NOT_MEASURED, OTHER_DEFINITION = "NOT_RELEASED", "NOT_MEASURED", "OTHER_DEFINITION"

#: Of each year, a hash of the newest approved release of each country: what pictures of the countries side by side rest on.
RESTS_ON = """
    SELECT left(n.period, 4) AS year,
           encode(sha256(convert_to('by equal months,' || string_agg(n.id::text, ',' ORDER BY n.country), 'UTF8')), 'hex') AS rests_on
    FROM (SELECT DISTINCT ON (country, left(period, 4)) id, country, period FROM released.release
          WHERE status = 'APPROVED' ORDER BY country, left(period, 4), period DESC, edition DESC) n
    GROUP BY left(n.period, 4)
"""


@dataclass(frozen=True)
class Region:
    """What the page stands on. `coverage` by country."""

    pillar: str
    period: str
    periods: Sequence[str]
    countries: Sequence[str]
    released: Mapping[str, Offered]
    rows: Mapping[tuple[str, str], Any]
    coverage: Mapping[str, Any]
    editions: Editions

    def stretch(self, country: str) -> tuple[str, str] | None:
        """The first and the last month that a country's figures of the period sum."""
        told = self.released.get(country)
        return self.editions.stretch(self.period, told.release_id) if told else None

    def compared(self, countries: Collection[str]) -> list[str]:
        """Of some countries those that may be set against each other: most of them that sum the same months; of as many,
        those that go furthest."""
        months = {country: self.stretch(country) for country in countries}
        often = Counter(one for one in months.values() if one is not None)
        if not often:
            return []
        chosen = max(often, key=lambda one: (often[one], one[1], one[0]))
        return [country for country in countries if months[country] == chosen]

    def beside(self, indicator: Indicator, country: str) -> str:
        """«Solicitudes cerradas por otro motivo: 58.2 %»: what a figure is never shown without."""
        other = catalogue.get(BESIDE[indicator.code])
        return telling.beside(other, self.rows.get((other.code, country)))

    def months(self, country: str) -> str:
        """«hasta agosto», where a country's period is not whole."""
        months = self.stretch(country)
        return present.part_of(self.period, *months) if months else ""

    @property
    def is_even(self) -> bool:
        """Whether all countries sum the same months."""
        return len({self.stretch(country) for country in self.released}) < 2

    def notes(self, indicator: Indicator, country: str) -> str:
        """Beneath a figure: which months it sums, whether some sites did not report, whether its months were revised."""
        row, told = self.rows[(indicator.code, country)], self.released[country]
        found = [self.months(country)] if self.months(country) else []
        if indicator.code in BESIDE:
            found.append(self.beside(indicator, country))
        if self.is_partial(country):
            found.append(_("parcial"))
        if self.editions.taken(self.period, told.release_id):
            found.append(_("revisado"))
        if self.editions.awaited(self.period, told.release_id, row.cube.partition(".")[0]):
            found.append(_("edición anterior"))
        return ", ".join(found)

    @property
    def indicators(self) -> list[Indicator]:
        return [one for one in catalogue.all() if one.pillar == self.pillar]

    @property
    def told(self) -> list[Indicator]:
        """The indicators that at least one country publishes in the period."""
        return [
            one
            for one in self.indicators
            if any(self.status(one, each) == "PUBLISHED" for each in self.countries)
        ]

    def status(self, indicator: Indicator, country: str) -> str:
        """PUBLISHED, or why there is nothing to set beside the others."""
        released, row = self.released.get(country), self.rows.get((indicator.code, country))
        if released is None:
            return NOT_RELEASED
        if row is None:
            return NOT_MEASURED
        versions = {entry["version"] for entry in released.definitions.get(indicator.code, ())}
        if row.status == "PUBLISHED" and versions != {indicator.version}:
            return OTHER_DEFINITION
        return str(row.status)

    def is_partial(self, country: str) -> bool:
        """Whether not every site reported."""
        row = self.coverage.get(country)
        return bool(row and row.reporting < row.expected)


def read(connection: sa.Connection, pillar: str, period: str = "") -> Region:
    """A pillar of every country in a period; without one, in that which most countries have published."""
    offered = queries.offered(connection)
    period = period or _most_common(offered)
    there = {one.country: one for one in offered if one.period == period}
    ids = [one.release_id for one in there.values()]
    rows = queries.figures(connection, ids, [period], pillar, whole=True)
    covered = queries.coverage_of(connection, ids)
    return Region(
        pillar, period, sorted({one.period for one in offered}, key=_newest, reverse=True),
        sorted({one.country for one in offered}), there, {(row.indicator, row.place): row for row in rows},
        {country: covered.get((one.release_id, period)) for country, one in there.items()}, editions(connection),
    )  # fmt: skip


def _newest(period: str) -> tuple[str, str]:
    return period[-4:] if period.startswith("MIRPS") else period[:4], period


def _most_common(offered: Sequence[Offered]) -> str:
    """The period that most countries have published; of these the newest."""
    count: dict[str, int] = {}
    for one in offered:
        count[one.period] = count.get(one.period, 0) + 1
    return max(count, key=lambda period: (count[period], _newest(period)), default="")


def gap(status: str) -> str:
    """What stands in a figure's place."""
    words = {
        NOT_RELEASED: _("sin publicación"), NOT_MEASURED: _("no lo mide"), OTHER_DEFINITION: _("otra definición"),
    }  # fmt: skip
    return words.get(status) or present.no_value(status)
