"""The verb of a voluntary return: its next step, with what it brings to the plan."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm.attributes import flag_modified

from caseapp.core import access
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile
from caseapp.people import queries as people
from caseapp.people import rules as people_rules
from caseapp.people.events import happened
from caseapp.people.models import Case, Consent, Need, PersonPopulation
from caseapp.solutions import events, rules
from caseapp.solutions.models import ReturnStep, SolutionPlan
from caseapp.solutions.service.plans import note, reached

RETURN = "RETURN_ASSISTANCE"


def return_facts(case: Case, made: SolutionPlan, on: date) -> rules.ReturnFacts:
    """What `rules.may_return_step` looks at. Who is an asylum-seeker has a claim in progress."""
    steps = session.execute(
        sa.select(ReturnStep.step, ReturnStep.reached_on).where(ReturnStep.plan_id == made.id)
    )
    needs = sa.select(Need.recorded_on).where(
        Need.case_id == case.id, Need.state == "OPEN", Need.code.in_(rules.DANGER)
    )
    claims = sa.select(PersonPopulation.since).where(
        PersonPopulation.case_id == case.id, PersonPopulation.ended_on.is_(None),
        PersonPopulation.population == "ASYLUM_SEEKER",
    )  # fmt: skip
    consent = _consent(case, on)
    own = consent is not None and consent.given_by in ("SELF", "SUPPORTED_DECISION") and consent.alone is True
    return rules.ReturnFacts(
        reached={row.step: row.reached_on for row in steps},
        consent_on=consent.asked_on if consent is not None and own and consent.legal_advice_on else None,
        danger_since=[*session.scalars(needs), *session.scalars(claims)],
    )


def _consent(case: Case, on: date) -> Consent | None:
    """The person's newest answer about help to return, if it is a yes that holds: to the country that it names."""
    asked = [a for a in people.answers_of(case.id) if a.purpose == RETURN and a.state != "NOT_ASKED"]
    if not asked:
        return None
    to = people_rules.Recipient(asked[-1].recipient_team_id, asked[-1].recipient_country)
    return people_rules.key_that_opens(asked, RETURN, to, on)


def return_step(
    case: Case, made: SolutionPlan, *, step: str, on: date, version: int | None = None
) -> ReturnStep:
    """Record a step of the return; some bring the plan's own step with them, a change of mind ends it. Writes
    return.step. Raises the errors of `rules.may_return_step`, StepNotNext (no return, or the plan is elsewhere),
    StepDateWrong, ChangedMeanwhile."""
    if version is not None and version != made.version:
        raise ChangedMeanwhile
    if made.pathway != "VOLUNTARY_RETURN" or (made.ended_on is not None):
        raise rules.StepNotNext
    facts = return_facts(case, made, on)
    if on > people.today_of(case) or any(on < day for day in facts.reached.values()):
        raise rules.StepDateWrong
    rules.may_return_step(step, facts, on)
    follows = "STOPPED_BY_PERSON" if step == "CHANGED_MIND" else rules.PLAN_STEP_OF.get(step)
    if follows:
        rules.may_step(follows, reached(made), on, people.today_of(case))
    row = ReturnStep(
        case_id=case.id, plan_id=made.id, step=step, reached_on=on, recorded_by_id=access.current().user_id
    )
    session.add(row)
    flag_modified(made, "agreed_on")
    happened(events.RETURN_STEP, case, on=on, subject_id=made.id, code=step)
    if follows:
        note(case, made, follows, on)
    session.flush()
    return row
