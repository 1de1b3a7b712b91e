"""Two people who are never placed near each other. Sealed: read by those named in the matter and by nobody else."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.db import Base, Identified, one_of

REACHES = ("SITE", "UNIT")


class SafetySeparation(Identified, Base):
    """Why is written nowhere. `reach`: not at one site, or not in one room. `holders`: the users who read it."""

    __tablename__ = "safety_separation"
    __table_args__ = (
        one_of("reach", REACHES),
        sa.CheckConstraint("case_id <> other_case_id", name="two_people"),
        sa.CheckConstraint("set_by_id = ANY (holders)", name="held"),
    )

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    other_case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    reach: Mapped[str]
    since: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    set_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    holders: Mapped[list[UUID]] = mapped_column(pg.ARRAY(sa.Uuid()))
