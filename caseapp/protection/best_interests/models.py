"""Best-interests assessments of a child, and the actions that each recommends. All words are encrypted; what was
approved or stopped is never changed (policy)."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.crypto import Encrypted
from caseapp.core.db import Base, Identified, Versioned, one_of
from caseapp.protection.best_interests.rules import (
    HANDED_OVER,
    KINDS,
    REVIEW_DAYS,
    STANDING,
    STATES,
    STOP_REASONS,
    TIMINGS,
)

USER = "user_account.id"
_STANDING = f"state IN ({', '.join(repr(state) for state in STANDING)})"
_TOLD = (
    "assessed_on IS NOT NULL AND views_heard IS NOT NULL AND review_on IS NOT NULL AND concluded_by_id IS NOT NULL "
    "AND took_part_sealed IS NOT NULL AND views_sealed IS NOT NULL AND findings_sealed IS NOT NULL"
)


class BestInterests(Identified, Versioned, Base):
    """One assessment. `identified_on` is the day from which its limit counts: that on which it was known that the child
    is alone or apart from the parents (of an assessment anew: the day for which it was due). `timing` says, once it is
    approved, whether the child was assessed within it."""

    __tablename__ = "best_interests"
    __table_args__ = (
        one_of("kind", KINDS),
        one_of("state", STATES),
        one_of("views_heard", ("YES", "NO")),
        one_of("timing", TIMINGS),
        one_of("stop_reason", (*STOP_REASONS, HANDED_OVER)),
        sa.CheckConstraint(f"state NOT IN ('CONCLUDED', 'APPROVED') OR ({_TOLD})", name="concluded_is_told"),
        sa.CheckConstraint("assessed_on >= identified_on", name="assessed_after_identified"),
        sa.CheckConstraint(
            f"review_on > assessed_on AND review_on <= assessed_on + {REVIEW_DAYS}", name="review_in_time"
        ),
        sa.CheckConstraint("decided_by_id <> concluded_by_id", name="second_person"),
        sa.CheckConstraint(
            "(state = 'APPROVED') = (timing IS NOT NULL) AND (state <> 'APPROVED' OR decided_by_id IS NOT NULL)",
            name="approved_by_somebody",
        ),
        sa.CheckConstraint("(decided_by_id IS NULL) = (decided_at IS NULL)", name="decided_has_time"),
        sa.CheckConstraint("(state = 'STOPPED') = (stop_reason IS NOT NULL)", name="stopped_has_reason"),
        sa.Index("uq_best_interests_standing", "case_id", unique=True, postgresql_where=sa.text(_STANDING)),
        sa.Index("ix_best_interests_review", "review_on", postgresql_where=sa.text("state = 'APPROVED'")),
    )  # fmt: skip

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(default="OPEN", server_default="OPEN")
    identified_on: Mapped[date]
    opened_on: Mapped[date]
    opened_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey(USER), index=True)
    assessed_on: Mapped[date | None]
    took_part_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    views_heard: Mapped[str | None]
    views_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    findings_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    review_on: Mapped[date | None]
    concluded_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(USER), index=True)
    decided_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(USER), index=True)
    decided_at: Mapped[datetime | None]
    remark_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    timing: Mapped[str | None]
    stop_reason: Mapped[str | None]

    took_part = Encrypted("took_part")
    views = Encrypted("views")
    findings = Encrypted("findings")
    remark = Encrypted("remark")


class BestInterestsAction(Identified, Base):
    """What an assessment recommends, by when, and the need that it shows, if it shows one. Once the assessment is
    approved the need stands in the file, and the action is a task of its team."""

    __tablename__ = "best_interests_action"

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    assessment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("best_interests.id"), index=True)
    words_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    due_on: Mapped[date]
    need_code: Mapped[str | None]

    words = Encrypted("words")
