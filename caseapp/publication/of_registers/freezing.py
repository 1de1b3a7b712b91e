"""Count a month's figures of registers once, and keep them: role `facts` calls the one function of the database that
looks at beds and rooms and gives back sums. P5-05 is counted for months that were missed too (words are kept with their
time); P1-23 only for the newest, because a room's square metres are kept as they are known and not by date."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from caseapp.core import clock, reference
from caseapp.core.db import connect
from caseapp.publication.models import RegisterFigure
from caseapp.publication.of_registers import rules

REPORTED, SPACE = "P5-05", "P1-23"
_LOCK = 7317
_COUNTED = sa.text("SELECT * FROM figures_of_registers(:country, :day, :known)")
TABLE: Any = RegisterFigure.__table__


def freeze() -> int:
    """Count what is due and not kept yet, of every country; returns how many figures were kept. Two workers never count
    at once."""
    with connect("facts") as connection:
        if not connection.scalar(sa.text("SELECT pg_try_advisory_xact_lock(:n)"), {"n": _LOCK}):
            return 0
        rows = [row for country in reference.mirps_countries() for row in _missing(connection, country)]
        if rows:
            connection.execute(sa.insert(TABLE), rows)
    return len(rows)


def _missing(connection: sa.Connection, country: str) -> Iterator[dict[str, Any]]:
    months = rules.due(clock.now())
    asked = sa.select(TABLE.c.indicator, TABLE.c.month).where(
        TABLE.c.country == country, TABLE.c.month.in_(months)
    )
    kept = {(row.indicator, row.month) for row in connection.execute(asked)}
    for month in months:
        wanted = {REPORTED, SPACE} if month == months[0] else {REPORTED}
        wanted -= {indicator for indicator, of in kept if of == month}
        if wanted:
            yield from (row for row in _counted(connection, country, month) if row["indicator"] in wanted)


def _counted(connection: sa.Connection, country: str, month: str) -> Iterator[dict[str, Any]]:
    known = rules.known_until(month)
    for row in connection.execute(
        _COUNTED, {"country": country, "day": rules.last_day(month), "known": known}
    ):
        told = rules.told(rules.Counted(row.facilities, row.whole, row.part, row.largest))
        yield {
            "country": country, "indicator": row.indicator, "month": month, "standard": row.standard,
            "status": str(told.status), "facilities": told.facilities, "share": told.share,
            "known_until": known, "counted_at": clock.now(),
        }  # fmt: skip
