"""Referrals by service from published cells: how many were due an answer, and how many were declined because nobody had
room. The cells are of one split, so its services add up to the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa

from caseapp.publication import store
from caseapp.publication.cube import figures
from caseapp.publication.cube import period as periods
from caseapp.publication.cube.grain import is_offered
from caseapp.publication.drawing import Drawn
from caseapp.publication.queries import kind_of

DOMAIN, CUBE, BY_SITE = "referrals", "referrals.ending.sector", "referrals.ending.site"
#: Columns of the table: the groups of endings that are disjoint, and what all of them are of.
DUE, NO_CAPACITY, LAPSED, COMPLETED = "ANSWER_DUE", "NO_CAPACITY", "LAPSED", "COMPLETED"
DECLINED = ("DECLINED_ON_TIME", "DECLINED_LATE")


@dataclass(frozen=True)
class Service:
    """A service (or the site that referred) in a period: referrals due an answer, and of these those declined for lack of
    room, declined for another reason, lapsed without an answer, and completed. `share`: of lack of room; None below a
    denominator of 10."""

    code: str
    due: int
    no_capacity: int
    declined: int
    lapsed: int
    completed: int

    @property
    def share(self) -> Decimal | None:
        return figures.rate(self.no_capacity, self.due).value


@dataclass(frozen=True)
class Unmet:
    """What a period publishes: each service, and each site where sites average enough; those with most declined for
    lack of room first. Both are empty where their split is not published."""

    services: Sequence[Service] = ()
    sites: Sequence[Service] = ()


def unmet(connection: sa.Connection, country: str, period: str) -> Unmet:
    """The referrals of a period by service and by site, from one statement."""
    since = f"{int(period[-4:] if period.startswith('MIRPS') else period[:4]) - 1}-10"
    stored = store.sheets(connection, country, since=since, with_truth=False, domains={DOMAIN})
    sheets = {name: [one for _, one in rows if _is_in(one.period, period)] for name, rows in stored.items()}
    by_service = _by(sheets.get(CUBE, []), "sector")
    by_site = _by(sheets.get(BY_SITE, []), "place")
    # A quarter whose first months have no split by site would give sites without them.
    is_whole = len(sheets.get(BY_SITE, [])) == len(sheets.get(CUBE, []))
    offered = bool(by_site) and is_whole and is_offered(sum(one.due for one in by_site), len(by_site))
    return Unmet(by_service, by_site if offered else ())


def _by(sheets: Sequence[Drawn], name: str) -> list[Service]:
    """The table along one dimension; none where a sheet does not have it."""
    if not sheets or any(_axis(sheet, name) is None for sheet in sheets):
        return []
    labels = sorted({label for sheet in sheets for label in (_axis(sheet, name) or ())})
    found = [_service(sheets, name, label) for label in labels]
    return sorted(found, key=lambda one: (-one.no_capacity, -one.due, one.code))


def _axis(sheet: Drawn, name: str) -> tuple[str, ...] | None:
    return next((d.labels for d in sheet.dimensions if d.name == name), None)


def _service(sheets: Sequence[Drawn], name: str, code: str) -> Service:
    def of(*endings: str) -> int:
        return sum(
            figures.cells_sum(sheet.dimensions, [sheet.y], {name: (code,), "ending": endings})
            for sheet in sheets
        )

    return Service(code, of(DUE), of(NO_CAPACITY), of(*DECLINED), of(LAPSED), of(COMPLETED))


def _is_in(piece: str, period: str) -> bool:
    """Whether the cells of a cube period belong to a period of figures."""
    kind = kind_of(period)
    if kind == "MONTH":
        return "Q" not in piece and periods.month(piece) == period
    if kind == "QUARTER":
        return periods.quarter(piece) == period
    return kind == "YEAR" and periods.year(piece) == period
