"""The event of an exceptional access, and the message by which the holding team is told."""

from __future__ import annotations

from caseapp.casefile.glass.models import GlassAccess
from caseapp.core import clock
from caseapp.core.db import session
from caseapp.core.journal import kind
from caseapp.core.outbox import OutboxRow, handles

BROKEN = kind("glass.broken")
TELL = "glass.tell"


@handles(TELL)
def tell(row: OutboxRow) -> None:
    """Put the access before the supervisors of the team that holds the file: it stands on their day until one of
    them has seen it. Nothing leaves the system: the message would name a person."""
    found = session.get(GlassAccess, row.subject_id)
    if found is not None and found.told_at is None:
        found.told_at = clock.now()
        session.flush()
