"""Ask for assistance, decide as a second person, appeal, plan and move payments, hand over. The yes of the person opens
the reading of the providing team, and what ends it closes it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from caseapp.accounts.models import Team
from caseapp.assistance import events
from caseapp.assistance.paying import queries, rules
from caseapp.assistance.paying.models import Assistance, Payment
from caseapp.assistance.rules import SECTOR_OF
from caseapp.assistance.service import deliver
from caseapp.core import access, audit, clock, journal
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, NotPermitted, refusal_of, says
from caseapp.core.journal import EventKind
from caseapp.people import queries as people
from caseapp.people import rules as people_rules
from caseapp.people.events import happened
from caseapp.people.models import Case, CaseAccess
from caseapp.people.service.register import fresh_number
from caseapp.places.models import Site

says("ck_assistance_requester_never_decides", rules.RequesterDecides)
says("ck_assistance_another_decides_again", rules.AnotherDecides)
says("ck_assistance_cash_consent", rules.CashConsentMissing)
says("ck_assistance_decision_moves", rules.DecisionMoves)
says("ck_payment_moves", rules.PaymentMoves)
says("ck_payment_within_approval", rules.MoreThanApproved)
says("ck_payment_another_reconciles", rules.AnotherReconciles)
says("uq_assistance_open", rules.AskedAlready)

PURPOSE = "CASH"
#: What a providing team sees of a payee: whom to pay, and no more.
ITEMS_SHOWN = ["NAME", "AGE", "SEX"]


def ask(
    case: Case,
    *,
    item: str,
    team_id: UUID,
    until: date,
    amount: int | None = None,
    mechanism: str | None = None,
    numbers: Callable[[str], str] = fresh_number,
) -> Assistance:
    """Ask a providing team for assistance to this adult, who is the payee by their own choice. The providing team sees
    whom to pay from now on. Writes approval.asked. Raises the errors of `rules.may_ask`, AskedAlready, FileClosed."""
    today, who = people.today_of(case), _worker()
    person = people.person_of(case)
    adult = not people_rules.is_child(people.birth_of(person), person.age_status, today)
    owner = case.team_id in access.current().case_teams
    # Whoever reads the file without holding it reads no consents: the database looks at them.
    consented = (
        not owner or people.consent_for(case.id, PURPOSE, today, people_rules.Recipient(team_id)) is not None
    )
    rules.may_ask(
        item=item, amount=amount, mechanism=mechanism, adult=adult, consented=consented, until=until, today=today
    )  # fmt: skip
    row = Assistance(
        number=numbers("A"), case_id=case.id, team_id=team_id, from_team_id=case.team_id if owner else team_id,
        country=case.country, item=item, amount=amount, mechanism=mechanism, payee_adult=adult, asked_on=today,
        asked_by_id=who, until_on=until,
    )  # fmt: skip
    session.add(row)
    _flush()
    if owner:
        _open_reading(row)
    _tell(events.ASKED, row, today, code="ASSISTANCE")
    session.flush()
    return row


def decide(row: Assistance, *, approve: bool, refusal: str | None = None, version: int | None = None) -> None:
    """A second person decides. Writes assistance.approved, with the days in which it should arrive, or
    assistance.refused. Raises the errors of `rules.may_decide`, ChangedMeanwhile."""
    _unchanged(row, version)
    who, to = _worker(), "APPROVED" if approve else "REFUSED"
    today = _today(row)
    rules.may_decide(
        row.decision, to, refusal=refusal, asked_it=who == row.asked_by_id, refused_it=who == row.refused_by_id,
        key_opens=queries.case_of(access.current(), row) is not None,
    )  # fmt: skip
    row.decision, row.decided_on, row.decided_by_id = to, today, who
    row.refusal = None if approve else refusal
    _flush()
    codes: dict[str, Any] = {"sector": SECTOR_OF[row.item], "code": row.item}
    if approve:
        _tell(events.APPROVED, row, today, number=max(0, (row.until_on - today).days), **codes)
    else:
        _tell(events.REFUSED, row, today, reason=refusal, **codes)
        _end_reading(row)
    session.flush()


def appeal(row: Assistance, *, version: int | None = None) -> None:
    """The person asks for a second look, once, by somebody who did not refuse. Writes approval.asked. Raises
    DecisionMoves, CashConsentMissing, ChangedMeanwhile."""
    _unchanged(row, version)
    rules.may_appeal(row.decision, appealed=row.appealed_on is not None)
    case = queries.case_of(access.current(), row)
    if case is None:
        raise rules.CashConsentMissing
    today = _today(row)
    owner = case.team_id in access.current().case_teams
    if owner and people.consent_for(case.id, PURPOSE, today, people_rules.Recipient(row.team_id)) is None:
        raise rules.CashConsentMissing
    row.decision, row.appealed_on, row.appealed_by_id = "APPEALED", today, _worker()
    row.refused_by_id, row.decided_by_id, row.decided_on = row.decided_by_id, None, None
    _flush()
    if owner:
        _open_reading(row)
    _tell(events.ASKED, row, today, code="ASSISTANCE")
    session.flush()


def plan(row: Assistance, *, amount: int | None, on: date) -> Payment:
    """Plan a payment of what was approved. Raises the errors of `rules.may_plan`."""
    today = _today(row)
    rules.may_plan(
        amount, approved=row.amount if row.decision == "APPROVED" else None, arriving=queries.arriving(row.id), on=on, today=today
    )  # fmt: skip
    assert amount is not None
    made = Payment(
        assistance_id=row.id, case_id=row.case_id, team_id=row.team_id, amount=amount, mechanism=row.mechanism,
        planned_on=on, moved_on=today, moved_by_id=_worker(),
    )  # fmt: skip
    session.add(made)
    _flush()
    audit.record("planned", "payment", made.id)
    return made


def move(
    row: Assistance, payment: Payment, to: str, *, failure: str | None = None, version: int | None = None
) -> None:
    """The next step of a payment. What was collected is a delivery: cash.delivered; once all has arrived,
    assistance.delivered. Raises the errors of `rules.may_move`, ChangedMeanwhile."""
    _unchanged(payment, version)
    who, today = _worker(), _today(row)
    rules.may_move(payment.state, to, failure=failure, moved_it=who == payment.moved_by_id)
    payment.state, payment.moved_on = to, today
    if to == "RECONCILED":
        payment.reconciled_by_id = who
    else:
        payment.moved_by_id = who
    if to == "FAILED":
        payment.failure = failure
    if to == "COLLECTED":
        payment.collected_on = today
        payment.delivery_id = _delivered(row, today, amount=payment.amount, mechanism=payment.mechanism)
    _flush()
    audit.record("moved", "payment", payment.id, to)
    if to == "COLLECTED" and queries.collected(row.id) == row.amount:
        _arrived(row, today)
    if to == "RECONCILED" and row.delivered_on is not None and _all_reconciled(row):
        _end_reading(row)
    session.flush()


def hand_over(row: Assistance, *, version: int | None = None) -> None:
    """What was approved and is no money reached the person. Writes service.delivered and assistance.delivered. Raises
    DecisionMoves, CashConsentMissing, ChangedMeanwhile."""
    _unchanged(row, version)
    if row.decision != "APPROVED" or row.item in rules.MONEY or row.delivered_on is not None:
        raise rules.DecisionMoves
    if queries.case_of(access.current(), row) is None:
        raise rules.CashConsentMissing
    today = _today(row)
    _delivered(row, today)
    _arrived(row, today)
    _end_reading(row)


def see_again(case: Case, purpose: str) -> None:
    """After the person has said yes anew the providing teams see again whom they were asked to pay."""
    if purpose != PURPOSE or case.team_id not in access.current().case_teams:
        return
    for row in queries.live_of(case.id):
        today = people.today_of(case)
        if people.consent_for(case.id, PURPOSE, today, people_rules.Recipient(row.team_id)) is not None:
            _open_reading(row)
    session.flush()


def _delivered(
    row: Assistance, on: date, *, amount: int | None = None, mechanism: str | None = None
) -> UUID | None:
    case = queries.case_of(access.current(), row)
    if case is None:
        # Sent before the person took the consent back, and collected after: the sum is told, and nobody is opened.
        _tell(events.CASH, row, on, code=mechanism, number=amount, reason_group="OTHER")
        return None
    (made,) = deliver(
        [case], sector=SECTOR_OF[row.item], item=row.item, on=on, amount=amount, mechanism=mechanism,
        provider_team_id=row.team_id, provider_class="OTHER", team_id=row.team_id, approved=True,
    )  # fmt: skip
    return made.id


def _arrived(row: Assistance, on: date) -> None:
    row.delivered_on = on
    _tell(events.HANDED_OUT, row, on, sector=SECTOR_OF[row.item], code=row.item, number=row.amount)
    session.flush()


def _all_reconciled(row: Assistance) -> bool:
    return all(p.state == "RECONCILED" for p in queries.payments_of([row.id]).get(row.id, ()))


def _open_reading(row: Assistance) -> None:
    held = session.scalar(
        sa.select(CaseAccess.id).where(
            CaseAccess.case_id == row.case_id, CaseAccess.team_id == row.team_id, CaseAccess.subject_id == row.id,
            CaseAccess.ended_at.is_(None),
        )
    )  # fmt: skip
    if held is None:
        session.add(
            CaseAccess(
                case_id=row.case_id, team_id=row.team_id, scope="SHARE", subject_id=row.id, purpose=PURPOSE,
                items=ITEMS_SHOWN, since=clock.now(),
            )
        )  # fmt: skip
        session.flush()


def _end_reading(row: Assistance) -> None:
    session.execute(
        sa.update(CaseAccess)
        .where(CaseAccess.subject_id == row.id, CaseAccess.ended_at.is_(None))
        .values(ended_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def _tell(kind: EventKind, row: Assistance, on: date, **codes: Any) -> None:
    """An event about the payee; the database fills in the person's codes where the file is not one's own, and the
    journal takes it by its number alone where the file may not be opened any more."""
    case = queries.case_of(access.current(), row)
    if case is not None and case.team_id in access.current().case_teams:
        happened(kind, case, on=on, subject_id=row.id, **codes)
        return
    journal.append(
        kind, country=row.country, on=on, team_id=row.team_id, case_id=row.case_id, subject_id=row.id,
        site_id=session.scalar(sa.select(Team.site_id).where(Team.id == row.team_id)), **codes,
    )  # fmt: skip


def _today(row: Assistance) -> date:
    zone = session.scalar(
        sa.select(Site.timezone).join(Team, Team.site_id == Site.id).where(Team.id == row.team_id)
    )
    return clock.today(zone or "UTC")


def _worker() -> UUID:
    who = access.current().user_id
    if who is None:
        raise NotPermitted
    return who


def _unchanged(row: Assistance | Payment, version: int | None) -> None:
    if version is not None and version != row.version:
        raise ChangedMeanwhile


def _flush() -> None:
    try:
        session.flush()
    except DBAPIError as error:
        refusal = refusal_of(error)
        if refusal is None:
            raise
        raise refusal from error
