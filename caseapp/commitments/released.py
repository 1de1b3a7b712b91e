"""Released figures as commitments read them: whole countries, the newest edition of each period. Only role `figures`, or a
role that sees a country's releases, reads them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa

from caseapp.publication.queries import COVERAGE_DOMAIN
from caseapp.publication.regional import RESTS_ON


@dataclass(frozen=True)
class Line:
    """A figure of a country in a period; `value` None: not offered, or no site reported (`status`). `until`: the last
    month of the release that tells it; `release`: that release's name; `version`: of the definition it counts by."""

    country: str
    indicator: str
    period: str
    value: Decimal | None
    unit: str
    status: str
    until: str
    release: str
    version: int


@dataclass(frozen=True)
class Month:
    """How many of the expected sites reported a month."""

    country: str
    period: str
    reporting: int
    expected: int
    release: str


_LINES = sa.text("""
    SELECT DISTINCT ON (r.country, f.indicator, f.period)
           r.country, f.indicator, f.period, f.value, f.unit, f.status, r.period AS until, r.name AS release,
           coalesce((CAST(r.manifest AS json) -> 'definitions' -> f.indicator -> 0 ->> 'version')::int, 0) AS version
    FROM released.release r JOIN released.figure f ON f.release_id = r.id
    WHERE r.status = 'APPROVED' AND r.country = ANY (:countries) AND f.period = ANY (:periods)
      AND (cardinality(:indicators) = 0 OR f.indicator = ANY (:indicators)) AND f.place_level = 'COUNTRY' AND f.sex = 'T' AND f.age_band = 'T' AND f.origin = 'T'
      AND f.household_type = 'T' AND f.need_group = 'T'
    ORDER BY r.country, f.indicator, f.period, r.period DESC, r.edition DESC, f.position
""").bindparams(
    *(sa.bindparam(name, type_=sa.ARRAY(sa.Text())) for name in ("countries", "periods", "indicators"))
)
_MONTHS = sa.text("""
    SELECT DISTINCT ON (r.country, r.period) r.country, r.period, c.reporting, c.expected, r.name AS release
    FROM released.release r JOIN released.coverage c ON c.release_id = r.id AND c.period = r.period
    WHERE r.status = 'APPROVED' AND r.country = ANY (:countries) AND left(r.period, 4) = :year AND c.domain = :domain
    ORDER BY r.country, r.period, r.edition DESC, c.place_level = 'COUNTRY' DESC
""").bindparams(sa.bindparam("countries", type_=sa.ARRAY(sa.Text())))


_PICTURES = sa.text("""
    SELECT p.indicator, p.title, p.description, convert_from(p.content, 'UTF8') AS svg
    FROM released.picture p JOIN released.release r ON r.id = p.release_id
    WHERE r.status = 'APPROVED' AND r.country = :country AND p.language = :language AND p.format = 'svg'
      AND p.kind = 'SERIES' AND p.release_id = (
        SELECT q.release_id FROM released.picture q JOIN released.release n ON n.id = q.release_id
        WHERE n.status = 'APPROVED' AND n.country = :country AND left(n.period, 4) = :year
        ORDER BY n.period DESC, n.edition DESC LIMIT 1)
    ORDER BY p.indicator
""")


_REGION = sa.text(f"""
    SELECT p.indicator, p.title, p.description, convert_from(p.content, 'UTF8') AS svg FROM released.region_picture p
    JOIN released.region_drawing d ON d.period = p.period
    JOIN ({RESTS_ON}) y ON y.year = d.period AND y.rests_on = d.rests_on
    WHERE p.period = :year AND p.language = :language ORDER BY p.indicator
""")


@dataclass(frozen=True)
class Shown:
    """A picture of a release: what it finds, in words, and its SVG."""

    indicator: str
    title: str
    description: str
    svg: str


def pictures(connection: sa.Connection, country: str, year: int, language: str) -> list[Shown]:
    """The series that were drawn with the newest release of a year that has pictures, by indicator."""
    asked = {"country": country, "year": str(year), "language": language}
    return [Shown(*row) for row in connection.execute(_PICTURES, asked)]


def region_pictures(connection: sa.Connection, year: int, language: str) -> list[Shown]:
    """The countries side by side in a year, by indicator; none while they rest on other releases than the figures do."""
    return [Shown(*row) for row in connection.execute(_REGION, {"year": str(year), "language": language})]


def lines(
    connection: sa.Connection,
    countries: Collection[str],
    periods: Collection[str],
    indicators: Collection[str] = (),
) -> Mapping[tuple[str, str, str], Line]:
    """By country, indicator and period (one statement); of these indicators, or of all."""
    asked = {"countries": sorted(countries), "periods": sorted(periods), "indicators": sorted(indicators)}
    rows = connection.execute(_LINES, asked)
    return {(row.country, row.indicator, row.period): Line(*row) for row in rows}


def months(connection: sa.Connection, countries: Collection[str], year: int) -> list[Month]:
    """Each released month of a year with its coverage, by country and month."""
    asked = {"countries": sorted(countries), "year": str(year), "domain": COVERAGE_DOMAIN}
    return [Month(*row) for row in connection.execute(_MONTHS, asked)]
