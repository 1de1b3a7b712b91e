"""Verbs on solutions: agree on a plan, record a step."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm.attributes import flag_modified

from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, says
from caseapp.people.events import happened
from caseapp.people.models import Case, PersonPopulation
from caseapp.places.models import Site
from caseapp.solutions import events, rules
from caseapp.solutions.models import SolutionPlan, SolutionStep

says("uq_solution_plan_current", rules.PlanExists)


def _today(case: Case) -> date:
    zone = session.scalar(sa.select(Site.timezone).where(Site.id == case.site_id))
    return clock.today(zone or "UTC")


def plan(case: Case, *, pathway: str, on: date) -> SolutionPlan:
    """Agree on a plan for a pathway; the first step, PROPOSED, is that day. Raises PlanExists (also by
    constraint), StepDateWrong."""
    if on > _today(case):
        raise rules.StepDateWrong
    current = session.scalar(
        sa.select(SolutionPlan.id).where(
            SolutionPlan.case_id == case.id, SolutionPlan.pathway == pathway, SolutionPlan.ended_on.is_(None)
        )
    )
    if current is not None:
        raise rules.PlanExists
    made = SolutionPlan(case_id=case.id, pathway=pathway, agreed_on=on)
    session.add(made)
    session.flush()
    population = session.scalar(
        sa.select(PersonPopulation.population)
        .where(PersonPopulation.case_id == case.id, PersonPopulation.ended_on.is_(None))
        .order_by(PersonPopulation.since.desc())
        .limit(1)
    )
    happened(events.PLANNED, case, on=on, subject_id=made.id, code=pathway, population=population)
    _note(case, made, "PROPOSED", on)
    return made


def step(case: Case, made: SolutionPlan, *, step: str, on: date, version: int | None = None) -> SolutionStep:
    """Record that a plan reached a step. Raises the errors of `rules.may_step`, ChangedMeanwhile."""
    if version is not None and version != made.version:
        raise ChangedMeanwhile
    rows = session.execute(
        sa.select(SolutionStep.step, SolutionStep.reached_on).where(SolutionStep.plan_id == made.id)
    )
    reached = {row.step: row.reached_on for row in rows}
    rules.may_step(step, reached, on, _today(case))
    flag_modified(made, "agreed_on")  # the plan's version counts its steps
    return _note(case, made, step, on)


def _note(case: Case, made: SolutionPlan, reached: str, on: date) -> SolutionStep:
    row = SolutionStep(
        case_id=case.id, plan_id=made.id, step=reached, reached_on=on, recorded_by_id=access.current().user_id
    )
    session.add(row)
    happened(events.STEPPED, case, on=on, subject_id=made.id, code=made.pathway, outcome=reached)
    if reached == "HAPPENED" and made.pathway in rules.DEPARTURES:
        happened(events.DEPARTED, case, on=on, subject_id=made.id, code=made.pathway)
        if made.pathway == "PTA":
            happened(events.PTA_DEPARTED, case, on=on, subject_id=made.id, code=made.pathway)
    if reached in rules.HELD_AFTER_MONTHS:
        months = rules.HELD_AFTER_MONTHS[reached]
        happened(events.HELD, case, on=on, subject_id=made.id, code=made.pathway, number=months)
    if reached == "FAILED":
        happened(events.FAILED, case, on=on, subject_id=made.id, code=made.pathway)
    if reached in rules.ENDS:
        made.ended_on = on
    session.flush()
    return row
