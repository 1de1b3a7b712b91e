"""Data breaches: what happened, how many persons, who was told and when. The words are sealed under a key of their own."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.casefile.breach.rules import KINDS
from caseapp.core.crypto import Encrypted
from caseapp.core.db import Base, Identified, Versioned, one_of


class DataBreach(Identified, Versioned, Base):
    """A breach in one country. `persons` is a number, never a list; closed when everybody who must know was told."""

    __tablename__ = "data_breach"
    __table_args__ = (
        one_of("kind", KINDS),
        sa.CheckConstraint("persons >= 0", name="persons_counted"),
        sa.CheckConstraint("closed_on IS NULL OR told_authority_on IS NOT NULL", name="closed_when_told"),
        sa.CheckConstraint("closed_on >= noticed_on", name="dates_in_order"),
        sa.Index("ix_data_breach_country", "country", "noticed_on"),
    )

    country: Mapped[str] = mapped_column(sa.CHAR(3))
    kind: Mapped[str]
    noticed_on: Mapped[date]
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    persons: Mapped[int]
    what_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    told_authority_on: Mapped[date | None]
    told_persons_on: Mapped[date | None]
    closed_on: Mapped[date | None]

    what = Encrypted("what")

    @property
    def case_id(self) -> UUID:
        """Whose key seals the words: the breach's own."""
        return self.id
