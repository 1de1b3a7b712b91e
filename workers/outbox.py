"""The relay: from outbox rows to the broker, and from the broker back to the handler."""

from __future__ import annotations

from uuid import UUID

from caseapp.core import outbox
from caseapp.core.db import session
from workers.app import app


@app.task(name="workers.outbox.relay")
def relay() -> int:
    """Hand due rows to the broker (and, being the sweep too, those that were handed over and lost)."""
    taken = outbox.take()
    # Committed before sending: a row that is marked and never sent comes back with the sweep.
    session.commit()
    for row_id, queue in taken:
        deliver.apply_async(args=[str(row_id)], queue=queue)
    return len(taken)


@app.task(name="workers.outbox.deliver")
def deliver(row_id: str) -> bool:
    """Run one row's handler; its effect and the row's end are one transaction."""
    try:
        done = outbox.deliver(UUID(row_id))
        session.commit()
        return done
    except Exception as error:
        session.rollback()
        outbox.put_off(UUID(row_id), type(error).__name__)
        session.commit()
        return False
