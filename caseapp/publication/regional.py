"""The countries side by side, from what each has released, and why one has nothing to set beside the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from caseapp.core.i18n import _
from caseapp.indicators import catalogue
from caseapp.indicators.catalogue import Indicator
from caseapp.publication import present, queries
from caseapp.publication.editions import Editions, editions
from caseapp.publication.queries import Offered

#: Why a country has no figure beside the others; what the releases themselves say comes from there.
NOT_RELEASED, NOT_MEASURED, OTHER_DEFINITION = "NOT_RELEASED", "NOT_MEASURED", "OTHER_DEFINITION"

#: Of each year, a hash of the newest approved release of each country: what pictures of the countries side by side rest on.
RESTS_ON = """
    SELECT left(n.period, 4) AS year,
           encode(sha256(convert_to(string_agg(n.id::text, ',' ORDER BY n.country), 'UTF8')), 'hex') AS rests_on
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

    def notes(self, indicator: Indicator, country: str) -> str:
        """Beneath a figure: whether some sites did not report, whether its months were revised."""
        row, told, found = self.rows[(indicator.code, country)], self.released[country], []
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
