"""Verbs of the log: deliver to one or several of a family, withdraw what was written by mistake."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from caseapp.assistance import events, queries, rules
from caseapp.assistance.models import Delivery
from caseapp.core import access, reference
from caseapp.core.db import session
from caseapp.core.errors import says
from caseapp.core.journal import CaseEvent
from caseapp.people import queries as people
from caseapp.people.events import WITHDRAWN, happened
from caseapp.people.models import Case, Need

says("ck_delivery_asked_again", rules.GivenRecently)


def deliver(
    cases: Sequence[Case],
    *,
    sector: str,
    on: date,
    provider_class: str,
    item: str | None = None,
    result: str = "DELIVERED_FULL",
    mechanism: str | None = None,
    amount: int | None = None,
    provider_team_id: UUID | None = None,
    need_id: UUID | None = None,
    referral_id: UUID | None = None,
    again_reason: str | None = None,
) -> list[Delivery]:
    """Write down one act for each of these persons: a row and its event each. A need is answered in the row of the
    person who has it. Raises NobodyChosen, DeliveryDateWrong, the errors of `rules.check_cash`, NeedNotOpen,
    GivenRecently (also from the database, where two act at once), FileClosed."""
    if not cases:
        raise rules.NobodyChosen
    if any(on > people.today_of(case) for case in cases):
        raise rules.DeliveryDateWrong
    rules.check_cash(item, result, mechanism, amount)
    need = _need(cases, need_id)
    made = []
    # In one order, so that two acts for a family wait for each other and never cross.
    for case in sorted(cases, key=lambda c: c.id):
        interval = reference.delivery_interval(item, on, case.country)
        last = queries.nearest(case.id, item, on) if interval and result in rules.DELIVERED else None
        if again_reason is None and rules.must_ask_again(last, on, interval):
            raise rules.GivenRecently
        row = Delivery(
            case_id=case.id, sector=sector, item=item, delivered_on=on, result=result, mechanism=mechanism,
            amount=amount, provider_class=provider_class, provider_team_id=provider_team_id,
            need_id=need.id if need is not None and need.case_id == case.id else None, referral_id=referral_id,
            interval_days=interval, again_reason=again_reason, team_id=case.team_id,
            recorded_by_id=access.current().user_id,
        )  # fmt: skip
        session.add(row)
        session.flush()
        _tell(case, row, need if row.need_id else None)
        made.append(row)
    session.flush()
    return made


def _need(cases: Sequence[Case], need_id: UUID | None) -> Need | None:
    if need_id is None:
        return None
    open_ones = queries.needs_to_answer([case.id for case in cases])
    found = next((need for need in open_ones if need.id == need_id), None)
    if found is None:
        raise rules.NeedNotOpen
    return found


def _tell(case: Case, row: Delivery, need: Need | None) -> None:
    reached = row.result in rules.DELIVERED
    if row.item == "CASH" and reached:
        happened(
            events.CASH, case, on=row.delivered_on, subject_id=row.id, code=row.mechanism, number=row.amount,
            reason_group=row.provider_class,
        )  # fmt: skip
        return
    happened(
        events.DELIVERED, case, on=row.delivered_on, subject_id=row.id, sector=row.sector,
        code=row.item or row.sector, outcome=row.result, need_category=need.category if need else None,
        reason_group=row.provider_class,
    )  # fmt: skip
    if row.sector == "LEGAL" and row.item is None and reached:
        happened(events.LEGAL_SESSION, case, on=row.delivered_on, subject_id=row.id, code="LEGAL")


def withdraw(case: Case, row: Delivery, *, reason: str) -> None:
    """The entry was a mistake: the row stays, its events are withdrawn. Raises DeliveryWithdrawn,
    WithdrawalUnexplained, FileClosed."""
    if row.withdrawn_on is not None:
        raise rules.DeliveryWithdrawn
    if reason not in rules.WITHDRAWN:
        raise rules.WithdrawalUnexplained
    kinds = (events.DELIVERED.name, events.CASH.name, events.LEGAL_SESSION.name)
    told = session.scalars(
        sa.select(CaseEvent.id)
        .where(CaseEvent.case_id == case.id, CaseEvent.subject_id == row.id, CaseEvent.kind.in_(kinds))
        .order_by(CaseEvent.position)
    ).all()
    row.withdrawn_on, row.withdrawn_reason = people.today_of(case), reason
    for event_id in told:
        happened(
            WITHDRAWN, case, on=row.withdrawn_on, subject_id=row.id, withdraws_id=event_id, reason=reason
        )
    session.flush()
