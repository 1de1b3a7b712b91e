"""The asylum claim as plain dated events: lodged, decided, closed with its reason."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.db import Base, Identified, Versioned, one_of
from caseapp.procedure.rules import APPLICATION_TYPES, CLOSURE_GROUPS, OUTCOMES


class Claim(Identified, Versioned, Base):
    """One person's claim for refugee status. `outcome` is the decision on the merits; a claim that ends
    without one is closed with a reason ("otherwise closed"). One claim is open at a time."""

    __tablename__ = "claim"
    __table_args__ = (
        one_of("application_type", APPLICATION_TYPES),
        one_of("outcome", OUTCOMES),
        one_of("closure_reason", tuple(CLOSURE_GROUPS)),
        sa.CheckConstraint("(decided_on IS NULL) = (outcome IS NULL)", name="decided_has_outcome"),
        sa.CheckConstraint("(closed_on IS NULL) = (closure_reason IS NULL)", name="closed_has_reason"),
        sa.CheckConstraint("decided_on IS NULL OR closed_on IS NULL", name="decided_or_closed"),
        sa.CheckConstraint("decided_on >= lodged_on", name="decided_after_lodged"),
        sa.CheckConstraint("closed_on >= lodged_on", name="closed_after_lodged"),
        sa.Index(
            "uq_claim_open", "case_id", unique=True,
            postgresql_where=sa.text("decided_on IS NULL AND closed_on IS NULL"),
        ),
    )  # fmt: skip

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    application_type: Mapped[str] = mapped_column(default="N", server_default="N")
    lodged_on: Mapped[date]
    decided_on: Mapped[date | None]
    outcome: Mapped[str | None]
    closed_on: Mapped[date | None]
    closure_reason: Mapped[str | None]

    @property
    def is_open(self) -> bool:
        return self.decided_on is None and self.closed_on is None
