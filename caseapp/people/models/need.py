"""Needs, and the placement requirements that a shelter receives instead of them."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.crypto import Encrypted
from caseapp.core.db import Base, Identified, Versioned, one_of

PRIORITIES = ("EMERGENCY", "HIGH", "MEDIUM", "LOW")
NEED_STATES = ("OPEN", "MET", "ENDED")


class Need(Identified, Versioned, Base):
    """A specific need (UNHCR code) that a person confirmed, with the reason; free text is encrypted."""

    __tablename__ = "need"
    __table_args__ = (
        one_of("priority", PRIORITIES),
        one_of("state", NEED_STATES),
        sa.CheckConstraint("(state = 'OPEN') = (ended_on IS NULL)", name="ended_has_date"),
        sa.Index(
            "uq_need_open", "case_id", "code", unique=True, postgresql_where=sa.text("state = 'OPEN'")
        ),
    )  # fmt: skip

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"), index=True)
    code: Mapped[str]
    category: Mapped[str]
    priority: Mapped[str]
    state: Mapped[str] = mapped_column(default="OPEN", server_default="OPEN")
    reason_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    screening_id: Mapped[UUID | None] = mapped_column(index=True)
    recorded_on: Mapped[date]
    ended_on: Mapped[date | None]
    end_reason: Mapped[str | None]
    confirmed_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)

    reason = Encrypted("reason")


class PlacementRequirement(Identified, Base):
    """What a place must have for this person (VOCABULARY A1); never a need code or a diagnosis."""

    __tablename__ = "placement_requirement"
    __table_args__ = (
        sa.Index(
            "uq_placement_requirement_current", "case_id", "requirement", unique=True,
            postgresql_where=sa.text("ended_on IS NULL"),
        ),
    )  # fmt: skip

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    requirement: Mapped[str]
    detail_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    life_critical: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    set_on: Mapped[date]
    ended_on: Mapped[date | None]

    detail = Encrypted("detail")
