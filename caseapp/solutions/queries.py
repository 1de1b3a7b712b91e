"""Solution plans, as the owner team of the case sees them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.people.models import Case
from caseapp.solutions.models import Employment, ReturnStep, SolutionPlan, SolutionStep, Training, WorkPermit


def visible_to(principal: Principal) -> sa.Select[SolutionPlan]:
    """Plans of cases that the principal's own teams hold."""
    return (
        sa.select(SolutionPlan)
        .join(Case, Case.id == SolutionPlan.case_id)
        .where(Case.team_id.in_(principal.case_teams))
    )


def for_case(case_id: UUID) -> Sequence[tuple[SolutionPlan, list[SolutionStep]]]:
    """Plans with their steps, newest plan first (two statements)."""
    plans = session.scalars(
        sa.select(SolutionPlan)
        .where(SolutionPlan.case_id == case_id)
        .order_by(SolutionPlan.agreed_on.desc(), SolutionPlan.id.desc())
    ).all()
    steps = session.scalars(
        sa.select(SolutionStep)
        .where(SolutionStep.case_id == case_id)
        .order_by(SolutionStep.reached_on, SolutionStep.id)
    ).all()
    return [(plan, [s for s in steps if s.plan_id == plan.id]) for plan in plans]


def reached(case_id: UUID) -> frozenset[tuple[str, str]]:
    """(pathway, step) pairs that the case's plans reached, for the rules of closing."""
    rows = session.execute(
        sa.select(SolutionPlan.pathway, SolutionStep.step)
        .join(SolutionStep, SolutionStep.plan_id == SolutionPlan.id)
        .where(SolutionPlan.case_id == case_id)
    ).all()
    return frozenset((pathway, step) for pathway, step in rows)


def returned(case_id: UUID) -> dict[UUID, dict[str, date]]:
    """The steps of returns with their days, by plan (one statement)."""
    found: dict[UUID, dict[str, date]] = {}
    for row in session.scalars(
        sa.select(ReturnStep)
        .where(ReturnStep.case_id == case_id)
        .order_by(ReturnStep.reached_on, ReturnStep.id)
    ):
        found.setdefault(row.plan_id, {})[row.step] = row.reached_on
    return found


def work_of(case_id: UUID) -> tuple[Sequence[WorkPermit], Sequence[Training], Sequence[Employment]]:
    """Permits, trainings and jobs, the newest first (three statements)."""
    return (
        session.scalars(
            sa.select(WorkPermit).where(WorkPermit.case_id == case_id).order_by(WorkPermit.id.desc())
        ).all(),
        session.scalars(
            sa.select(Training).where(Training.case_id == case_id).order_by(Training.id.desc())
        ).all(),
        session.scalars(
            sa.select(Employment).where(Employment.case_id == case_id).order_by(Employment.id.desc())
        ).all(),
    )
