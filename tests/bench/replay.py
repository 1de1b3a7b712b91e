"""The SQL of a page alone: what it sends is noted once and sent again, with policies and without."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy import event

from caseapp.core import db

#: What the savepoint of the noting adds, and what would be answered differently the second time.
NOT_REPLAYED = ("SAVEPOINT", "RELEASE", "ROLLBACK")


@dataclass
class Noted:
    """Statements as the driver got them, with their values."""

    statements: list[tuple[str, Any, bool]] = field(default_factory=list)


@contextmanager
def noting() -> Iterator[Noted]:
    """Note every statement that this process sends in the block."""
    noted = Noted()

    def note(conn: Any, cursor: Any, statement: str, values: Any, context: Any, many: bool) -> None:
        if not statement.startswith(NOT_REPLAYED):
            # Rows written together in one statement are announced as many, but are one set of values.
            noted.statements.append((statement, values, many and isinstance(values, (list, tuple))))

    event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield noted
    finally:
        event.remove(sa.Engine, "before_cursor_execute", note)


@contextmanager
def undone() -> Iterator[None]:
    """The casework session on one connection whose transaction is rolled back in the end: a registration can be
    noted, and its statements sent again, without colliding with itself."""
    db.session.remove()
    with db.engine("app").connect() as connection:
        outer = connection.begin()
        db.session(bind=connection, join_transaction_mode="create_savepoint")
        try:
            yield
        finally:
            db.session.remove()
            outer.rollback()


def sent_again(connection: psycopg.Connection[Any], noted: Sequence[Noted], times: int) -> list[float]:
    """Seconds that each page's statements take, fetched whole, in one transaction that is rolled back; the first
    rounds are not counted, in them the driver prepares what it sees often."""
    took: list[float] = []
    cursor = connection.cursor()
    for round_ in range(times + 6):
        for page in noted:
            began = time.perf_counter()
            _send(cursor, page)
            connection.rollback()
            if round_ >= 6:
                took.append(time.perf_counter() - began)
    return took


def _send(cursor: psycopg.Cursor[Any], page: Noted) -> None:
    for statement, values, many in page.statements:
        (cursor.executemany if many else cursor.execute)(statement, values)  # type: ignore[arg-type]
        if cursor.description is not None:
            cursor.fetchall()


def timed(run: Callable[[], Any], times: int) -> list[float]:
    """Seconds that `run` takes, each time."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        run()
        took.append(time.perf_counter() - began)
    return took
