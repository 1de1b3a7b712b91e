"""The audit rows of one file, found by its number in the auditor's country. Nothing of the file itself is read."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import User
from caseapp.core.audit import AuditRow
from caseapp.core.db import session

#: List `audit_ground`.
GROUNDS = ("COMPLAINT", "SUSPECTED_MISUSE", "DATA_BREACH", "SAMPLE")
MOST = 200


@dataclass(frozen=True)
class Looked:
    """An act on a file, and the name of the colleague."""

    row: AuditRow
    who: str | None


def file_called(number: str) -> UUID | None:
    """The id of the file with this number in a country that the acting principal audits; None for any other."""
    found: UUID | None = session.scalar(
        sa.text("SELECT audited_file(:number)"), {"number": number.strip().upper()}
    )
    return found


def looks_at(case_id: UUID) -> list[Looked]:
    """Who did what with a file, the newest first (one statement)."""
    rows = session.execute(
        sa.select(AuditRow, User.name)
        .outerjoin(User, User.id == AuditRow.user_id)
        .where(AuditRow.subject == "case", AuditRow.subject_id == case_id)
        .order_by(AuditRow.id.desc())
        .limit(MOST)
    ).all()
    return [Looked(*row) for row in rows]
