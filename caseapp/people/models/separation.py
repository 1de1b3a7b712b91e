"""Two people who are never placed near each other. Sealed: read by those named in the matter and by nobody else."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.db import Base, Identified, one_of

REACHES = ("SITE", "UNIT")


class SafetySeparation(Identified, Base):
    """Why is written nowhere. `reach`: not at one site, or not in one room. `holders`: the users who read it.

    `other_number` is what was asked for, a file of another team or of nobody, until somebody of that team agrees; then
    `other_case_id` is its file and the two are kept apart. `left_at`: that team left it unanswered for good, which
    whoever asked is not told."""

    __tablename__ = "safety_separation"
    __table_args__ = (
        one_of("reach", REACHES),
        sa.CheckConstraint("case_id <> other_case_id", name="two_people"),
        sa.CheckConstraint("set_by_id = ANY (holders)", name="held"),
        sa.CheckConstraint("(agreed_at IS NULL) = (other_number IS NOT NULL)", name="asked_or_agreed"),
        sa.CheckConstraint("(agreed_at IS NULL) = (other_case_id IS NULL)", name="agreed_on_somebody"),
        sa.CheckConstraint("(agreed_at IS NULL) = (agreed_by_id IS NULL)", name="agreed_by_somebody"),
        sa.CheckConstraint("agreed_by_id IS NULL OR agreed_by_id = ANY (holders)", name="agreed_by_a_holder"),
        sa.CheckConstraint("left_at IS NULL OR agreed_at IS NULL", name="left_or_agreed"),
        sa.Index("ix_safety_separation_asked", "other_number"),
    )

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    other_case_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("case.id"), index=True)
    other_number: Mapped[str | None]
    reach: Mapped[str]
    since: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    set_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    agreed_at: Mapped[datetime | None]
    agreed_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    left_at: Mapped[datetime | None]
    holders: Mapped[list[UUID]] = mapped_column(pg.ARRAY(sa.Uuid()))
