"""Solution plans, as the owner team of the case sees them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.people.models import Case
from caseapp.solutions.models import SolutionPlan, SolutionStep


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
