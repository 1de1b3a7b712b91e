"""Requests and payments: of a file for its holder, and of a providing team, which sees its own lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import Membership, Team, User
from caseapp.assistance.paying.models import Assistance, Payment
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.core.locking import locked
from caseapp.people import queries as people
from caseapp.people.models import Case

WAITING = ("", "APPEALED")
SHOWN = ("decide", "pay", "reconcile", "all")


def visible_to(principal: Principal) -> sa.Select[Assistance]:
    """Requests to the principal's providing teams, and those for people whose file their teams hold."""
    teams = list(principal.case_teams)
    own = sa.select(Case.id).where(Case.team_id.in_(teams))
    return sa.select(Assistance).where(
        sa.or_(
            Assistance.team_id.in_(principal.teams_as("ASSISTANCE_OFFICER", "PAYMENTS_APPROVER")),
            Assistance.case_id.in_(own),
        )
    )


def request(principal: Principal, request_id: UUID, *, lock: bool = False) -> Assistance:
    """One request, or NotYours. `lock`: for a verb, read afresh."""
    asked = visible_to(principal).where(Assistance.id == request_id)
    if lock:
        asked = asked.with_for_update().execution_options(populate_existing=True)
    found = session.scalars(asked).one_or_none()
    if found is None:
        raise NotYours
    return found


def of_case(case_id: UUID) -> Sequence[Assistance]:
    """What was asked for a person, the newest first."""
    return session.scalars(
        sa.select(Assistance).where(Assistance.case_id == case_id).order_by(Assistance.id.desc())
    ).all()


def payments_of(request_ids: Iterable[UUID]) -> dict[UUID, list[Payment]]:
    """The payments of these requests, the oldest first (one statement)."""
    rows = session.scalars(
        sa.select(Payment).where(Payment.assistance_id.in_(list(request_ids))).order_by(Payment.id)
    )
    found: dict[UUID, list[Payment]] = {}
    for row in rows:
        found.setdefault(row.assistance_id, []).append(row)
    return found


def payment(found: Assistance, payment_id: UUID) -> Payment:
    """A payment of a request, locked and read afresh, or NotYours."""
    return locked(Payment, Payment.id == payment_id, Payment.assistance_id == found.id)


def arriving(request_id: UUID) -> int:
    """What of a request has arrived or may still arrive."""
    return (
        session.scalar(
            sa.select(sa.func.coalesce(sa.func.sum(Payment.amount), 0)).where(
                Payment.assistance_id == request_id,
                sa.or_(
                    Payment.state.in_(("PLANNED", "SENT", "COLLECTED")), Payment.collected_on.is_not(None)
                ),
            )
        )
        or 0
    )


def collected(request_id: UUID) -> int:
    """What of a request the person has collected."""
    return (
        session.scalar(
            sa.select(sa.func.coalesce(sa.func.sum(Payment.amount), 0)).where(
                Payment.assistance_id == request_id, Payment.collected_on.is_not(None)
            )
        )
        or 0
    )


def queue(principal: Principal, show: str) -> sa.Select[Assistance]:
    """Requests to the principal's providing teams: to decide, to pay or hand over, to reconcile, or all; what is due
    first."""
    teams = principal.teams_as("ASSISTANCE_OFFICER", "PAYMENTS_APPROVER")
    asked = sa.select(Assistance).where(Assistance.team_id.in_(teams))
    decision = sa.func.coalesce(Assistance.decision, "")
    reconcilable = sa.exists().where(
        Payment.assistance_id == Assistance.id, Payment.state.in_(("COLLECTED", "RETURNED", "FAILED"))
    )
    if show == "decide":
        asked = asked.where(decision.in_(WAITING))
    elif show == "pay":
        asked = asked.where(decision == "APPROVED", Assistance.delivered_on.is_(None))
    elif show == "reconcile":
        asked = asked.where(reconcilable)
    return asked.order_by(Assistance.until_on, Assistance.id)


def people_and_teams(rows: Iterable[Assistance]) -> tuple[dict[UUID, str], dict[UUID, str]]:
    """The names of whoever asked and decided, and of the teams (two statements)."""
    rows = list(rows)
    users = {u for r in rows for u in (r.asked_by_id, r.decided_by_id, r.refused_by_id) if u}
    teams = {t for r in rows for t in (r.team_id, r.from_team_id)}
    named = session.execute(sa.select(User.id, User.name).where(User.id.in_(users)))
    called = session.execute(sa.select(Team.id, Team.name).where(Team.id.in_(teams)))
    return {row[0]: row[1] for row in named}, {row[0]: row[1] for row in called}


def case_of(principal: Principal, found: Assistance) -> Case | None:
    """The payee's case, where the principal may still open it."""
    return session.scalars(people.visible_to(principal).where(Case.id == found.case_id)).one_or_none()


def approved_providers(country: str) -> list[tuple[UUID, str]]:
    """The country's teams that provide cash and have somebody who decides."""
    staffed = sa.exists().where(
        Membership.team_id == Team.id, Membership.role == "PAYMENTS_APPROVER", Membership.valid_to.is_(None)
    )
    rows = session.execute(
        sa.select(Team.id, Team.name)
        .where(Team.country == country, Team.type == "CASH_PROVIDER", Team.active, staffed)
        .order_by(Team.sort_key, Team.id)
    )
    return [(row[0], row[1]) for row in rows]


def live_of(case_id: UUID) -> Sequence[Assistance]:
    """Requests of a person that wait, or were approved and have not all arrived."""
    decision = sa.func.coalesce(Assistance.decision, "")
    return session.scalars(
        sa.select(Assistance).where(
            Assistance.case_id == case_id,
            sa.or_(decision.in_(WAITING), sa.and_(decision == "APPROVED", Assistance.delivered_on.is_(None))),
        )
    ).all()
