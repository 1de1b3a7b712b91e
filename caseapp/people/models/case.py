"""The case file and who may open it."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.db import Base, Identified, Versioned, one_of


class CaseStatus(StrEnum):
    OPEN = "OPEN"
    CLOSED = "CLOSED"


class AccessScope(StrEnum):
    """Why another team reads a case: a referral to it, a share, or a stay with it."""

    REFERRAL = "REFERRAL"
    SHARE = "SHARE"
    STAY = "STAY"


class Case(Identified, Versioned, Base):
    """One person's file. `number` is public and carries a check digit. `team_id` owns the file and sees
    it whole; `readers` (kept by trigger from `case_access`) are teams that see the person and what was
    referred to them, and nothing else: needs, screenings, claims and consents are the owner's."""

    __tablename__ = "case"
    __table_args__ = (
        one_of("status", CaseStatus),
        sa.CheckConstraint("(status = 'CLOSED') = (closed_on IS NOT NULL)", name="closed_has_date"),
        sa.CheckConstraint("(status = 'CLOSED') = (closure_reason IS NOT NULL)", name="closed_has_reason"),
        sa.CheckConstraint("closed_on >= opened_on", name="closed_after_opened"),
        sa.Index("ix_case_team_open", "team_id", "status", "opened_on"),
        sa.Index("ix_case_readers", "readers", postgresql_using="gin"),
    )

    number: Mapped[str] = mapped_column(unique=True)
    country: Mapped[str] = mapped_column(sa.CHAR(3), index=True)
    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"))
    site_id: Mapped[UUID] = mapped_column(sa.ForeignKey("site.id"), index=True)
    readers: Mapped[list[UUID]] = mapped_column(pg.ARRAY(sa.Uuid()), default=list, server_default="{}")
    status: Mapped[str] = mapped_column(default="OPEN", server_default="OPEN")
    opened_on: Mapped[date]
    closed_on: Mapped[date | None]
    closure_reason: Mapped[str | None]
    assigned_to_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    erased_at: Mapped[datetime | None]

    @property
    def case_id(self) -> UUID:
        return self.id


class CaseAccess(Identified, Base):
    """A team other than the owner that reads the case from `since` until `ended_at`."""

    __tablename__ = "case_access"
    __table_args__ = (
        one_of("scope", AccessScope),
        sa.Index(
            "ix_case_access_current", "case_id", "team_id", postgresql_where=sa.text("ended_at IS NULL")
        ),
    )

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"), index=True)
    scope: Mapped[str]
    subject_id: Mapped[UUID | None] = mapped_column(index=True)  # the referral or stay it rests on
    purpose: Mapped[str | None]  # the consent it rests on; None: on something else
    items: Mapped[list[str] | None] = mapped_column(pg.ARRAY(sa.Text()))  # what is shown; None: what is usual
    since: Mapped[datetime]
    ended_at: Mapped[datetime | None]
