"""Keyed search tokens, and pairs of records that may be one person."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.db import Base, Identified, one_of

DECISIONS = ("OPEN", "SAME", "NOT_SAME")


class NameToken(Base):
    """A keyed 32-bit token of a person (see `caseapp.people.search.tokens`); compared with `=` only. No policy
    lies on this table: role `app` cannot read it and asks the definer function `candidates`."""

    __tablename__ = "name_token"
    __table_args__ = (sa.Index("ix_name_token_token", "country", "token", "kind", "person_id"),)

    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    kind: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    token: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    country: Mapped[str] = mapped_column(sa.CHAR(3))


class DuplicateCandidate(Identified, Base):
    """Two persons who may be one; `score` 0 to 100. Decided by a person, never by the machine. The pair is
    kept once, the smaller id first."""

    __tablename__ = "duplicate_candidate"
    __table_args__ = (
        one_of("decision", DECISIONS),
        sa.UniqueConstraint("case_id", "other_case_id"),
        sa.CheckConstraint("case_id < other_case_id", name="kept_once"),
        sa.CheckConstraint("(decision = 'OPEN') = (decided_at IS NULL)", name="decided_has_time"),
    )

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    other_case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    score: Mapped[int]
    decision: Mapped[str] = mapped_column(default="OPEN", server_default="OPEN")
    found_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
