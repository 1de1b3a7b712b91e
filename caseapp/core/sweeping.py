"""A sweep goes on: what goes wrong with one row stays with that row, and holds up nobody else's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError

from caseapp.core.db import session

log = structlog.get_logger("acogida.sweep")
_failed: ContextVar[Counter[str] | None] = ContextVar("failed", default=None)


@contextmanager
def alone(job: str, row_id: UUID | None = None) -> Iterator[None]:
    """Do something to one row (or, without `row_id`, one part of a sweep) in a savepoint of its own. Where it fails,
    nothing of it stays, the fault is logged with job and id and counted, and the sweep goes on. A lost connection is
    everybody's fault and raised."""
    try:
        with session.begin_nested():
            yield
            session.flush()
    except Exception as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        count = _failed.get()
        if count is not None:
            count[job] += 1
        log.exception("part of a sweep failed", job=job, row=str(row_id) if row_id else None)


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """How many rows of each job fail within."""
    count = Counter[str]()
    token = _failed.set(count)
    try:
        yield count
    finally:
        _failed.reset(token)
