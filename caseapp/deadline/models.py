"""Running clocks: one row for each, whatever it is about. What a clock is about (`subject_kind`, `subject_id`)
belongs to an area above and is never looked into from here."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.db import Base, Identified, Versioned, one_of
from caseapp.deadline.rules import CANCEL_REASONS, KINDS, NOTICES, OPEN, PAUSE_REASONS, STATES, UNITS

_OPEN = f"state IN ({', '.join(repr(state) for state in OPEN)})"


class Deadline(Identified, Versioned, Base):
    """A clock of one case. `team_id` is the team that must act, `holder_id` the person who is warned (None:
    whoever the file is assigned to); `unit` is how its limit is counted, so that a pause moves it rightly.
    `escalated_to_id` is the second person who was told that it had passed. Nothing of a sealed clock stands
    on a list, in a count or in the ordinary timeline."""

    __tablename__ = "deadline"
    __table_args__ = (
        one_of("state", STATES),
        one_of("kind", KINDS),
        one_of("unit", UNITS),
        one_of("cancel_reason", CANCEL_REASONS),
        sa.CheckConstraint("subject_kind ~ '^[a-z][a-z_]*$'", name="subject_kind_form"),
        sa.CheckConstraint("rule ~ '^[A-Z][A-Z0-9_]*$'", name="rule_form"),
        sa.CheckConstraint("due_at >= started_at", name="due_after_start"),
        sa.CheckConstraint("warn_at >= started_at AND warn_at <= due_at", name="warned_before_due"),
        sa.CheckConstraint("(state = 'PAUSED') = (paused_at IS NOT NULL)", name="paused_has_time"),
        sa.CheckConstraint("(state IN ('MET', 'CANCELLED')) = (ended_at IS NOT NULL)", name="ended_has_time"),
        sa.CheckConstraint("(state = 'CANCELLED') = (cancel_reason IS NOT NULL)", name="cancelled_has_reason"),
        sa.CheckConstraint("escalated_to_id IS NULL OR escalated_at IS NOT NULL", name="escalated_has_time"),
        sa.CheckConstraint("escalated_to_id <> holder_id", name="escalated_to_another"),
        sa.Index(
            "uq_deadline_open", "subject_id", "rule", "subject_kind", unique=True, postgresql_where=sa.text(_OPEN)
        ),
        sa.Index("ix_deadline_subject", "subject_id"),
        sa.Index("ix_deadline_due", "due_at", postgresql_where=sa.text(_OPEN)),
        sa.Index("ix_deadline_warn", "warn_at", postgresql_where=sa.text("warned_at IS NULL AND state = 'RUNNING'")),
    )  # fmt: skip

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"), index=True)
    holder_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    subject_kind: Mapped[str]
    subject_id: Mapped[UUID]
    rule: Mapped[str]  # a code of clocks.yml
    kind: Mapped[str]
    unit: Mapped[str | None]
    sealed: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    started_at: Mapped[datetime]
    due_at: Mapped[datetime]
    warn_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(default="RUNNING", server_default="RUNNING")
    paused_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None]
    warned_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]
    escalated_to_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def met_on_time(self) -> bool | None:
        """Whether it was met in time; None while it runs and where it was cancelled."""
        return None if self.state != "MET" or self.ended_at is None else self.ended_at <= self.due_at


class DeadlinePause(Identified, Base):
    """A time during which a clock stood still, and why. The last one of a paused clock has no end yet."""

    __tablename__ = "deadline_pause"
    __table_args__ = (
        one_of("reason", PAUSE_REASONS),
        sa.CheckConstraint("ended_at >= began_at", name="dates_in_order"),
        sa.Index(
            "uq_deadline_pause_open", "deadline_id", unique=True, postgresql_where=sa.text("ended_at IS NULL")
        ),
    )

    deadline_id: Mapped[UUID] = mapped_column(sa.ForeignKey("deadline.id"), index=True)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    reason: Mapped[str]
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class DeadlineNotice(Identified, Base):
    """Whom the sweep told: the holder before the end (WARNING), a second person after it (LATE). Where nobody
    holds that part, the word goes to the team (`user_id` None): all of its caseworkers and supervisors, until one of
    them has seen it."""

    __tablename__ = "deadline_notice"
    __table_args__ = (
        one_of("kind", NOTICES),
        sa.Index("ix_deadline_notice_unseen", "user_id", postgresql_where=sa.text("seen_at IS NULL")),
        sa.UniqueConstraint("deadline_id", "kind"),
    )

    deadline_id: Mapped[UUID] = mapped_column(sa.ForeignKey("deadline.id"))
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"), index=True)
    user_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    kind: Mapped[str]
    made_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
