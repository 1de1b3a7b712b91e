"""The tables that are counted into: those of the schema, or a recount's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

#: How an event's date becomes the period it counts in: a month, October in halves.
PERIOD = (
    "to_char({on}, 'YYYY-MM') || CASE WHEN to_char({on}, 'MM') <> '10' THEN '' "
    "WHEN to_char({on}, 'DD') < '27' THEN 'a' ELSE 'b' END"
)
COLUMNS = {
    "identity": "country, person_key, counts_as",
    "fact": "domain, id, period, country, person, household, site, effective_on, recorded_at, sex, age_band, "
    "origin, household_type, stage, sector, amount",
    "atom": "domain, fact_id, period, country, person, household, site, month, effective_on, recorded_at, "
    "counted, household_counted, first_ever",
    "cell": "country, domain, period, site, sex, age_band, origin, household_type, stage, sector, counted, "
    "household_counted, persons, households, amount",
    "site_number": "country, kind, site, period, value",
}


@dataclass(frozen=True)
class Target:
    """Where to count into, on which connection, for which country. `prefix` is `facts.` or `recount_`: then
    `everybody` is counted, into tables that are empty, and nothing has to be looked up or taken away first."""

    connection: sa.Connection
    country: str
    prefix: str = "facts."

    @property
    def everybody(self) -> bool:
        """Whether this is a recount."""
        return self.prefix != "facts."

    def run(self, statement: str, **values: Any) -> sa.CursorResult[Any]:
        """Execute with `{fact}`, `{atom}` … standing for the target's tables, `{theirs}` for "about somebody who is
        counted now", and `:country` bound."""
        named = statement.format_map(self.names)
        return self.connection.execute(sa.text(named), {"country": self.country, **values})

    @property
    def names(self) -> Mapping[str, str]:
        theirs = "true" if self.everybody else "person IN (SELECT person_key FROM affected)"
        return {**{name: self.prefix + name for name in COLUMNS}, "theirs": theirs}

    def fresh(self, table: str, select: str, **values: Any) -> None:
        """A temporary table from a select, in place of one of that name; dropped at the end of the transaction.
        `{fact}` … in the select stand for the target's tables."""
        self.connection.execute(sa.text(f"DROP TABLE IF EXISTS pg_temp.{table}"))
        self.run(f"CREATE TEMPORARY TABLE {table} ON COMMIT DROP AS {select}", **values)

    def indexed(self, table: str, *columns: str) -> None:
        """Index a temporary table on each of these lists of columns, and tell the planner its size."""
        for listed in columns:
            self.connection.execute(sa.text(f"CREATE INDEX ON pg_temp.{table} ({listed})"))
        self.connection.execute(sa.text(f"ANALYZE pg_temp.{table}"))

    def measured(self, table: str) -> None:
        """Tell the planner the size of a recount's own table; the stored ones are looked after by the server."""
        if self.everybody:
            self.connection.execute(sa.text(f"ANALYZE pg_temp.{self.prefix}{table}"))
