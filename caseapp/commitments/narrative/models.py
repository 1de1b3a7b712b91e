"""Versions of narratives and the figures that they quote. Public words of institutions; never about a person."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.commitments.narrative.rules import LONGEST, PARTS, STATES
from caseapp.core.db import Base, Identified, Versioned, one_of


class NarrativeVersion(Identified, Versioned, Base):
    """One version of what a country (or the region, `REG`) tells of a pillar in a year. `number` counts them; at most
    one is open; what was approved or returned never changes. `author_id` is whoever wrote last before it was sent."""

    __tablename__ = "narrative_version"
    __table_args__ = (
        sa.UniqueConstraint("country", "year", "pillar", "part", "number"),
        one_of("part", PARTS),
        one_of("state", STATES),
        sa.CheckConstraint("country ~ '^[A-Z]{3}$'", name="country_form"),
        sa.CheckConstraint("pillar BETWEEN 1 AND 5 AND year BETWEEN 2017 AND 2100 AND number > 0", name="placed"),
        sa.CheckConstraint(
            f"btrim(text_es) <> '' AND btrim(text_en) <> '' AND length(text_es) <= {LONGEST} AND length(text_en) <= {LONGEST}",
            name="written",
        ),
        sa.CheckConstraint("decided_by_id <> author_id", name="read_by_another"),
        sa.CheckConstraint(
            "(state IN ('APPROVED', 'RETURNED')) = (decided_by_id IS NOT NULL) "
            "AND (decided_by_id IS NULL) = (decided_at IS NULL)",
            name="decided",
        ),
        sa.CheckConstraint("state <> 'RETURNED' OR btrim(reason) <> ''", name="returned_for_a_reason"),
        sa.Index(
            "uq_narrative_version_open", "country", "year", "pillar", "part", unique=True,
            postgresql_where=sa.text("state IN ('DRAFT', 'WAITING')"),
        ),
    )  # fmt: skip

    country: Mapped[str] = mapped_column(sa.CHAR(3))
    year: Mapped[int] = mapped_column(sa.SmallInteger)
    pillar: Mapped[int] = mapped_column(sa.SmallInteger)
    part: Mapped[str]
    number: Mapped[int] = mapped_column(sa.SmallInteger)
    text_es: Mapped[str]
    text_en: Mapped[str]
    state: Mapped[str] = mapped_column(default="DRAFT", server_default="DRAFT")
    author_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    made_at: Mapped[datetime]
    decided_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    decided_at: Mapped[datetime | None]
    reason: Mapped[str | None]


class NarrativeQuote(Base):
    """A figure that a version quotes, as it was published when the version was last saved."""

    __tablename__ = "narrative_quote"

    version_id: Mapped[UUID] = mapped_column(sa.ForeignKey("narrative_version.id"), primary_key=True)
    indicator: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)
    country: Mapped[str] = mapped_column(sa.CHAR(3), primary_key=True)
    release_name: Mapped[str]
    value: Mapped[Decimal] = mapped_column(sa.Numeric)
    unit: Mapped[str]
