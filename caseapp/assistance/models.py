"""The log of deliveries: what reached whom, on which day, from what class of provider; and what a shelter gives
without asking anybody's name, by number."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.assistance import rules
from caseapp.core.db import Base, Identified, one_of

WITH_AMOUNT = "COALESCE(item, '') IN ('CASH', 'VOUCHER') OR num_nonnulls(mechanism, amount) = 0"
CASH_SAYS = (
    "COALESCE(item, '') <> 'CASH' OR result NOT IN ('DELIVERED_FULL', 'DELIVERED_PART') "
    "OR num_nonnulls(mechanism, amount) = 2"
)


class Delivery(Identified, Base):
    """One service or item to one person; `item` is empty for a session of a service. `interval_days` is the interval
    that held on the day: a trigger questions what lies within it and says no reason. A mistake is withdrawn. `team_id`
    wrote it down: the owner of the file, or who reads the file and gave it. `sealed`: it belongs to a sealed need or
    referral, and stands on the private page only."""

    __tablename__ = "delivery"
    __table_args__ = (
        one_of("sector", rules.SECTORS),
        one_of("item", rules.ITEMS),
        one_of("result", rules.RESULTS),
        one_of("mechanism", rules.MECHANISMS),
        one_of("provider_class", rules.PROVIDERS),
        one_of("again_reason", rules.AGAIN),
        one_of("withdrawn_reason", rules.WITHDRAWN),
        one_of("education", rules.EDUCATION),
        sa.CheckConstraint("quantity BETWEEN 1 AND 999", name="quantity_sane"),
        sa.CheckConstraint(
            "education IS NULL OR (sector = 'EDUCATION' AND item IS NULL)", name="education_of_school"
        ),
        sa.CheckConstraint("language IS NULL OR item IS NULL", name="language_of_talk"),
        sa.CheckConstraint("NOT sealed OR num_nonnulls(need_id, referral_id) > 0", name="sealed_belongs"),
        sa.Index("ix_delivery_team_day", "team_id", "delivered_on"),
        sa.CheckConstraint(WITH_AMOUNT, name="amount_of_cash"),
        sa.CheckConstraint(CASH_SAYS, name="cash_says_how_much"),
        sa.CheckConstraint("amount BETWEEN 1 AND 99999", name="amount_sane"),
        sa.CheckConstraint("interval_days > 0", name="interval_sane"),
        sa.CheckConstraint(
            "(withdrawn_on IS NULL) = (withdrawn_reason IS NULL)", name="withdrawn_has_reason"
        ),
    )

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    sector: Mapped[str]
    item: Mapped[str | None]
    quantity: Mapped[int] = mapped_column(sa.SmallInteger, default=1, server_default="1")
    language: Mapped[str | None] = mapped_column(sa.CHAR(3))  # in which they were informed of their rights
    education: Mapped[str | None]
    delivered_on: Mapped[date]
    result: Mapped[str] = mapped_column(default="DELIVERED_FULL", server_default="DELIVERED_FULL")
    mechanism: Mapped[str | None]
    amount: Mapped[int | None]
    provider_class: Mapped[str]
    provider_team_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("team.id"), index=True)
    need_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("need.id"), index=True)
    sealed: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    referral_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("referral.id"), index=True)
    interval_days: Mapped[int | None]
    again_reason: Mapped[str | None]
    withdrawn_on: Mapped[date | None]
    withdrawn_reason: Mapped[str | None]
    recorded_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"))


class ItemTally(Identified, Base):
    """So many of an item on a day, given without names; a mistake is withdrawn."""

    __tablename__ = "item_tally"
    __table_args__ = (
        one_of("item", rules.COUNTED),
        sa.CheckConstraint("number BETWEEN 1 AND 5000", name="number_sane"),
        sa.Index("ix_item_tally_team_day", "team_id", "counted_on"),
    )

    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"))
    site_id: Mapped[UUID] = mapped_column(sa.ForeignKey("site.id"), index=True)
    country: Mapped[str] = mapped_column(sa.CHAR(3))
    counted_on: Mapped[date]
    item: Mapped[str]
    number: Mapped[int]
    made_at: Mapped[datetime]
    made_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    withdrawn_at: Mapped[datetime | None]


# The tables of asking and paying stand in their own folder; whoever loads this area's tables loads them too.
from caseapp.assistance.paying import models as _paying  # noqa: E402, F401
