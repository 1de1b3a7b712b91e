"""What a family that the services wrote consists of, read back from the database without naming its tables.

Whatever rows the verbs left behind, and hang together by their ids, belong to the family. A table that an area
adds is copied without a change here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from caseapp.core import access

COUNTRY = "MEX"
#: What no family owns: traces of the acts themselves, and what is worked out from the journal.
NOT_OF_A_FAMILY = {"audit", "outbox", "job_run", "user_session", "alembic_version"}


@dataclass(frozen=True)
class Desk:
    """A reception desk with its worker."""

    team: UUID
    site: UUID
    user: UUID
    principal: access.Principal


@dataclass
class Original:
    """A family as its rows: table (with schema) → rows in the order of the table's columns."""

    desk: Desk
    cases: list[UUID]
    open: bool
    moment: datetime
    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True)
class Table:
    """A table that holds families' rows, with the columns that a copy writes (generated ones are left out)."""

    name: str
    columns: tuple[str, ...]


def tables(connection: psycopg.Connection[Any]) -> list[Table]:
    """Every table of casework and its key ring, with its columns."""
    rows = connection.execute(
        """
        SELECT format('%%I.%%I', n.nspname, c.relname), array_agg(a.attname::text ORDER BY a.attnum)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          AND a.attidentity = '' AND a.attgenerated = ''
        WHERE c.relkind = 'r' AND n.nspname IN ('public', 'keyring') AND NOT c.relname = ANY (%s)
        GROUP BY 1 ORDER BY 1
        """,
        [sorted(NOT_OF_A_FAMILY)],
    )
    return [Table(name, tuple(columns)) for name, columns in rows]


def filled(connection: psycopg.Connection[Any], among: Sequence[Table]) -> list[Table]:
    """Those that hold a row."""
    return [t for t in among if connection.execute(f"SELECT FROM {t.name} LIMIT 1").fetchone() is not None]


def read_back(
    connection: psycopg.Connection[Any], of: Sequence[Table], families: Sequence[Original], world: set[UUID]
) -> None:
    """Give each family its rows: rows that share an id hang together, but for ids of the `world` around them
    (sites, teams, users), which everybody shares."""
    rows = [
        (table, row)
        for table in of
        for row in connection.execute(f"SELECT {', '.join(_quoted(table.columns))} FROM {table.name}")
    ]
    joined = _Joined()
    for _, row in rows:
        ids = [i for i in ids_in(row) if i not in world]
        for one in ids[1:]:
            joined.join(ids[0], one)
    family_of = {joined.root(f.cases[0]): f for f in families}
    for table, row in rows:
        ids = [i for i in ids_in(row) if i not in world]
        family = family_of.get(joined.root(ids[0])) if ids else None
        if family is not None:
            family.rows[table.name].append(row)


def ids_in(row: Sequence[Any]) -> Iterator[UUID]:
    """Every id in a row, also in lists."""
    for value in row:
        if isinstance(value, UUID):
            yield value
        elif isinstance(value, list):
            yield from (v for v in value if isinstance(v, UUID))


def _quoted(columns: Sequence[str]) -> list[str]:
    return [f'"{c}"' for c in columns]


class _Joined:
    """Sets of ids that hang together."""

    def __init__(self) -> None:
        self._above: dict[UUID, UUID] = {}

    def root(self, one: UUID) -> UUID:
        while (above := self._above.get(one, one)) != one:
            self._above[one] = self._above.get(above, above)
            one = above
        return one

    def join(self, one: UUID, other: UUID) -> None:
        self._above[self.root(one)] = self.root(other)
