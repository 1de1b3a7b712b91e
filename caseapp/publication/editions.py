"""Which edition of a month a released figure rests on, from approved releases alone.

A revision changes its month at once. A quarter, a year or a MIRPS year sums frozen months, so it takes a revision only
with the next release that is made of it (docs/decisions/0231): until then it rests on the earlier edition and says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.publication.cube import period as periods
from caseapp.publication.queries import kind_of

#: What a file says of editions beside each figure: the release that tells it, its edition (0: the first), the revisions
#: of its months that it rests on and those that it has not taken yet.
EDITION_COLUMNS = ("release", "edition", "revisions", "revisions_awaited")


@dataclass(frozen=True)
class Edition:
    """An approved release: `period` is its month, `edition` 0 for the first publication and counts revisions; `code`
    and `reason` say why it revises; `cells` is how many published cells it changed, `domains` of what; `by_quarter`: the country counted its people by quarter."""

    id: UUID
    country: str
    name: str
    period: str
    edition: int
    published_at: datetime | None
    code: str = ""
    reason: str = ""
    cells: int = 0
    by_quarter: bool = False
    domains: tuple[str, ...] = ()

    @property
    def is_revision(self) -> bool:
        return self.edition > 0


def months_of(period: str, until: str) -> tuple[str, ...]:
    """The months that a period of figures sums, up to a released month: `2025-Q3`, `2025`, `MIRPS-2025` (October is cut
    on the 26th, so both its Octobers belong to it), `2025-09`."""
    kind = kind_of(period)
    if kind == "MONTH":
        return (period,)
    year = int(period[-4:] if kind == "MIRPS" else period[:4])
    own = [f"{year}-{number:02d}" for number in range(1, 13)]
    if kind == "QUARTER":
        own = [month for month in own if periods.quarter(month) == period]
    if kind == "MIRPS":
        own = [f"{year - 1}-{number:02d}" for number in (10, 11, 12)] + own[:10]
    return tuple(month for month in own if month <= until)


@dataclass(frozen=True)
class Editions:
    """The approved releases of a country, or of several, in the order in which they were made."""

    made: tuple[Edition, ...] = ()

    @cached_property
    def _place(self) -> Mapping[UUID, int]:
        return {one.id: at for at, one in enumerate(self.made)}

    def of(self, release_id: UUID) -> Edition | None:
        at = self._place.get(release_id)
        return None if at is None else self.made[at]

    def named(self, name: str) -> Edition | None:
        return next((one for one in self.made if one.name == name), None)

    def before(self, edition: Edition) -> Edition | None:
        """The edition of the same month that this one revises."""
        same = (one for one in self.made if (one.country, one.period) == (edition.country, edition.period))
        earlier = [one for one in same if one.edition < edition.edition]
        return max(earlier, key=lambda one: one.edition, default=None)

    def until(self, release_id: UUID) -> tuple[UUID, ...]:
        """The releases that were there when one was made, itself among them."""
        return tuple(one.id for one in self.made[: self._place[release_id] + 1])

    def stretch(self, period: str, release_id: UUID) -> tuple[str, str] | None:
        """The first and the last month that a period sums as one release tells it: a country that began in August has a
        year from August. Who counts by quarter began with a quarter's first month. None: the release is not known."""
        told = self.of(release_id)
        if told is None:
            return None
        since = min(one.period for one in self.made if one.country == told.country)
        if told.by_quarter:
            since = f"{since[:4]}-{(int(since[5:7]) - 1) // 3 * 3 + 1:02d}"
        months = [month for month in months_of(period, told.period) if month >= since]
        return (months[0], months[-1]) if months else None

    def is_whole(self, period: str, release_id: UUID) -> bool:
        """Whether a period as one release tells it sums every month that it should."""
        should = months_of(period, "9999-12")
        return self.stretch(period, release_id) == (should[0], should[-1])

    def taken(self, period: str, release_id: UUID) -> tuple[Edition, ...]:
        """The revisions that a period rests on as a release tells it, the newest of each month."""
        return self._revisions(period, release_id, later=False)

    def awaited(self, period: str, release_id: UUID, domain: str = "") -> tuple[Edition, ...]:
        """The revisions of its months that were made after that release: it still rests on what was before. `domain`:
        those alone that changed a cell of it; a figure of what they left alone waits for nothing."""
        found = self._revisions(period, release_id, later=True)
        return tuple(one for one in found if not domain or domain in one.domains)

    def _revisions(self, period: str, release_id: UUID, later: bool) -> tuple[Edition, ...]:
        told = self.of(release_id)
        if told is None:
            return ()
        here, months = self._place[release_id], months_of(period, told.period)
        found = {
            one.period: one for at, one in enumerate(self.made)
            if one.is_revision and one.country == told.country and one.period in months and (at > here) == later
        }  # fmt: skip
        return tuple(found[month] for month in sorted(found))

    def columns(self, row: Any) -> dict[str, Any]:
        """The values of `EDITION_COLUMNS` for a row of figures (its `period`, `release_id`, `cube`)."""
        told, domain = self.of(row.release_id), row.cube.partition(".")[0]
        if told is None:
            return dict.fromkeys(EDITION_COLUMNS)
        return {
            "release": told.name, "edition": told.edition,
            "revisions": " ".join(one.name for one in self.taken(row.period, row.release_id)),
            "revisions_awaited": " ".join(one.name for one in self.awaited(row.period, row.release_id, domain)),
        }  # fmt: skip


_EDITIONS = """
    SELECT r.id, r.country, r.name, r.period, r.edition, r.decided_at AS published_at, coalesce(r.revision_code, '') AS code,
           coalesce(r.revision_reason, '') AS reason, r.grain = 'QUARTERLY' AS by_quarter, coalesce(v.cells, 0) AS cells, coalesce(v.domains, '{}') AS domains
    FROM released.release r
    LEFT JOIN LATERAL (SELECT count(*) AS cells, array_agg(DISTINCT split_part(cube, '.', 1)) AS domains
                       FROM released.revision WHERE release_id = r.id) v ON r.edition > 0
    WHERE (CAST(:country AS text) IS NULL OR r.country = :country) AND r.status = 'APPROVED' ORDER BY r.made_at, r.id
"""


def editions(connection: sa.Connection, country: str | None = None) -> Editions:
    """The approved releases of a country, or of all that somebody may read: one statement."""
    rows = connection.execute(sa.text(_EDITIONS), {"country": country}).mappings()
    return Editions(tuple(Edition(**{**row, "domains": tuple(row["domains"])}) for row in rows))
