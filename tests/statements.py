"""Counting SQL statements, for tests that a page costs the same whatever the rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event


@contextmanager
def count_statements(connection: sa.Connection | None = None) -> Iterator[list[str]]:
    """The statements sent meanwhile, in order: on one connection, or on every engine of the process."""
    target: Any = connection if connection is not None else sa.Engine
    seen: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        seen.append(statement)

    event.listen(target, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(target, "before_cursor_execute", note)
