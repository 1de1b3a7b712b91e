"""Acting without consent: written down with its basis, reviewed by a second person, told to the person."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.people import events, queries, rules
from caseapp.people.models import Case, ConsentWaiver, Person
from caseapp.people.rules.waiver import REFUSALS
from caseapp.people.service.correct import check_version


def waive(
    case: Case,
    person: Person,
    *,
    purpose: str,
    basis: str,
    reason: str,
    on: date,
    recipient: rules.Recipient = rules.ANYBODY,
    subject_id: UUID | None = None,
) -> ConsentWaiver:
    """Act for a purpose without this person's consent, on a legal basis and for its reason. Writes consent.waived.
    Refused where the consent is there (`rules.NotNeeded`), and with the other refusals of `rules.why_not_waive`."""
    child = rules.is_child(queries.birth_of(person), person.age_status, on)
    consented = rules.consent_opens(queries.answers_of(case.id), purpose, recipient, on)
    refused = rules.why_not_waive(
        purpose,
        basis,
        reason,
        child=child,
        consented=consented,
        officer="CHILD_OFFICER" in access.current().roles,
    )
    if refused:
        raise REFUSALS[refused]
    row = ConsentWaiver(
        case_id=case.id, person_id=person.id, purpose=purpose, recipient_team_id=recipient.team_id,
        recipient_country=recipient.country, subject_id=subject_id, adult=not child, basis=basis, made_at=clock.now(),
        made_on=on, made_by_id=access.current().user_id,
    )  # fmt: skip
    session.add(row)
    row.reason = reason.strip()
    events.happened(
        events.CONSENT_WAIVED,
        case,
        on=on,
        person=person,
        subject_id=subject_id or row.id,
        code=purpose,
        reason=basis,
    )
    session.flush()
    return row


def review_waiver(
    case: Case, waiver: ConsentWaiver, outcome: str, *, note: str = "", version: int | None = None, on: date
) -> None:
    """A second person says whether acting without consent stands. Where it does not, what rested on it closes at
    once (`events.waiver_not_upheld`). Raises the refusals of `rules.may_review`, ChangedMeanwhile."""
    who = access.current().user_id
    if version is not None:
        check_version(waiver.version, version)
    rules.may_review(
        made_by=waiver.made_by_id,
        reviewer=who,
        reviewed=waiver.reviewed_at is not None,
        outcome=outcome,
        note=note,
    )
    waiver.reviewed_at, waiver.reviewed_by_id, waiver.outcome = clock.now(), who, outcome
    waiver.note = note.strip()
    session.flush()
    if outcome == "NOT_UPHELD":
        for handler in events.waiver_not_upheld:
            handler(case, waiver, on)


def tell_waiver(waiver: ConsentWaiver, told_on: date, *, today: date) -> None:
    """The person was told that somebody acted without their consent, as soon as it was safe. Raises ToldBefore."""
    rules.may_tell(made_on=waiver.made_on, told_on=told_on, today=today)
    waiver.told_on, waiver.told_by_id = told_on, access.current().user_id
    session.flush()
