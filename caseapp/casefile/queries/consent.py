"""What of consents is somebody's business today, in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.casefile.queries.today import FEW, Window, mine
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.people import keys
from caseapp.people.models import Case, Consent, ConsentWaiver


@dataclass(frozen=True)
class Turn:
    """A consent that ends soon (ENDING), or acting without one that waits for a second person (REVIEW) or for being
    told (TELL). `on` is the day it ends or was done, `at` since when it is known."""

    what: str
    id: UUID
    case_id: UUID
    number: str
    purpose: str
    basis: str | None
    on: date
    at: datetime


def turns(who: Principal, on: date, window: Window = FEW) -> Sequence[Turn]:
    """What waits for this person, a few of each, the oldest first."""
    parts = [
        _part(window, "ENDING", keys.ending(mine(who), on), Consent, sa.null(), Consent.expires_on, Consent.asked_on),
        _part(
            window, "TELL", keys.to_tell(mine(who)), ConsentWaiver, ConsentWaiver.basis, ConsentWaiver.made_on,
            ConsentWaiver.made_at,
        ),
        _part(
            window, "REVIEW", keys.to_review(who), ConsentWaiver, ConsentWaiver.basis, ConsentWaiver.made_on,
            ConsentWaiver.made_at,
        ),
    ]  # fmt: skip
    found = sa.union_all(*parts).subquery()
    rows = session.execute(
        sa.select(
            found.c.what,
            found.c.id,
            found.c.case_id,
            Case.number,
            found.c.purpose,
            found.c.basis,
            found.c.on,
            found.c.at,
        )
        .join(Case, Case.id == found.c.case_id)
        .order_by(found.c.on, found.c.id)
    ).all()
    return [Turn(*row) for row in rows]


def _part(
    window: Window, what: str, asked: sa.Select[Any], table: Any, basis: Any, on: Any, at: Any
) -> sa.Select[Any]:
    few = asked.with_only_columns(
        sa.literal(what).label("what"), table.id.label("id"), table.case_id.label("case_id"),
        table.purpose.label("purpose"), sa.cast(basis, sa.Text()).label("basis"), on.label("on"),
        sa.cast(at, sa.DateTime(timezone=True)).label("at"),
    ).limit(window.size).offset(window.first).subquery()  # fmt: skip
    return sa.select(few)
