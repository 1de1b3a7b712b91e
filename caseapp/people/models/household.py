"""Households and the relations inside them. A claimed relation unlocks nothing; evidence does."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.db import Base, Identified, Versioned, one_of

RELATIONS = (
    "PARENT", "CHILD", "SPOUSE", "PARTNER", "SIBLING", "GRANDPARENT", "GRANDCHILD", "AUNT_UNCLE",
    "NIECE_NEPHEW", "COUSIN", "STEP_PARENT", "STEP_CHILD", "IN_LAW", "GUARDIAN_LEGAL", "WARD",
    "CUSTOMARY_CARER", "CARED_FOR", "GODPARENT", "GODCHILD", "TRAVEL_COMPANION", "NONE",
)  # fmt: skip
EVIDENCE = ("CLAIMED", "DOCUMENT", "BOTH_AGREE_ALONE", "VERIFIED_BY_AUTHORITY", "DISPROVED")


class Household(Identified, Versioned, Base):
    """People who asked to be served together. Holds nothing that identifies anyone."""

    __tablename__ = "household"

    number: Mapped[str] = mapped_column(unique=True)
    country: Mapped[str] = mapped_column(sa.CHAR(3), index=True)
    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"), index=True)
    formed_on: Mapped[date]
    closed_on: Mapped[date | None]


class HouseholdMember(Identified, Base):
    """A case in a household from a day on; a case is in one household at a time."""

    __tablename__ = "household_member"
    __table_args__ = (
        sa.Index(
            "uq_household_member_current", "case_id", unique=True, postgresql_where=sa.text("left_on IS NULL")
        ),
        sa.Index(
            "uq_household_member_head", "household_id", unique=True,
            postgresql_where=sa.text("left_on IS NULL AND is_head"),
        ),
        sa.CheckConstraint("left_on IS NULL OR left_on >= joined_on", name="dates_in_order"),
    )  # fmt: skip

    household_id: Mapped[UUID] = mapped_column(sa.ForeignKey("household.id"), index=True)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    is_head: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    joined_on: Mapped[date]
    left_on: Mapped[date | None]


class Relation(Identified, Base):
    """`case_id` is <relation> of `other_case_id` ("Ana is PARENT of Luis"), with the evidence for it."""

    __tablename__ = "relation"
    __table_args__ = (
        one_of("relation", RELATIONS),
        one_of("evidence", EVIDENCE),
        sa.CheckConstraint("case_id <> other_case_id", name="not_with_itself"),
        sa.UniqueConstraint("case_id", "other_case_id"),
    )

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    other_case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    relation: Mapped[str]
    evidence: Mapped[str] = mapped_column(default="CLAIMED", server_default="CLAIMED")
    recorded_on: Mapped[date]
