"""The message by which a worker erases what two persons agreed to erase."""

from __future__ import annotations

from caseapp.casefile.breach import models as breach_models  # noqa: F401
from caseapp.casefile.retention import models  # noqa: F401  (the tables are known with the events)
from caseapp.core.outbox import OutboxRow, handles

PERFORM = "retention.perform"


@handles(PERFORM)
def perform(row: OutboxRow) -> None:
    """Erase a part of an approved run; what is left comes with the next message."""
    from caseapp.casefile.retention.service import perform as erase_some

    if row.subject_id is not None:
        erase_some(row.subject_id)
