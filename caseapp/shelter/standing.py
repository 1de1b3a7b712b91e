"""What makes a place true, beside the place itself: inspections, licences, the daily word, and decisions about how
long somebody stays or how a child was taken in an emergency."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.crypto import Encrypted
from caseapp.core.db import Base, Identified, one_of
from caseapp.shelter.models import EXTENSION_REASONS, INSPECTION_OUTCOMES


class UnitInspection(Identified, Base):
    """Somebody looked at a unit. FAILED closes it from that day (by trigger) until one that does not fail."""

    __tablename__ = "unit_inspection"
    __table_args__ = (
        one_of("outcome", INSPECTION_OUTCOMES),
        sa.CheckConstraint("next_due_on > inspected_on", name="next_is_later"),
    )

    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"), index=True)
    unit_id: Mapped[UUID] = mapped_column(sa.ForeignKey("unit.id"), index=True)
    inspected_on: Mapped[date]
    outcome: Mapped[str]
    next_due_on: Mapped[date | None]
    by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)


class ChildLicence(Identified, Base):
    """The authority's licence to take children without family, with its dates; `valid_to` None: until further notice."""

    __tablename__ = "child_licence"
    __table_args__ = (sa.CheckConstraint("valid_to >= valid_from", name="dates_in_order"),)

    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"), index=True)
    site_id: Mapped[UUID] = mapped_column(sa.ForeignKey("site.id"), index=True)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)


class CapacityWord(Identified, Base):
    """The daily word: free tonight, out of service, leaving, as the shelter says; `shown_free` is what the screen
    said. Where they differ the screen is not true, and somebody looks."""

    __tablename__ = "capacity_word"
    __table_args__ = (sa.CheckConstraint("least(free, out, leaving, shown_free) >= 0", name="numbers_sane"),)

    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"), index=True)
    said_at: Mapped[datetime]
    night: Mapped[date]
    free: Mapped[int]
    out: Mapped[int]
    leaving: Mapped[int]
    shown_free: Mapped[int]
    by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)


class StayPolicy(Base):
    """How long a shelter takes people; no row or NULL: it sets no maximum."""

    __tablename__ = "stay_policy"
    __table_args__ = (sa.CheckConstraint("max_nights BETWEEN 1 AND 366", name="max_sane"),)

    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"), primary_key=True)
    max_nights: Mapped[int | None]


class StayExtension(Identified, Base):
    """A decision that somebody stays longer, with its reason; beyond the shelter's maximum the wish alone is none."""

    __tablename__ = "stay_extension"
    __table_args__ = (
        one_of("reason", EXTENSION_REASONS),
        sa.CheckConstraint("NOT (beyond_max AND reason = 'PERSON_ASKED')", name="not_by_wish_alone"),
    )

    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"), index=True)
    stay_id: Mapped[UUID] = mapped_column(sa.ForeignKey("stay.id"), index=True)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    at: Mapped[datetime]
    from_night: Mapped[date]
    to_night: Mapped[date]
    reason: Mapped[str]
    beyond_max: Mapped[bool]
    by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)


class ChildEmergency(Identified, Base):
    """A child without family where no licensed place was free: a room of their own with staff, by name and hour; a
    second person looks at it within 72 hours (DO_NO_HARM)."""

    __tablename__ = "child_emergency"
    __table_args__ = (
        sa.CheckConstraint("reviewed_by_id <> by_id", name="second_person"),
        sa.CheckConstraint("(reviewed_at IS NULL) = (reviewed_by_id IS NULL)", name="reviewed_whole"),
        sa.CheckConstraint("review_due_at <= since + interval '72 hours'", name="within_72_hours"),
        # Who came to the gate without a referral has nobody who asked for them: two stay, and the authority knows.
        sa.CheckConstraint(
            "(second_sealed IS NULL) = (told_at IS NULL) AND (authority_sealed IS NULL) = (told_at IS NULL)",
            name="two_and_the_authority",
        ),
    )

    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"), index=True)
    stay_id: Mapped[UUID] = mapped_column(sa.ForeignKey("stay.id"), index=True)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    staff_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    second_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    authority_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)  # with whom of the child authority
    told_at: Mapped[datetime | None]
    since: Mapped[datetime]
    review_due_at: Mapped[datetime]
    reviewed_at: Mapped[datetime | None]
    reviewed_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)

    staff = Encrypted("staff")
    second = Encrypted("second")
    authority = Encrypted("authority")
