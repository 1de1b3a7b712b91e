"""Sites of a country, which of them reported and which signed their month, in the database as role `facts` (and, for
the signatures, as role `app`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from caseapp.core import clock
from caseapp.publication.models import CoverageRow, Status
from caseapp.publication.queries import COVERAGE_DOMAIN
from caseapp.publication.store import RELEASE


@dataclass(frozen=True)
class Site:
    """A site of the registry, with the months in which it opened and closes."""

    code: str
    kind: str
    opened: str
    closed: str


#: Where people sleep and the site may be named: what may stand beside a safe house without a name.
BEDS = ("SHELTER", "RECEPTION_CENTRE")
SAFE_HOUSE = "SAFE_HOUSE"


def named(found: Sequence[Site], month: str) -> list[str]:
    """The sites that the figures of a year name, from those that stand in its first month: all but safe houses.

    What is named nowhere stands together as other sites. Of a single safe house that label would say everything: then the
    last shelter by its code (a centre where there is none) goes without a name too, and where neither is, no site is named.
    The registry decides, never a count.
    """
    here = [one for one in found if one.opened <= month <= one.closed]
    shown = [one.code for one in here if one.kind != SAFE_HOUSE]
    if len(here) - len(shown) != 1:
        return shown
    beside = next((codes for kind in BEDS if (codes := [one.code for one in here if one.kind == kind])), None)
    return [code for code in shown if code != max(beside)] if beside else []


def sites(connection: sa.Connection, country: str) -> list[Site]:
    """The sites of a country at which people are received, by code, safe houses too. Offices report nothing of their
    own; a safe house is named nowhere (`named`): where it is is nobody's business."""
    rows = connection.execute(
        sa.text(
            "SELECT code, kind, coalesce(to_char(opened_on, 'YYYY-MM'), '') AS opened, "
            "coalesce(to_char(closed_on, 'YYYY-MM'), '9999-12') AS closed FROM public.site "
            "WHERE country = :country AND kind IN ('BORDER_POINT', 'RECEPTION_CENTRE', 'SHELTER', 'SAFE_HOUSE') "
            "ORDER BY code"
        ),
        {"country": country},
    )
    return [Site(row.code, row.kind, row.opened, row.closed) for row in rows]


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
    """Of a month, how many sites reported, how many were expected, whether all signed it, and of each site that is named
    whether it had."""

    period: str
    reporting: int
    expected: int
    is_confirmed: bool
    sites: Mapping[str, bool]

    @property
    def says_which(self) -> bool:
        """Whether it says of every site in service whether it reported. Releases of before counted a site as reporting
        that had recorded anything, and named those of the year's plan only."""
        return (sum(self.sites.values()), len(self.sites)) == (self.reporting, self.expected)


def month_of(period: str, signed: Mapping[str, bool]) -> Covered:
    """The coverage of a month by who signed it."""
    many = sum(signed.values())
    return Covered(period, many, len(signed), many == len(signed), signed)


def coverage_of_months(connection: sa.Connection, country: str, months: Sequence[str]) -> list[Covered]:
    """Of released months what their newest edition says."""
    row = CoverageRow.__table__
    wanted = (
        sa.select(
            row.c.period, row.c.place_level, row.c.place, row.c.reporting, row.c.expected, row.c.status, RELEASE.c.edition
        )
        .join(RELEASE, RELEASE.c.id == row.c.release_id)
        .where(
            RELEASE.c.country == country, RELEASE.c.status == Status.APPROVED.value,
            row.c.domain == COVERAGE_DOMAIN,
            row.c.period == RELEASE.c.period, row.c.period.in_(months),
        )
    )  # fmt: skip
    told: dict[str, list[Any]] = {}
    for one in connection.execute(wanted):
        told.setdefault(one.period, []).append(one)
    return [_covered(month, told[month]) for month in sorted(told)]


def _covered(month: str, rows: Sequence[Any]) -> Covered:
    newest = max(one.edition for one in rows)
    own = [one for one in rows if one.edition == newest]
    whole = next(one for one in own if one.place_level == "COUNTRY")
    signed = {one.place: one.status == "COMPLETE" for one in own if one.place_level == "SITE"}
    return Covered(month, whole.reporting, whole.expected, whole.status == "COMPLETE", signed)


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
