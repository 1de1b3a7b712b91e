"""Durable-solution plans and their dated steps."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.db import Base, Identified, Versioned, one_of
from caseapp.solutions.rules import PATHWAYS, STEPS


class SolutionPlan(Identified, Versioned, Base):
    """A plan for one pathway, agreed with the person. One plan for each pathway is current."""

    __tablename__ = "solution_plan"
    __table_args__ = (
        one_of("pathway", PATHWAYS),
        sa.CheckConstraint("ended_on >= agreed_on", name="ended_after_agreed"),
        sa.Index(
            "uq_solution_plan_current", "case_id", "pathway", unique=True,
            postgresql_where=sa.text("ended_on IS NULL"),
        ),
    )  # fmt: skip

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    pathway: Mapped[str]
    agreed_on: Mapped[date]
    ended_on: Mapped[date | None]


class SolutionStep(Identified, Base):
    """A step that a plan reached on a day; each step once."""

    __tablename__ = "solution_step"
    __table_args__ = (one_of("step", STEPS), sa.UniqueConstraint("plan_id", "step"))

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    plan_id: Mapped[UUID] = mapped_column(sa.ForeignKey("solution_plan.id"), index=True)
    step: Mapped[str]
    reached_on: Mapped[date]
    recorded_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
