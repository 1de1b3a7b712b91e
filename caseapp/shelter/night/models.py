"""Who was found on which night. Codes and times only; nothing of it names anybody."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.db import Base, Identified, one_of
from caseapp.shelter.night.rules import STATES, WAYS


class Presence(Identified, Base):
    """What was found of a stay on a night, once a night. `back_at`: they were missing first and came back."""

    __tablename__ = "presence"
    __table_args__ = (
        one_of("state", STATES),
        one_of("way", WAYS),
        sa.UniqueConstraint("stay_id", "night"),
        sa.CheckConstraint("back_at IS NULL OR state = 'SEEN'", name="back_is_seen"),
        sa.Index("ix_presence_team_night", "team_id", "night"),
    )

    stay_id: Mapped[UUID] = mapped_column(sa.ForeignKey("stay.id"))
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"))
    night: Mapped[date]
    state: Mapped[str]
    way: Mapped[str]
    marked_at: Mapped[datetime]
    marked_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    back_at: Mapped[datetime | None]
