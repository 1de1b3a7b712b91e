"""Questions about users and teams. What an administrator or auditor sees starts from `visible_to`: their
site's, in a national team the whole country's. The others answer other areas and name no user's secrets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import aliased

from caseapp.accounts.models import Membership, Team, User, UserSession
from caseapp.accounts.rules import ACT_KINDS
from caseapp.core import clock
from caseapp.core.access import Principal
from caseapp.core.audit import AuditRow
from caseapp.core.db import session
from caseapp.core.jobs import JobRun
from caseapp.core.outbox import OutboxRow
from caseapp.places.models import Service, Site
from caseapp.places.queries import sites, without_team
from config.settings import settings

__all__ = [
    "audit_rows", "entries_offering", "failed_messages", "failed_runs", "last_runs", "living_sessions", "members_in", "membership_of", "offers", "queues",
    "roles_of", "site_of", "sites", "team_of_code", "teams_of", "teams_offering", "timezone_of", "user_of_email",
    "users_of", "visible_to",
]  # fmt: skip


# -- for other areas ----------------------------------------------------------------------------------
def team_of_code(code: str) -> Team | None:
    """The team called `MX-TAP-SHELTER`, or None."""
    return session.scalars(sa.select(Team).where(Team.code == code)).one_or_none()


@dataclass(frozen=True)
class Offer:
    """A service at a site, the team that receives for it (None: an entry of the directory to which nobody was referred
    yet), and the answer to what was asked of the team besides."""

    team: Team | None
    service: Service
    site: Site
    also: bool = False

    @property
    def key(self) -> UUID:
        """What names it in a form: the team that offers it, or the entry that no team offers."""
        return self.service.id if self.service.team_id is None or self.team is None else self.team.id

    @property
    def team_id(self) -> UUID | None:
        return self.team.id if self.team is not None else None

    @property
    def type_and_country(self) -> tuple[str, str]:
        """Of whoever receives, for `may_receive`."""
        return (STANDS_FOR, self.site.country) if self.team is None else (self.team.type, self.team.country)


def teams_offering(kind: str, country: str, *, also: sa.ColumnElement[bool] | None = None) -> list[Offer]:
    """Active teams of the country that offer this service (`service_kind`), by site and team. `also`: yes or no, asked of
    each team in the same statement."""
    rows = session.execute(
        sa.select(Team, Service, Site, sa.false() if also is None else also)
        .join(Service, Service.team_id == Team.id)
        .join(Site, Site.id == Service.site_id)
        .where(Service.kind == kind, Service.active, Team.active, Team.country == country)
        .where(sa.or_(Site.closed_on.is_(None), Site.closed_on > clock.today()))
        .order_by(Site.sort_key, Team.sort_key)
    ).all()
    return [Offer(*row) for row in rows]


#: The type of a team that stands for an entry of the directory.
STANDS_FOR = "DIRECTORY"
#: Entries that are looked through for one page of choices.
MOST_ENTRIES = 60


def entries_offering(
    who: Principal,
    kind: str,
    country: str,
    *,
    near_team: UUID,
    words: str = "",
    first: UUID | None = None,
) -> list[Offer]:
    """Entries of the directory that no team of ours offers and that can be referred to, with the team that stands for
    each where it was made, those of the team's own division first (one statement; `words`, `first` as in
    `places.queries.without_team`)."""
    here = aliased(Site)
    own = aliased(Team)
    near = sa.select(here.admin1).join(own, own.site_id == here.id).where(own.id == near_team)
    asked = (
        without_team(who, kind, country, words=words, near=near.scalar_subquery(), first=first)
        .outerjoin(Team, Team.stands_for_id == Service.id)
        .add_columns(Team)
        .limit(MOST_ENTRIES)
    )
    return [Offer(row[3], row[0], row[1]) for row in session.execute(asked)]


def offers(team: Team, kind: str) -> bool:
    """Whether this team receives for an active service of this kind: its own, or the entry that it stands for while no
    team of ours offers that."""
    own = sa.or_(
        Service.team_id == team.id, sa.and_(Service.id == team.stands_for_id, Service.team_id.is_(None))
    )
    asked = (
        sa.select(Service.id)
        .join(Site, Site.id == Service.site_id)
        .where(own, Service.kind == kind, Service.active, sa.or_(Site.closed_on.is_(None), Site.closed_on > clock.today()))
    )  # fmt: skip
    return team.active and session.scalars(asked.limit(1)).first() is not None


def site_of(team_id: UUID) -> Site | None:
    """The site of a team; None for a national team."""
    return session.scalars(
        sa.select(Site).join(Team, Team.site_id == Site.id).where(Team.id == team_id)
    ).one_or_none()


#: A national team has no site; its business dates are those of its capital.
CAPITAL_TIMEZONE = {
    "BLZ": "America/Belize", "CRI": "America/Costa_Rica", "GTM": "America/Guatemala",
    "HND": "America/Tegucigalpa", "MEX": "America/Mexico_City", "PAN": "America/Panama",
    "SLV": "America/El_Salvador",
}  # fmt: skip


def timezone_of(team_id: UUID) -> str:
    """The IANA time zone of a team: its site's, or its capital's; UTC for a country not known here. Asked of the
    database once a session."""
    known = cast(dict[UUID, str], session().info.setdefault("timezones", {}))
    if team_id not in known:
        known[team_id] = _timezone_of(team_id)
    return known[team_id]


def _timezone_of(team_id: UUID) -> str:
    row = session.execute(
        sa.select(Site.timezone, Team.country)
        .select_from(Team)
        .outerjoin(Site, Site.id == Team.site_id)
        .where(Team.id == team_id)
    ).one()
    return row.timezone or CAPITAL_TIMEZONE.get(row.country, "UTC")


def _active_now() -> sa.ColumnElement[bool]:
    today = clock.today()
    return sa.and_(
        Membership.valid_from <= today,
        sa.or_(Membership.valid_to.is_(None), Membership.valid_to > today),
    )


def users_of(team_id: UUID, *roles: str) -> Sequence[User]:
    """Active users who hold a role (one of these, if given) in the team today, by name."""
    holds = sa.select(Membership.id).where(
        Membership.user_id == User.id, Membership.team_id == team_id, _active_now()
    )
    if roles:
        holds = holds.where(Membership.role.in_(roles))
    return session.scalars(sa.select(User).where(User.active, holds.exists()).order_by(User.name)).all()


def user_of_email(email: str) -> User | None:
    return session.scalars(sa.select(User).where(User.email == email.strip().lower())).one_or_none()


# -- for administrators and auditors ------------------------------------------------------------------
def _within(who: Principal, *roles: str) -> sa.ColumnElement[bool]:
    """Teams in reach of these roles: of the site, or of the country for a role in a national team."""
    if who.kind == "system":
        return sa.true()
    grants = [g for g in who.grants if g.role in roles]
    here = {g.site_id for g in grants if g.site_id is not None}
    countries = {g.country for g in grants if g.site_id is None}
    return sa.or_(Team.site_id.in_(here), Team.country.in_(countries))


def teams_of(who: Principal, role: str = "ADMINISTRATOR") -> sa.Select[Team]:
    """Teams of people that this administrator (auditor) looks after."""
    real = Team.type != STANDS_FOR
    return sa.select(Team).where(_within(who, role), real).order_by(Team.country, Team.sort_key, Team.code)


def _belongs(who: Principal, role: str) -> sa.ColumnElement[bool]:
    return (
        sa.select(Membership.id)
        .join(Team, Team.id == Membership.team_id)
        .where(Membership.user_id == User.id, _within(who, role))
        .exists()
    )


def visible_to(who: Principal, role: str = "ADMINISTRATOR") -> sa.Select[User]:
    """Users who hold, or held, a role in a team that this administrator (auditor) looks after."""
    if who.kind == "system":
        return sa.select(User).order_by(User.name, User.id)
    return sa.select(User).where(_belongs(who, role)).order_by(User.name, User.id)


@dataclass(frozen=True)
class HeldRole:
    """A membership as a page shows it."""

    membership: Membership
    team: Team
    active: bool


def roles_of(user_ids: Iterable[UUID]) -> dict[UUID, list[HeldRole]]:
    """Roles of many users in one statement, active first."""
    today = clock.today()
    found: dict[UUID, list[HeldRole]] = {user_id: [] for user_id in user_ids}
    rows = session.execute(
        sa.select(Membership, Team)
        .join(Team, Team.id == Membership.team_id)
        .where(Membership.user_id.in_(found))
        .order_by(Membership.valid_from, Team.sort_key, Membership.id)
    ).all()
    for membership, team in rows:
        active = membership.valid_from <= today and (
            membership.valid_to is None or membership.valid_to > today
        )
        found[membership.user_id].append(HeldRole(membership, team, active))
    return {key: sorted(held, key=lambda h: not h.active) for key, held in found.items()}


def membership_of(who: Principal, user_id: UUID, membership_id: UUID) -> HeldRole | None:
    """One membership of a user in a team that this administrator looks after."""
    row = session.execute(
        sa.select(Membership, Team)
        .join(Team, Team.id == Membership.team_id)
        .where(Membership.id == membership_id, Membership.user_id == user_id, _within(who, "ADMINISTRATOR"))
    ).one_or_none()
    return HeldRole(row[0], row[1], True) if row else None


def members_in(team_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many users hold a role in each team today; teams without any are missing."""
    rows = session.execute(
        sa.select(Membership.team_id, sa.func.count(sa.distinct(Membership.user_id)))
        .join(User, User.id == Membership.user_id)
        .where(Membership.team_id.in_(team_ids), User.active, _active_now())
        .group_by(Membership.team_id)
    ).all()
    return {row[0]: row[1] for row in rows}


def living_sessions(user_id: UUID) -> Sequence[UserSession]:
    """Sessions of a user that are still good, the last seen first."""
    moment = clock.real_now()
    return session.scalars(
        sa.select(UserSession)
        .where(
            UserSession.user_id == user_id,
            UserSession.stage == "SIGNED_IN",
            UserSession.revoked_at.is_(None),
            UserSession.expires_at > moment,
            UserSession.last_seen_at > moment - settings().session_idle,
        )
        .order_by(UserSession.last_seen_at.desc(), UserSession.id.desc())
    ).all()


def audit_rows(
    who: Principal,
    *,
    actor: str | None = None,
    subject_id: UUID | None = None,
    kind: str | None = None,
    before: UUID | None = None,
) -> sa.Select[Any]:
    """Audit rows of users in an auditor's reach, and of what was done to their accounts; newest first.

    `before` is the id of the last row seen (ids are ordered by time): no page counts the whole table.
    """
    mine = visible_to(who, "AUDITOR").order_by(None).with_only_columns(User.id)
    wanted = sa.select(AuditRow).where(
        sa.or_(
            AuditRow.user_id.in_(mine),
            sa.and_(AuditRow.subject == "user_account", AuditRow.subject_id.in_(mine)),
        )
    )
    if actor:
        wanted = wanted.where(AuditRow.actor == actor)
    if subject_id is not None:
        wanted = wanted.where(AuditRow.subject_id == subject_id)
    if kind in ACT_KINDS:
        wanted = wanted.where(AuditRow.act.in_(ACT_KINDS[kind]))
    if before is not None:
        wanted = wanted.where(AuditRow.id < before)
    return wanted.order_by(AuditRow.id.desc())


# -- queues and runs: ids and codes, nothing of any person ----------------------------------------------
@dataclass(frozen=True)
class Queue:
    """The messages of one topic that are not done: put off, due, handed to the broker, given up. Plus those
    done in the last day, and since when the oldest has been due."""

    topic: str
    queue: str
    waiting: int
    due: int
    handed: int
    failed: int
    done: int
    oldest_due_at: datetime | None


def queues() -> list[Queue]:
    """Each topic that has something to do or did something in the last day, in one statement."""
    moment = clock.real_now()
    row = OutboxRow
    open_, late = row.done_at.is_(None) & row.failed_at.is_(None), row.due_at <= moment
    count = sa.func.count
    rows = session.execute(
        sa.select(
            row.topic,
            row.queue,
            count().filter(open_, row.handed_at.is_(None), ~late),
            count().filter(open_, row.handed_at.is_(None), late),
            count().filter(open_, row.handed_at.is_not(None)),
            count().filter(row.failed_at.is_not(None)),
            count().filter(row.done_at.is_not(None)),
            sa.func.min(row.due_at).filter(open_, late),
        )
        .where(sa.or_(row.done_at.is_(None), row.done_at > moment - timedelta(days=1)))
        .group_by(row.topic, row.queue)
        .order_by(row.queue, row.topic)
    ).all()
    return [Queue(*values) for values in rows]


def failed_messages(limit: int = 50) -> Sequence[OutboxRow]:
    """Messages that were given up, the last first."""
    return session.scalars(
        sa.select(OutboxRow)
        .where(OutboxRow.failed_at.is_not(None))
        .order_by(OutboxRow.failed_at.desc(), OutboxRow.id)
        .limit(limit)
    ).all()


def last_runs() -> Sequence[JobRun]:
    """The last run of each job."""
    return session.scalars(
        sa.select(JobRun)
        .ext(pg.distinct_on(JobRun.job))
        .order_by(JobRun.job, JobRun.started_at.desc(), JobRun.id.desc())
    ).all()


def failed_runs(limit: int = 25) -> Sequence[JobRun]:
    """Runs that failed, the last first."""
    return session.scalars(
        sa.select(JobRun).where(JobRun.state == "FAILED").order_by(JobRun.started_at.desc()).limit(limit)
    ).all()
