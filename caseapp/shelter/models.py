"""Units of a shelter, the places in them, and stays. A night is named by the evening it begins and runs to
the site's roll-over hour (VOCABULARY A2); `first_night` and `last_night` are both slept in.

What must never happen is a constraint here: one place never holds two people on one night, a room for one
household never holds two, nobody sleeps in two places, and a stay ends only by an allowed pair of reason
and destination.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, mapped_column, relationship

from caseapp.core.crypto import Encrypted
from caseapp.core.db import Base, Identified, Versioned, one_of
from caseapp.places.models import Site


class Takes(StrEnum):
    """Whom a unit takes."""

    FAMILIES = "FAMILIES"
    WOMEN = "WOMEN"
    MEN = "MEN"
    ANYONE = "ANYONE"
    CHILDREN = "CHILDREN"


class PlaceKind(StrEnum):
    BED = "BED"
    COT = "COT"
    MAT = "MAT"
    SURGE = "SURGE"


class StayState(StrEnum):
    """HELD: nobody has said yes, and until `held_until` nobody else has the place; RELEASED: so it ended."""

    HELD = "HELD"
    BOOKED = "BOOKED"
    IN = "IN"
    ENDED = "ENDED"
    CANCELLED = "CANCELLED"
    NO_SHOW = "NO_SHOW"
    RELEASED = "RELEASED"


#: A stay that keeps its place from others (HELD: until its time, see `holding`), and one that the shelter gave.
HOLDING = ("HELD", "BOOKED", "IN")
GIVEN = ("BOOKED", "IN")
_HOLDS = "state IN ('HELD', 'BOOKED', 'IN')"
_NIGHTS = "daterange(first_night, last_night, '[]')"
#: With the nights that the place stands empty afterwards, before another party has it.
_TURNED = "daterange(first_night, last_night + turnaround, '[]')"
PRIORITIES = ("IMMEDIATE", "EMERGENCY", "URGENT", "NORMAL")
OUT_REASONS = ("REPAIR", "CLEANING", "HEALTH", "OTHER", "TURNAROUND")
INSPECTION_OUTCOMES = ("PASSED", "WITH_REMARKS", "FAILED")
EXTENSION_REASONS = (
    "NO_OTHER_PLACE", "PROCEDURE_WAITS", "HEALTH", "CHILD_OR_SCHOOL", "SAFETY", "PERSON_ASKED",
)  # fmt: skip
SURGE_REASONS = ("ARRIVALS", "SITE_CLOSED", "WEATHER", "OTHER")
CANCEL_REASONS = (
    "REFERRAL_WITHDRAWN",
    "PERSON_DECLINED",
    "BETTER_OPTION_FOUND",
    "PLACE_NOT_READY",
    "BOOKED_IN_ERROR",
)


class Unit(Identified, Versioned, Base):
    """A room or area. `traits` are codes of `placement_requirement` that it answers, counted together with
    the place's own. `one_household`: it takes one household (or one person) at a time, as a family room."""

    __tablename__ = "unit"
    __table_args__ = (
        one_of("takes", Takes),
        sa.UniqueConstraint("team_id", "code"),
        sa.UniqueConstraint("id", "one_household", name="uq_unit_id_one_household"),
        sa.CheckConstraint(
            "NOT ('FAMILY_ROOM' = ANY (traits)) OR one_household", name="family_room_one_household"
        ),
        sa.CheckConstraint(
            "(takes = 'WOMEN') = ('WOMEN_ONLY' = ANY (traits))", name="women_only_takes_women"
        ),
        sa.CheckConstraint("area_m2 BETWEEN 1 AND 5000", name="area_sane"),
        sa.CheckConstraint("turnaround_nights BETWEEN 0 AND 14", name="turnaround_sane"),
    )

    site_id: Mapped[UUID] = mapped_column(sa.ForeignKey("site.id"), index=True)
    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"))
    code: Mapped[str]
    name: Mapped[str]
    sort_key: Mapped[str]
    takes: Mapped[str]
    traits: Mapped[list[str]] = mapped_column(pg.ARRAY(sa.Text()), default=list, server_default="{}")
    one_household: Mapped[bool]
    area_m2: Mapped[Decimal | None] = mapped_column(sa.Numeric(7, 2))
    turnaround_nights: Mapped[int] = mapped_column(default=0, server_default="0")
    shut_on: Mapped[date | None]  # by a failed inspection, until one passes
    active: Mapped[bool] = mapped_column(default=True, server_default=sa.true())


class Place(Identified, Base):
    """A bed, cot, mat or surge place in a unit. Surge is opened by a named person with a reason and closes
    by date; it counts as over capacity, never as capacity."""

    __tablename__ = "place"
    __table_args__ = (
        one_of("kind", PlaceKind),
        one_of("surge_reason", SURGE_REASONS),
        sa.UniqueConstraint("unit_id", "code"),
        sa.UniqueConstraint("id", "unit_id", name="uq_place_id_unit_id"),
        sa.CheckConstraint(
            "kind <> 'SURGE' OR (opened_by_id IS NOT NULL AND surge_reason IS NOT NULL AND closed_on IS NOT NULL)",
            name="surge_has_name_reason_end",
        ),
        sa.CheckConstraint("closed_on IS NULL OR closed_on >= opened_on", name="dates_in_order"),
    )

    unit_id: Mapped[UUID] = mapped_column(sa.ForeignKey("unit.id"))
    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"), index=True)
    code: Mapped[str]
    kind: Mapped[str]
    traits: Mapped[list[str]] = mapped_column(pg.ARRAY(sa.Text()), default=list, server_default="{}")
    opened_on: Mapped[date]
    closed_on: Mapped[date | None]  # the last night on which it may be slept in
    opened_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    surge_reason: Mapped[str | None]

    unit: Mapped[Unit] = relationship(lazy="raise")


class PlaceOut(Identified, Base):
    """Nights on which a place is out of service; `last_night` None: until further notice."""

    __tablename__ = "place_out"
    __table_args__ = (
        one_of("reason", OUT_REASONS),
        sa.CheckConstraint("last_night IS NULL OR last_night >= first_night", name="nights_in_order"),
    )

    place_id: Mapped[UUID] = mapped_column(sa.ForeignKey("place.id"), index=True)
    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"), index=True)
    first_night: Mapped[date]
    last_night: Mapped[date | None]
    reason: Mapped[str]
    by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)


class HoldPolicy(Base):
    """What a shelter declares: a referral of this priority holds places for so many minutes while it is answered.
    No row: nothing is held until the shelter says yes."""

    __tablename__ = "hold_policy"
    __table_args__ = (
        one_of("priority", PRIORITIES),
        sa.CheckConstraint("minutes BETWEEN 5 AND 4320", name="minutes_sane"),
    )

    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"), primary_key=True)
    priority: Mapped[str] = mapped_column(primary_key=True)
    minutes: Mapped[int]
    set_at: Mapped[datetime]
    set_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)


class StayEndPair(Base):
    """An allowed pair of reason and destination (`config/reference/stay_pairs.csv`); R: a second person."""

    __tablename__ = "stay_end_pair"

    reason: Mapped[str] = mapped_column(primary_key=True)
    destination: Mapped[str] = mapped_column(primary_key=True)
    needs_review: Mapped[bool]


class Stay(Identified, Versioned, Base):
    """A person in a place for nights. Holds what the gate may know and nothing else of the person: called
    name and life-critical text (sealed with the case's key), requirement codes, and whether the person is a
    child, which the rules about rooms need. `referral_id` names the referral that asked for it."""

    __tablename__ = "stay"
    __table_args__ = (
        one_of("state", StayState),
        one_of("cancel_reason", CANCEL_REASONS),
        sa.ForeignKeyConstraint(["place_id", "unit_id"], ["place.id", "place.unit_id"], name="fk_stay_place_unit"),
        sa.ForeignKeyConstraint(
            ["unit_id", "one_household"], ["unit.id", "unit.one_household"], name="fk_stay_unit_kind", onupdate="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["end_reason", "end_destination"], ["stay_end_pair.reason", "stay_end_pair.destination"],
            name="fk_stay_end_pair",
        ),
        sa.CheckConstraint("last_night >= first_night", name="nights_in_order"),
        sa.CheckConstraint("(end_reason IS NULL) = (end_destination IS NULL)", name="end_whole"),
        sa.CheckConstraint("(state = 'ENDED') = (end_reason IS NOT NULL)", name="ended_has_reason"),
        sa.CheckConstraint("(state = 'HELD') = (held_until IS NOT NULL)", name="held_has_end"),
        sa.CheckConstraint("(state = 'CANCELLED') = (cancel_reason IS NOT NULL)", name="cancelled_has_reason"),
        sa.CheckConstraint("state NOT IN ('IN', 'ENDED') OR arrived_at IS NOT NULL", name="in_has_arrival"),
        sa.CheckConstraint(
            "num_nonnulls(plan_destination, plan_review_on, plan_set_on) IN (0, 3)", name="plan_whole"
        ),
        sa.CheckConstraint("(state = 'ENDED') = (left_at IS NOT NULL)", name="ended_has_time"),
        sa.CheckConstraint("left_at IS NULL OR left_at >= arrived_at", name="times_in_order"),
        one_of("child_safe_in", ("WOMEN", "MEN", "SEPARATE")),
        sa.CheckConstraint("child OR child_safe_in IS NULL", name="child_safe_in_of_child"),
        sa.CheckConstraint("reviewed_by_id IS NULL OR reviewed_by_id <> ended_by_id", name="second_person"),
        pg.ExcludeConstraint(
            ("place_id", "="), (sa.text(_NIGHTS), "&&"), where=sa.text(_HOLDS), using="gist", name="ex_stay_place_taken",
        ),
        pg.ExcludeConstraint(
            ("unit_id", "="), (sa.text("coalesce(household_id, case_id)"), "<>"), (sa.text(_TURNED), "&&"),
            where=sa.text(f"one_household AND {_HOLDS}"), using="gist", name="ex_stay_room_of_one_household",
        ),
        pg.ExcludeConstraint(
            ("place_id", "="), (sa.text("coalesce(household_id, case_id)"), "<>"), (sa.text(_TURNED), "&&"),
            where=sa.text(_HOLDS), using="gist", name="ex_stay_place_turned",
        ),
        pg.ExcludeConstraint(
            ("case_id", "="), ("team_id", "="), (sa.text(_NIGHTS), "&&"), where=sa.text(_HOLDS), using="gist",
            name="ex_stay_person_once",
        ),
        pg.ExcludeConstraint(
            ("case_id", "="), (sa.text(_NIGHTS), "&&"), where=sa.text("state = 'IN'"), using="gist",
            name="ex_stay_person_in_once",
        ),
        pg.ExcludeConstraint(
            ("case_id", "="), (sa.text(_NIGHTS), "&&"), where=sa.text("state = 'HELD'"), using="gist",
            name="ex_stay_person_held_once",
        ),
        sa.Index("ix_stay_held_until", "held_until", postgresql_where=sa.text("state = 'HELD'")),
        sa.Index("ix_stay_end", "end_reason", "end_destination"),
        sa.Index("ix_stay_holding", "team_id", "last_night", postgresql_where=sa.text("state IN ('HELD', 'BOOKED', 'IN')")),
        sa.Index("ix_stay_team_state", "team_id", "state", "first_night"),
    )  # fmt: skip

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    household_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("household.id"), index=True)
    site_id: Mapped[UUID] = mapped_column(sa.ForeignKey("site.id"), index=True)
    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"))
    unit_id: Mapped[UUID] = mapped_column(index=True)
    place_id: Mapped[UUID] = mapped_column(index=True)
    one_household: Mapped[bool]
    turnaround: Mapped[int] = mapped_column(default=0, server_default="0")
    # Referral stands above shelter: its migration adds the key, and nothing here knows more of it.
    referral_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("referral.id"), index=True)
    first_night: Mapped[date]
    last_night: Mapped[date]
    state: Mapped[str]
    child: Mapped[bool]
    # Girls' room or boys', of a child only, while the stay holds a place (a trigger takes it away then).
    child_safe_in: Mapped[str | None]
    immediate: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    called_name_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    life_critical_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    requirements: Mapped[list[str]] = mapped_column(pg.ARRAY(sa.Text()), default=list, server_default="{}")
    # Consent ended during the stay: only name, place, nights and what is life-critical, until departure.
    minimum: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    booked_at: Mapped[datetime]
    held_until: Mapped[datetime | None]
    arrived_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]
    end_destination: Mapped[str | None]
    end_confirmed: Mapped[bool | None]  # False: as told; True: the destination said so
    cancel_reason: Mapped[str | None]
    # Where the person means to go, and when that is looked at again: from day one, so that nobody drifts.
    plan_destination: Mapped[str | None]
    plan_review_on: Mapped[date | None]
    plan_set_on: Mapped[date | None]
    proposed_reason: Mapped[str | None]
    proposed_destination: Mapped[str | None]
    proposed_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    ended_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    reviewed_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)

    site: Mapped[Site] = relationship(lazy="raise")
    place: Mapped[Place] = relationship(
        lazy="raise", primaryjoin="foreign(Stay.place_id) == Place.id", viewonly=True
    )
    unit: Mapped[Unit] = relationship(
        lazy="raise", primaryjoin="foreign(Stay.unit_id) == Unit.id", viewonly=True
    )

    called_name = Encrypted("called_name")
    life_critical = Encrypted("life_critical")

    @property
    def party(self) -> UUID:
        """Who shares a room: the household, or the person alone."""
        return self.household_id or self.case_id

    @property
    def nights(self) -> int:
        return (self.last_night - self.first_night).days + 1


def holding(now: datetime) -> sa.ColumnElement[bool]:
    """Stays that keep their place from others at this moment; a hold whose time has come does not."""
    held = sa.and_(Stay.state == StayState.HELD, Stay.held_until > now)
    return sa.or_(Stay.state.in_(GIVEN), held)
