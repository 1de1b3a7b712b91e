"""`make bench ARGS=releases`: what a month's release costs a country that registers 60,000 people a year.

    python -m tests.bench releases [--persons 5000] [--months 4] [--sites 40] [--write]

The journal is made up (`tests.publication.made_up`): registrations, intakes, screenings, cases, claims, referrals. Each month
is released by its steward and approved by another person before the next one is made, as in service. DISCLOSURE asks for five
seconds a month on two cores; the table says what it took and asserts nothing.
"""

from __future__ import annotations

import argparse
import logging
import os
import resource
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import structlog

from caseapp.core import clock
from tests.bench.installation import Installation, installed
from tests.bench.processor import postmaster_of, spent
from tests.publication import made_up

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "bench-releases.md"
COUNTRY = "MEX"


@dataclass(frozen=True)
class Month:
    """What one month's release took: seconds of the clock, of this process and of PostgreSQL, and its size."""

    period: str
    clock: float
    python: float
    postgres: float
    tables: int
    cells: int


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench releases", description=__doc__)
    parser.add_argument("--persons", type=int, default=5_000, help="registered a month")
    parser.add_argument("--months", type=int, default=4)
    parser.add_argument("--sites", type=int, default=40)
    parser.add_argument("--write", action="store_true", help="also write docs/bench-releases.md")
    options = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with installed() as where:
        text = table(measure(where, options.persons, options.months, options.sites), options)
    print(text)
    if options.write:
        DOCUMENT.write_text(text, encoding="utf-8")


def past_months(count: int, today: date) -> list[date]:
    """The first days of the last `count` months that are over, in order."""
    number = today.year * 12 + today.month - 1
    return [date((number - n) // 12, (number - n) % 12 + 1, 1) for n in range(count, 0, -1)]


def measure(where: Installation, persons: int, months: int, sites: int) -> list[Month]:
    """Fill the journal, then make and approve month after month."""
    firsts = past_months(months, clock.today())
    last = clock.today().replace(day=1)
    codes = tuple(f"MX-M{n:02d}" for n in range(1, sites + 1))
    people = made_up.staff(COUNTRY)
    made_up.journal(persons * months, firsts[0], last, COUNTRY, sites=codes).write()
    made_up.count_now()
    where.flush_as_in_production()
    with where.connect() as owner:
        postmaster = postmaster_of(owner.info.backend_pid)
    return [_month(postmaster, people, f"{first:%Y-%m}", persons) for first in firsts]


def _month(postmaster: int, people: made_up.People, period: str, size: int) -> Month:
    from caseapp.publication import service

    made: list[Any] = []
    before = _own()
    took = spent(postmaster, lambda: made.append(service.make(COUNTRY, period, by=people.steward, size=size)))
    own = _own() - before
    tables = service.tables_of(made[0])["tables"]
    made_up.approve(people, made[0])
    return Month(
        period, took.clock, own, took.processor, len(tables), sum(table["cells"] for table in tables)
    )


def _own() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


_TEXT = """# What a month's release costs

`make bench ARGS="releases"`, {day}: {persons:,} people registered a month at {sites} sites of one country, with claims,
screenings, referrals and open cases; {months} months, each approved before the next is made; {cores} cores, load average
{load:.1f}. Seconds. The aim is five a month (docs/disclosure.md).

| month | clock | processor: Python | PostgreSQL | tables | cells |
| --- | ---: | ---: | ---: | ---: | ---: |
{rows}

The process that made them held {memory:.0f} MB at most.
"""


def table(found: list[Month], options: argparse.Namespace) -> str:
    """The table of docs/bench-releases.md."""
    rows = "\n".join(
        f"| {m.period} | {m.clock:.1f} | {m.python:.1f} | {m.postgres:.1f} | {m.tables} | {m.cells:,} |"
        for m in found
    )
    return _TEXT.format(
        day=clock.real_now().date(), persons=options.persons, sites=options.sites, months=options.months,
        cores=os.cpu_count(), load=os.getloadavg()[0], rows=rows,
        memory=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )  # fmt: skip
