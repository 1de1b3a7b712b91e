"""Requests of persons about their data, and legal holds."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.casefile.subject.rules import HOLDS, KINDS, REFUSALS, STATES, TOPICS
from caseapp.core.crypto import Encrypted
from caseapp.core.db import Base, Identified, Versioned, one_of

USER = "user_account.id"


class SubjectRequest(Identified, Versioned, Base):
    """A person asks to see, correct or erase what is kept about them. `number` is the file's, for the data-protection
    officer, who opens no file; the copy (`file_sealed`) is wiped when it is handed over. Nobody decides on what they
    wrote down."""

    __tablename__ = "subject_request"
    __table_args__ = (
        one_of("kind", KINDS),
        one_of("state", STATES),
        one_of("topic", TOPICS),
        one_of("reason", REFUSALS),
        sa.CheckConstraint("(kind = 'CORRECTION') = (topic IS NOT NULL)", name="correction_has_topic"),
        sa.CheckConstraint("(state IN ('GRANTED', 'PART', 'REFUSED')) = (decided_by_id IS NOT NULL)", name="decided_has_person"),
        sa.CheckConstraint("(state IN ('PART', 'REFUSED')) = (reason IS NOT NULL)", name="refused_has_reason"),
        sa.CheckConstraint("(state IN ('ASKED', 'READY')) = (ended_at IS NULL)", name="ended_has_time"),
        sa.CheckConstraint("state NOT IN ('READY', 'COLLECTED') OR kind = 'ACCESS'", name="copy_of_access"),
        sa.CheckConstraint("file_sealed IS NULL OR state = 'READY'", name="copy_until_collected"),
        sa.CheckConstraint("decided_by_id <> asked_by_id", name="second_person"),
        sa.Index(
            "uq_subject_request_open", "case_id", "kind", unique=True,
            postgresql_where=sa.text("state IN ('ASKED', 'READY')"),
        ),
        sa.Index("ix_subject_request_due", "country", "due_on"),
    )  # fmt: skip

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    number: Mapped[str]
    country: Mapped[str] = mapped_column(sa.CHAR(3))
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(default="ASKED", server_default="ASKED")
    topic: Mapped[str | None]
    what_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    asked_on: Mapped[date]
    due_on: Mapped[date | None]
    asked_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey(USER), index=True)
    decided_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(USER), index=True)
    reason: Mapped[str | None]
    answer_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    file_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    made_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    collected_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(USER), index=True)

    what = Encrypted("what")
    answer = Encrypted("answer")


class LegalHold(Identified, Base):
    """While it stands, the file is not erased: by nobody, by no rule."""

    __tablename__ = "legal_hold"
    __table_args__ = (
        one_of("reason", HOLDS),
        sa.CheckConstraint("(ended_on IS NULL) = (ended_by_id IS NULL)", name="ended_has_person"),
        sa.CheckConstraint("ended_on >= since", name="dates_in_order"),
        sa.Index(
            "uq_legal_hold_open", "case_id", "reason", unique=True, postgresql_where=sa.text("ended_on IS NULL")
        ),
    )  # fmt: skip

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    reason: Mapped[str]
    since: Mapped[date]
    set_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey(USER), index=True)
    ended_on: Mapped[date | None]
    ended_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(USER), index=True)
