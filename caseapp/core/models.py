"""Tables that belong to no area: the code lists, and everything of core gathered for metadata."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.audit import AuditRow
from caseapp.core.crypto import CaseKey
from caseapp.core.db import Base
from caseapp.core.jobs import JobRun
from caseapp.core.journal import CaseEvent, EventKindRow
from caseapp.core.outbox import OutboxRow

__all__ = ["AuditRow", "CaseEvent", "CaseKey", "EventKindRow", "JobRun", "OutboxRow", "ReferenceCode"]


class ReferenceCode(Base):
    """A code of a list, upserted from `config/reference/codes` after migrations; retired by `valid_to`,
    never deleted. The group is what indicators count."""

    __tablename__ = "reference_code"

    list_name: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    label_es: Mapped[str]
    label_en: Mapped[str]
    code_group: Mapped[str | None]
    position: Mapped[int]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    maps_to: Mapped[str | None]
    flags: Mapped[list[str]] = mapped_column(pg.ARRAY(sa.Text()), default=list)
