"""Check for conflicts without seeing anybody; name who represents, write down their power of attorney, end it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.queries import timezone_of
from caseapp.core import access, audit, clock
from caseapp.core.db import session, uuid7
from caseapp.core.errors import NotYours
from caseapp.core.locking import locked
from caseapp.referral import kinds, queries
from caseapp.referral import rules as referral_rules
from caseapp.referral.errors import NotNow
from caseapp.referral.legal import errors, rules
from caseapp.referral.legal.models import LegalCheck, LegalMandate
from caseapp.referral.models import Referral


def outcome_of(found: Referral) -> str | None:
    """What the provider's check of a referral came to, for whoever may know; None: not made, or not theirs."""
    return session.scalar(sa.select(LegalCheck.outcome).where(LegalCheck.referral_id == found.id))


def unread(found: Referral) -> bool:
    """Whether the acting receiver reads nobody of this referral before a check."""
    return kinds.of(found.kind).blind and outcome_of(found) != rules.CLEAR


def check(found: Referral) -> str:
    """Compare the people of a referral with those whom the receiver represents, which says CLEAR or CONFLICT and never
    whom. CLEAR opens their reading. The answer of a referral stays what it was. After a CONFLICT the caller declines it.
    Raises `NotYours`, `NotNow`, `TooManyChecks`."""
    if referral_rules.RECEIVER not in queries.party_of(found, access.current()):
        raise NotYours
    verdict = session.scalar(
        sa.text("SELECT legal_conflict_check(:referral, :id, :at, :today)"),
        {
            "referral": found.id,
            "id": uuid7(),
            "at": clock.now(),
            "today": clock.today(timezone_of(found.from_team_id)),
        },
    )
    if verdict is None:
        raise NotNow
    if verdict not in rules.OUTCOMES:
        raise errors.TooManyChecks
    audit.record("conflict_checked", "referral", found.id)
    return str(verdict)


def mandates_of(found: Referral) -> list[LegalMandate]:
    """Who represents or represented the people of a referral, the newest first."""
    asked = sa.select(LegalMandate).where(LegalMandate.referral_id == found.id)
    return list(session.scalars(asked.order_by(LegalMandate.assigned_on.desc(), LegalMandate.id.desc())))


def mandate(found: Referral, mandate_id: UUID) -> LegalMandate:
    """One representation of this referral, or `NotYours`."""
    return locked(LegalMandate, LegalMandate.id == mandate_id, LegalMandate.referral_id == found.id)


def assign(
    found: Referral, case_id: UUID, lawyer: str, assigned_on: date,
    power_on: date | None = None, power_until: date | None = None,
) -> LegalMandate:  # fmt: skip
    """Somebody represents a person from a day on, perhaps with a power of attorney already. Whoever answered in the
    system writes it; where somebody answered by telephone or on paper, the sender. Raises `NotRepresenting`, `DateWrong`."""
    _may_write(found)
    members = {m.case_id for m in found.members if m.outcome == "ACCEPTED"}
    current = {m.case_id for m in mandates_of(found) if m.ended_on is None}
    if case_id not in members - current or found.state not in ("ACCEPTED", "STARTED"):
        raise errors.NotRepresenting
    _must_be_in_order(found, assigned_on, power_on, power_until)
    row = LegalMandate(
        referral_id=found.id, case_id=case_id, assigned_on=assigned_on, power_on=power_on, power_until=power_until,
        recorded_by_id=access.current().user_id,
    )  # fmt: skip
    row.lawyer = lawyer.strip()
    session.add(row)
    audit.record("lawyer_assigned", "referral", found.id)
    session.flush()
    return row


def give_power(found: Referral, row: LegalMandate, power_on: date | None, power_until: date | None) -> None:
    """The power of attorney was signed, or signed anew. Raises `NotRepresenting`, `DateWrong`."""
    _may_write(found)
    if row.ended_on is not None:
        raise errors.NotRepresenting
    if power_on is None:
        raise errors.DateWrong(field="power_on")
    _must_be_in_order(found, row.assigned_on, power_on, power_until)
    row.power_on, row.power_until = power_on, power_until
    audit.record("power_signed", "referral", found.id)
    session.flush()


def end_mandate(found: Referral, row: LegalMandate, ended_on: date) -> None:
    """They represent the person no longer. Raises `NotRepresenting`, `DateWrong`."""
    _may_write(found)
    if row.ended_on is not None:
        raise errors.NotRepresenting
    if not row.assigned_on <= ended_on <= _today(found):
        raise errors.DateWrong(field="ended_on")
    row.ended_on = ended_on
    audit.record("lawyer_ended", "referral", found.id)
    session.flush()


def must_be_told(found: Referral, outcome: str | None) -> None:
    """Refuse a result that no representation bears out. Raises `NobodyRepresents`."""
    if outcome not in (rules.NEEDS_LAWYER, rules.NEEDS_POWER):
        return
    on = _today(found)
    standing = [rules.stands(m.power_until, m.ended_on, on) for m in mandates_of(found)]
    if not rules.may_tell(outcome, standing):
        raise errors.NobodyRepresents


def writes(found: Referral, parties: Sequence[str]) -> bool:
    """Whether one of these parties writes down who represents: the receiver, or for one without an account the sender."""
    outside = found.answer_channel in referral_rules.WITH_NAME
    return (referral_rules.SENDER if outside else referral_rules.RECEIVER) in parties


def _may_write(found: Referral) -> None:
    if not writes(found, queries.party_of(found, access.current())):
        raise NotYours


def _must_be_in_order(
    found: Referral, assigned_on: date, power_on: date | None, power_until: date | None
) -> None:
    wrong = rules.wrong_in(assigned_on, power_on, power_until, _today(found))
    if wrong:
        raise errors.DateWrong(field=wrong)


def _today(found: Referral) -> date:
    return clock.today(timezone_of(found.to_team_id))
