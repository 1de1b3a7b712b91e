"""Screenings: who was asked, in what conditions, what they answered and what follows from it.

The answers are one sealed text: nobody searches or counts them. What a person decided on each proposal, and
the outcomes, are codes. A screening that has ended has exactly one main outcome, which is one of its
outcomes (a foreign key); an outcome is never taken back (role `app` may only add).
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.crypto import Encrypted
from caseapp.core.db import Base, Identified, Versioned, one_of
from caseapp.protection.rules import (
    ALONE,
    AS_WISHED,
    DECIDED,
    INCOMPLETE_REASONS,
    INTERPRETERS,
    KINDS,
    OUTCOMES,
    REFUSED_REASONS,
    STATES,
    YES_NO,
)


class Screening(Identified, Versioned, Base):
    """One talk with one person. `interviewer_as_wished` and `interpreter_as_wished` say whether the sex of
    each is the one that the person wished."""

    __tablename__ = "screening"
    __table_args__ = (
        one_of("state", STATES),
        one_of("alone", ALONE),
        one_of("private_place", YES_NO),
        one_of("interpreter", INTERPRETERS),
        one_of("interviewer_as_wished", AS_WISHED),
        one_of("interpreter_as_wished", AS_WISHED),
        one_of("incomplete_reason", INCOMPLETE_REASONS),
        sa.CheckConstraint("(state = 'COMPLETED') = (completed_at IS NOT NULL)", name="completed_has_time"),
        sa.CheckConstraint(
            "(state = 'UNFINISHED') = (incomplete_reason IS NOT NULL)", name="unfinished_has_reason"
        ),
        sa.CheckConstraint("(state = 'STARTED') = (main_outcome IS NULL)", name="ended_has_outcome"),
        sa.CheckConstraint(
            "(state = 'UNFINISHED') = (coalesce(main_outcome, '') = 'INCOMPLETE')", name="unfinished_is_incomplete"
        ),
        sa.CheckConstraint(
            "state <> 'COMPLETED' OR (alone IN ('YES', 'CHILD_WITH_SUPPORT') AND private_place = 'YES' "
            "AND interpreter <> 'FAMILY_MEMBER')",
            name="completed_in_private",
        ),
        sa.CheckConstraint("completed_at >= started_at", name="completed_after_start"),
        sa.ForeignKeyConstraint(
            ["id", "main_outcome"], ["screening_outcome.screening_id", "screening_outcome.outcome"],
            name="fk_screening_main_outcome", use_alter=True,
        ),
        sa.Index(
            "uq_screening_started", "case_id", unique=True, postgresql_where=sa.text("state = 'STARTED'")
        ),
    )  # fmt: skip

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    questionnaire: Mapped[str]
    questionnaire_version: Mapped[str]
    state: Mapped[str] = mapped_column(default="STARTED", server_default="STARTED")
    started_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]
    alone: Mapped[str]
    private_place: Mapped[str]
    interpreter: Mapped[str]
    interviewer_as_wished: Mapped[str]
    interpreter_as_wished: Mapped[str]
    incomplete_reason: Mapped[str | None]
    main_outcome: Mapped[str | None]
    interviewer_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    answers_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)

    answers = Encrypted("answers")


class ScreeningOutcome(Identified, Base):
    """An outcome that holds. Several may; the main one is `Screening.main_outcome`."""

    __tablename__ = "screening_outcome"
    __table_args__ = (one_of("outcome", OUTCOMES), sa.UniqueConstraint("screening_id", "outcome"))

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    screening_id: Mapped[UUID] = mapped_column(sa.ForeignKey("screening.id"))
    outcome: Mapped[str]


class ScreeningDecision(Identified, Base):
    """What a person decided on a proposal: confirmed (a need with its priority), or not, with the reason. A
    firm proposal is never refused: a wish to ask for asylum is not the screener's to take away."""

    __tablename__ = "screening_decision"
    __table_args__ = (
        one_of("kind", KINDS),
        one_of("decision", DECIDED),
        one_of("reason", REFUSED_REASONS),
        sa.CheckConstraint("(decision = 'NOT_NOW') = (reason IS NOT NULL)", name="refused_has_reason"),
        sa.CheckConstraint("code <> 'IP_WISH' OR decision = 'CONFIRMED'", name="wish_stands"),
        sa.UniqueConstraint("screening_id", "kind", "code"),
    )

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    screening_id: Mapped[UUID] = mapped_column(sa.ForeignKey("screening.id"))
    kind: Mapped[str]
    code: Mapped[str]
    decision: Mapped[str]
    reason: Mapped[str | None]
    priority: Mapped[str | None]
    decided_at: Mapped[datetime]
    decided_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
