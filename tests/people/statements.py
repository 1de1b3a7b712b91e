"""Count the SQL statements of a block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event


@contextmanager
def counted(into: list[str]) -> Iterator[list[str]]:
    """Every statement sent in the block goes into the list (savepoints are not counted)."""

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            into.append(statement)

    event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield into
    finally:
        event.remove(sa.Engine, "before_cursor_execute", note)
