"""Custody as dated rows: where and since when, what was asked on the first day, how it ended, who was passed over,
and what was found at 72 hours and 30 days. The clocks of all this run in `deadline`."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.crypto import Encrypted
from caseapp.core.db import Base, Identified, Versioned, one_of
from caseapp.custody import rules


class Custody(Identified, Versioned, Base):
    """One time in custody of one person. `station_id` is the team of a migratory station (None: another place, in
    the division `place`); `child` says whether the person is protected as a child: while they are held it follows every
    decision on their age and their birthday, and at the end it says what they were on the day of exit.
    `exit_agreed_on` is the one thing that the station is told, with the name. `rank` is what the order said on the day
    of exit; no child has one since no child may be held."""

    __tablename__ = "custody"
    __table_args__ = (
        one_of("state", rules.STATES),
        one_of("authority", rules.AUTHORITIES),
        one_of("basis", rules.BASES),
        one_of("exit_code", rules.EXITS),
        one_of("rank", rules.RANKS),
        one_of("order_outcome", rules.ORDER_OUTCOMES),
        one_of("departure_reason", rules.DEPARTURE_REASONS),
        sa.CheckConstraint("place ~ '^[A-Z]{2}[0-9A-Z]+$'", name="place_form"),
        sa.CheckConstraint("(state = 'HELD') = (exit_code IS NULL)", name="exit_has_code"),
        sa.CheckConstraint("(exit_code IS NULL) = (exit_on IS NULL)", name="exit_has_date"),
        sa.CheckConstraint("(exit_code IS NULL) = (exit_by_id IS NULL)", name="exit_has_author"),
        sa.CheckConstraint("exit_on >= since_on", name="exit_after_beginning"),
        sa.CheckConstraint("(state = 'RELEASED') = (order_outcome IS NOT NULL)", name="released_has_order"),
        sa.CheckConstraint(
            "state <> 'RELEASED' OR exit_code NOT IN ('REMOVED', 'DIED') "
            "OR coalesce(decided_by_id <> exit_by_id, false)",
            name="grave_exit_by_two",
        ),
        sa.CheckConstraint("state <> 'EXIT_ASKED' OR exit_code IN ('REMOVED', 'DIED')", name="asked_if_grave"),
        sa.CheckConstraint("exit_code <> 'CHILD_TRANSFER' OR child", name="transfer_of_child"),
        sa.CheckConstraint("exit_code <> 'TRIPARTITE' OR station_id IS NOT NULL", name="tripartite_from_station"),
        sa.CheckConstraint("rank IS NULL OR NOT child OR exit_on < DATE '2021-01-11'", name="no_child_ranked"),
        sa.CheckConstraint(
            "rank IS NULL OR rank NOT IN ('SINGLE_PARENT_FAMILIES', 'FAMILIES') OR exit_on < DATE '2021-01-11'",
            name="no_family_ranked",
        ),
        sa.CheckConstraint(
            "coalesce(order_outcome, '') NOT IN ('ORDER_KEPT', 'ORDER_DEPARTED') OR rank IS NOT NULL",
            name="order_has_rank",
        ),
        sa.CheckConstraint(
            "(coalesce(order_outcome, '') = 'ORDER_DEPARTED') = (departure_reason IS NOT NULL)",
            name="departure_has_reason",
        ),
        sa.CheckConstraint(
            "departure_reviewed_by_id IS NULL OR (departure_reason IS NOT NULL "
            "AND departure_reviewed_by_id <> exit_by_id)",
            name="departure_reviewed_by_another",
        ),
        sa.CheckConstraint(
            "(departure_reviewed_by_id IS NULL) = (departure_reviewed_at IS NULL)", name="review_has_time"
        ),
        sa.Index("uq_custody_open", "case_id", unique=True, postgresql_where=sa.text("state <> 'RELEASED'")),
        sa.Index("ix_custody_station", "station_id", "state"),
    )  # fmt: skip

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    state: Mapped[str] = mapped_column(default="HELD", server_default="HELD")
    authority: Mapped[str]
    basis: Mapped[str]
    station_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("team.id"))
    place: Mapped[str]  # P-code of the first division
    since_on: Mapped[date]
    since_at: Mapped[datetime]
    child: Mapped[bool]
    recorded_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    exit_agreed_on: Mapped[date | None]
    exit_code: Mapped[str | None]
    exit_on: Mapped[date | None]
    exit_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    decided_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    rank: Mapped[str | None]
    order_outcome: Mapped[str | None]
    departure_reason: Mapped[str | None]
    departure_note_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    departure_reviewed_at: Mapped[datetime | None]
    departure_reviewed_by_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("user_account.id"), index=True
    )

    departure_note = Encrypted("departure_note")

    @property
    def is_open(self) -> bool:
        return self.state != "RELEASED"


class CustodySafeguard(Identified, Base):
    """What the answer to one safeguard is now, and when that was. `called_team_id`: which child authority."""

    __tablename__ = "custody_safeguard"
    __table_args__ = (
        one_of("safeguard", rules.SAFEGUARDS),
        one_of("answer", rules.ANSWERS),
        sa.UniqueConstraint("custody_id", "safeguard"),
        sa.CheckConstraint(
            "called_team_id IS NULL OR (safeguard = 'CHILD_AUTHORITY_CALLED' AND answer = 'YES')",
            name="authority_was_called",
        ),
    )

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    custody_id: Mapped[UUID] = mapped_column(sa.ForeignKey("custody.id"))
    safeguard: Mapped[str]
    answer: Mapped[str]
    at: Mapped[datetime]
    called_team_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("team.id"), index=True)
    recorded_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)


class CustodyPassedOver(Identified, Base):
    """Who stood before in the order when somebody left (by the two custodies; both files are the same team's)."""

    __tablename__ = "custody_passed_over"
    __table_args__ = (
        sa.UniqueConstraint("custody_id", "passed_id"),
        sa.CheckConstraint("custody_id <> passed_id", name="not_oneself"),
    )

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    custody_id: Mapped[UUID] = mapped_column(sa.ForeignKey("custody.id"))
    passed_id: Mapped[UUID] = mapped_column(sa.ForeignKey("custody.id"), index=True)
    position: Mapped[int]


class CustodyFollowUp(Identified, Base):
    """What was found 72 hours (FIRST) and 30 days (SECOND) after the exit."""

    __tablename__ = "custody_follow_up"
    __table_args__ = (
        one_of("step", tuple(rules.FOLLOW_UPS)),
        one_of("outcome", rules.FOLLOW_UP_OUTCOMES),
        sa.UniqueConstraint("custody_id", "step"),
    )

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    custody_id: Mapped[UUID] = mapped_column(sa.ForeignKey("custody.id"))
    step: Mapped[str]
    outcome: Mapped[str]
    done_on: Mapped[date]
    recorded_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
