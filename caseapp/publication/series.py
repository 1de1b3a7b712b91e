"""Released figures over time, through role `figures`: of each period what the newest release says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.publication.editions import Edition, Editions, editions
from caseapp.publication.findings import Ground, Number, Point
from caseapp.publication.models import FigureRow
from caseapp.publication.queries import kind_of


@dataclass(frozen=True)
class Told:
    """A country's total of one indicator in one period, with its coverage and the definition it was made by. `taken`: the
    revisions of its months that it rests on; `awaits`: those that it has not taken yet; `is_whole`: it sums every month of its period."""

    indicator: str
    period: str
    release_id: UUID
    release_period: str
    measure: str
    unit: str
    status: str
    value: Decimal | None
    numerator: int | None
    denominator: int | None
    reporting: int | None
    expected: int | None
    definition: Any
    cube: str
    release: str = ""
    covered: str | None = None
    signed: tuple[str, ...] = ()
    taken: tuple[Edition, ...] = ()
    awaits: tuple[Edition, ...] = ()
    is_whole: bool = True

    @property
    def kind(self) -> str:
        return kind_of(self.period)

    @property
    def is_published(self) -> bool:
        return self.status == "PUBLISHED"

    @property
    def number(self) -> Number:
        return number_of(self, self.definition)

    @property
    def point(self) -> Point:
        """The figure with what it rests on, which says what it may be set against."""
        ground = Ground(
            self.reporting, self.expected, self.covered, self.signed, str(self.definition), tuple(one.name for one in self.awaits),
            self.release_period, self.is_whole,
        )  # fmt: skip
        return Point(self.period, self.number, ground)


def number_of(row: Any, definition: Any = None) -> Number:
    """A row of figures as a number to compare; `definition` says whether its denominator is public."""
    is_public = any(entry.get("of") == "PUBLIC" for entry in definition or ())
    return Number(row.measure, row.value, row.numerator, row.denominator, is_public)


_SERIES = """
    WITH signed AS (
        SELECT release_id, period, array_agg(place || ' ' || reporting || '/' || expected ORDER BY place) AS places,
               count(*) AS listed, sum(reporting) AS signed FROM released.coverage
        WHERE domain = 'arrivals' AND place_level = 'SITE' GROUP BY release_id, period)
    SELECT DISTINCT ON (f.indicator, f.period) f.indicator, f.period, f.measure, f.unit, f.status, f.value, f.numerator,
           f.denominator, f.cube, r.id AS release_id, r.period AS release_period, r.name AS release, c.reporting, c.expected,
           c.status AS covered, coalesce(s.places, '{}') AS signed,
           (CAST(r.manifest AS json) -> 'definitions' -> f.indicator) AS definition
    FROM released.release r
    JOIN released.figure f ON f.release_id = r.id
    LEFT JOIN released.coverage c ON c.release_id = r.id AND c.period = f.period AND c.domain = 'arrivals'
         AND c.place_level = 'COUNTRY'
    -- A month that counts more sites than signed, or names not all of them, does not say which ones reported.
    LEFT JOIN signed s ON s.release_id = r.id AND s.period = f.period
         AND (f.period <> r.period OR (s.listed, s.signed) = (c.expected, c.reporting))
    WHERE r.country = :country AND r.status = 'APPROVED' AND f.indicator = ANY (:indicators) AND f.place_level = 'COUNTRY'
      AND f.sex = 'T' AND f.age_band = 'T' AND f.origin = 'T' AND f.household_type = 'T' AND f.need_group = 'T'
      AND r.period <= :until AND r.id = ANY (:stood)
    ORDER BY f.indicator, f.period, r.period DESC, r.edition DESC
"""


def series(
    connection: sa.Connection,
    country: str,
    indicators: Sequence[str],
    *,
    until: str = "9999",
    as_of: UUID | None = None,
    known: Editions | None = None,
) -> dict[str, list[Told]]:
    """Each indicator's totals in every released period, in order of time, each as its newest edition tells it.

    `until`: of the releases of months up to this one only. `as_of`: as they stood when this release was made. `known`:
    the country's editions, where they have been read already. One statement, and one for the editions.
    """
    known = editions(connection, country) if known is None else known
    stood = known.until(as_of) if as_of is not None else tuple(one.id for one in known.made)
    there = Editions(tuple(one for one in known.made if one.id in set(stood)))
    asked = {"country": country, "indicators": list(indicators), "until": until, "stood": list(stood)}
    found: dict[str, list[Told]] = {code: [] for code in indicators}
    for row in connection.execute(sa.text(_SERIES), asked):
        domain = row.cube.partition(".")[0]
        found[row.indicator].append(
            Told(
                row.indicator, row.period, row.release_id, row.release_period, row.measure, row.unit, row.status,
                row.value, row.numerator, row.denominator, row.reporting, row.expected, row.definition, row.cube,
                row.release, row.covered, tuple(row.signed), there.taken(row.period, row.release_id),
                there.awaited(row.period, row.release_id, domain), known.is_whole(row.period, row.release_id),
            )
        )  # fmt: skip
    return found


def of_kind(told: Sequence[Told], kind: str, until: str | None = None) -> list[Told]:
    """The periods of one kind, up to one of them."""
    return [one for one in told if one.kind == kind and (until is None or one.period <= until)]


def rows_of(connection: sa.Connection, release_id: UUID, indicator: str, period: str) -> list[Any]:
    """Every row of an indicator in one release and period, in the order of the file: the total and its breakdowns."""
    table: Any = FigureRow.__table__
    wanted = sa.select(table).where(
        table.c.release_id == release_id, table.c.indicator == indicator, table.c.period == period
    )
    return list(connection.execute(wanted.order_by(table.c.position)))


_REVISIONS = """
    SELECT r.name AS told_by, v.cube, v.cell, v.old, v.new, v.revises, v.reason, c.axes
    FROM released.revision v JOIN released.release r ON r.id = v.release_id
    LEFT JOIN released.cube c ON c.release_id = v.release_id AND c.name = v.cube
    WHERE r.country = :country AND (v.cube = :domain OR v.cube LIKE :domain || '.%')
    ORDER BY r.period DESC, r.edition DESC, v.cube, v.cell LIMIT 40
"""


def revisions(connection: sa.Connection, country: str, domain: str) -> list[Mapping[str, Any]]:
    """The newest changes that a later release made to the cells of a domain, with the dimensions of their cube."""
    asked = {"country": country, "domain": domain}
    return [dict(row) for row in connection.execute(sa.text(_REVISIONS), asked).mappings()]
