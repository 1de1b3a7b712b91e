"""Who looked at what. One row for each file opened and each act that matters: a Core insert with an
id made here and no foreign keys (the row outlives what it speaks of), on the request's own session,
committed before the answer leaves. If it cannot be written, the page is not shown."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from caseapp.core import access, clock
from caseapp.core.db import Base, Identified, session, uuid7


class AuditRow(Identified, Base):
    """An act or a look. `subject` is a table name; `detail` is a code, never a name."""

    __tablename__ = "audit"
    __table_args__ = (
        sa.Index("ix_audit_subject", "subject", "subject_id"),
        sa.Index("ix_audit_actor", "actor", "at"),
    )

    at: Mapped[datetime]
    actor: Mapped[str]
    user_id: Mapped[UUID | None]
    act: Mapped[str]
    subject: Mapped[str]
    subject_id: Mapped[UUID | None]
    detail: Mapped[str | None]


def record(act: str, subject: str, subject_id: UUID | None = None, detail: str | None = None) -> None:
    """Write one audit row in the running transaction; the edge commits it (`commits`)."""
    who = access.current()
    session.execute(
        sa.insert(AuditRow).values(
            id=uuid7(), at=clock.now(), actor=who.name, user_id=who.user_id,
            act=act, subject=subject, subject_id=subject_id, detail=detail,
        )
    )  # fmt: skip
