"""Assistance asked for one adult, the decision of a second person, and its payments. Codes, sums and days only: whoever
decides needs no name. Reading without the file's policy: the providing team sees its own lines (docs/decisions/0050)."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.assistance import rules as log
from caseapp.assistance.paying import rules
from caseapp.core.db import Base, Identified, Versioned, one_of


class Assistance(Identified, Versioned, Base):
    """One request for one adult, who is the payee. `team_id` provides and decides, `from_team_id` asked. `consent_id` is
    the key that opened on the day (a trigger finds it); `until_on` is when it should have arrived."""

    __tablename__ = "assistance"
    __table_args__ = (
        one_of("item", log.ITEMS),
        one_of("mechanism", log.MECHANISMS),
        one_of("decision", rules.DECISIONS),
        one_of("refusal", rules.REFUSALS),
        sa.CheckConstraint("payee_adult", name="payee_adult"),
        sa.CheckConstraint(
            "(item IN ('CASH', 'VOUCHER')) = (amount IS NOT NULL)", name="amount_of_money"
        ),
        sa.CheckConstraint("(item = 'CASH') = (mechanism IS NOT NULL)", name="cash_has_mechanism"),
        sa.CheckConstraint("amount BETWEEN 1 AND 99999", name="amount_sane"),
        sa.CheckConstraint("until_on >= asked_on AND until_on <= asked_on + 366", name="planned_later"),
        sa.CheckConstraint("decided_by_id <> asked_by_id", name="requester_never_decides"),
        sa.CheckConstraint("decided_by_id <> refused_by_id", name="another_decides_again"),
        sa.CheckConstraint("refused_by_id <> asked_by_id", name="refused_by_another"),
        sa.CheckConstraint(
            "(COALESCE(decision, '') IN ('APPROVED', 'REFUSED')) = (decided_by_id IS NOT NULL) "
            "AND (decided_by_id IS NULL) = (decided_on IS NULL)",
            name="decided_whole",
        ),
        sa.CheckConstraint(
            "(COALESCE(decision, '') IN ('REFUSED', 'APPEALED')) = (refusal IS NOT NULL)",
            name="refused_has_reason",
        ),
        sa.CheckConstraint(
            "(refused_by_id IS NULL) = (appealed_on IS NULL) AND "
            "(COALESCE(decision, '') <> 'APPEALED' OR appealed_on IS NOT NULL)",
            name="appealed_whole",
        ),
        sa.CheckConstraint(
            "delivered_on IS NULL OR COALESCE(decision, '') = 'APPROVED'", name="delivered_if_approved"
        ),
        sa.Index(
            "uq_assistance_open", "case_id", "item", unique=True,
            postgresql_where=sa.text("COALESCE(decision, '') IN ('', 'APPEALED')"),
        ),
    )  # fmt: skip

    number: Mapped[str] = mapped_column(unique=True)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"), index=True)
    from_team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"), index=True)
    country: Mapped[str] = mapped_column(sa.CHAR(3))
    item: Mapped[str]
    amount: Mapped[int | None]
    mechanism: Mapped[str | None]
    payee_adult: Mapped[bool]
    consent_id: Mapped[UUID] = mapped_column(sa.ForeignKey("consent.id"), index=True)
    asked_on: Mapped[date]
    asked_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    until_on: Mapped[date]
    decision: Mapped[str | None]
    decided_on: Mapped[date | None]
    decided_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    refusal: Mapped[str | None]
    refused_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    appealed_on: Mapped[date | None]
    appealed_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    delivered_on: Mapped[date | None]


class Payment(Identified, Versioned, Base):
    """A payment of what was approved. `moved_by_id` recorded its last step before somebody else reconciled it."""

    __tablename__ = "payment"
    __table_args__ = (
        one_of("state", rules.STATES),
        one_of("failure", rules.FAILURES),
        one_of("mechanism", log.MECHANISMS),
        sa.CheckConstraint("amount BETWEEN 1 AND 99999", name="amount_sane"),
        sa.CheckConstraint(
            "(state <> 'FAILED' OR failure IS NOT NULL) AND (failure IS NULL OR state IN ('FAILED', 'RECONCILED'))",
            name="failed_has_reason",
        ),
        sa.CheckConstraint(
            "(state <> 'COLLECTED' OR collected_on IS NOT NULL) "
            "AND (collected_on IS NULL OR state IN ('COLLECTED', 'RECONCILED'))",
            name="collected_has_day",
        ),
        sa.CheckConstraint(
            "(state = 'RECONCILED') = (reconciled_by_id IS NOT NULL)", name="reconciled_has_who"
        ),
        sa.CheckConstraint("reconciled_by_id <> moved_by_id", name="another_reconciles"),
    )

    assistance_id: Mapped[UUID] = mapped_column(sa.ForeignKey("assistance.id"), index=True)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"), index=True)
    amount: Mapped[int]
    mechanism: Mapped[str | None]
    planned_on: Mapped[date]
    state: Mapped[str] = mapped_column(default="PLANNED", server_default="PLANNED")
    failure: Mapped[str | None]
    collected_on: Mapped[date | None]
    moved_on: Mapped[date]
    moved_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    reconciled_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    delivery_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("delivery.id"), index=True)
