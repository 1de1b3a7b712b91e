"""What the daily work asks for today, in one statement: tasks, plans and alerts to look at again, plans, hand-overs
and best-interests assessments to approve, offers to answer, people awaited or missing. Sealed tasks and alerts are on no list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from caseapp.accounts.models import Team
from caseapp.casefile.models import Approval, CaseAlert, CasePlan, CaseTask, Handover, HandoverMember
from caseapp.casefile.queries.today import FEW, Window, mine
from caseapp.casefile.sentences import sealed_codes, supervision_codes
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.people.models import Case
from caseapp.protection.best_interests.models import BestInterests

#: How long the sending team is told that somebody did not arrive.
TOLD_DAYS = 30
REVIEW_DAYS = 3


@dataclass(frozen=True)
class Duty:
    """One line: `what` it is, of which file (None before a hand-over is accepted), a code, and a day or a moment."""

    what: str
    id: UUID
    case_id: UUID | None
    number: str | None
    code: str | None
    words: str | None
    day: date | None
    at: datetime | None
    count: int | None


def _lines(
    window: Window, what: str, id_: Any, asked: sa.Select[Any], order: Any, **columns: Any
) -> sa.Select[Any]:
    def column(name: str, kind: Any) -> Any:
        return sa.cast(columns.get(name, sa.null()), kind).label(name)

    inner = (
        asked.with_only_columns(
            sa.literal(what).label("what"), id_.label("id"), column("case_id", sa.Uuid()), column("number", sa.Text()),
            column("code", sa.Text()), column("words", sa.Text()), column("day", sa.Date()),
            column("at", sa.DateTime(timezone=True)), column("count", sa.Integer()), maintain_column_froms=True,
        )
        .order_by(order)
        .limit(window.size)
        .offset(window.first)
        .subquery()
    )  # fmt: skip
    return sa.select(inner)


def duties(who: Principal, today: date, window: Window = FEW) -> Sequence[Duty]:
    """All lines for this person (one statement): their own tasks, and a supervisor's whole team's late ones."""
    held, teams, supervised = (
        mine(who),
        list(who.teams_as("CASEWORKER", "SUPERVISOR")),
        list(who.teams_as("SUPERVISOR")),
    )
    file = {"case_id": Case.id, "number": Case.number}
    tasks = (
        sa.select(CaseTask)
        .join(Case, Case.id == CaseTask.case_id)
        .where(
            Case.team_id.in_(teams), Case.status == "OPEN", CaseTask.done_on.is_(None), ~CaseTask.sealed,
            sa.or_(
                sa.and_(CaseTask.assigned_to_id == who.user_id, CaseTask.due_on <= today + timedelta(days=1)),
                sa.and_(Case.team_id.in_(supervised), CaseTask.due_on < today),
            ),
        )
    )  # fmt: skip
    plans = held.join(CasePlan, CasePlan.case_id == Case.id).where(
        CasePlan.state != "ENDED", CasePlan.review_on <= today + timedelta(days=REVIEW_DAYS)
    )
    hidden = (*sealed_codes("alert"), *supervision_codes())
    alerts = held.join(CaseAlert, CaseAlert.case_id == Case.id).where(
        CaseAlert.resolved_on.is_(None), CaseAlert.review_on <= today, CaseAlert.code.not_in(hidden)
    )
    approvals = (
        sa.select(Approval)
        .join(Case, Case.id == Approval.case_id)
        .where(Case.team_id.in_(supervised), Approval.state == "ASKED", Approval.asked_by_id != who.user_id)
    )
    assessments = (
        sa.select(BestInterests)
        .join(Case, Case.id == BestInterests.case_id)
        .where(
            Case.team_id.in_(supervised), Case.status == "OPEN", BestInterests.state == "CONCLUDED",
            BestInterests.concluded_by_id != who.user_id,
        )
    )  # fmt: skip
    return [
        Duty(*row)
        for row in session.execute(
            sa.union_all(
                _lines(window, "task", CaseTask.id, tasks, CaseTask.due_on, **file, code=CaseTask.kind, day=CaseTask.due_on),
                _lines(window, "plan", CasePlan.id, plans, CasePlan.review_on, **file, day=CasePlan.review_on),
                _lines(window, "alert", CaseAlert.id, alerts, CaseAlert.review_on, **file, code=CaseAlert.code, day=CaseAlert.review_on),
                _lines(window, "approval", Approval.id, approvals, Approval.asked_at, **file, code=Approval.subject, at=Approval.asked_at),
                _lines(window, "assessment", BestInterests.id, assessments, BestInterests.assessed_on, **file, day=BestInterests.assessed_on),
                *_handovers(window, teams, today),
            )
        ).all()
    ]  # fmt: skip


def _handovers(window: Window, teams: list[UUID], today: date) -> list[sa.Select[Any]]:
    other = aliased(Team)
    size = (
        sa.select(sa.func.count())
        .where(HandoverMember.handover_id == Handover.id)
        .correlate(Handover)
        .scalar_subquery()
    )
    offered = (
        sa.select(Handover)
        .join(other, other.id == Handover.from_team_id)
        .where(Handover.to_team_id.in_(teams), Handover.state == "OFFERED")
    )
    accepted = (
        sa.select(HandoverMember)
        .join(Handover, Handover.id == HandoverMember.handover_id)
        .where(Handover.state == "ACCEPTED", HandoverMember.arrived_on.is_(None))
    )
    awaited = accepted.join(other, other.id == Handover.from_team_id).where(
        Handover.to_team_id.in_(teams), Handover.arrives_on <= today
    )
    missing = accepted.join(other, other.id == Handover.to_team_id).where(
        Handover.from_team_id.in_(teams), HandoverMember.no_show_on >= today - timedelta(days=TOLD_DAYS)
    )
    of_member = {
        "case_id": HandoverMember.case_id,
        "words": other.name,
        "number": sa.cast(Handover.id, sa.Text()),
    }
    return [
        _lines(window, "offer", Handover.id, offered, Handover.offered_at, code=Handover.kind, words=other.name, day=Handover.arrives_on, at=Handover.offered_at, count=size),
        _lines(window, "awaited", HandoverMember.id, awaited, Handover.arrives_on, **of_member, code=sa.case((HandoverMember.no_show_on.is_not(None), "NO_SHOW")), day=Handover.arrives_on),
        _lines(window, "missing", HandoverMember.id, missing, HandoverMember.no_show_on, **of_member, day=HandoverMember.no_show_on),
    ]  # fmt: skip
