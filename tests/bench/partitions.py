"""`make bench ARGS=partitions`: are facts better kept in partitions by country, or by country and month?

    python -m tests.bench partitions [--events 300000] [--sites 400] [--seed 7] [--fresh 10000]

The same journal is counted into `facts.fact` as it is, then in partitions by country (LIST), then by country and month
(LIST, then RANGE of period). Each time: laying a recount down, one event, a queue of events, one month's release asked, a
vacuum; and the recount must equal what is stored. Asserts nothing about speed.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
import structlog

from caseapp.core import clock
from tests.bench import journal
from tests.bench.installation import Installation, installed
from tests.bench.processor import Spent, postmaster_of, spent

WAYS = ("plain", "country", "country and month")
_INDEXES = (
    "ALTER TABLE facts.fact ADD PRIMARY KEY (domain, id, period, country)",
    "CREATE INDEX ON facts.fact (person)",
    "CREATE INDEX ON facts.fact (country, domain, period)",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON facts.fact TO acogida_facts",
)


def partition(owner: Any, way: str, countries: Sequence[str], years: Sequence[int]) -> None:
    """Put a partitioned, empty `facts.fact` in place of the plain one, which is kept as `facts.fact_plain`.
    `owner` is a connection with `execute(text)`."""
    owner.execute("ALTER TABLE facts.fact RENAME TO fact_plain")
    owner.execute("CREATE TABLE facts.fact (LIKE facts.fact_plain) PARTITION BY LIST (country)")
    for country in countries:
        name, below = f"facts.fact_{country.lower()}", ""
        if way == "country and month":
            below = "PARTITION BY RANGE (period)"
        owner.execute(f"CREATE TABLE {name} PARTITION OF facts.fact FOR VALUES IN ('{country}') {below}")
        if below:
            for since, until in _spans(years):
                owner.execute(
                    f"CREATE TABLE {name}_{since.replace('-', '')} PARTITION OF {name} "
                    f"FOR VALUES FROM ('{since}') TO ('{until}')"
                )
            owner.execute(f"CREATE TABLE {name}_rest PARTITION OF {name} DEFAULT")
    for statement in _INDEXES:
        owner.execute(statement)


def restore(owner: Any) -> None:
    """Put the plain table back in its place."""
    owner.execute("DROP TABLE facts.fact")
    owner.execute("ALTER TABLE facts.fact_plain RENAME TO fact")


def _spans(years: Sequence[int]) -> list[tuple[str, str]]:
    """Months as text, in order: both halves of an October lie in `-10`. Quarters of stocks (`-Q1`) come after the last."""
    starts = [f"{year}-{month:02d}" for year in years for month in range(1, 13)]
    ends = [*starts[1:], f"{years[-1] + 1}-01"]
    return [(s, f"{s[:4]}-13" if s.endswith("-12") else e) for s, e in zip(starts, ends, strict=True)]


@dataclass(frozen=True)
class Found:
    """What one way of keeping facts cost."""

    way: str
    tables: int
    laid: Spent
    one: Spent
    queue: Spent
    month: Spent
    vacuum: Spent

    def line(self) -> str:
        each = (self.laid, self.one, self.queue, self.month, self.vacuum)
        return (
            f"| {self.way} | {self.tables} | "
            + " | ".join(f"{s.processor:.2f} / {s.clock:.2f}" for s in each)
            + " |"
        )


def main(words: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench partitions", description=__doc__)
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--sites", type=int, default=400)
    parser.add_argument("--fresh", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args(words)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    print(
        "| facts kept by | tables | laid down | one event | a queue | a month's facts | vacuum |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    )
    with installed() as where:
        journal.fill(where, options.events, options.sites, options.seed)
        where.flush_as_in_production()
        for way in WAYS:
            print(_measured(where, way, options.fresh).line(), flush=True)


def _measured(where: Installation, way: str, fresh: int) -> Found:
    from caseapp.indicators import rollup

    this_year = clock.today().year
    with where.connect() as owner:
        if way != "plain":
            if way != WAYS[1]:
                restore(owner)
            partition(
                owner, way, list(journal.COUNTRIES), range(this_year - journal.YEARS - 1, this_year + 2)
            )
        owner.execute("TRUNCATE facts.atom, facts.cell, facts.site_number, facts.identity, facts.dirty")
        owner.execute("SELECT pg_stat_reset()")
    with where.connect() as owner:
        postmaster = postmaster_of(owner.info.backend_pid)
        tables = _one(owner, "SELECT count(*) FROM pg_partition_tree('facts.fact') WHERE isleaf")

    def counted(work: Callable[[], Any]) -> Spent:
        return spent(postmaster, work)

    laid = counted(lambda: rollup.recount(repair=True))
    with where.connect() as owner:
        owner.autocommit = True
        owner.execute("ANALYZE facts.fact, facts.atom, facts.cell")
    journal._add(where, 1, f"one {way}")
    one = counted(rollup.roll_up)
    journal._add(where, fresh, f"queue {way}")
    queue = counted(rollup.roll_up)
    month = counted(lambda: _a_month(where))

    def vacuum() -> None:
        with where.connect() as owner:
            owner.autocommit = True
            owner.execute("VACUUM facts.fact")

    vacuumed = counted(vacuum)
    if rollup.recount().differences:
        raise SystemExit(f"Kept by {way}, the recount is not what is stored.")
    return Found(way, tables, laid, one, queue, month, vacuumed)


def _a_month(where: Installation) -> None:
    """What a release asks: each domain's facts of a month."""
    from caseapp.indicators.cubes import domains

    with where.connect("facts") as facts:
        for name in domains():
            facts.execute(
                "SELECT * FROM facts.fact WHERE country = 'MEX' AND domain = %s AND period = '2025-09'",
                (name,),
            ).fetchall()


def _one(owner: psycopg.Connection[Any], question: str) -> Any:
    found = owner.execute(question).fetchone()
    assert found is not None
    return found[0]
