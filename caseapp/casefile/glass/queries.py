"""Exceptional accesses: one's own that are open, those to a team's files, those an auditor reviews; and the file
itself while it is open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import Team, User
from caseapp.casefile.glass import rules
from caseapp.casefile.glass.models import GlassAccess
from caseapp.core import clock
from caseapp.core.access import Principal
from caseapp.core.audit import AuditRow
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.people import queries as people
from caseapp.people.models import Case, Contact, Need, Person, PersonNationality, PlacementRequirement
from caseapp.places.models import Site

TRIED = ("glass_broken", "glass_refused")


def tries_of(principal: Principal) -> int:
    """How often this person tried within the hour, whatever came of it (business time)."""
    return (
        session.scalar(
            sa.select(sa.func.count())
            .select_from(AuditRow)
            .where(
                AuditRow.actor == principal.name,
                AuditRow.at > clock.now() - timedelta(hours=1),
                AuditRow.act.in_(TRIED),
            )
        )
        or 0
    )


def open_access(number: str, principal: Principal) -> GlassAccess:
    """The person's own access to this file that is still open; NotYours in every other case."""
    found = session.scalars(
        sa.select(GlassAccess)
        .where(
            GlassAccess.number == number.strip().upper(),
            GlassAccess.user_id == principal.user_id,
            GlassAccess.ended_at.is_(None),
            GlassAccess.ends_at > clock.real_now(),
        )
        .order_by(GlassAccess.id.desc())
        .limit(1)
    ).one_or_none()
    if found is None or not rules.is_open(found.since, found.ends_at, found.ended_at, clock.real_now()):
        raise NotYours
    return found


@contextmanager
def opened(case_id: UUID) -> Iterator[None]:
    """Within the block, and only while the access runs, the policies let its holder read the file."""
    ask = sa.text("SELECT set_config('app.glass', :case, true)")
    session.execute(ask, {"case": str(case_id)})
    yield
    session.execute(ask, {"case": ""})


@dataclass(frozen=True)
class Seen:
    """What is read through the glass: who this is, how to reach them, what they need that is not sealed."""

    case: Case
    person: Person
    site: Site
    team: str
    nationalities: Sequence[str]
    languages: Sequence[str]
    requirements: Sequence[PlacementRequirement]
    contacts: Sequence[Contact]
    needs: Sequence[Need]


def read(found: GlassAccess) -> Seen:
    """The file while it is open (seven statements). NotYours once PostgreSQL has closed it."""
    row = session.execute(
        sa.select(Case, Person, Site, Team.name)
        .join(Person, Person.case_id == Case.id)
        .join(Site, Site.id == Case.site_id)
        .join(Team, Team.id == Case.team_id)
        .where(Case.id == found.case_id, Case.erased_at.is_(None))
    ).one_or_none()
    if row is None:
        raise NotYours
    case_id = found.case_id
    nations = session.scalars(
        sa.select(PersonNationality.country)
        .where(PersonNationality.case_id == case_id)
        .order_by(PersonNationality.position)
    ).all()
    return Seen(
        *row, nations, people.languages_of(case_id), people.requirements_of([case_id]),
        people.contacts_of(case_id), people.needs_of(case_id, open_only=True),
    )  # fmt: skip


@dataclass(frozen=True)
class Line:
    """An access as a list shows it: who, of which team."""

    access: GlassAccess
    user: str
    team: str


def _lines(asked: sa.Select[Any]) -> list[Line]:
    rows = session.execute(
        asked.join(User, User.id == GlassAccess.user_id)
        .join(Team, Team.id == GlassAccess.team_id)
        .add_columns(User.name, Team.name)
    ).all()
    return [Line(*row) for row in rows]


def to_case(case_id: UUID) -> list[Line]:
    """Who read a file this way, the newest first, for the team that holds it."""
    return _lines(
        sa.select(GlassAccess).where(GlassAccess.case_id == case_id).order_by(GlassAccess.id.desc())
    )


def unseen(principal: Principal, limit: int = 8, first: int = 0) -> list[Line]:
    """Accesses to files of the teams this person supervises that no supervisor has seen yet."""
    return _lines(
        sa.select(GlassAccess)
        .join(Case, Case.id == GlassAccess.case_id)
        .where(Case.team_id.in_(principal.teams_as("SUPERVISOR")), GlassAccess.seen_at.is_(None))
        .where(Case.erased_at.is_(None))
        .order_by(GlassAccess.id)
        .limit(limit)
        .offset(first)
    )


def for_auditor(principal: Principal, *, waiting: bool = False) -> sa.Select[Any]:
    """Accesses in the countries that this auditor looks after, the newest first."""
    asked = sa.select(GlassAccess).where(GlassAccess.country.in_(audited(principal)))
    if waiting:
        asked = asked.where(GlassAccess.reviewed_at.is_(None))
    return asked.order_by(GlassAccess.id.desc())


def audited(principal: Principal) -> tuple[str, ...]:
    """Countries in which this person audits."""
    return tuple(sorted({g.country for g in principal.grants if g.role == "AUDITOR"}))


def lines_of(accesses: Sequence[GlassAccess]) -> list[Line]:
    """The same accesses with the names of those who opened (one statement)."""
    if not accesses:
        return []
    ids = [a.id for a in accesses]
    return _lines(sa.select(GlassAccess).where(GlassAccess.id.in_(ids)).order_by(GlassAccess.id.desc()))


def one_for_auditor(access_id: UUID, principal: Principal, *, lock: bool = False) -> Line:
    """One access to be reviewed; NotYours (404) outside the auditor's countries."""
    asked = for_auditor(principal).where(GlassAccess.id == access_id)
    if lock:
        asked = asked.with_for_update(of=GlassAccess).execution_options(populate_existing=True)
    found = _lines(asked)
    if not found:
        raise NotYours
    return found[0]
