"""Requests to close a file for a reason that a second person looks at."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.casefile.rules import REASONS, REQUEST_STATES
from caseapp.core.db import Base, Identified, Versioned, one_of


class ClosureRequest(Identified, Versioned, Base):
    """Somebody asks to close a file; somebody else decides. Nobody approves their own request."""

    __tablename__ = "closure_request"
    __table_args__ = (
        one_of("state", REQUEST_STATES),
        one_of("reason", REASONS),
        sa.CheckConstraint("(state IN ('ASKED', 'WITHDRAWN')) = (decided_by_id IS NULL)", name="decided_has_person"),
        sa.CheckConstraint("(state = 'ASKED') = (decided_at IS NULL)", name="decided_has_time"),
        sa.CheckConstraint("decided_by_id <> asked_by_id", name="second_person"),
        sa.Index("uq_closure_request_open", "case_id", unique=True, postgresql_where=sa.text("state = 'ASKED'")),
    )  # fmt: skip

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    reason: Mapped[str]
    state: Mapped[str] = mapped_column(default="ASKED", server_default="ASKED")
    asked_on: Mapped[date]
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
