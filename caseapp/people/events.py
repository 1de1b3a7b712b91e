"""The event kinds of people and cases, and `happened`, by which every area of casework writes the journal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.core import journal
from caseapp.core.db import session
from caseapp.core.journal import CaseEvent, EventKind, kind
from caseapp.people import profiles, rules
from caseapp.people.models import (
    Case,
    Consent,
    ConsentWaiver,
    HouseholdMember,
    Person,
    PersonNationality,
    Relation,
)

INTAKE_OPENED = kind("intake.opened")
REGISTERED = kind("person.registered")
PROFILED = kind("person.profiled")
CORRECTED = kind("person.corrected")
MERGED = kind("person.merged")
UNMERGED = kind("person.unmerged")
ERASED = kind("person.erased")
WITHDRAWN = kind("event.withdrawn")
CASE_OPENED = kind("case.opened")
CASE_CLOSED = kind("case.closed")
CASE_REOPENED = kind("case.reopened")
CASE_ASSIGNED = kind("case.assigned")
HOUSEHOLD_FORMED = kind("household.formed")
HOUSEHOLD_JOINED = kind("household.joined")
HOUSEHOLD_LEFT = kind("household.left")
RELATION_RECORDED = kind("relation.recorded")
POPULATION_CHANGED = kind("population.changed")
CONSENT_GIVEN = kind("consent.given")
CONSENT_REFUSED = kind("consent.refused")
CONSENT_WITHDRAWN = kind("consent.withdrawn")
CONSENT_EXPIRED = kind("consent.expired")
CONSENT_WAIVED = kind("consent.waived")
CONTACT_ATTEMPTED = kind("contact.attempted")
CONTACT_CHANGED = kind("contact.changed")
NEED_RECORDED = kind("need.recorded")
NEED_CHANGED = kind("need.changed")
NEED_MET = kind("need.met")
NEED_ENDED = kind("need.ended")
REQUIREMENT_SET = kind("requirement.set")
REQUIREMENT_ENDED = kind("requirement.ended")
GUARDIAN_NAMED = kind("guardian.assigned")

#: Handlers of areas above, called in the same transaction: a key was given, refused, taken back or ran out, and a
#: review did not uphold that somebody acted without one.
ConsentHandler = Callable[[Case, Consent, date], None]
consent_turned: list[ConsentHandler] = []
waiver_not_upheld: list[Callable[[Case, ConsentWaiver, date], None]] = []
#: Handlers of areas above, called in the same transaction before a person is erased: what they keep outside the file's key.
being_erased: list[Callable[[Case], None]] = []
#: Handlers of areas above, called in the same transaction after a birth or a decision about age was corrected, with the
#: site's day: who is protected as a child may have changed.
age_corrected: list[Callable[[Case, date], None]] = []


def tell(handlers: Sequence[ConsentHandler], case: Case, consent: Consent, on: date) -> None:
    """Call the handlers, in the running transaction."""
    for handler in handlers:
        handler(case, consent, on)


def household_of(case_id: UUID) -> UUID | None:
    """The id of the household the case is in now."""
    return session.scalar(
        sa.select(HouseholdMember.household_id).where(
            HouseholdMember.case_id == case_id, HouseholdMember.left_on.is_(None)
        )
    )


def profile(person: Person, on: date) -> dict[str, Any]:
    """The person's codes for figures on a day: sex, age_band, origin, household_type (three statements, asked once
    a transaction however many days are looked at)."""
    birth = rules.Birth(person.birth_precision, person.birth_from, person.birth_to)
    return {
        "sex": rules.sex_in_figures(person.sex_in_document),
        "age_band": rules.age_band(birth, person.age_status, on),
        "origin": profiles.once(("origin", person.id), lambda: _origin(person)) or "UNK",
        "household_type": _household_type(person.case_id, on),
    }


def _origin(person: Person) -> str | None:
    return session.scalar(
        sa.select(PersonNationality.country)
        .where(PersonNationality.person_id == person.id)
        .order_by(PersonNationality.position)
        .limit(1)
    )


def _household_type(case_id: UUID, on: date) -> str:
    together = profiles.once(("together", case_id), lambda: _together(case_id))
    return rules.household_type(
        [
            rules.Member(rules.is_child(birth, age_status, on), with_parent, with_carer)
            for birth, age_status, with_parent, with_carer in together
        ]
    )


def _together(case_id: UUID) -> list[tuple[rules.Birth, str, bool, bool]]:
    """Whoever is in the case's household now: birth, age status, with a parent there, with a carer there."""
    mine = sa.select(HouseholdMember.household_id).where(
        HouseholdMember.case_id == case_id, HouseholdMember.left_on.is_(None)
    )
    rows = session.execute(
        sa.select(Person)
        .join(HouseholdMember, HouseholdMember.case_id == Person.case_id)
        .where(HouseholdMember.household_id.in_(mine), HouseholdMember.left_on.is_(None))
    ).scalars()
    persons = list(rows) or [session.scalars(sa.select(Person).where(Person.case_id == case_id)).one()]
    ids = [p.case_id for p in persons]
    links = session.execute(
        sa.select(Relation.case_id, Relation.other_case_id, Relation.relation).where(
            Relation.case_id.in_(ids), Relation.other_case_id.in_(ids), Relation.evidence != "DISPROVED"
        )
    ).all()
    with_parent, with_carer = rules.with_parent_or_carer((one, other, what) for one, other, what in links)
    return [
        (
            rules.Birth(p.birth_precision, p.birth_from, p.birth_to), p.age_status,
            p.case_id in with_parent, p.case_id in with_carer,
        )
        for p in persons
    ]  # fmt: skip


def happened(
    event_kind: EventKind,
    case: Case,
    *,
    on: date,
    person: Person | None = None,
    site_id: UUID | None = None,
    team_id: UUID | None = None,
    subject_id: UUID | None = None,
    other_case_id: UUID | None = None,
    household_id: UUID | None = None,
    codes_of: dict[str, Any] | None = None,
    **codes: Any,
) -> CaseEvent:
    """Append an event about a case's person, with the profile codes as they are on that day.

    `on` is the site's local date. `site_id` and `team_id` default to the case's own; a shelter passes its
    own. `codes_of` is a profile already computed (a family registered in one pass computes it once for
    each member). `subject_id` is the referral, stay, claim … that the event is about; `other_case_id` the
    second person of a merge; `household_id` spares a look-up where it is known. Raises FileClosed for what a
    closed file does not take.
    """
    rules.may_happen(event_kind.name, case.status == "CLOSED")
    if codes_of is None:
        codes_of = _codes_of(case, person, on)
    if household_id is None:
        household_id = profiles.once(("household", case.id), lambda: household_of(case.id))
    return journal.append(
        event_kind,
        country=case.country,
        on=on,
        site_id=site_id or case.site_id,
        team_id=team_id or case.team_id,
        case_id=case.id,
        household_id=household_id,
        subject_id=subject_id,
        other_case_id=other_case_id,
        **{**codes_of, **codes},
    )


def _codes_of(case: Case, person: Person | None, on: date) -> dict[str, Any]:
    person = person or profiles.once(("person", case.id), lambda: _person_of(case))
    return profile(person, on) if person is not None else {}


def _person_of(case: Case) -> Person | None:
    return session.scalars(sa.select(Person).where(Person.case_id == case.id)).one_or_none()
