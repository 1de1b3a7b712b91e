"""A proposal for one night of a region, its lines, and how its outcome is shared. Lines name a referral and numbers;
nothing in them identifies anyone, and no line says why a place is not among the options of a household."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.db import Base, Identified, Versioned, one_of
from caseapp.referral.models import PRIORITIES

STATES = ("WAITING", "RUNNING", "READY", "BOOKING", "DONE", "FAILED")
STEPS = ("GATHER", "OPTIONS", "WHO", "WHERE", "SEND")
LINE_STATES = ("PROPOSED", "NO_PLACE", "STRUCK", "QUEUED", "SENT", "REFUSED")
DIMENSIONS = ("SEX", "ORIGIN", "REQUIREMENT")


class Placement(Identified, Versioned, Base):
    """One proposal, asked for by somebody of `team_id`: the night, the region (`admin1` None: the country), how far it
    is, and what it came to. `persons` and `served` count people of each priority that was there, the most urgent
    first: placed here, and placed by first come, first served."""

    __tablename__ = "placement"
    __table_args__ = (
        one_of("state", STATES),
        one_of("step", STEPS),
        sa.CheckConstraint(
            "(state IN ('DONE', 'FAILED')) = (ended_at IS NOT NULL)", name="ended_has_time"
        ),
        sa.Index("ix_placement_waiting", "made_at", postgresql_where=sa.text("state IN ('WAITING', 'RUNNING', 'BOOKING')")),
    )  # fmt: skip

    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"), index=True)
    country: Mapped[str] = mapped_column(sa.CHAR(3))
    admin1: Mapped[str | None]
    night: Mapped[date]
    state: Mapped[str] = mapped_column(default="WAITING")
    step: Mapped[str | None]
    asked_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    made_at: Mapped[datetime]
    beat_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    booked_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    error: Mapped[str | None]  # a class name, never data
    proven: Mapped[bool | None]
    seconds: Mapped[float | None]
    sites: Mapped[int | None]
    persons: Mapped[list[int]] = mapped_column(pg.ARRAY(sa.Integer()), default=list, server_default="{}")
    served: Mapped[list[int]] = mapped_column(pg.ARRAY(sa.Integer()), default=list, server_default="{}")


class PlacementLine(Identified, Base):
    """A household of the proposal, by its rank. `rooms` and `beds`: how many rooms, and beds in shared rooms, would do
    for it and were free; `refused`: the class name of what a booking was refused with."""

    __tablename__ = "placement_line"
    __table_args__ = (
        one_of("state", LINE_STATES),
        one_of("priority", PRIORITIES),
        sa.UniqueConstraint("placement_id", "rank"),
        sa.CheckConstraint("people > 0 AND rank > 0", name="somebody_ranked"),
        sa.CheckConstraint(
            "(state = 'NO_PLACE') = (to_team_id IS NULL)", name="placed_has_team"
        ),
        sa.CheckConstraint("(state = 'REFUSED') = (refused IS NOT NULL)", name="refused_has_reason"),
    )  # fmt: skip

    placement_id: Mapped[UUID] = mapped_column(sa.ForeignKey("placement.id"))
    rank: Mapped[int]
    referral_id: Mapped[UUID] = mapped_column(sa.ForeignKey("referral.id"), index=True)
    from_team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"), index=True)
    priority: Mapped[str]
    since: Mapped[datetime]
    people: Mapped[int]
    requirements: Mapped[list[str]] = mapped_column(pg.ARRAY(sa.Text()), default=list, server_default="{}")
    state: Mapped[str]
    to_team_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("team.id"), index=True)
    last_night: Mapped[date]
    in_rooms: Mapped[int] = mapped_column(default=0, server_default="0")
    until: Mapped[date | None]
    km: Mapped[int | None]
    strange: Mapped[int] = mapped_column(default=0, server_default="0")
    rooms: Mapped[int] = mapped_column(default=0, server_default="0")
    beds: Mapped[int] = mapped_column(default=0, server_default="0")
    held: Mapped[int] = mapped_column(default=0, server_default="0")
    sent_referral_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("referral.id"), index=True)
    refused: Mapped[str | None]


class PlacementShare(Identified, Base):
    """Of people with a value of a dimension, how many waited and how many have a place in the proposal."""

    __tablename__ = "placement_share"
    __table_args__ = (
        one_of("dimension", DIMENSIONS),
        sa.UniqueConstraint("placement_id", "dimension", "value"),
        sa.CheckConstraint("placed BETWEEN 0 AND waiting", name="placed_within"),
    )

    placement_id: Mapped[UUID] = mapped_column(sa.ForeignKey("placement.id"))
    dimension: Mapped[str]
    value: Mapped[str]
    waiting: Mapped[int]
    placed: Mapped[int]
