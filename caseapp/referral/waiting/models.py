"""Who waits for what, the history of each rank, and who was passed over with which reason.

An entry stands on a draft referral: when a place is offered, sending is one press. The receiver reads numbers,
requirements and criteria of an entry, never who the people are: that comes with the referral.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, mapped_column, relationship

from caseapp.accounts.models import Team
from caseapp.core.db import Base, Identified, Versioned, one_of
from caseapp.referral.models import PRIORITIES, Referral
from caseapp.referral.waiting.rules import PASSED_REASONS, STATES, STEPS

_OPEN = "state IN ('WAITING', 'OFFERED', 'ASKED')"


class WaitingEntry(Identified, Versioned, Base):
    """A household (or person) on the list of one team and service kind. `rank` is kept by the database function
    `rank_waiting`, which sorts by `sort_key`; an entry that is not open has none."""

    __tablename__ = "waiting_entry"
    __table_args__ = (
        one_of("state", STATES),
        one_of("priority", PRIORITIES),
        sa.CheckConstraint("from_team_id <> to_team_id", name="not_to_itself"),
        sa.CheckConstraint("adults >= 0 AND children >= 0 AND adults + children > 0", name="somebody_waits"),
        sa.CheckConstraint(f"({_OPEN}) = (rank IS NOT NULL)", name="open_has_rank"),
        sa.CheckConstraint(f"({_OPEN}) = (ended_at IS NULL)", name="ended_has_time"),
        sa.CheckConstraint(
            "(state = 'OFFERED') = (offer_until IS NOT NULL AND offered_at IS NOT NULL)",
            name="offer_has_clock",
        ),
        sa.Index("uq_waiting_entry_open", "referral_id", unique=True, postgresql_where=sa.text(_OPEN)),
        sa.Index("ix_waiting_entry_list", "to_team_id", "kind", "rank", postgresql_where=sa.text(_OPEN)),
        sa.Index("ix_waiting_entry_own", "from_team_id", "state"),
        sa.Index("ix_waiting_entry_offer", "offer_until", postgresql_where=sa.text("state = 'OFFERED'")),
    )

    referral_id: Mapped[UUID] = mapped_column(sa.ForeignKey("referral.id"), index=True)
    from_team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"))
    to_team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"), index=True)
    kind: Mapped[str]
    priority: Mapped[str]
    adults: Mapped[int]
    children: Mapped[int]
    requirements: Mapped[list[str]] = mapped_column(pg.ARRAY(sa.Text()), default=list, server_default="{}")
    criteria: Mapped[list[str]] = mapped_column(pg.ARRAY(sa.Text()), default=list, server_default="{}")
    since: Mapped[datetime]
    sort_key: Mapped[str]
    state: Mapped[str] = mapped_column(default="WAITING", server_default="WAITING")
    rank: Mapped[int | None]
    offered_at: Mapped[datetime | None]
    offer_until: Mapped[datetime | None]
    offered_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    ended_at: Mapped[datetime | None]

    referral: Mapped[Referral] = relationship(lazy="raise")
    from_team: Mapped[Team] = relationship(lazy="raise", foreign_keys=[from_team_id])
    to_team: Mapped[Team] = relationship(lazy="raise", foreign_keys=[to_team_id])


class WaitingRank(Identified, Base):
    """One line of an entry's history: what happened, and the rank and length of the list from then on. Written by
    `rank_waiting` alone; never changed."""

    __tablename__ = "waiting_rank"
    __table_args__ = (
        one_of("step", STEPS),
        sa.CheckConstraint("rank BETWEEN 1 AND length", name="rank_within_list"),
    )

    entry_id: Mapped[UUID] = mapped_column(sa.ForeignKey("waiting_entry.id"), index=True)
    at: Mapped[datetime]
    step: Mapped[str]
    rank: Mapped[int | None]  # None: no longer on the list
    length: Mapped[int]
    position: Mapped[int] = mapped_column(
        sa.BigInteger, sa.Identity(always=True)
    )  # the order of what happens at once


class WaitingPassed(Identified, Base):
    """An offer that went past somebody, and why; both sides of the entry that was passed over read it."""

    __tablename__ = "waiting_passed"
    __table_args__ = (
        one_of("reason", PASSED_REASONS),
        sa.CheckConstraint("entry_id <> offered_id", name="not_oneself"),
    )

    entry_id: Mapped[UUID] = mapped_column(sa.ForeignKey("waiting_entry.id"), index=True)
    offered_id: Mapped[UUID] = mapped_column(sa.ForeignKey("waiting_entry.id"), index=True)
    at: Mapped[datetime]
    reason: Mapped[str]
    by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
