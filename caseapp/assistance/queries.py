"""Deliveries, as the owner team of the case sees them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from caseapp.assistance import rules
from caseapp.assistance.models import Delivery
from caseapp.core import reference
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.people.models import Case, Need


def visible_to(principal: Principal) -> sa.Select[Delivery]:
    """Deliveries of cases that the principal's own teams hold."""
    return (
        sa.select(Delivery)
        .join(Case, Case.id == Delivery.case_id)
        .where(Case.team_id.in_(principal.case_teams))
    )


def of_case(case_id: UUID) -> sa.Select[Delivery]:
    """The deliveries of a case, the newest first; withdrawn ones among them."""
    return (
        sa.select(Delivery)
        .where(Delivery.case_id == case_id)
        .order_by(Delivery.delivered_on.desc(), Delivery.id.desc())
    )


def nearest(case_id: UUID, item: str | None, on: date) -> date | None:
    """The day nearest to `on` on which this item reached the person."""
    return session.scalar(
        sa.select(Delivery.delivered_on)
        .where(
            Delivery.case_id == case_id, Delivery.item == item, Delivery.withdrawn_on.is_(None),
            Delivery.result.in_(rules.DELIVERED),
        )
        .order_by(sa.func.abs(Delivery.delivered_on - on))
        .limit(1)
    )  # fmt: skip


def needs_to_answer(case_ids: Sequence[UUID]) -> Sequence[Need]:
    """Open needs of these cases that may be named in the log: none that is sealed."""
    rows = session.scalars(
        sa.select(Need).where(Need.case_id.in_(case_ids), Need.state == "OPEN").order_by(Need.id)
    ).all()
    return [need for need in rows if "S" not in reference.code("need_code", need.code).flags]
