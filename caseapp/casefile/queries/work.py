"""The plan, tasks, notes, alerts and approvals of one file, for its pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from caseapp.accounts.models import User
from caseapp.casefile.models import Approval, CaseAlert, CaseNote, CasePlan, CaseTask, PlanGoal
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.people.models import Case, Need

NOTES = 50


def plan_of(case_id: UUID) -> CasePlan | None:
    """The plan that is open."""
    return session.scalars(
        sa.select(CasePlan).where(CasePlan.case_id == case_id, CasePlan.state != "ENDED")
    ).one_or_none()


@dataclass(frozen=True)
class ToldPlan:
    """A plan, who made it, and how its approval stands."""

    plan: CasePlan
    maker: str
    approver: str | None
    approval: Approval | None


def plans_of(case_id: UUID) -> list[ToldPlan]:
    """All plans of a file, the newest first, each with its newest request for approval (one statement)."""
    maker, approver = aliased(User), aliased(User)
    asked = aliased(Approval)
    newest = (
        sa.select(asked.id)
        .where(asked.subject_id == CasePlan.id)
        .order_by(asked.id.desc())
        .limit(1)
        .correlate(CasePlan)
        .scalar_subquery()
    )
    rows = session.execute(
        sa.select(CasePlan, maker.name, approver.name, Approval)
        .join(maker, maker.id == CasePlan.made_by_id)
        .outerjoin(approver, approver.id == CasePlan.approved_by_id)
        .outerjoin(Approval, Approval.id == newest)
        .where(CasePlan.case_id == case_id)
        .order_by(CasePlan.agreed_on.desc(), CasePlan.id.desc())
    ).all()
    return [ToldPlan(*row) for row in rows]


def goals_of(plan_id: UUID) -> Sequence[PlanGoal]:
    return session.scalars(sa.select(PlanGoal).where(PlanGoal.plan_id == plan_id).order_by(PlanGoal.id)).all()


@dataclass(frozen=True)
class ToldGoal:
    goal: PlanGoal
    need: Need | None


def goals_told(case_id: UUID, *, sealed: bool) -> list[ToldGoal]:
    """The goals of a file's plans with their needs: those on the private page, or the others (one statement)."""
    rows = session.execute(
        sa.select(PlanGoal, Need)
        .outerjoin(Need, Need.id == PlanGoal.need_id)
        .where(PlanGoal.case_id == case_id, PlanGoal.sealed.is_(sealed))
        .order_by(PlanGoal.id)
    ).all()
    return [ToldGoal(*row) for row in rows]


@dataclass(frozen=True)
class ToldTask:
    task: CaseTask
    assignee: str | None


def tasks_of(case_id: UUID, *, sealed: bool | None = False, most: int = 200) -> list[ToldTask]:
    """Tasks of a file, the open first and the earliest due first (one statement); `sealed` None: all."""
    asked = (
        sa.select(CaseTask, User.name)
        .outerjoin(User, User.id == CaseTask.assigned_to_id)
        .where(CaseTask.case_id == case_id)
    )
    if sealed is not None:
        asked = asked.where(CaseTask.sealed.is_(sealed))
    rows = session.execute(
        asked.order_by(CaseTask.done_on.is_not(None), CaseTask.due_on, CaseTask.id).limit(most)
    ).all()
    return [ToldTask(*row) for row in rows]


@dataclass(frozen=True)
class ToldNote:
    note: CaseNote
    author: str


def notes_of(case: Case, who: Principal) -> list[ToldNote]:
    """The notes that this person reads, the newest first (one statement); the policy says the same again."""
    supervisor = case.team_id in who.teams_as("SUPERVISOR")
    kept = sa.and_(CaseNote.level == "AUTHOR_AND_SUPERVISOR", CaseNote.author_id == who.user_id)
    inside = sa.and_(CaseNote.team_id == case.team_id, sa.true() if supervisor else kept)
    rows = session.execute(
        sa.select(CaseNote, User.name)
        .join(User, User.id == CaseNote.author_id)
        .where(CaseNote.case_id == case.id, sa.or_(CaseNote.level == "TEAM", inside))
        .order_by(CaseNote.written_at.desc(), CaseNote.id.desc())
        .limit(NOTES)
    ).all()
    return [ToldNote(*row) for row in rows]


@dataclass(frozen=True)
class ToldAlert:
    alert: CaseAlert
    by: str | None


def alerts_of(case_id: UUID) -> list[ToldAlert]:
    """The raised alerts of a file that this person may read, the open first (one statement)."""
    rows = session.execute(
        sa.select(CaseAlert, User.name)
        .outerjoin(User, User.id == CaseAlert.raised_by_id)
        .where(CaseAlert.case_id == case_id)
        .order_by(CaseAlert.resolved_on.is_not(None), CaseAlert.review_on, CaseAlert.id)
        .limit(100)
    ).all()
    return [ToldAlert(*row) for row in rows]


def open_alert(case_id: UUID, code: str) -> CaseAlert | None:
    return session.scalars(
        sa.select(CaseAlert).where(
            CaseAlert.case_id == case_id, CaseAlert.code == code, CaseAlert.resolved_on.is_(None)
        )
    ).one_or_none()


def open_approval(subject_id: UUID) -> Approval | None:
    """The request about a plan or hand-over that waits."""
    return session.scalars(
        sa.select(Approval).where(Approval.subject_id == subject_id, Approval.state == "ASKED")
    ).one_or_none()
