"""A provider's blind check for conflicts, and who represents a person, with the power of attorney."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.crypto import Encrypted
from caseapp.core.db import Base, Identified, Versioned, one_of
from caseapp.referral.legal.rules import OUTCOMES


class LegalCheck(Identified, Base):
    """One answer for one referral, for the provider alone. Written by `legal_conflict_check` and by nobody else; whom the
    conflict is with stands nowhere."""

    __tablename__ = "legal_check"
    __table_args__ = (one_of("outcome", OUTCOMES), sa.Index("ix_legal_check_team", "team_id", "asked_at"))

    referral_id: Mapped[UUID] = mapped_column(sa.ForeignKey("referral.id"), unique=True)
    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"))
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    outcome: Mapped[str]


class LegalMandate(Identified, Versioned, Base):
    """Who represents one person of a referral, by name, since when; and the power of attorney, from when until when."""

    __tablename__ = "legal_mandate"
    __table_args__ = (
        sa.CheckConstraint(
            "(power_on IS NULL) = (power_until IS NULL) AND power_on >= assigned_on AND power_until > power_on "
            "AND power_until <= power_on + 1830 AND ended_on >= assigned_on", name="dates_in_order",
        ),
        sa.Index(
            "uq_legal_mandate_current", "referral_id", "case_id", unique=True, postgresql_where=sa.text("ended_on IS NULL")
        ),
    )  # fmt: skip

    referral_id: Mapped[UUID] = mapped_column(sa.ForeignKey("referral.id"), index=True)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    lawyer_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    assigned_on: Mapped[date]
    power_on: Mapped[date | None]
    power_until: Mapped[date | None]
    ended_on: Mapped[date | None]
    recorded_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)

    lawyer = Encrypted("lawyer")
