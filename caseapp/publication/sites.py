"""Sites of a country, which of them reported and which signed their month, in the database as role `facts` (and, for
the signatures, as role `app`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from caseapp.core import clock
from caseapp.publication.models import CoverageRow, Status
from caseapp.publication.store import RELEASE


@dataclass(frozen=True)
class Site:
    """A site of the registry."""

    code: str
    opened: str
    closed: str


def sites(connection: sa.Connection, country: str) -> list[Site]:
    """The sites of a country at which people are received, by code. Offices report nothing of their own; a safe
    house is named nowhere: where it is is nobody's business."""
    rows = connection.execute(
        sa.text(
            "SELECT code, coalesce(to_char(opened_on, 'YYYY-MM'), '') AS opened, "
            "coalesce(to_char(closed_on, 'YYYY-MM'), '9999-12') AS closed FROM public.site "
            "WHERE country = :country AND kind IN ('BORDER_POINT', 'RECEPTION_CENTRE', 'SHELTER') "
            "ORDER BY code"
        ),
        {"country": country},
    )
    return [Site(row.code, row.opened, row.closed) for row in rows]


def today_in(connection: sa.Connection, country: str) -> date:
    """The local date at those sites; where they lie in several time zones, the earliest: a month is over in a country
    when it is over at each of them. Where there is none, the date in UTC."""
    zones = connection.scalars(
        sa.text(
            "SELECT DISTINCT timezone FROM public.site "
            "WHERE country = :country AND kind IN ('BORDER_POINT', 'RECEPTION_CENTRE', 'SHELTER')"
        ),
        {"country": country},
    ).all()
    return min((clock.today(zone) for zone in zones), default=clock.today())


@dataclass(frozen=True)
class Covered:
    """Of a month, how many sites reported, how many were expected, and whether all signed it."""

    period: str
    reporting: int
    expected: int
    is_confirmed: bool


def coverage_of_months(connection: sa.Connection, country: str, months: Sequence[str]) -> list[Covered]:
    """Of released months what their newest edition says."""
    row = CoverageRow.__table__
    wanted = (
        sa.select(row.c.period, row.c.reporting, row.c.expected, row.c.status)
        .join(RELEASE, RELEASE.c.id == row.c.release_id)
        .where(
            RELEASE.c.country == country, RELEASE.c.status == Status.APPROVED.value, row.c.place_level == "COUNTRY",
            row.c.period == RELEASE.c.period, row.c.period.in_(months),
        )
        .order_by(RELEASE.c.edition)
    )  # fmt: skip
    found = {
        one.period: Covered(one.period, one.reporting, one.expected, one.status == "COMPLETE")
        for one in connection.execute(wanted)
    }
    return [found[month] for month in sorted(found)]


@dataclass(frozen=True)
class Signing:
    """Of a site in service in a month: how many of its teams sign, how many did and when last, whether anything
    changed since, and their remarks (codes)."""

    site: str
    name: str
    teams: int
    signed: int
    changed: bool
    signed_at: datetime | None
    notes: tuple[str, ...]

    @property
    def is_confirmed(self) -> bool:
        """Every team that signs has signed what stands."""
        return 0 < self.teams == self.signed and not self.changed


def months_confirmed(connection: sa.Connection, country: str, month: str, until: datetime) -> list[Signing]:
    """The sites in service in a month and their signatures by a moment (roles `facts` and `app`): yes and no, never
    a count of what was recorded. Offices report nothing of their own; a safe house is named nowhere."""
    wanted = sa.text("SELECT * FROM months_confirmed(:country, :month, :until)")
    rows = connection.execute(wanted, {"country": country, "month": month, "until": until})
    return [
        Signing(row.site, row.name, row.teams, row.signed, row.changed, row.signed_at, tuple(row.notes))
        for row in rows
    ]
