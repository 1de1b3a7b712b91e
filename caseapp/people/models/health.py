"""Days on which care must not come late, and who stands for a child: facts that alerts are made of."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.crypto import Encrypted
from caseapp.core.db import Base, Identified, one_of
from caseapp.people.rules.health import KINDS

USER = "user_account.id"


class HealthDate(Identified, Base):
    """A moment and nothing else: when a medicine runs out (MEDICINE), when a pregnancy comes to its term (PREGNANCY),
    when that happened after which a treatment helps for some hours (INCIDENT: read by those who hold the file, on its
    private page). A newer one of its kind takes its place."""

    __tablename__ = "health_date"
    __table_args__ = (
        one_of("kind", KINDS),
        sa.Index(
            "uq_health_date_current", "case_id", "kind", unique=True, postgresql_where=sa.text("ended_at IS NULL")
        ),
        sa.CheckConstraint("kind <> 'INCIDENT' OR happens_at <= recorded_at", name="incident_is_past"),
    )  # fmt: skip

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    kind: Mapped[str]
    at: Mapped[datetime] = mapped_column("happens_at")
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(USER), index=True)
    ended_at: Mapped[datetime | None]


class Guardian(Identified, Base):
    """Whom the authority named to stand for a child, and when: name and authority are sealed. The newest that has not
    ended holds."""

    __tablename__ = "guardian"
    __table_args__ = (
        sa.Index("uq_guardian_current", "case_id", unique=True, postgresql_where=sa.text("ended_at IS NULL")),
        sa.CheckConstraint("ended_at >= named_at", name="dates_in_order"),
    )

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    name_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    authority_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    named_at: Mapped[datetime]
    recorded_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(USER), index=True)
    ended_at: Mapped[datetime | None]

    name = Encrypted("name")
    authority = Encrypted("authority")
