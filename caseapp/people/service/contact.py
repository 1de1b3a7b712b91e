"""How a person may be reached without harm, and each attempt."""

from __future__ import annotations

from datetime import date

from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.people import events, queries
from caseapp.people.models import Case, Contact, ContactAttempt
from caseapp.people.service.register import NewContact, contact_row
from caseapp.people.service.tokens import findable, put_tokens


def set_contact(case: Case, new: NewContact, *, on: date) -> Contact:
    """A further way to reach the person. Writes contact.changed."""
    row = contact_row(case.id, new)
    session.add(row)
    _changed(case, new.rule, on)
    return row


def end_contact(case: Case, contact: Contact, *, on: date) -> None:
    """Not to be used any more (changed number, wrong person). Writes contact.changed."""
    if contact.ended_at is not None:
        return
    contact.ended_at = clock.now()
    _changed(case, "ENDED", on)


def _changed(case: Case, code: str, on: date) -> None:
    session.flush()
    person = queries.person_of(case)
    put_tokens(case.country, [findable(person, queries.documents_of(case.id), queries.contacts_of(case.id))])
    events.happened(events.CONTACT_CHANGED, case, on=on, person=person, code=code)
    session.flush()


def record_attempt(
    case: Case, *, channel: str, result: str, on: date, contact: Contact | None = None
) -> ContactAttempt:
    """One attempt to reach the person. A number that a wrong person answered is not used again. Writes
    contact.attempted."""
    row = ContactAttempt(
        case_id=case.id, channel=channel, result=result, at=clock.now(), by_id=access.current().user_id
    )
    session.add(row)
    events.happened(events.CONTACT_ATTEMPTED, case, on=on, code=channel, outcome=result, subject_id=row.id)
    session.flush()
    if result == "WRONG_PERSON_DO_NOT_REUSE" and contact is not None:
        end_contact(case, contact, on=on)
    return row
