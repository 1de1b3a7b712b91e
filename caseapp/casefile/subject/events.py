"""The message by which a worker makes the copy that a person asked for."""

from __future__ import annotations

from caseapp.casefile.subject import models  # noqa: F401  (the tables are known with the events)
from caseapp.core.outbox import OutboxRow, handles

MAKE = "subject.make_copy"


@handles(MAKE)
def make(row: OutboxRow) -> None:
    """Make the copy; a request that was withdrawn meanwhile is left alone."""
    from caseapp.casefile.subject.service import make_copy

    if row.subject_id is not None:
        make_copy(row.subject_id)
