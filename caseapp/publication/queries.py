"""Questions of the pages: releases through the casework session (role `app`, behind its policy), figures through
role `figures`, which sees approved releases and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from caseapp.accounts.models import User
from caseapp.accounts.queries import roles_of, user_of_email
from caseapp.core.access import Grant, Principal
from caseapp.core.db import connect, session
from caseapp.core.errors import NotYours
from caseapp.publication.access import SEE_RELEASES, countries_as
from caseapp.publication.models import CoverageRow, FigureRow, FileRow, Release, RevisionRow, Status

#: Coverage is of the sites, so it is the same for every domain; pages read that of this one.
COVERAGE_DOMAIN = "arrivals"


def principal_of_email(email: str) -> Principal | None:
    """Who a command acts as: an active account with the roles that it holds today."""
    user = user_of_email(email)
    if user is None or not user.active:
        return None
    held = [one for one in roles_of([user.id])[user.id] if one.active and one.team.active]
    grants = tuple(
        Grant(
            one.membership.role, one.team.id, one.team.code, one.team.type, one.team.country, one.team.site_id
        )
        for one in held
    )
    return Principal(name=user.email, user_id=user.id, grants=grants, kind="user", language=user.language)


# -- releases, as their steward and approver see them (role app) --------------------------------------
def visible_to(who: Principal) -> sa.Select[Any]:
    """Releases of the countries whose steward or approver somebody is; the policy says the same."""
    return sa.select(Release).where(Release.country.in_(countries_as(who, *SEE_RELEASES.roles)))


@dataclass(frozen=True)
class Listed:
    """A release in the list, with the names of who made and decided it and the coverage of its month."""

    release: Release
    made_by: str
    decided_by: str
    coverage: CoverageRow | None


def releases(who: Principal) -> list[Listed]:
    """Every release that somebody may see, the newest month first: one statement."""
    maker, decider = aliased(User), aliased(User)
    of_month = sa.and_(
        CoverageRow.release_id == Release.id, CoverageRow.period == Release.period,
        CoverageRow.domain == COVERAGE_DOMAIN, CoverageRow.place_level == "COUNTRY",
    )  # fmt: skip
    rows = session.execute(
        visible_to(who)
        .add_columns(maker.name, decider.name, CoverageRow)
        .join(maker, maker.id == Release.made_by_id)
        .outerjoin(decider, decider.id == Release.decided_by_id)
        .outerjoin(CoverageRow, of_month)
        .order_by(Release.country, Release.period.desc(), Release.made_at.desc())
    ).all()
    return [Listed(row[0], row[1], row[2] or "", row[3]) for row in rows]


def release(who: Principal, release_id: UUID) -> Listed:
    """One release. Raises NotYours."""
    for found in releases(who):
        if found.release.id == release_id:
            return found
    raise NotYours


def totals(release_id: UUID) -> Sequence[FigureRow]:
    """The country totals of a release, in the order of the file."""
    whole = [getattr(FigureRow, name) == "T" for name in ("sex", "age_band", "origin", "household_type")]
    return session.scalars(
        sa.select(FigureRow)
        .where(FigureRow.release_id == release_id, FigureRow.place_level == "COUNTRY", *whole)
        .order_by(FigureRow.position)
    ).all()


def coverage(release_id: UUID) -> Sequence[CoverageRow]:
    """Coverage of a release's periods, the month first."""
    found = session.scalars(
        sa.select(CoverageRow).where(
            CoverageRow.release_id == release_id,
            CoverageRow.domain == COVERAGE_DOMAIN,
            CoverageRow.place_level == "COUNTRY",
        )
    ).all()
    return sorted(found, key=lambda row: KINDS.index(kind_of(row.period)))


def signed_sites(country: str, until: str) -> Sequence[Any]:
    """Of each approved month up to one, its sites and whether they had signed when its newest edition was made
    (`site`, `period`, `status`); one statement."""
    newest = (
        sa.select(Release.id)
        .where(Release.country == country, Release.period <= until, Release.status != Status.REFUSED.value)
        .ext(distinct_on(Release.period))
        .order_by(Release.period.desc(), Release.edition.desc())
    )
    return session.execute(
        sa.select(CoverageRow.place.label("site"), CoverageRow.period, CoverageRow.status)
        .join(Release, sa.and_(Release.id == CoverageRow.release_id, Release.period == CoverageRow.period))
        .where(
            CoverageRow.release_id.in_(newest),
            CoverageRow.domain == COVERAGE_DOMAIN,
            CoverageRow.place_level == "SITE",
        )
        .order_by(CoverageRow.place, CoverageRow.period.desc())
    ).all()


def revised(release_id: UUID, most: int) -> tuple[Sequence[RevisionRow], int]:
    """The cells that a revision changes, the largest differences first, and how many there are."""
    own = sa.select(RevisionRow).where(RevisionRow.release_id == release_id)
    many = session.scalar(own.with_only_columns(sa.func.count()))
    difference = sa.func.abs(RevisionRow.new - RevisionRow.old)
    rows = session.scalars(
        own.order_by(difference.desc(), RevisionRow.cube, RevisionRow.cell).limit(most)
    ).all()
    return rows, many or 0


def files(release_id: UUID) -> Sequence[FileRow]:
    """The sealed files of a release."""
    return session.scalars(
        sa.select(FileRow).where(FileRow.release_id == release_id).order_by(FileRow.file)
    ).all()


# -- released figures (role figures) ------------------------------------------------------------------
@dataclass(frozen=True)
class Offered:
    """A period that a country has published, and the newest release that tells of it."""

    country: str
    period: str
    release_id: UUID
    release_period: str
    definitions: Mapping[str, Any]

    @property
    def order(self) -> tuple[str, int]:
        """The newest first: by release, then month, quarter, year, MIRPS year."""
        return self.release_period, -KINDS.index(kind_of(self.period))


KINDS = ("MONTH", "QUARTER", "YEAR", "MIRPS")


def kind_of(period: str) -> str:
    """MONTH, QUARTER, YEAR or MIRPS."""
    if period.startswith("MIRPS"):
        return "MIRPS"
    return "QUARTER" if "Q" in period else ("MONTH" if "-" in period else "YEAR")


_OFFERED = """
    SELECT DISTINCT ON (r.country, f.period) r.country, f.period, r.id, r.period AS released,
           (CAST(r.manifest AS json) -> 'definitions') AS definitions
    FROM released.release r
    JOIN (SELECT DISTINCT release_id, period FROM released.figure WHERE status <> 'NOT_OFFERED') f ON f.release_id = r.id
    WHERE r.status = 'APPROVED' AND (CAST(:country AS text) IS NULL OR r.country = :country)
    ORDER BY r.country, f.period, r.period DESC, r.edition DESC
"""


def offered(connection: sa.Connection, country: str | None = None) -> list[Offered]:
    """The periods with at least one figure, the newest first; of every country, or of one."""
    rows = connection.execute(sa.text(_OFFERED), {"country": country})
    found = [Offered(row.country, row.period, row.id, row.released, row.definitions or {}) for row in rows]
    return sorted(found, key=lambda one: one.order, reverse=True)


_SITES = """
    SELECT code, name FROM public.site WHERE country = :country AND kind IN ('BORDER_POINT', 'RECEPTION_CENTRE', 'SHELTER')
"""


def site_names(country: str) -> dict[str, str]:
    """What the sites that figures may name are called, from the registry (role `app`; role `figures` reads no registry).
    A safe house and an office stand in no figure and have no name here."""
    rows = session.execute(sa.text(_SITES), {"country": country})
    return {row.code: row.name for row in rows}


def figures(
    connection: sa.Connection,
    release_ids: Sequence[UUID],
    period: Sequence[str],
    pillar: str,
    *,
    whole: bool = False,
) -> list[Any]:
    """The published rows of a pillar in some releases and periods, in the order of the file; `whole`: totals only."""
    table: Any = FigureRow.__table__
    wanted = sa.select(table).where(
        table.c.release_id.in_(release_ids), table.c.period.in_(period), table.c.indicator.like(f"{pillar}-%")
    )
    if whole:
        names = ("sex", "age_band", "origin", "household_type")
        wanted = wanted.where(table.c.place_level == "COUNTRY", *(table.c[name] == "T" for name in names))
    return list(connection.execute(wanted.order_by(table.c.release_id, table.c.position)))


def coverage_of(connection: sa.Connection, release_ids: Sequence[UUID]) -> dict[tuple[UUID, str], Any]:
    """Coverage by release and period."""
    table: Any = CoverageRow.__table__
    wanted = sa.select(table).where(
        table.c.release_id.in_(release_ids),
        table.c.domain == COVERAGE_DOMAIN,
        table.c.place_level == "COUNTRY",
    )
    return {(row.release_id, row.period): row for row in connection.execute(wanted)}


@dataclass(frozen=True)
class Drawn:
    """How far the pictures of an approved release are: of so many indicators, how many are drawn, and which could not be
    (indicator, error, tries)."""

    wanted: int = 0
    drawn: int = 0
    failures: Sequence[tuple[str, str, int]] = ()

    @property
    def is_done(self) -> bool:
        return 0 < self.wanted <= self.drawn + len(self.failures)


_DRAWN = """
    SELECT d.release_id, d.wanted, d.drawn,
           coalesce((SELECT json_agg(json_build_array(f.indicator, f.problem, f.tries) ORDER BY f.indicator)
                     FROM released.drawing_failure f WHERE f.release_id = d.release_id), '[]') AS failures
    FROM released.drawing d WHERE d.release_id = ANY (:ids)
"""


def pictures_drawn(release_ids: Sequence[UUID]) -> dict[UUID, Drawn]:
    """How far the pictures of approved releases are; one that waits for its first has none yet. In: releases that the
    reader was shown."""
    with connect("figures_read") as connection:
        rows = connection.execute(sa.text(_DRAWN), {"ids": list(release_ids)}).all()
    return {
        row.release_id: Drawn(
            row.wanted, row.drawn, [(code, problem, tries) for code, problem, tries in row.failures]
        )
        for row in rows
    }
