"""Consent as a key: record, withdraw and let it end. Refusing changes nothing but the answer itself.

What a key had opened closes with it, in the same transaction: here every reading that rests on it, and by the
handlers in `events.consent_turned` what other areas hang on it (a referral, a stay).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa

from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.core.sweeping import alone
from caseapp.people import events, queries, rules
from caseapp.people.models import Case, CaseAccess, Consent, Person
from caseapp.places.models import Site

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
    assent: str | None = None
    text_version: str = TEXT_VERSION


def record_consent(case: Case, person: Person, new: NewConsent, *, on: date) -> Consent:
    """Record one person's answer, asked on a day. Whether the person is an adult is frozen now. Writes
    consent.given or consent.refused (nothing for NOT_ASKED). Raises what `rules.may_consent` refuses."""
    birth = queries.birth_of(person)
    adult = not rules.is_child(birth, person.age_status, on)
    age = _age(birth, on) if not adult else None
    assent = None if adult or new.given_by == "CHILD_ASSENT" else new.assent or _assent(case.id, new.purpose)
    rules.may_consent(
        purpose=new.purpose, state=new.state, given_by=new.given_by, adult=adult,
        through_another=new.given_by_case_id is not None and new.given_by_case_id != case.id, alone=new.alone,
        form=new.form, country_named=bool(new.recipient_country), legal_advice_on=new.legal_advice_on, asked_on=on,
        age=age, assent=assent,
    )  # fmt: skip
    given = new.state == "GIVEN"
    until = None if adult else rules.child_until(birth, person.age_status)
    row = Consent(
        case_id=case.id, person_id=person.id, purpose=new.purpose, recipient_team_id=new.recipient_team_id,
        recipient_country=new.recipient_country or None, state=new.state, adult=adult, age_asked=age, assent=assent, given_by=new.given_by,
        given_by_case_id=None if adult else new.given_by_case_id, form=new.form or None,
        language=new.language or None, interpreter=new.interpreter or None, alone=new.alone,
        legal_advice_on=new.legal_advice_on, text_version=new.text_version, asked_on=on,
        expires_on=rules.consent_ends_on(new.purpose, on, new.expires_on, case.country, child_until=until) if given else None,
        recorded_by_id=access.current().user_id,
    )  # fmt: skip
    session.add(row)
    if new.state != "NOT_ASKED":
        kind = events.CONSENT_GIVEN if given else events.CONSENT_REFUSED
        events.happened(kind, case, on=on, person=person, subject_id=row.id, code=new.purpose)
    session.flush()
    if new.state != "NOT_ASKED":
        _turned(case, row, on)
    return row


def _age(birth: rules.Birth, on: date) -> int | None:
    """A child's age as consent counts it: the oldest that is possible, so that nobody is passed over."""
    known = rules.age_range(birth, on)
    return known[1] if known else None


def _assent(case_id: UUID, purpose: str) -> str | None:
    """What the child said to this purpose before the carer was asked."""
    return session.scalar(
        sa.select(Consent.state)
        .where(
            Consent.case_id == case_id, Consent.purpose == purpose, Consent.given_by == "CHILD_ASSENT",
            Consent.state.in_(("GIVEN", "REFUSED")),
        )
        .order_by(Consent.id.desc())
        .limit(1)
    )  # fmt: skip


def withdraw_consent(case: Case, consent: Consent, *, on: date) -> None:
    """The person takes the consent back, from now on: whoever saw by it sees no more. Writes consent.withdrawn.
    Raises NotYetAsked if it does not hold."""
    rules.may_withdraw(consent.state)
    consent.state, consent.withdrawn_at = "WITHDRAWN", clock.now()
    events.happened(events.CONSENT_WITHDRAWN, case, on=on, subject_id=consent.id, code=consent.purpose)
    session.flush()
    _turned(case, consent, on)


def expire_consent(case: Case, consent: Consent, *, on: date) -> None:
    """The last day has passed. Writes consent.expired. Raises Overdue if it has not."""
    rules.may_withdraw(consent.state)
    if consent.expires_on is None or consent.expires_on >= on:
        raise rules.Overdue
    consent.state = "EXPIRED"
    events.happened(events.CONSENT_EXPIRED, case, on=on, subject_id=consent.id, code=consent.purpose)
    session.flush()
    _turned(case, consent, on)


def end_with_childhood(case: Case, person: Person, *, on: date) -> int:
    """Another birth date or a decision about age is known: what others answered for the child ends with the last day of
    childhood, at once if that has passed. Returns how many ended."""
    until = rules.child_until(queries.birth_of(person), person.age_status)
    adult, ended = not rules.is_child(queries.birth_of(person), person.age_status, on), 0
    for consent in queries.answers_of(case.id):
        if consent.state != "GIVEN" or consent.given_by in rules.OWN or consent.expires_on is None:
            continue
        last = [consent.expires_on, *([until] if until else []), *([on - timedelta(days=1)] if adult else [])]
        consent.expires_on = min(last)
        if consent.expires_on < on:
            expire_consent(case, consent, on=on)
            ended += 1
    session.flush()
    return ended


def expire_consents(on: date | None = None, *, most: int = 500) -> int:
    """Each minute: let every consent end whose last day has passed at its site (or before `on`); returns how many."""
    rows = session.execute(
        sa.select(Consent, Case, Site.timezone)
        .join(Case, Case.id == Consent.case_id)
        .join(Site, Site.id == Case.site_id)
        .where(Consent.state == "GIVEN", Consent.expires_on < (on or clock.today("UTC")))
        .order_by(Consent.id)
        .limit(most)
        .with_for_update(of=Consent, skip_locked=True)
    ).all()
    ended = 0
    for consent, case, timezone in rows:
        local = on or clock.today(timezone)
        if consent.expires_on is not None and consent.expires_on < local:
            with alone("consents", consent.id):
                expire_consent(case, consent, on=local)
                ended += 1
    return ended


def _turned(case: Case, consent: Consent, on: date) -> None:
    """A key was given, refused, taken back or has run out: close what no longer opens, then tell who hangs on it."""
    end_readings(case, consent.purpose, on)
    events.tell(events.consent_turned, case, consent, on)


def end_readings(case: Case, purpose: str, on: date) -> int:
    """End the readings of a case that rest on a purpose whose key does not open for that team any more; returns
    how many. A reading that rests on a legal basis or on a carer's key names no purpose and is not ended here."""
    readings = session.scalars(
        sa.select(CaseAccess).where(
            CaseAccess.case_id == case.id, CaseAccess.purpose == purpose, CaseAccess.ended_at.is_(None)
        )
    ).all()
    if not readings:
        return 0
    answers, ended = queries.answers_of(case.id), 0
    for reading in readings:
        if not rules.consent_opens(answers, purpose, queries.recipient(reading.team_id, purpose), on):
            reading.ended_at, ended = clock.now(), ended + 1
    session.flush()
    return ended
