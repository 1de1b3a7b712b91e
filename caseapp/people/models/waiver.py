"""Acting without consent, written down: on which of four legal bases, why, who reviewed it, when the person was told."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.crypto import Encrypted
from caseapp.core.db import Base, Identified, Versioned, one_of
from caseapp.people.rules.waiver import BASES, OUTCOMES


class ConsentWaiver(Identified, Versioned, Base):
    """One person, one purpose, one recipient, for want of consent. `subject_id` is the referral or the sharing that
    rests on it; `adult` is frozen when it happens. A trigger refuses it where the consent is there."""

    __tablename__ = "consent_waiver"
    __table_args__ = (
        one_of("basis", BASES),
        one_of("outcome", OUTCOMES),
        sa.CheckConstraint(
            "purpose NOT IN ('CONSULAR', 'COUNTRY_OF_ORIGIN', 'MEDIA', 'RESEARCH_IDENTIFIED')", name="never_for_these"
        ),
        sa.CheckConstraint("basis <> 'CHILD_BEST_INTERESTS' OR NOT adult", name="best_interests_of_a_child"),
        sa.CheckConstraint("reviewed_by_id <> made_by_id", name="second_person_reviews"),
        sa.CheckConstraint("(reviewed_at IS NULL) = (outcome IS NULL)", name="reviewed_whole"),
        sa.CheckConstraint("reviewed_at IS NULL OR reviewed_by_id IS NOT NULL", name="reviewed_by_somebody"),
        sa.CheckConstraint("outcome <> 'NOT_UPHELD' OR note_sealed IS NOT NULL", name="not_upheld_has_note"),
        sa.CheckConstraint("told_on >= made_on", name="told_afterwards"),
        sa.CheckConstraint("(told_on IS NULL) = (told_by_id IS NULL)", name="told_by_somebody"),
        sa.Index("ix_consent_waiver_case", "case_id", "made_on"),
        sa.Index("ix_consent_waiver_open", "case_id", postgresql_where=sa.text("reviewed_at IS NULL OR told_on IS NULL")),
    )  # fmt: skip

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"))
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"), index=True)
    purpose: Mapped[str]
    recipient_team_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("team.id"), index=True)
    recipient_country: Mapped[str | None] = mapped_column(sa.CHAR(3))
    subject_id: Mapped[UUID | None] = mapped_column(index=True)
    adult: Mapped[bool]
    basis: Mapped[str]
    reason_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    made_at: Mapped[datetime]
    made_on: Mapped[date]
    made_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    reviewed_at: Mapped[datetime | None]
    reviewed_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    outcome: Mapped[str | None]
    note_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    told_on: Mapped[date | None]
    told_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)

    reason = Encrypted("reason")
    note = Encrypted("note")
