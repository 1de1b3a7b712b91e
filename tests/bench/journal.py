"""`make bench ARGS=events`: figures from ten million events.

    python -m tests.bench events [--events 10000000] [--sites 400] [--seed 7] [--fresh 50000] [--write]

Invented families written through the services are multiplied in the journal (new pseudonyms, days within ten years,
one of 400 sites in seven countries). Then, in the same run: a bare `GROUP BY` of the journal in PostgreSQL (the number
to beat: no figure can be had for less than reading every event once), the same in DuckDB, and the full recount (facts,
markers of distinct persons and households, cells, comparison left out). After it: how long one event takes from its
commit to its cell, and how many events a second go through the roll-up with one and with two workers.

Says ratios; asserts nothing about speed.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import sqlalchemy as sa
import structlog

from caseapp.core import clock, db
from tests.bench import bare, stories
from tests.bench.installation import Installation, installed
from tests.bench.journal_table import YEARS, Times, table
from tests.bench.processor import Spent, peak_mb, postmaster_of, spent

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "bench-events.md"
COUNTRIES = {"MEX": "MX", "GTM": "GT", "CRI": "CR", "PAN": "PA", "HND": "HN", "SLV": "SV", "BLZ": "BZ"}
#: Of a hundred events, as many as each country has of the claims of the region, roughly.
SHARES = (50, 12, 16, 10, 6, 4, 2)
PERSONS = 150
RECENT = 180
#: The id of a copy: in the order of writing, as ids of the house are; a random one would take the index ten times as long.
COPY = "(lpad(to_hex(c.n), 8, '0') || right(md5(e.{}::text), 24))::uuid"
#: The only indexes of the journal that counting uses; the others are not built again over the copies.
USED = ("ix_case_event_kind", "ix_case_event_person_key", "ix_case_event_withdraws_id")
#: The events of the originals, and of each whether its person has a case or a claim under way.
_ORIGINALS = """
    CREATE TEMPORARY TABLE original ON COMMIT DROP AS
    WITH state AS (
        SELECT person_key, count(*) FILTER (WHERE kind IN ('case.opened', 'case.reopened')) AS opened,
               count(*) FILTER (WHERE kind = 'case.closed') AS closed, count(*) FILTER (WHERE kind = 'claim.lodged') AS lodged,
               count(*) FILTER (WHERE kind IN ('claim.closed', 'decision.made')) AS decided
        FROM case_event GROUP BY person_key
    )
    SELECT e.*, coalesce(s.opened > s.closed OR s.lodged > 0 AND s.decided = 0, false) AS under_way
    FROM case_event e LEFT JOIN state s USING (person_key)
"""


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench events", description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--sites", type=int, default=400)
    parser.add_argument("--fresh", type=int, default=50_000, help="events that wait for the roll-up")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--write", action="store_true", help="also write docs/bench-events.md")
    options = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with installed() as where:
        times = Times()
        times.filled = timed(lambda: fill(where, options.events, options.sites, options.seed))
        say(f"filled in {times.filled:.0f} s")
        where.flush_as_in_production()
        measure(where, times, options.fresh)
    text = table(times, options)
    print(text)
    if options.write:
        DOCUMENT.write_text(text, encoding="utf-8")


def timed(work: Callable[[], Any]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def say(text: str) -> None:
    print(f"{clock.real_now():%H:%M:%S} {text}", file=sys.stderr, flush=True)


# -- filling ------------------------------------------------------------------------------------------
def fill(where: Installation, events: int, sites: int, seed: int) -> None:
    """Write the originals through the services, then multiply their events."""
    stories.write(stories.desks(), PERSONS, Random(seed))
    db.session.remove()
    db.forget_engines()
    with where.connect() as owner:
        _sites(owner, sites)
        made = _one(owner, "SELECT count(*) FROM case_event")
        copies = max(events // made, 1)
        say(f"{made} events of {PERSONS} people, {copies} copies of each")
        _multiply(owner, copies, seed)
        owner.commit()
        owner.autocommit = True
        owner.execute("VACUUM ANALYZE case_event")


def _one(connection: psycopg.Connection[Any], question: str) -> Any:
    found = connection.execute(question).fetchone()
    assert found is not None
    return found[0]


def _sites(owner: psycopg.Connection[Any], sites: int) -> None:
    for (country, short), share in zip(COUNTRIES.items(), SHARES, strict=True):
        owner.execute(
            "INSERT INTO site (id, code, country, kind, name, sort_key, timezone) "
            "SELECT md5('site' || %(c)s || n)::uuid, %(s)s || '-B' || lpad(upper(to_hex(n)), 2, '0'), %(c)s, 'RECEPTION_CENTRE', "
            "'Centro ' || n, 'centro ' || n, 'America/Mexico_City' FROM generate_series(1, %(n)s) n",
            {"c": country, "s": short, "n": max(sites * share // 100, 1)},
        )


def _multiply(owner: psycopg.Connection[Any], copies: int, seed: int) -> None:
    """Copies by one statement: the triggers stay off, for nobody waits for these events."""
    owner.execute("SET LOCAL session_replication_role = replica")
    owner.execute("SET LOCAL work_mem = '256MB'")
    owner.execute("DELETE FROM facts.dirty")
    columns = [
        row[0]
        for row in owner.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'case_event' AND table_schema = 'public' "
            "AND is_identity = 'NO' ORDER BY ordinal_position"
        )
    ]
    ends = [sum(SHARES[: n + 1]) for n in range(len(SHARES))]
    country = " ".join(
        f"WHEN c.turn < {end} THEN '{code}'" for end, code in zip(ends, COUNTRIES, strict=True)
    )
    # What is still under way began within half a year; nobody has been waiting for ten.
    back = f"CASE WHEN e.under_way THEN mod(c.n * 37 + %(seed)s, {RECENT}) ELSE mod(c.n * 37 + %(seed)s, {YEARS * 360}) END"
    changed = {
        "id": COPY.format("id"),
        "country": "c.country",
        "site_id": "h.ids[1 + mod(c.n / 7, cardinality(h.ids))]",
        "team_id": "NULL",
        "case_id": "NULL",
        "subject_id": "NULL",
        "effective_on": f"e.effective_on - {back}",
        "recorded_at": f"e.recorded_at - {back} * interval '1 day'",
        **{f"{k}_key": f"md5(e.{k}_key::text || c.n)::uuid" for k in ("person", "household", "subject", "other")},
        "withdraws_id": COPY.format("withdraws_id"),
    }  # fmt: skip
    indexes = owner.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = 'case_event' "
        "AND indexname LIKE 'ix%'"
    ).fetchall()
    for name, _definition in indexes:
        owner.execute(f"DROP INDEX {name}")
    owner.execute(_ORIGINALS)
    owner.execute("ANALYZE original")
    owner.execute(
        f"INSERT INTO case_event ({', '.join(columns)}) "
        f"SELECT {', '.join(changed.get(c, f'e.{c}') for c in columns)} FROM ("
        f"  SELECT n::int, CASE {country} END AS country FROM ("
        "    SELECT n, mod(n * 61, 100) AS turn FROM generate_series(1, %(copies)s) n) c) c "
        "JOIN (SELECT country, array_agg(id ORDER BY code) AS ids FROM site GROUP BY country) h USING (country) "
        "CROSS JOIN original e",
        {"copies": copies, "seed": seed},
    )
    owner.execute("SET LOCAL maintenance_work_mem = '1GB'")
    for name, definition in indexes:
        if name in USED:
            owner.execute(definition)


# -- measuring ----------------------------------------------------------------------------------------
def measure(where: Installation, times: Times, fresh: int) -> None:
    """Everything on the same data, one after the other."""
    with where.connect() as owner:
        times.events = _one(owner, "SELECT count(*) FROM case_event")
        times.persons = _one(
            owner, "SELECT count(*) FROM (SELECT DISTINCT country, person_key FROM case_event) p"
        )
        say(f"{times.events} events of {times.persons} persons")
    _group_by(where, times)
    times.duck = _apart(_duck, where)
    say(f"GROUP BY in DuckDB {times.duck:.1f} s")
    _recount(where, times)
    _one_event(where, times)
    for workers in (1, 2):
        times.a_second[workers] = _roll(where, fresh, workers, times)
        say(f"{times.a_second[workers]:.0f} events a second with {workers} worker(s)")
    times.load.append(os.getloadavg()[0])


def _group_by(where: Installation, times: Times) -> None:
    """The one over all events, twice, and those that an analyst would write, two at a time as a recount is."""
    times.load.append(os.getloadavg()[0])
    one = bare.ONE.format(journal="case_event")
    times.bare = min((_asked(where, [one]) for _ in range(2)), key=lambda s: s.processor)
    say(f"GROUP BY in PostgreSQL {times.bare}")
    statements = bare.for_the_same_cells()
    times.statements = len(statements)
    times.same = _asked(where, statements)
    say(f"{len(statements)} GROUP BYs for the same cells {times.same}")


def _postmaster(where: Installation) -> int:
    with where.connect() as owner:
        return postmaster_of(owner.info.backend_pid)


def _asked(where: Installation, statements: list[str]) -> Spent:
    def ask(statement: str) -> None:
        with where.connect() as owner:
            owner.execute("SET work_mem = '128MB'")
            owner.execute("SET jit = off")
            owner.execute(f"SELECT count(*) FROM ({statement}) g")

    def everything() -> None:
        with ThreadPoolExecutor(max_workers=2) as pool:
            list(pool.map(ask, statements))

    return spent(_postmaster(where), everything)


def _apart(work: Callable[[Installation], float], where: Installation) -> float:
    """In a process of its own, so that what it holds is not taken for a worker's."""
    context = multiprocessing.get_context("fork")
    found = context.SimpleQueue()
    child = context.Process(target=lambda: found.put(work(where)), daemon=True)
    child.start()
    child.join()
    if child.exitcode:
        raise SystemExit("DuckDB was not asked")
    return float(found.get())


def _duck(where: Installation) -> float:
    """The same question over the same columns, read once into DuckDB's own tables (the reading is not counted)."""
    import duckdb

    duck = duckdb.connect()
    duck.execute("SET threads = 2")
    path = where.home / "journal.csv"
    columns = "country, kind, site_id, effective_on, sex, age_band, origin, household_type, person_key"
    with (
        where.connect() as owner,
        path.open("wb") as out,
        owner.cursor().copy(
            f"COPY (SELECT {columns} FROM case_event) TO STDOUT (FORMAT csv, HEADER)"
        ) as rows,
    ):
        for chunk in rows:
            out.write(chunk)
    duck.execute(f"CREATE TABLE journal AS SELECT * FROM read_csv('{path}')")
    path.unlink()
    question = bare.ONE.format(journal="journal").replace(
        "to_char(effective_on, 'YYYY-MM')", "strftime(effective_on, '%Y-%m')"
    )
    return min(
        timed(lambda: duck.execute(f"SELECT count(*) FROM ({question}) g").fetchall()) for _ in range(2)
    )


def _recount(where: Installation, times: Times) -> None:
    """As `acogida rollup --full --repair` does it, two countries at a time: counted from the journal, laid into the stored
    tables with their indexes; then compared row by row, which are equal by now."""
    from caseapp.indicators import rollup
    from caseapp.indicators.facts.tables import Target

    with ExitStack() as stack:
        opened = {country: stack.enter_context(rollup._begun()) for country in COUNTRIES}

        def each(work: Callable[[sa.Connection, str], Any]) -> tuple[Spent, dict[str, float]]:
            def everything() -> None:
                with ThreadPoolExecutor(max_workers=2) as pool:
                    took.update(zip(COUNTRIES, pool.map(one, COUNTRIES), strict=True))

            def one(country: str) -> float:
                return timed(lambda: work(opened[country], country))

            took: dict[str, float] = {}
            found = spent(_postmaster(where), everything)
            say(f"{work.__name__} {found} {took}")
            return found, took

        def counted(connection: sa.Connection, country: str) -> None:
            rollup._advance(Target(connection, country))
            rollup._count_anew(connection, country)

        def laid(connection: sa.Connection, country: str) -> None:
            rollup._replace(Target(connection, country))

        def compared(connection: sa.Connection, country: str) -> None:
            if rollup._compared(connection, country)[1]:
                raise SystemExit(f"{country} is not as it was counted")

        times.recount, times.countries = each(counted)
        times.laid = each(laid)[0]
        times.compare = each(compared)[0]
        for connection in opened.values():
            backend = connection.scalar(sa.text("SELECT pg_backend_pid()"))
            times.backend_mb = max(times.backend_mb, peak_mb(int(backend or 0)))
    with where.connect() as owner:
        owner.autocommit = True
        owner.execute("VACUUM ANALYZE facts.fact, facts.atom, facts.cell")
        times.facts = _one(owner, "SELECT count(*) FROM facts.fact")
        times.cells = _one(owner, "SELECT count(*) FROM facts.cell")


def _add(where: Installation, count: int, mark: str, country: str = "MEX") -> None:
    """New registrations, today, through the trigger as every event goes."""
    with where.connect() as owner:
        owner.execute(
            "INSERT INTO case_event (id, kind, effective_on, recorded_at, country, site_id, actor, person_key, household_key, "
            "sex, age_band, origin, household_type) "
            "SELECT md5(%(m)s || 'e' || n)::uuid, 'person.registered', %(d)s, now(), %(c)s, (SELECT id FROM site WHERE "
            "country = %(c)s ORDER BY code LIMIT 1), 'system:bench', md5(%(m)s || 'p' || n)::uuid, "
            "md5(%(m)s || 'h' || n / 3)::uuid, 'F', '18-59', 'HND', 'FAMILY' FROM generate_series(1, %(n)s) n",
            {"m": mark, "n": count, "c": country, "d": clock.today()},
        )


def _one_event(where: Installation, times: Times) -> None:
    from caseapp.indicators.rollup import roll_up

    for n in range(5):
        _add(where, 1, f"one{n}")
        times.to_cell.append(timed(roll_up))
    say(f"one event in its cell after {max(times.to_cell):.2f} s at most")


def _roll(where: Installation, count: int, workers: int, times: Times) -> float:
    """Events a second through the roll-up; two workers have two countries to count."""
    countries = ("MEX", "GTM")
    for country in countries:
        _add(where, count // 2, f"roll{workers}{country}", country)
    db.session.remove()
    db.forget_engines()
    context = multiprocessing.get_context("fork")
    held = context.SimpleQueue()
    children = [context.Process(target=_roll_up, args=(held,), daemon=True) for _ in range(workers)]
    began = time.monotonic()
    for child in children:
        child.start()
    for child in children:
        child.join()
    took = time.monotonic() - began
    while not held.empty():
        times.worker_mb = max(times.worker_mb, held.get())
    with where.connect() as owner:
        left = _one(owner, "SELECT count(*) FROM facts.dirty")
    if left:
        raise SystemExit(f"{left} events were not taken up.")
    return count / took


def _roll_up(held: Any) -> None:
    from caseapp.indicators.rollup import roll_up

    roll_up()
    held.put(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
