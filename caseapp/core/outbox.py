"""What leaves the system, or happens after the answer, goes through a row of the same transaction.

`leave()` writes the row. The relay (`workers/outbox.py`) takes due rows with SKIP LOCKED and hands
each id to the broker; the task locks the row, runs the topic's handler and marks the row done in one
transaction, so that an effect in the database happens exactly once whatever dies in between. A sweep
finds rows that were handed over and never done. Failures are retried with growing pauses.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core import clock
from caseapp.core.db import Base, Identified, one_of, session

QUEUES = ("casework", "figures")
MAX_ATTEMPTS = 8
HANDED_OVER_FOR = timedelta(seconds=120)


class OutboxRow(Identified, Base):
    """A message about one subject. `due_at`, `handed_at`, `done_at` are real UTC times."""

    __tablename__ = "outbox"
    __table_args__ = (
        one_of("queue", QUEUES),
        sa.Index(
            "ix_outbox_waiting", "due_at", postgresql_where=sa.text("done_at IS NULL AND failed_at IS NULL")
        ),
    )

    topic: Mapped[str]
    queue: Mapped[str]
    subject_id: Mapped[UUID | None]
    note: Mapped[str | None]  # a code, never a name
    made_at: Mapped[datetime]
    due_at: Mapped[datetime]
    handed_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None] = mapped_column(index=True)
    failed_at: Mapped[datetime | None] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    last_error: Mapped[str | None]


Handler = Callable[[OutboxRow], None]
_handlers: dict[str, Handler] = {}


def handles(topic: str) -> Callable[[Handler], Handler]:
    """Register the verb that answers a topic (an area's `events.py` does this)."""

    def decorate(handler: Handler) -> Handler:
        if topic in _handlers:
            raise ValueError(f"topic {topic} has two handlers")
        _handlers[topic] = handler
        return handler

    return decorate


def topics() -> frozenset[str]:
    return frozenset(_handlers)


def leave(
    topic: str,
    subject_id: UUID | None = None,
    *,
    queue: str = "casework",
    note: str | None = None,
    after: timedelta = timedelta(0),
) -> OutboxRow:
    """Leave a message in the running transaction; it is due `after` from now (real time)."""
    moment = clock.real_now()
    row = OutboxRow(
        topic=topic, queue=queue, subject_id=subject_id, note=note, made_at=moment, due_at=moment + after
    )
    session.add(row)
    return row


def take(limit: int = 100) -> list[tuple[UUID, str]]:
    """Claim due rows for the broker: ids and queues. The caller commits, then sends.

    A row that was handed over more than two minutes ago and is not done is taken again (the sweep).
    """
    moment = clock.real_now()
    due = (
        sa.select(OutboxRow.id)
        .where(
            OutboxRow.done_at.is_(None),
            OutboxRow.failed_at.is_(None),
            OutboxRow.due_at <= moment,
            sa.or_(OutboxRow.handed_at.is_(None), OutboxRow.handed_at < moment - HANDED_OVER_FOR),
        )
        .order_by(OutboxRow.due_at, OutboxRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = session.execute(
        sa.update(OutboxRow)
        .where(OutboxRow.id.in_(due.scalar_subquery()))
        .values(handed_at=moment)
        .returning(OutboxRow.id, OutboxRow.queue)
        .execution_options(synchronize_session=False)
    ).all()
    return [(row_id, queue) for row_id, queue in taken]


def deliver(row_id: UUID) -> bool:
    """Run the handler of one row and mark it done, in the running transaction; the caller commits.

    Returns False if another worker has the row or it is done. On an error the caller rolls back and
    calls `put_off`.
    """
    row = session.scalars(
        sa.select(OutboxRow)
        .where(OutboxRow.id == row_id, OutboxRow.done_at.is_(None), OutboxRow.failed_at.is_(None))
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        return False
    _handlers[row.topic](row)
    row.attempts += 1
    row.done_at = clock.real_now()
    session.flush()
    return True


def put_off(row_id: UUID, error: str) -> None:
    """After a failure: try again after a growing pause (30 s, doubled, at most 6 h), or give up and
    show the row on the administrators' page. The error text is a class name, never data."""
    row = session.get(OutboxRow, row_id, with_for_update=True)
    if row is None or row.done_at is not None:
        return
    moment = clock.real_now()
    row.attempts += 1
    row.last_error = error[:200]
    row.handed_at = None
    if row.attempts >= MAX_ATTEMPTS:
        row.failed_at = moment
    else:
        row.due_at = moment + min(timedelta(seconds=30 * 2 ** (row.attempts - 1)), timedelta(hours=6))
    session.flush()


def retry(row_id: UUID) -> None:
    """An administrator asks for a failed row to be tried again now."""
    row = session.get(OutboxRow, row_id, with_for_update=True)
    if row is not None and row.done_at is None:
        row.failed_at, row.handed_at, row.attempts, row.due_at = None, None, 0, clock.real_now()
        session.flush()
