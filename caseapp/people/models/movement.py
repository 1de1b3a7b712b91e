"""Where a person must stay: a dated fact that every area reads, and the procedure writes."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.crypto import Encrypted
from caseapp.core.db import Base, Identified, one_of
from caseapp.people.rules.movement import GROUNDS


class MovementLimit(Identified, Base):
    """From a day on the person may not leave this first-level division (P-code) without the authority's leave; one
    limit holds at a time. Leave moves the limit: the old one ends and one of the new place begins."""

    __tablename__ = "movement_limit"
    __table_args__ = (
        sa.CheckConstraint("ended_on IS NULL OR ended_on >= since", name="dates_in_order"),
        sa.Index(
            "uq_movement_limit_current", "case_id", unique=True, postgresql_where=sa.text("ended_on IS NULL")
        ),
    )

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    admin1: Mapped[str]
    since: Mapped[date]
    ended_on: Mapped[date | None]


class MovementException(Identified, Base):
    """A move to another state without leave, because a child or a life is at risk: which authority answers for it
    (sealed), and who wrote it down. A place there may be booked for a few days; the leave is still asked for."""

    __tablename__ = "movement_exception"
    __table_args__ = (one_of("ground", GROUNDS),)

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    to_admin1: Mapped[str]
    ground: Mapped[str]
    authority_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    on: Mapped[date] = mapped_column("excepted_on")
    until: Mapped[date] = mapped_column("valid_to")
    recorded_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)

    authority = Encrypted("authority")
