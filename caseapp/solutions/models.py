"""Durable-solution plans with their dated steps, the steps of a voluntary return, and work: permit, training, job."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.crypto import Encrypted
from caseapp.core.db import Base, Identified, Versioned, one_of
from caseapp.solutions import rules
from caseapp.solutions.rules import PATHWAYS, STEPS

CASE, USER = "case.id", "user_account.id"


class SolutionPlan(Identified, Versioned, Base):
    """A plan for one pathway, agreed with the person. One plan for each pathway is current."""

    __tablename__ = "solution_plan"
    __table_args__ = (
        one_of("pathway", PATHWAYS),
        one_of("category", rules.CATEGORIES),
        one_of("second_category", rules.CATEGORIES),
        one_of("priority", rules.RESETTLEMENT_PRIORITIES),
        sa.CheckConstraint("ended_on >= agreed_on", name="ended_after_agreed"),
        sa.CheckConstraint("pathway = 'RESETTLEMENT' OR num_nonnulls(category, second_category, priority) = 0", name="category_of_resettlement"),
        sa.CheckConstraint("second_category <> category", name="second_category_is_another"),
        sa.Index(
            "uq_solution_plan_current", "case_id", "pathway", unique=True,
            postgresql_where=sa.text("ended_on IS NULL"),
        ),
    )  # fmt: skip

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    pathway: Mapped[str]
    agreed_on: Mapped[date]
    ended_on: Mapped[date | None]
    category: Mapped[str | None]
    second_category: Mapped[str | None]
    priority: Mapped[str | None]


class SolutionStep(Identified, Base):
    """A step that a plan reached on a day; each step once."""

    __tablename__ = "solution_step"
    __table_args__ = (
        one_of("step", STEPS),
        one_of("reason", rules.FAIL_REASONS),
        sa.CheckConstraint("reason IS NULL OR step = 'FAILED'", name="reason_of_failure"),
        sa.UniqueConstraint("plan_id", "step"),
    )

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    plan_id: Mapped[UUID] = mapped_column(sa.ForeignKey("solution_plan.id"), index=True)
    step: Mapped[str]
    reached_on: Mapped[date]
    reason: Mapped[str | None]
    recorded_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(USER), index=True)


class ReturnStep(Identified, Base):
    """A step of a voluntary return; each once. Who left alone or was removed has no row here."""

    __tablename__ = "return_step"
    __table_args__ = (one_of("step", rules.RETURN_STEPS), sa.UniqueConstraint("plan_id", "step"))

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(CASE), index=True)
    plan_id: Mapped[UUID] = mapped_column(sa.ForeignKey("solution_plan.id"), index=True)
    step: Mapped[str]
    reached_on: Mapped[date]
    recorded_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(USER), index=True)


class WorkPermit(Identified, Versioned, Base):
    """One permit from the wish to its end. `holder_status` is the situation on the day the file was complete and is
    frozen there; one permit is in hand at a time."""

    __tablename__ = "work_permit"
    __table_args__ = (
        one_of("state", rules.PERMIT_STATES),
        one_of("refusal", rules.PERMIT_REFUSALS),
        sa.CheckConstraint("missing <@ ARRAY['" + "','".join(rules.PERMIT_DOCUMENTS) + "']::text[]", name="missing_known"),
        sa.CheckConstraint("(state = 'DOCUMENTS_MISSING') = (cardinality(missing) > 0)", name="missing_listed"),
        sa.CheckConstraint("state NOT IN ('ISSUED', 'RENEWED') OR valid_to > issued_on", name="valid_after_issue"),
        sa.CheckConstraint("state IN ('NOT_ELIGIBLE_YET', 'DOCUMENTS_MISSING') = (complete_on IS NULL)", name="complete_has_date"),
        sa.CheckConstraint("(complete_on IS NULL) = (holder_status IS NULL)", name="status_frozen_at_filing"),
        sa.CheckConstraint("(state = 'REFUSED') = (refusal IS NOT NULL)", name="refused_has_reason"),
        sa.Index(
            "uq_work_permit_current", "case_id", unique=True, postgresql_where=sa.text("state <> 'REFUSED'")
        ),
    )  # fmt: skip

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(CASE), index=True)
    state: Mapped[str]
    asked_on: Mapped[date]
    changed_on: Mapped[date]
    missing: Mapped[list[str]] = mapped_column(ARRAY(sa.Text()), default=list, server_default="{}")
    complete_on: Mapped[date | None]
    holder_status: Mapped[str | None]
    issued_on: Mapped[date | None]
    valid_to: Mapped[date | None]
    refusal: Mapped[str | None]


class Training(Identified, Versioned, Base):
    """A course or a certification of skills, with the level in and out where it is a language."""

    __tablename__ = "training"
    __table_args__ = (
        one_of("kind", rules.TRAINING_KINDS),
        one_of("state", rules.TRAINING_STATES),
        one_of("level_in", rules.CEFR),
        one_of("level_out", rules.CEFR),
        one_of("drop_reason", rules.DROP_REASONS),
        sa.CheckConstraint("(state = 'DROPPED') = (drop_reason IS NOT NULL)", name="dropped_has_reason"),
        sa.CheckConstraint("kind <> 'LANGUAGE' OR level_in IS NOT NULL", name="language_has_level"),
        sa.CheckConstraint("changed_on >= enrolled_on", name="changed_after_enrolled"),
    )

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(CASE), index=True)
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(default="ENROLLED", server_default="ENROLLED")
    enrolled_on: Mapped[date]
    changed_on: Mapped[date]
    level_in: Mapped[str | None]
    level_out: Mapped[str | None]
    drop_reason: Mapped[str | None]


class Employment(Identified, Versioned, Base):
    """A job from the offer to its end. `age` and `legal_age` are what was known on the day it was written down."""

    __tablename__ = "employment"
    __table_args__ = (
        one_of("form", rules.JOB_FORMS),
        one_of("state", rules.JOB_STATES),
        one_of("end_reason", rules.JOB_ENDS),
        sa.CheckConstraint("age >= legal_age", name="of_legal_age"),
        sa.CheckConstraint("(state = 'ENDED') = (end_reason IS NOT NULL)", name="ended_has_reason"),
        sa.CheckConstraint(
            "state IN ('OFFERED', 'ENDED') OR started_on IS NOT NULL", name="started_has_date"
        ),
        sa.CheckConstraint("started_on >= offered_on", name="started_after_offered"),
    )

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey(CASE), index=True)
    form: Mapped[str]
    state: Mapped[str] = mapped_column(default="OFFERED", server_default="OFFERED")
    offered_on: Mapped[date]
    started_on: Mapped[date | None]
    changed_on: Mapped[date]
    end_reason: Mapped[str | None]
    employer_checked_on: Mapped[date | None]
    age: Mapped[int | None]
    legal_age: Mapped[int]
    employer_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    employer = Encrypted("employer")
