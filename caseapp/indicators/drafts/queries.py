"""Questions of the pages: drafts behind their policy, and every published version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.indicators.access import countries_as
from caseapp.indicators.models import Definition, State

TEAM = ("DATA_STEWARD", "RELEASE_APPROVER")


def open_drafts(who: Principal, code: str | None = None) -> Sequence[Definition]:
    """What is being drafted or waits for a decision in one's countries, of all indicators or of one."""
    wanted = sa.select(Definition).where(
        Definition.state != State.PUBLISHED.value, Definition.country.in_(countries_as(who, *TEAM))
    )
    if code is not None:
        wanted = wanted.where(Definition.code == code)
    return session.scalars(wanted.order_by(Definition.country, Definition.code)).all()


def draft(who: Principal, definition_id: UUID) -> Definition:
    """What is being drafted or waits for a decision. Raises NotYours."""
    row = session.scalars(
        sa.select(Definition).where(
            Definition.id == definition_id, Definition.state != State.PUBLISHED.value,
            Definition.country.in_(countries_as(who, *TEAM)),
        )
    ).one_or_none()  # fmt: skip
    if row is None:
        raise NotYours
    return row


@dataclass(frozen=True)
class Told:
    """A published version, as the history tells of it."""

    country: str
    number: int
    valid_from: date
    valid_to: date | None
    reason: str
    decided_at: datetime


def published(code: str) -> list[Told]:
    """Every version of an indicator that a country has published, the newest number first."""
    rows = session.execute(
        sa.select(
            Definition.country, Definition.number, Definition.valid_from, Definition.valid_to, Definition.reason,
            Definition.decided_at,
        )
        .where(Definition.code == code, Definition.state == State.PUBLISHED.value)
        .order_by(Definition.number.desc())
    )  # fmt: skip
    # Whole by constraint, once published.
    return [Told(*row) for row in rows]  # type: ignore[arg-type]


def first_open_month(country: str) -> str | None:
    """The first month that no release of a country has counted; None where nothing is released."""
    return session.scalar(sa.select(sa.func.months_open_from(country)))
