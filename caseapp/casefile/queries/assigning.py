"""Who of a team holds which files, for giving them to somebody else and for the pack that goes with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import Membership, User
from caseapp.casefile.models import CaseAlert, CasePlan, CaseTask
from caseapp.casefile.queries.handing import WORKERS
from caseapp.casefile.sentences import sealed_codes, supervision_codes
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.deadline.models import Deadline
from caseapp.deadline.queries import running_for
from caseapp.people import queries as people
from caseapp.people.models import Case

MOST = 200


@dataclass(frozen=True)
class Holder:
    """Somebody who holds open files of a supervised team, or could; `id` None: files that nobody holds."""

    id: UUID | None
    name: str
    active: bool
    files: int


def holders(who: Principal) -> list[Holder]:
    """Everybody who works in a supervised team, or holds its files without being in it any more (two statements)."""
    teams = list(who.teams_as("SUPERVISOR"))
    counted = dict(
        session.execute(
            sa.select(Case.assigned_to_id, sa.func.count())
            .where(Case.team_id.in_(teams), Case.status == "OPEN", Case.erased_at.is_(None))
            .group_by(Case.assigned_to_id)
        ).all()  # type: ignore[arg-type]
    )
    belongs = sa.select(Membership.user_id).where(
        Membership.team_id.in_(teams), Membership.role.in_(WORKERS), Membership.valid_to.is_(None)
    )
    rows = session.execute(
        sa.select(User.id, User.name, sa.and_(User.active, User.id.in_(belongs)))
        .where(sa.or_(User.id.in_([i for i in counted if i]), sa.and_(User.active, User.id.in_(belongs))))
        .order_by(User.name)
    ).all()
    found = [Holder(i, name, bool(active), counted.get(i, 0)) for i, name, active in rows]
    return [*found, *([Holder(None, "", False, counted[None])] if None in counted else [])]


@dataclass(frozen=True)
class Held:
    """A file with the number of its open tasks and the day on which the next is due."""

    case: Case
    tasks: int
    next_on: date | None


def files_of(who: Principal, holder: UUID | None) -> list[Held]:
    """The open files of supervised teams that somebody holds (or nobody), the most pressing first (one statement)."""
    count, first = (
        sa.select(what)
        .where(CaseTask.case_id == Case.id, CaseTask.done_on.is_(None), ~CaseTask.sealed)
        .correlate(Case)
        .scalar_subquery()
        for what in (sa.func.count(), sa.func.min(CaseTask.due_on))
    )
    rows = session.execute(
        sa.select(Case, count, first)
        .where(
            Case.team_id.in_(who.teams_as("SUPERVISOR")), Case.status == "OPEN", Case.erased_at.is_(None),
            Case.assigned_to_id == holder if holder else Case.assigned_to_id.is_(None),
        )
        .order_by(first.asc().nulls_last(), Case.opened_on, Case.id)
        .limit(MOST)
    ).all()  # fmt: skip
    return [Held(*row) for row in rows]


def worker_of(who: Principal, user_id: UUID) -> User:
    """Somebody who works in a supervised team, or holds its files; NotYours otherwise."""
    teams = list(who.teams_as("SUPERVISOR"))
    in_team = sa.select(Membership.user_id).where(Membership.team_id.in_(teams), Membership.role.in_(WORKERS))
    holds = sa.select(Case.assigned_to_id).where(Case.team_id.in_(teams), Case.status == "OPEN")
    found = session.scalars(
        sa.select(User).where(User.id == user_id, sa.or_(User.id.in_(in_team), User.id.in_(holds)))
    ).one_or_none()
    if found is None:
        raise NotYours
    return found


@dataclass(frozen=True)
class Pack:
    """What goes with somebody's files: by file the open tasks, clocks, alerts and the plan. Nothing sealed, and nothing
    that the supervision alone sees."""

    files: Sequence[Held]
    people: dict[UUID, people.Summary]
    tasks: dict[UUID, list[CaseTask]]
    clocks: dict[UUID, list[Deadline]]
    alerts: dict[UUID, list[str]]
    plans: dict[UUID, date]


def pack_of(who: Principal, holder: UUID) -> Pack:
    """The pack of somebody's files: seven statements, whatever the rows."""
    files = files_of(who, holder)
    ids = [f.case.id for f in files]
    tasks = session.scalars(
        sa.select(CaseTask)
        .where(CaseTask.case_id.in_(ids), CaseTask.done_on.is_(None), ~CaseTask.sealed)
        .order_by(CaseTask.due_on, CaseTask.id)
    )
    hidden = (*sealed_codes("alert"), *supervision_codes())
    alerts = session.scalars(
        sa.select(CaseAlert)
        .where(CaseAlert.case_id.in_(ids), CaseAlert.resolved_on.is_(None), CaseAlert.code.not_in(hidden))
        .order_by(CaseAlert.id)
    )
    plans = session.execute(
        sa.select(CasePlan.case_id, CasePlan.review_on).where(
            CasePlan.case_id.in_(ids), CasePlan.state != "ENDED"
        )
    ).all()
    by_alert: dict[UUID, list[str]] = {}
    for row in alerts:
        by_alert.setdefault(row.case_id, []).append(row.code)
    return Pack(
        files, people.summary_of(ids), _by_case(tasks),
        _by_case(d for d in running_for(ids) if d.rule not in ("TASK", "PLAN_REVIEW")), by_alert,
        {row.case_id: row.review_on for row in plans},
    )  # fmt: skip


def _by_case(rows: Iterable[Any]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = {}
    for row in rows:
        found.setdefault(row.case_id, []).append(row)
    return found
