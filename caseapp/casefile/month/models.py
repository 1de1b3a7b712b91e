"""Signatures under a site's month. A row is never changed: who signs again adds the next number."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.db import Base, Identified


class SiteMonth(Identified, Base):
    """A team says that what it recorded of a month at its site is whole, perhaps with a remark (list `month_note`).

    Codes only, so that no name can stand here; nothing of it reaches a public file but that the site confirmed.
    """

    __tablename__ = "site_month"
    __table_args__ = (
        sa.CheckConstraint("month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name="month_form"),
        sa.CheckConstraint("number >= 1", name="number_from_one"),
        # West of Greenwich a month that is over at the site is over in UTC.
        sa.CheckConstraint(
            "signed_at AT TIME ZONE 'UTC' >= to_date(month, 'YYYY-MM') + interval '1 month'", name="month_is_over"
        ),
        sa.UniqueConstraint("team_id", "month", "number", name="uq_site_month_team_id_month_number"),
    )  # fmt: skip

    site_id: Mapped[UUID] = mapped_column(sa.ForeignKey("site.id"), index=True)
    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"))
    month: Mapped[str]
    number: Mapped[int]
    note: Mapped[str | None]
    signed_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    signed_at: Mapped[datetime]
