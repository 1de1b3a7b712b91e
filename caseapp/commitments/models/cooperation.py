"""Cooperation: who helps, what was pledged and came, places offered in other countries, exchanges, meetings with action
points, trainings. Public numbers and institutions only; `country` is whose register it stands in (`REG`: the region's)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from caseapp.commitments.models.register import MONEY
from caseapp.core.db import Base, Identified, Versioned, one_of

ACTOR_KINDS = (
    "STATE", "UN", "REGIONAL_BODY", "BANK", "CIVIL_SOCIETY", "ACADEMIA", "PRIVATE", "FAITH", "OTHER",
)  # fmt: skip
SCHEMES = ("RESETTLEMENT", "PTA", "OTHER_PATHWAY")


class Registered(Identified, Versioned):
    """What every line of a register has: whose it is, who wrote it and when, where it was read."""

    country: Mapped[str] = mapped_column(sa.CHAR(3))
    source: Mapped[str | None] = mapped_column(sort_order=90)
    made_at: Mapped[datetime] = mapped_column(sort_order=92)

    @declared_attr
    def made_by_id(cls) -> Mapped[UUID | None]:
        return mapped_column(sa.ForeignKey("user_account.id"), index=True, sort_order=91)


class CooperationActor(Registered, Base):
    """A friend of the MIRPS: a State, an agency, a bank, an organisation."""

    __tablename__ = "cooperation_actor"
    __table_args__ = (one_of("kind", ACTOR_KINDS), sa.UniqueConstraint("country", "name"))

    name: Mapped[str]
    kind: Mapped[str]
    website: Mapped[str | None]


class CooperationPledge(Registered, Base):
    """What an actor said it would give, and what of it has come."""

    __tablename__ = "cooperation_pledge"
    __table_args__ = (
        sa.CheckConstraint("pledged >= 0 AND received >= 0", name="amounts_not_negative"),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_form"),
    )

    actor_id: Mapped[UUID] = mapped_column(sa.ForeignKey("cooperation_actor.id"), index=True)
    commitment_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("commitment.id"), index=True)
    purpose: Mapped[str]
    pledged_on: Mapped[date]
    currency: Mapped[str] = mapped_column(sa.CHAR(3))
    pledged: Mapped[Decimal] = mapped_column(MONEY)
    received: Mapped[Decimal] = mapped_column(MONEY)


class CooperationPlaces(Registered, Base):
    """Places that another country offered in a period, and how many were used: public numbers, never persons."""

    __tablename__ = "cooperation_places"
    __table_args__ = (
        one_of("scheme", SCHEMES),
        sa.UniqueConstraint("country", "scheme", "offered_by", "period"),
        sa.CheckConstraint("offered >= 0 AND used BETWEEN 0 AND offered", name="used_within_offered"),
        sa.CheckConstraint("period ~ '^[0-9]{4}(-Q[1-4])?$'", name="period_form"),
        sa.CheckConstraint("offered_by ~ '^[A-Z]{3}$'", name="offered_by_form"),
    )

    scheme: Mapped[str]
    offered_by: Mapped[str] = mapped_column(sa.CHAR(3))
    period: Mapped[str]
    offered: Mapped[int]
    used: Mapped[int]


class CooperationExchange(Registered, Base):
    """One country shows another how it does something (south–south), and what came of it."""

    __tablename__ = "cooperation_exchange"

    topic: Mapped[str]
    held_on: Mapped[date]
    with_countries: Mapped[list[str]] = mapped_column(pg.ARRAY(sa.Text()))
    follow_up: Mapped[str | None]


class CooperationMeeting(Registered, Base):
    """A meeting of a body: a round table, a working group, the annual meeting."""

    __tablename__ = "cooperation_meeting"

    title: Mapped[str]
    body: Mapped[str]
    held_on: Mapped[date]


class CooperationAction(Registered, Base):
    """What a meeting agreed that somebody will do: an institution, a day, and when it was done."""

    __tablename__ = "cooperation_action"
    __table_args__ = (sa.CheckConstraint("btrim(owner) <> ''", name="owned"),)

    meeting_id: Mapped[UUID] = mapped_column(sa.ForeignKey("cooperation_meeting.id"), index=True)
    commitment_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("commitment.id"), index=True)
    text: Mapped[str]
    owner: Mapped[str]
    due_on: Mapped[date]
    done_on: Mapped[date | None]


class CooperationTraining(Registered, Base):
    """A training held with cooperation: topic, whose staff, how many, paid by whom."""

    __tablename__ = "cooperation_training"
    __table_args__ = (sa.CheckConstraint("participants >= 0", name="participants_not_negative"),)

    topic: Mapped[str]
    held_on: Mapped[date]
    institution: Mapped[str]
    participants: Mapped[int]
