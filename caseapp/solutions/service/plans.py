"""Verbs on plans: agree on one, record a step."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm.attributes import flag_modified

from caseapp.core import access
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, says
from caseapp.core.journal import EventKind
from caseapp.deadline import service as deadline
from caseapp.people import queries as people
from caseapp.people.events import happened
from caseapp.people.models import Case, PersonPopulation
from caseapp.solutions import events, rules
from caseapp.solutions.models import SolutionPlan, SolutionStep

says("uq_solution_plan_current", rules.PlanExists)


#: The clock of each follow-up.
HELD_RULES = {step: f"SOLUTION_{step}" for step in rules.HELD_AFTER_MONTHS}


def plan(
    case: Case,
    *,
    pathway: str,
    on: date,
    category: str | None = None,
    second_category: str | None = None,
    priority: str | None = None,
) -> SolutionPlan:
    """Agree on a plan for a pathway; the first step, PROPOSED, is that day. A resettlement names its category and
    priority. Raises PlanExists (also by constraint), StepDateWrong, CategoryMissing."""
    rules.check_category(pathway, category, second_category, priority)
    if on > people.today_of(case):
        raise rules.StepDateWrong
    current = session.scalar(
        sa.select(SolutionPlan.id).where(
            SolutionPlan.case_id == case.id, SolutionPlan.pathway == pathway, SolutionPlan.ended_on.is_(None)
        )
    )
    if current is not None:
        raise rules.PlanExists
    made = SolutionPlan(
        case_id=case.id, pathway=pathway, agreed_on=on, category=category, second_category=second_category,
        priority=priority,
    )  # fmt: skip
    session.add(made)
    session.flush()
    population = session.scalar(
        sa.select(PersonPopulation.population)
        .where(PersonPopulation.case_id == case.id, PersonPopulation.ended_on.is_(None))
        .order_by(PersonPopulation.since.desc())
        .limit(1)
    )
    happened(events.PLANNED, case, on=on, subject_id=made.id, code=pathway, population=population)
    if pathway == "PTA":
        happened(events.PTA_IDENTIFIED, case, on=on, subject_id=made.id, code=pathway)
    if pathway == "FAMILY_REUNIFICATION":
        happened(events.TRACING_OPENED, case, on=on, subject_id=made.id, code=pathway)
    note(case, made, "PROPOSED", on)
    return made


def step(
    case: Case,
    made: SolutionPlan,
    *,
    step: str,
    on: date,
    reason: str | None = None,
    version: int | None = None,
) -> SolutionStep:
    """Record that a plan reached a step. A return is chosen, prepared and happens by its own steps
    (`returning.return_step`). Raises the errors of `rules.may_step`, ReturnHasItsSteps, FailReasonMissing,
    ChangedMeanwhile."""
    if version is not None and version != made.version:
        raise ChangedMeanwhile
    rules.may_step(step, reached(made), on, people.today_of(case))
    if made.pathway == "VOLUNTARY_RETURN" and step in rules.PLAN_STEP_OF.values():
        raise rules.ReturnHasItsSteps
    if step == "FAILED" and reason not in rules.FAIL_REASONS:
        raise rules.FailReasonMissing
    flag_modified(made, "agreed_on")  # the plan's version counts its steps
    return note(case, made, step, on, reason if step == "FAILED" else None)


def reached(made: SolutionPlan) -> dict[str, date]:
    """The steps that a plan reached, with their days."""
    rows = session.execute(
        sa.select(SolutionStep.step, SolutionStep.reached_on).where(SolutionStep.plan_id == made.id)
    )
    return {row.step: row.reached_on for row in rows}


def note(case: Case, made: SolutionPlan, step: str, on: date, reason: str | None = None) -> SolutionStep:
    """Write a step that the rules have let through, with the events and clocks that follow from it."""
    row = SolutionStep(
        case_id=case.id, plan_id=made.id, step=step, reached_on=on, reason=reason,
        recorded_by_id=access.current().user_id,
    )  # fmt: skip
    session.add(row)
    happened(events.STEPPED, case, on=on, subject_id=made.id, code=made.pathway, outcome=step)
    _tell(case, made, step, on, reason)
    _keep_clocks(case, made, step, on)
    if step in rules.ENDS:
        made.ended_on = on
    session.flush()
    return row


def _tell(case: Case, made: SolutionPlan, step: str, on: date, reason: str | None) -> None:
    def tell(kind: EventKind, **codes: Any) -> None:
        happened(kind, case, on=on, subject_id=made.id, **codes)

    pathway = made.pathway
    if step == "HAPPENED" and pathway in rules.DEPARTURES:
        tell(events.DEPARTED, code=pathway)
    if pathway == "PTA" and step == "HAPPENED":
        tell(events.PTA_DEPARTED, code=pathway)
    if pathway == "PTA" and step == "PREPARED":
        tell(events.PTA_TRANSFERRED, code=pathway, number=(on - made.agreed_on).days)
    if pathway == "FAMILY_REUNIFICATION" and step == "HAPPENED":
        tell(events.TRACING_REUNIFIED, code=pathway)
    if pathway == "FAMILY_REUNIFICATION" and step in ("REFUSED", "STOPPED_BY_PERSON"):
        tell(events.TRACING_CLOSED, reason=step)
    if step in rules.HELD_AFTER_MONTHS:
        tell(events.HELD, code=pathway, number=rules.HELD_AFTER_MONTHS[step])
    if step == "FAILED":
        tell(events.FAILED, code=pathway, reason=reason)


def _keep_clocks(case: Case, made: SolutionPlan, step: str, on: date) -> None:
    """Follow-ups fall due from the day on which the solution happened, and no more once it did not hold."""
    subject = ("solution_plan", made.id)
    if step == "HAPPENED":
        for rule in HELD_RULES.values():
            deadline.start(case, rule, subject=subject, started_at=on, sealed=made.pathway == "PTA")
    elif step in HELD_RULES:
        deadline.meet(subject, rule=HELD_RULES[step], at=on)
    elif step in rules.ENDS:
        deadline.cancel(subject, "SUBJECT_ENDED")
