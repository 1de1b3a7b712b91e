"""Verbs of the log: deliver to one or several of a family, withdraw what was written by mistake."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from caseapp.accounts.models import Team
from caseapp.assistance import events, queries, rules
from caseapp.assistance.models import Delivery
from caseapp.assistance.offering import ReferralLine, referral_lines
from caseapp.core import access, reference
from caseapp.core.db import session
from caseapp.core.errors import refusal_of, says
from caseapp.core.journal import CaseEvent, EventKind
from caseapp.people import queries as people
from caseapp.people.events import WITHDRAWN, happened
from caseapp.people.models import Case, Need

says("ck_delivery_asked_again", rules.GivenRecently)


def deliver(
    cases: Sequence[Case],
    *,
    sector: str,
    on: date,
    provider_class: str | None = None,
    item: str | None = None,
    result: str = "DELIVERED_FULL",
    quantity: int = 1,
    mechanism: str | None = None,
    amount: int | None = None,
    language: str | None = None,
    education: str | None = None,
    provider_team_id: UUID | None = None,
    need_id: UUID | None = None,
    referral_id: UUID | None = None,
    again_reason: str | None = None,
    team_id: UUID | None = None,
    sealed: bool = False,
    approved: bool = False,
) -> list[Delivery]:
    """Write down one act for each of these persons: a row and its events each. A need and a referral are named in the
    row of the person who has them. `team_id` is the team that gives it where that is not the owner of the files; the
    class of the provider is that of its organisation, and is said only where no team is named. `sealed`: it belongs to
    a sealed need or referral. `approved`: a second person has approved it, so that it is not questioned. Raises
    NobodyChosen, DeliveryDateWrong, the errors of `rules.check_cash` and `rules.check_talk`, ProviderMissing,
    NeedNotOpen, ReferralNotTheirs, MatterMissing, GivenRecently, FileClosed."""
    if not cases:
        raise rules.NobodyChosen
    if any(on > people.today_of(case) for case in cases):
        raise rules.DeliveryDateWrong
    rules.check_cash(item, result, mechanism, amount)
    rules.check_talk(sector, item, quantity, language, education)
    kind_of = _provider_class(provider_class, provider_team_id)
    need, line = _need(cases, need_id, sealed), _referral(cases, referral_id, sealed)
    if sealed and need is None and line is None:
        raise rules.MatterMissing
    made = []
    # In one order, so that two acts for a family wait for each other and never cross.
    for case in sorted(cases, key=lambda c: c.id):
        interval = None if approved else reference.delivery_interval(item, on, case.country)
        reached = interval and result in rules.DELIVERED
        last = queries.nearest(case.id, item, on, sealed=sealed) if reached else None
        if again_reason is None and rules.must_ask_again(last, on, interval):
            raise rules.GivenRecently
        own_need = need if need is not None and need.case_id == case.id else None
        row = Delivery(
            case_id=case.id, sector=sector, item=item, delivered_on=on, result=result, quantity=quantity,
            mechanism=mechanism, amount=amount, language=language, education=education, provider_class=kind_of,
            provider_team_id=provider_team_id, need_id=own_need.id if own_need else None,
            referral_id=line.id if line and case.id in line.case_ids else None,
            sealed=sealed, interval_days=interval, again_reason=again_reason,
            team_id=team_id or case.team_id, recorded_by_id=access.current().user_id,
        )  # fmt: skip
        if sealed and row.need_id is None and row.referral_id is None:
            raise rules.MatterMissing
        session.add(row)
        _flush()
        _tell(case, row, own_need)
        made.append(row)
    _flush()
    return made


def _flush() -> None:
    """The database may say no where two act at once, or where another team gave the same."""
    try:
        session.flush()
    except IntegrityError as error:
        refusal = refusal_of(error)
        if refusal is None:
            raise
        raise refusal from error


def _provider_class(typed: str | None, team_id: UUID | None) -> str:
    found = (queries.class_of(team_id) if team_id is not None else None) or typed
    if not found:
        raise rules.ProviderMissing
    return found


def _need(cases: Sequence[Case], need_id: UUID | None, sealed: bool) -> Need | None:
    if need_id is None:
        return None
    open_ones = queries.needs_to_answer([case.id for case in cases], sealed=sealed)
    found = next((need for need in open_ones if need.id == need_id), None)
    if found is None:
        raise rules.NeedNotOpen
    return found


def _referral(cases: Sequence[Case], referral_id: UUID | None, sealed: bool) -> ReferralLine | None:
    if referral_id is None:
        return None
    lines = referral_lines([case.id for case in cases], sealed=sealed)
    found = next((line for line in lines if line.id == referral_id), None)
    if found is None:
        raise rules.ReferralNotTheirs
    return found


def _happened(kind: EventKind, case: Case, row: Delivery, on: date, **codes: Any) -> None:
    """Whoever reads a file without holding it knows no origin: the database fills in the person's codes then."""
    if row.team_id == case.team_id:
        happened(kind, case, on=on, subject_id=row.id, **codes)
        return
    happened(
        kind, case, on=on, subject_id=row.id, team_id=row.team_id, codes_of={},
        site_id=session.scalar(sa.select(Team.site_id).where(Team.id == row.team_id)), **codes,
    )  # fmt: skip


def _tell(case: Case, row: Delivery, need: Need | None) -> None:
    reached, on = row.result in rules.DELIVERED, row.delivered_on
    if row.item == "CASH" and reached:
        _happened(
            events.CASH, case, row, on, code=row.mechanism, number=row.amount, reason_group=row.provider_class
        )
        return
    _happened(
        events.DELIVERED, case, row, on, sector=row.sector, code=row.item or row.sector, outcome=row.result,
        need_category=need.category if need else None, reason_group=row.provider_class,
    )  # fmt: skip
    if not reached:
        return
    if row.sector == "LEGAL" and row.item is None:
        _happened(events.LEGAL_SESSION, case, row, on, code="LEGAL")
    if row.language:
        spoken = people.languages_of(case.id)
        outcome = "PREFERRED" if spoken[:1] == [row.language] else "OTHER"
        _happened(events.INFORMED, case, row, on, code=row.language, outcome=outcome)
    if row.education:
        kind, code = events.EDUCATION[row.education]
        _happened(kind, case, row, on, code=code)


def withdraw(case: Case, row: Delivery, *, reason: str) -> None:
    """The entry was a mistake: the row stays, its events are withdrawn. Raises DeliveryWithdrawn,
    WithdrawalUnexplained, FileClosed."""
    if row.withdrawn_on is not None:
        raise rules.DeliveryWithdrawn
    if reason not in rules.WITHDRAWN:
        raise rules.WithdrawalUnexplained
    told = session.scalars(
        sa.select(CaseEvent.id)
        .where(
            CaseEvent.case_id == case.id, CaseEvent.subject_id == row.id, CaseEvent.kind.in_(events.OF_DELIVERY)
        )
        .order_by(CaseEvent.position)
    ).all()  # fmt: skip
    row.withdrawn_on, row.withdrawn_reason = people.today_of(case), reason
    for event_id in told:
        _happened(WITHDRAWN, case, row, row.withdrawn_on, withdraws_id=event_id, reason=reason)
    session.flush()
