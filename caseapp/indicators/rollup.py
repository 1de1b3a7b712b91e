"""The roll-up: what the journal touched becomes facts and cells; and the recount that checks it.

`roll_up` takes what is waiting in `facts.dirty` country by country, in batches, each one transaction that may
run twice without harm. `recount` counts everything from the journal into tables of its own and compares.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from caseapp.core import clock
from caseapp.core.db import connect, uuid7
from caseapp.indicators.facts.counting import count_cells, count_persons, count_site_numbers
from caseapp.indicators.facts.gathering import gather
from caseapp.indicators.facts.heads import count_heads
from caseapp.indicators.facts.tables import COLUMNS, Target

JOB = "indicators.roll_up"
BATCH = 50_000
_LOCK = 7301


@dataclass(frozen=True)
class Difference:
    """A bucket in which what is stored and what the journal says are not the same."""

    country: str
    table: str
    where: str
    only_stored: int
    only_recounted: int


@dataclass(frozen=True)
class Counted:
    """What a roll-up did: events taken up, or rows compared and where they differ."""

    checked: int
    differences: tuple[Difference, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {"checked": self.checked, "differences": [asdict(d) for d in self.differences]}


def roll_up(batch: int = BATCH) -> Counted:
    """Take up everything that is waiting. Returns how many notes of the queue were taken."""
    taken = 0
    for country in _waiting():
        while True:
            with _begun() as connection:
                here = _one_batch(connection, country, batch)
            taken += here
            if here < batch:
                break
    with connect("facts") as connection:
        _show(connection, taken)
    return Counted(taken)


def recount(*, repair: bool = False, at_once: int = 2) -> Counted:
    """Count everything again from the journal and compare with what is stored, each country on one snapshot,
    `at_once` of them at a time (they share no row). With `repair` the stored tables are replaced where they differ."""
    with ThreadPoolExecutor(max_workers=at_once) as pool:
        found = list(pool.map(lambda country: _recounted(country, repair), _countries()))
    return Counted(sum(rows for rows, _ in found), tuple(d for _, differences in found for d in differences))


def _recounted(country: str, repair: bool) -> tuple[int, list[Difference]]:
    # The lock is held on a connection of its own: a snapshot taken while waiting for it would be stale.
    with connect("facts") as guard, _held(guard, country), _begun("REPEATABLE READ") as connection:
        while _one_batch(connection, country, BATCH, lock=False) == BATCH:
            pass
        return _compare(connection, country, repair)


class _begun:
    """One transaction as role `facts`, without the time limit of pages and with room to sort."""

    def __init__(self, isolation: str = "READ COMMITTED") -> None:
        self.isolation = isolation

    def __enter__(self) -> sa.Connection:
        self.inner = connect("facts")
        connection = self.inner.__enter__()
        connection.execute(sa.text(f"SET TRANSACTION ISOLATION LEVEL {self.isolation}"))
        for setting in (
            "statement_timeout = 0",
            "work_mem = '128MB'",
            "temp_buffers = '128MB'",
            "jit = off",
            "default_statistics_target = 20",
        ):
            connection.execute(sa.text(f"SET LOCAL {setting}"))
        return connection

    def __exit__(self, *error: Any) -> bool | None:
        return self.inner.__exit__(*error)


def _waiting() -> list[str]:
    """Countries with something to take up, or whose month has ended since they were last counted."""
    with connect("facts") as connection:
        return list(
            connection.scalars(
                sa.text(
                    "SELECT DISTINCT country FROM facts.dirty UNION "
                    "SELECT country FROM facts.horizon WHERE until < :until ORDER BY 1"
                ),
                {"until": _month_start()},
            )
        )


def _countries() -> list[str]:
    with connect("facts") as connection:
        return list(connection.scalars(sa.text("SELECT DISTINCT country FROM facts.journal ORDER BY 1")))


def _month_start() -> date:
    return clock.today().replace(day=1)


@contextmanager
def _held(connection: sa.Connection, country: str) -> Iterator[None]:
    """Wait until nobody else counts this country; the lock goes with the transaction."""
    connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_LOCK}, hashtext(:c))"), {"c": country})
    yield


def _one_batch(connection: sa.Connection, country: str, batch: int, *, lock: bool = True) -> int:
    """Take up to `batch` notes of a country; 0 if there are none or another worker has the country."""
    held = f"SELECT pg_try_advisory_xact_lock({_LOCK}, hashtext(:c))"
    if lock and not connection.scalar(sa.text(held), {"c": country}):
        return 0
    target = Target(connection, country)
    until = _advance(target)
    taken = _take(target, batch)
    if taken:
        _count(target, until)
    return taken


def _take(target: Target, batch: int) -> int:
    """Move notes of the queue into the temporary table `seed`: whose, or about nobody which event."""
    target.fresh("seed", "SELECT NULL::uuid AS person_key, NULL::uuid AS event_id WHERE false")
    gone = target.run(
        "WITH taken AS (SELECT id FROM facts.dirty WHERE country = :country ORDER BY id LIMIT :batch "
        "FOR UPDATE SKIP LOCKED), "
        "gone AS (DELETE FROM facts.dirty d USING taken WHERE d.id = taken.id RETURNING d.person_key, d.event_id), "
        "kept AS (INSERT INTO seed SELECT DISTINCT person_key, CASE WHEN person_key IS NULL THEN event_id END "
        "FROM gone) SELECT count(*) FROM gone",
        batch=batch,
    )
    return int(gone.scalar_one())


def _count(target: Target, until: date) -> None:
    gather(target)
    count_persons(target, until)
    count_heads(target)
    count_cells(target)
    count_site_numbers(target, until)


def _advance(target: Target) -> date:
    """The first day of the current month; when it moves, whoever stays on or has a case or a claim open is
    noted, for their nights and their place in the stock go on without any event."""
    until = _month_start()
    before: date | None = target.run("SELECT until FROM facts.horizon WHERE country = :country").scalar()
    if before is not None and before >= until:
        return before
    target.run(
        "INSERT INTO facts.horizon (country, until) VALUES (:country, :until) "
        "ON CONFLICT (country) DO UPDATE SET until = excluded.until",
        until=until,
    )
    if before is not None:
        target.run(_GOING_ON, before=before)
    return until


_GOING_ON = """
    INSERT INTO facts.dirty (country, person_key, event_id)
    SELECT :country, j.person_key, j.id FROM facts.journal j
    WHERE j.country = :country AND (
        (j.kind = 'stay.started' AND NOT EXISTS (
            SELECT FROM facts.journal e WHERE e.kind = 'stay.ended' AND e.person_key = j.person_key
            AND e.subject_key = j.subject_key AND e.effective_on < :before
            AND NOT EXISTS (SELECT FROM facts.journal w WHERE w.withdraws_id = e.id)))
        OR (j.kind IN ('case.opened', 'case.reopened') AND NOT EXISTS (
            SELECT FROM facts.journal c WHERE c.kind = 'case.closed' AND c.person_key = j.person_key
            AND c.effective_on < CAST(:before AS date) - 100 AND c.effective_on >= j.effective_on
            AND NOT EXISTS (SELECT FROM facts.journal w WHERE w.withdraws_id = c.id)))
        OR (j.kind IN ('claim.lodged', 'claim.reopened') AND NOT EXISTS (
            SELECT FROM facts.journal c WHERE c.kind IN ('claim.closed', 'decision.made') AND c.person_key = j.person_key
            AND c.effective_on < CAST(:before AS date) - 100 AND c.effective_on >= j.effective_on
            AND NOT EXISTS (SELECT FROM facts.journal w WHERE w.withdraws_id = c.id)))
        OR j.kind IN ('capacity.confirmed', 'capacity.changed', 'staff.counted'))
"""


def _compare(connection: sa.Connection, country: str, repair: bool) -> tuple[int, list[Difference]]:
    _count_anew(connection, country)
    rows, found = _compared(connection, country)
    if repair and found:
        _replace(Target(connection, country))
    return rows, found


def _compared(connection: sa.Connection, country: str) -> tuple[int, list[Difference]]:
    """What is stored of a country against the temporary tables `recount_…`: rows, and where they differ."""
    stored = Target(connection, country)
    rows = 0
    found: list[Difference] = []
    for table in COLUMNS:
        rows += int(stored.run(f"SELECT count(*) FROM recount_{table}").scalar_one())
        found += _differences(stored, table)
    return rows, found


def _count_anew(connection: sa.Connection, country: str) -> None:
    """Everything of a country from its journal, into the temporary tables `recount_…`."""
    # Where everything is read there is nothing to look up, and a loop that the planner thinks short may be long.
    connection.execute(sa.text("SET LOCAL enable_nestloop = off"))
    again = Target(connection, country, "recount_")
    until = again.run("SELECT until FROM facts.horizon WHERE country = :country").scalar_one()
    for table, columns in COLUMNS.items():
        again.fresh(f"recount_{table}", f"SELECT {columns} FROM facts.{table} WHERE false")
    _count(again, until)


_PLACES = {
    "identity": "''", "fact": "domain || ' ' || period", "atom": "domain || ' ' || period",
    "cell": "domain || ' ' || period", "site_number": "kind || ' ' || period",
}  # fmt: skip


# How many rows a place holds and the sum of their digests: where both agree, so do the rows.
_DIGESTS = "SELECT {place} AS place, count(*) AS n, sum(hash_record_extended(r, 0)) AS digest FROM ({rows}) r GROUP BY 1"


def _differences(stored: Target, table: str) -> Iterator[Difference]:
    place = _PLACES[table]
    kept = f"SELECT {COLUMNS[table]} FROM facts.{table} WHERE country = :country"
    anew = f"SELECT {COLUMNS[table]} FROM recount_{table}"
    places = stored.run(
        f"SELECT coalesce(a.place, b.place) FROM ({_DIGESTS.format(place=place, rows=kept)}) a "
        f"FULL JOIN ({_DIGESTS.format(place=place, rows=anew)}) b USING (place) "
        "WHERE (a.n, a.digest) IS DISTINCT FROM (b.n, b.digest)"
    ).scalars()
    differ = list(places)
    if not differ:
        return
    kept, anew = f"{kept} AND {place} = ANY (:differ)", f"{anew} WHERE {place} = ANY (:differ)"
    found = stored.run(
        f"SELECT place, count(*) FILTER (WHERE side = 1) AS old, count(*) FILTER (WHERE side = 2) AS new FROM ("
        f"SELECT {place} AS place, 1 AS side FROM ({kept} EXCEPT ALL {anew}) a UNION ALL "
        f"SELECT {place}, 2 FROM ({anew} EXCEPT ALL {kept}) b) d GROUP BY place ORDER BY place",
        differ=differ,
    )
    for row in found.mappings():
        yield Difference(stored.country, table, row["place"], row["old"], row["new"])


def _replace(stored: Target) -> None:
    for table, columns in COLUMNS.items():
        stored.run(f"DELETE FROM facts.{table} WHERE country = :country")
        stored.run(f"INSERT INTO facts.{table} ({columns}) SELECT {columns} FROM recount_{table}")


def _show(connection: sa.Connection, taken: int) -> None:
    """The last run on the administrators' page: a row for a run that took something, a beat otherwise."""
    moment = clock.real_now()
    if not taken:
        beaten = connection.execute(
            sa.text(
                "UPDATE public.job_run SET beat_at = :now, ended_at = :now WHERE id = ("
                "SELECT id FROM public.job_run WHERE job = :job ORDER BY started_at DESC LIMIT 1) RETURNING id"
            ),
            {"now": moment, "job": JOB},
        ).first()
        if beaten:
            return
    connection.execute(
        sa.text(
            "INSERT INTO public.job_run (id, job, state, done, total, started_at, beat_at, ended_at) "
            "VALUES (:id, :job, 'DONE', :n, :n, :now, :now, :now)"
        ),
        {"id": uuid7(), "job": JOB, "n": taken, "now": moment},
    )
