"""Consent as a key: record, withdraw and let it end. Refusing changes nothing but the answer itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.people import events, queries, rules
from caseapp.people.models import Case, Consent, Person

TEXT_VERSION = "2025-11"


@dataclass(frozen=True, slots=True)
class NewConsent:
    """One answer to one purpose. `given_by_case_id` names the parent who answers for a child."""

    purpose: str
    state: str = "GIVEN"
    given_by: str = "SELF"
    given_by_case_id: UUID | None = None
    recipient_team_id: UUID | None = None
    recipient_country: str | None = None
    form: str | None = None
    language: str | None = None
    interpreter: str | None = None
    alone: bool | None = None
    legal_advice_on: date | None = None
    expires_on: date | None = None
    text_version: str = TEXT_VERSION


def record_consent(case: Case, person: Person, new: NewConsent, *, on: date) -> Consent:
    """Record one person's answer, asked on a day. Whether the person is an adult is frozen now. Writes
    consent.given or consent.refused (nothing for NOT_ASKED). Raises what `rules.may_consent` refuses."""
    adult = not rules.is_child(queries.birth_of(person), person.age_status, on)
    rules.may_consent(
        purpose=new.purpose, state=new.state, given_by=new.given_by, adult=adult,
        through_another=new.given_by_case_id is not None and new.given_by_case_id != case.id, alone=new.alone,
        form=new.form, country_named=bool(new.recipient_country), legal_advice_on=new.legal_advice_on, asked_on=on,
    )  # fmt: skip
    given = new.state == "GIVEN"
    row = Consent(
        case_id=case.id, person_id=person.id, purpose=new.purpose, recipient_team_id=new.recipient_team_id,
        recipient_country=new.recipient_country or None, state=new.state, adult=adult, given_by=new.given_by,
        given_by_case_id=None if adult else new.given_by_case_id, form=new.form or None,
        language=new.language or None, interpreter=new.interpreter or None, alone=new.alone,
        legal_advice_on=new.legal_advice_on, text_version=new.text_version, asked_on=on,
        expires_on=rules.consent_ends_on(new.purpose, on, new.expires_on) if given else None,
        recorded_by_id=access.current().user_id,
    )  # fmt: skip
    session.add(row)
    if new.state != "NOT_ASKED":
        kind = events.CONSENT_GIVEN if given else events.CONSENT_REFUSED
        events.happened(kind, case, on=on, person=person, subject_id=row.id, code=new.purpose)
    session.flush()
    return row


def withdraw_consent(case: Case, consent: Consent, *, on: date) -> None:
    """The person takes the consent back, from now on. Writes consent.withdrawn. Raises NotYetAsked if it
    does not hold. What follows (a stay, a referral) is for those areas to ask of `queries.consent_for`."""
    rules.may_withdraw(consent.state)
    consent.state, consent.withdrawn_at = "WITHDRAWN", clock.now()
    events.happened(events.CONSENT_WITHDRAWN, case, on=on, subject_id=consent.id, code=consent.purpose)
    session.flush()


def expire_consent(case: Case, consent: Consent, *, on: date) -> None:
    """The last day has passed. Writes consent.expired. Raises Overdue if it has not."""
    rules.may_withdraw(consent.state)
    if consent.expires_on is None or consent.expires_on >= on:
        raise rules.Overdue
    consent.state = "EXPIRED"
    events.happened(events.CONSENT_EXPIRED, case, on=on, subject_id=consent.id, code=consent.purpose)
    session.flush()


def expire_consents(on: date, *, most: int = 500) -> int:
    """Nightly: let every consent end whose last day has passed; returns how many."""
    rows = session.execute(
        sa.select(Consent, Case)
        .join(Case, Case.id == Consent.case_id)
        .where(Consent.state == "GIVEN", Consent.expires_on < on)
        .order_by(Consent.id)
        .limit(most)
        .with_for_update(of=Consent, skip_locked=True)
    ).all()
    for consent, case in rows:
        expire_consent(case, consent, on=on)
    return len(rows)
