"""The asylum claim: the people it belongs to, and its dated steps."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.db import Base, Identified, Versioned, one_of
from caseapp.procedure.rules import (
    APPLICATION_TYPES,
    CLOSURE_GROUPS,
    LEFT_REASONS,
    MAY_REPEAT,
    OUTCOMES,
    ROLES,
    STEPS,
)

_OPEN = "decided_on IS NULL AND closed_on IS NULL"


class Claim(Identified, Versioned, Base):
    """A claim for refugee status; `case_id` is the file of whoever leads it. `outcome` is the decision on the merits
    that stands (none while an appeal is pending); a claim that ends without one is closed with a reason ("otherwise
    closed"). `lodged_on` is empty while there is only an intention. One claim is open at a time; a sealed one, a
    spouse's own, may stand beside the family's and is shown on the private page only."""

    __tablename__ = "claim"
    __table_args__ = (
        one_of("application_type", APPLICATION_TYPES),
        one_of("outcome", OUTCOMES),
        one_of("closure_reason", tuple(CLOSURE_GROUPS)),
        sa.CheckConstraint("(decided_on IS NULL) = (outcome IS NULL)", name="decided_has_outcome"),
        sa.CheckConstraint("(closed_on IS NULL) = (closure_reason IS NULL)", name="closed_has_reason"),
        sa.CheckConstraint("decided_on IS NULL OR closed_on IS NULL", name="decided_or_closed"),
        sa.CheckConstraint("decided_on >= lodged_on", name="decided_after_lodged"),
        sa.CheckConstraint("decided_on IS NULL OR lodged_on IS NOT NULL", name="decided_was_lodged"),
        sa.CheckConstraint("closed_on >= lodged_on", name="closed_after_lodged"),
        # No claim is abandoned by a machine: a person writes down what the authority said.
        sa.CheckConstraint("closed_on IS NULL OR closed_by_id IS NOT NULL", name="closed_by_person"),
        sa.Index(
            "uq_claim_open", "case_id", unique=True, postgresql_where=sa.text(f"{_OPEN} AND NOT sealed"),
        ),
    )  # fmt: skip

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    application_type: Mapped[str] = mapped_column(default="N", server_default="N")
    sealed: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    lodged_on: Mapped[date | None]
    decided_on: Mapped[date | None]
    outcome: Mapped[str | None]
    closed_on: Mapped[date | None]
    closure_reason: Mapped[str | None]
    closed_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)

    @property
    def is_open(self) -> bool:
        return self.decided_on is None and self.closed_on is None


class ClaimApplicant(Identified, Base):
    """Somebody in a claim from a day on: whoever leads it, or with them. Birth, death, marriage and separation change
    these rows, never the claim. `pending` follows the claim: it is open and the person is in it."""

    __tablename__ = "claim_applicant"
    __table_args__ = (
        one_of("role", ROLES),
        one_of("left_reason", LEFT_REASONS),
        sa.CheckConstraint("left_on >= since", name="dates_in_order"),
        sa.CheckConstraint("(left_on IS NULL) = (left_reason IS NULL)", name="left_has_reason"),
        sa.CheckConstraint("NOT pending OR left_on IS NULL", name="pending_while_in"),
        sa.CheckConstraint("sealed = (role = 'SEPARATED_OWN_CLAIM')", name="own_claim_is_sealed"),
        sa.Index("uq_claim_applicant_in", "claim_id", "case_id", unique=True, postgresql_where=sa.text("left_on IS NULL")),
        sa.Index(
            "uq_claim_applicant_leads", "claim_id", unique=True,
            postgresql_where=sa.text("role <> 'DERIVATIVE'"),
        ),
        sa.Index("uq_claim_applicant_pending", "case_id", "sealed", unique=True, postgresql_where=sa.text("pending")),
    )  # fmt: skip

    claim_id: Mapped[UUID] = mapped_column(sa.ForeignKey("claim.id"), index=True)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    role: Mapped[str]
    since: Mapped[date]
    left_on: Mapped[date | None]
    left_reason: Mapped[str | None]
    sealed: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    pending: Mapped[bool] = mapped_column(default=True, server_default=sa.true())


class ClaimStep(Identified, Base):
    """A step of a claim, in the order in which it was recorded. `code` is the outcome of a decision, the reason of an
    end or a reopening, or the document. `instance` grows with each appeal and reopening."""

    __tablename__ = "claim_step"
    __table_args__ = (
        one_of("step", STEPS),
        sa.CheckConstraint("instance >= 1", name="instance_from_one"),
        sa.CheckConstraint(
            "step NOT IN ('DECISION', 'CLOSED', 'REOPENED') OR code IS NOT NULL", name="says_what"
        ),
        sa.Index(
            "uq_claim_step_once", "claim_id", "instance", "step", unique=True,
            postgresql_where=sa.text(f"step NOT IN ({', '.join(repr(s) for s in MAY_REPEAT)})"),
        ),
    )  # fmt: skip

    claim_id: Mapped[UUID] = mapped_column(sa.ForeignKey("claim.id"), index=True)
    step: Mapped[str]
    on: Mapped[date] = mapped_column("taken_on")
    instance: Mapped[int] = mapped_column(default=1, server_default="1")
    code: Mapped[str | None]
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
