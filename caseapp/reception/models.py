"""How and when a person arrived, kept by case. Codes only: nothing here identifies anyone."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.db import Base, Identified

MODES = (
    "ON_FOOT", "BUS", "PRIVATE_VEHICLE", "TRUCK", "TRAIN", "BOAT", "PLANE", "BROUGHT_BY_AUTHORITY",
    "BROUGHT_BY_SERVICE", "NOT_ASKED", "UNKNOWN", "DECLINED", "NOT_APPLICABLE",
)  # fmt: skip


class Arrival(Identified, Base):
    """A person's arrival at a site: the day, the P-code of the place where they came in, and by what means."""

    __tablename__ = "arrival"
    __table_args__ = (
        sa.CheckConstraint(f"mode IN ({', '.join(repr(m) for m in MODES)})", name="mode_known"),
        sa.UniqueConstraint("case_id", "arrived_on"),
    )

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"))
    site_id: Mapped[UUID] = mapped_column(sa.ForeignKey("site.id"), index=True)
    arrived_on: Mapped[date]
    place: Mapped[str | None]
    mode: Mapped[str] = mapped_column(default="NOT_ASKED", server_default="NOT_ASKED")
