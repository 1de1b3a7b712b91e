"""Drawing the pictures of what is approved, as role `facts`, a few at a time, so that the worker goes on counting between
them: first the newest release of each country, then every earlier one that has none.

What cannot be drawn is written down with the name of its error and does not keep the others waiting; it is tried again on
another day, three times at most.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from caseapp.core import clock
from caseapp.core.db import connect
from caseapp.publication.models import Drawing, DrawingFailure, Picture
from caseapp.publication.pictures import making

logger = logging.getLogger(__name__)
MOST_TRIES = 3
AGAIN = timedelta(days=1)
#: An earlier release is in no hurry: one indicator in so many seconds.
PAUSE = timedelta(seconds=15)
_LOCK = 7315

# The newest month of each country first; of a month its newest edition. What is whole and has nothing to try again is
# passed by without a look at its figures.
_NEXT = """
    SELECT r.id, r.country, r.period, r.newest FROM (
        SELECT id, country, period, row_number() OVER (PARTITION BY country ORDER BY period DESC, edition DESC) AS newest,
               row_number() OVER (PARTITION BY country, period ORDER BY edition DESC) AS edition
        FROM released.release WHERE status = 'APPROVED') r
    LEFT JOIN released.drawing d ON d.release_id = r.id
    WHERE (d.release_id IS NULL OR d.drawn + d.failed < d.wanted
           OR (d.failed > 0 AND EXISTS (SELECT FROM released.drawing_failure f WHERE f.release_id = r.id
                                        AND f.tries < :most AND f.failed_at < :again)))
      AND (r.newest = 1 OR NOT EXISTS (SELECT FROM released.drawing WHERE worked_at > :pause))
    ORDER BY r.newest > 1, r.edition > 1, r.period DESC, r.country LIMIT 1
"""
_STATE = """
    SELECT f.indicator, EXISTS (SELECT FROM released.picture p WHERE p.release_id = :release AND p.indicator = f.indicator) AS drawn,
           x.tries, coalesce(x.tries >= :most OR x.failed_at >= :again, false) AS rests
    FROM (SELECT DISTINCT indicator FROM released.figure WHERE release_id = :release AND status = 'PUBLISHED') f
    LEFT JOIN released.drawing_failure x ON x.release_id = :release AND x.indicator = f.indicator
    ORDER BY f.indicator
"""


def make_waiting(most: int = 1) -> int:
    """Draw the pictures of at most so many indicators that have none, of one release; returns how many were drawn or
    given up for now. Repeating it changes nothing; two workers never draw at once. Needs an application context
    (languages)."""
    with connect("facts") as connection:
        if not connection.scalar(sa.text("SELECT pg_try_advisory_xact_lock(:n)"), {"n": _LOCK}):
            return 0
        now = clock.real_now()
        asked = {"most": MOST_TRIES, "again": now - AGAIN, "pause": now - PAUSE}
        release = connection.execute(sa.text(_NEXT), asked).one_or_none()
        if release is None:
            return 0
        state = connection.execute(sa.text(_STATE), asked | {"release": release.id}).all()
        waiting = [row for row in state if not row.drawn and not row.rests][:most]
        done = {row.indicator for row in waiting if _drawn(connection, release, row)}
        _note(connection, release, state, done, {row.indicator for row in waiting} - done)
    return len(waiting)


def _drawn(connection: sa.Connection, release: Any, row: Any) -> bool:
    """Whether the pictures of an indicator could be drawn; if not, why stands in its row and in the log."""
    pictures: Any = Picture.__table__
    failures: Any = DrawingFailure.__table__
    own = {"release_id": release.id, "indicator": row.indicator}
    try:
        with connection.begin_nested():
            one = making.asked(connection, release.id, release.country, release.period, row.indicator)
            connection.execute(sa.insert(pictures), list(making.pictures(one)))
            connection.execute(sa.delete(failures).filter_by(**own))
    except Exception as error:
        problem = type(error).__name__
        logger.exception(
            "pictures of %s, %s %s, could not be drawn", row.indicator, release.country, release.period
        )
        wanted = pg.insert(failures).values(**own, problem=problem, tries=1, failed_at=clock.real_now())
        changed = {"problem": problem, "tries": failures.c.tries + 1, "failed_at": clock.real_now()}
        connection.execute(wanted.on_conflict_do_update(index_elements=list(own), set_=changed))
        return False
    return True


def _note(
    connection: sa.Connection, release: Any, state: Sequence[Any], done: set[str], failed: set[str]
) -> None:
    """How far the release is now."""
    table: Any = Drawing.__table__
    drawn = sum(row.drawn for row in state) + len(done)
    given_up = {row.indicator for row in state if row.tries and not row.drawn} | failed
    counts = {
        "wanted": len(state),
        "drawn": drawn,
        "failed": len(given_up - done),
        "worked_at": clock.real_now(),
    }
    wanted = pg.insert(table).values(release_id=release.id, **counts)
    connection.execute(wanted.on_conflict_do_update(index_elements=["release_id"], set_=counts))
