"""Screenings, as the team that holds the file sees them, and the facts that questionnaires ask about."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

from caseapp.core import clock
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.core.journal import CaseEvent
from caseapp.people import profiles
from caseapp.people import queries as people
from caseapp.people import rules as people_rules
from caseapp.people.models import Case, Person
from caseapp.protection import rules
from caseapp.protection.models import Screening, ScreeningDecision, ScreeningOutcome


def visible_to(principal: Principal) -> sa.Select[Screening]:
    """Screenings of cases that the principal's own teams hold."""
    return (
        sa.select(Screening)
        .join(Case, Case.id == Screening.case_id)
        .where(Case.team_id.in_(principal.case_teams))
    )


def of_case(case: Case, screening_id: UUID, *, lock: bool = False) -> Screening:
    """One screening of a case that the caller was let into; NotYours if it is another case's."""
    asked = sa.select(Screening).where(Screening.id == screening_id, Screening.case_id == case.id)
    if lock:
        asked = asked.with_for_update().execution_options(populate_existing=True)
    found = session.scalars(asked).one_or_none()
    if found is None:
        raise NotYours
    return found


def for_case(case_id: UUID) -> list[Screening]:
    """All screenings of a case, newest first."""
    return list(
        session.scalars(
            sa.select(Screening).where(Screening.case_id == case_id).order_by(Screening.id.desc())
        )
    )


def started(case_id: UUID) -> Screening | None:
    """The screening that is going on."""
    return session.scalars(
        sa.select(Screening).where(Screening.case_id == case_id, Screening.state == "STARTED")
    ).one_or_none()


def last_unfinished(case_id: UUID) -> Screening | None:
    """The newest screening, if it was left unfinished."""
    newest = session.scalars(
        sa.select(Screening).where(Screening.case_id == case_id).order_by(Screening.id.desc()).limit(1)
    ).one_or_none()
    return newest if newest is not None and newest.state == "UNFINISHED" else None


def outcomes_of(screening_id: UUID) -> list[str]:
    return list(
        session.scalars(
            sa.select(ScreeningOutcome.outcome)
            .where(ScreeningOutcome.screening_id == screening_id)
            .order_by(ScreeningOutcome.id)
        )
    )


def decisions_of(screening_id: UUID) -> list[ScreeningDecision]:
    return list(
        session.scalars(
            sa.select(ScreeningDecision)
            .where(ScreeningDecision.screening_id == screening_id)
            .order_by(ScreeningDecision.id)
        )
    )


def facts_of(case: Case, person: Person, on: date) -> rules.Facts:
    """Age as treated, and the household as it is on a day."""
    persons, with_parent, with_carer = profiles.once(("screened", case.id), lambda: _household(case, person))
    children = sum(_is_child(p, on) for p in persons)
    members = [
        people_rules.Member(_is_child(p, on), p.case_id in with_parent, p.case_id in with_carer)
        for p in persons
    ]
    decided = person.age_status in ("DISPUTED_TREATED_AS_CHILD", "DECIDED_CHILD", "DECIDED_ADULT")
    known = people_rules.age_range(people.birth_of(person), on)
    return rules.Facts(
        age=rules.age_as_treated(known, _is_child(person, on), decided),
        household_type=people_rules.household_type(members),
        household_size=len(persons),
        adults=len(persons) - children,
        children=children,
        infants=sum(people_rules.is_infant(people.birth_of(p), on) for p in persons),
    )


def _household(case: Case, person: Person) -> tuple[list[Person], set[UUID], set[UUID]]:
    """The people of the household now, and which cases among them have a parent, or a carer, there."""
    household = people.household_of(case.id)
    persons = [part.person for part in people.members_of(household)] if household else [person]
    links = people.relations_among(p.case_id for p in persons)
    with_parent, with_carer = people_rules.with_parent_or_carer(
        (r.case_id, r.other_case_id, r.relation) for r in links if r.evidence != "DISPROVED"
    )
    return persons, with_parent, with_carer


def _is_child(person: Person, on: date) -> bool:
    return people_rules.is_child(people.birth_of(person), person.age_status, on)


def babies_of(case: Case, on: date) -> list[Case]:
    """The files that a baby's requirement belongs to: those of the children under two of the household that the
    same team holds, the person's own among them."""
    household = people.household_of(case.id)
    if household is None:
        return [case] if people_rules.is_infant(people.birth_of(people.person_of(case)), on) else []
    return [
        part.case
        for part in people.members_of(household)
        if part.case.team_id == case.team_id and people_rules.is_infant(people.birth_of(part.person), on)
    ]


def intake_began(case_id: UUID, timezone: str) -> datetime | None:
    """When the first contact began: the moment at which the arrival was written; local noon of the day of
    arrival where that was written on a later day."""
    row = session.execute(
        sa.select(CaseEvent.effective_on, CaseEvent.recorded_at)
        .where(CaseEvent.case_id == case_id, CaseEvent.kind == "intake.opened")
        .order_by(CaseEvent.position)
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    return began_at(row.effective_on, row.recorded_at, timezone)


def began_at(effective_on: date, recorded_at: datetime, timezone: str) -> datetime:
    """The moment of a first contact from the event's day and the moment at which it was written."""
    if effective_on < clock.local(recorded_at, timezone).date():
        return clock.at(effective_on, 12, 0, timezone)
    return recorded_at
