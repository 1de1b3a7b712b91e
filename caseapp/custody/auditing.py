"""Departures from the order of exit as an auditor reads them: PostgreSQL gives numbers, typed reasons and the colleagues,
and no name of anybody who was held (`audited_departures`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import aliased

from caseapp.accounts.models import User
from caseapp.core.db import session

_AUDITED = sa.func.audited_departures().table_valued(
    sa.column("custody_id", sa.Uuid()), sa.column("number", sa.Text()), sa.column("station", sa.Text()),
    sa.column("exit_on", sa.Date()), sa.column("reason", sa.Text()), sa.column("exit_by_id", sa.Uuid()),
    sa.column("reviewed_at", sa.DateTime(timezone=True)), sa.column("reviewed_by_id", sa.Uuid()),
    sa.column("passed", pg.ARRAY(sa.Text())), name="departure",
)  # fmt: skip


def departures(*, waiting: bool = False) -> sa.Select[Any]:
    """The ids of departures from the order in the countries that the acting principal audits, the newest first;
    `waiting`: those that no supervisor has looked at. PostgreSQL decides who audits, and gives no name of whom it is
    about."""
    asked = sa.select(_AUDITED.c.custody_id)
    if waiting:
        asked = asked.where(_AUDITED.c.reviewed_at.is_(None))
    return asked.order_by(_AUDITED.c.exit_on.desc(), _AUDITED.c.custody_id.desc())


@dataclass(frozen=True)
class Audited:
    """A departure as an auditor sees it: numbers, the typed reason, and the colleagues who recorded and reviewed it."""

    number: str
    station: str
    exit_on: date
    reason: str
    reviewed_at: datetime | None
    passed: Sequence[str]
    recorded_by: str | None
    reviewed_by: str | None


def lines_of(custody_ids: Sequence[UUID]) -> list[Audited]:
    """These departures with the names of the colleagues (one statement)."""
    if not custody_ids:
        return []
    d, recorder, reviewer = _AUDITED.c, aliased(User), aliased(User)
    rows = session.execute(
        sa.select(
            d.number, d.station, d.exit_on, d.reason, d.reviewed_at, d.passed, recorder.name, reviewer.name
        )
        .select_from(_AUDITED)
        .outerjoin(recorder, recorder.id == d.exit_by_id)
        .outerjoin(reviewer, reviewer.id == d.reviewed_by_id)
        .where(d.custody_id.in_(custody_ids))
        .order_by(d.exit_on.desc(), d.custody_id.desc())
    ).all()
    return [Audited(*row) for row in rows]
