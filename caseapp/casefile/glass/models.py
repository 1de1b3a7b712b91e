"""Exceptional accesses. A row is made by the definer function `break_glass` and by nothing else; role `app` may add
the note, the end and the review, never move the times."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.casefile.glass.rules import OUTCOMES, REASONS
from caseapp.core.crypto import Encrypted
from caseapp.core.db import Base, Identified, Versioned, one_of

USER = "user_account.id"


class GlassAccess(Identified, Versioned, Base):
    """One person reads one file of another team. `opened_at` is business time, for people; `since`, `ends_at` and
    `ended_at` are real time, as of a session. `number` is the file's, for the auditor, who reads no file."""

    __tablename__ = "glass_access"
    __table_args__ = (
        one_of("reason", REASONS),
        one_of("outcome", OUTCOMES),
        sa.CheckConstraint("ends_at > since AND ends_at <= since + interval '3 hours'", name="three_hours"),
        sa.CheckConstraint("(reviewed_at IS NULL) = (outcome IS NULL)", name="reviewed_has_outcome"),
        sa.CheckConstraint("(reviewed_at IS NULL) = (reviewed_by_id IS NULL)", name="reviewed_has_person"),
        sa.CheckConstraint("reviewed_by_id <> user_id", name="second_person"),
        sa.Index("ix_glass_access_open", "user_id", "case_id", "ends_at"),
        sa.Index("ix_glass_access_to_review", "country", "id", postgresql_where=sa.text("reviewed_at IS NULL")),
    )  # fmt: skip

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    number: Mapped[str]
    country: Mapped[str] = mapped_column(sa.CHAR(3))
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(USER))
    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"), index=True)
    reason: Mapped[str]
    note_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    opened_at: Mapped[datetime]
    since: Mapped[datetime]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    seen_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(USER), index=True)
    reviewed_at: Mapped[datetime | None]
    reviewed_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(USER), index=True)
    outcome: Mapped[str | None]

    note = Encrypted("note")
