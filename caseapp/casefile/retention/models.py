"""Runs of erasure by rule: proposed by one person, approved by another, done by the worker."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.casefile.retention.rules import OUTCOMES, STATES
from caseapp.core.db import Base, Identified, Versioned, one_of

USER = "user_account.id"


class RetentionRun(Identified, Versioned, Base):
    """Files of one country whose time was over on a day. One run is proposed at a time."""

    __tablename__ = "retention_run"
    __table_args__ = (
        one_of("state", STATES),
        sa.CheckConstraint("approved_by_id <> proposed_by_id", name="second_person"),
        sa.CheckConstraint("(state IN ('APPROVED', 'DONE')) = (approved_by_id IS NOT NULL)", name="approved_has_person"),
        sa.CheckConstraint("(state IN ('DONE', 'CANCELLED')) = (ended_at IS NOT NULL)", name="ended_has_time"),
        sa.Index(
            "uq_retention_run_open", "country", unique=True,
            postgresql_where=sa.text("state IN ('PROPOSED', 'APPROVED')"),
        ),
    )  # fmt: skip

    country: Mapped[str] = mapped_column(sa.CHAR(3))
    as_of: Mapped[date]
    state: Mapped[str] = mapped_column(default="PROPOSED", server_default="PROPOSED")
    proposed_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey(USER), index=True)
    proposed_at: Mapped[datetime]
    approved_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(USER), index=True)
    ended_at: Mapped[datetime | None]


class RetentionItem(Identified, Base):
    """One file of a run, by number. `held` says why it stays, also when that came up after the approval."""

    __tablename__ = "retention_item"
    __table_args__ = (
        one_of("outcome", OUTCOMES),
        sa.CheckConstraint("(outcome = 'HELD') = (held IS NOT NULL)", name="held_has_reason"),
        sa.UniqueConstraint("run_id", "case_id"),
    )

    run_id: Mapped[UUID] = mapped_column(sa.ForeignKey("retention_run.id"))
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    number: Mapped[str]
    closure_group: Mapped[str]
    due_on: Mapped[date]
    outcome: Mapped[str]
    held: Mapped[str | None]
