"""What was measured of figures from many events, and the table that says it."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass, field

from caseapp.core import clock
from tests.bench.processor import Spent

NOTHING = Spent(0.0, 0.0)
YEARS = 10


@dataclass
class Times:
    """Seconds of each step, and what else was seen."""

    events: int = 0
    persons: int = 0
    facts: int = 0
    cells: int = 0
    load: list[float] = field(default_factory=list)
    filled: float = 0.0
    bare: Spent = NOTHING
    same: Spent = NOTHING
    statements: int = 0
    duck: float = 0.0
    recount: Spent = NOTHING
    compare: Spent = NOTHING
    laid: Spent = NOTHING
    countries: dict[str, float] = field(default_factory=dict)
    backend_mb: float = 0.0
    to_cell: list[float] = field(default_factory=list)
    a_second: dict[int, float] = field(default_factory=dict)
    worker_mb: float = 0.0


_TEXT = """# Figures from millions of events

`make bench ARGS="events --events {asked}"`, {day}. {events:,} events of {persons:,} persons at {sites} sites of seven countries
in {years} years, filled in {filled:.0f} s; they become {facts:,} facts in {cells:,} cells. All on one machine with {cores} cores, in
one run, two statements (or two countries) at a time; load average {load}. Seconds of the processor are PostgreSQL's
alone, whatever else the machine did; seconds of the clock grow with its other work.

| | processor | clock | processor, × one `GROUP BY` | × `GROUP BY`s for the same cells |
| --- | ---: | ---: | ---: | ---: |
{rows}

DuckDB takes {duck:.1f} s of the clock for the one `GROUP BY` (two threads, from its own table, which is read beforehand).

*One `GROUP BY`* reads each event once and counts persons within each cell: the least that any count costs. *The `GROUP
BY`s for the same cells* are the {statements} statements that an analyst would write: one a domain, one at each of four grains where
persons are counted once (a year's persons are not the sum of its months'), one for what stands at each quarter's end.
Neither knows of withdrawals, merges, corrected profiles, or of what must be answered within 30 days.

By country, two at a time, seconds of the clock: {countries}.

One event stands in its cell {slowest:.2f} s after the roll-up begins (which it does every five seconds); the quickest of
five took {quickest:.2f} s. A queue of {fresh:,} events in two countries: {a_second}.

A worker never held more than {worker:.0f} MB; the connection that counted the largest country held {backend:.0f} MB at most, shared
buffers included: statements take 128 MB each to sort and spill to disk beyond it.
"""


def table(times: Times, options: argparse.Namespace) -> str:
    """The table of docs/bench-events.md."""
    measured = {
        "One `GROUP BY`": times.bare,
        f"The {times.statements} `GROUP BY`s for the same cells": times.same,
        "Full recount: facts, markers, cells": times.recount,
        "Beside it: laid into the stored tables and their five indexes": times.laid,
        "Beside it: every row compared with what is stored": times.compare,
    }
    rows = "\n".join(
        f"| {name} | {s.processor:.1f} | {s.clock:.1f} | {s.processor / times.bare.processor:.1f} "
        f"| {s.processor / times.same.processor:.1f} |"
        for name, s in measured.items()
    )
    a_second = ", ".join(
        f"{n:,.0f} events a second with {w} worker{'s' * (w > 1)}" for w, n in times.a_second.items()
    )
    return _TEXT.format(
        asked=options.events, day=clock.real_now().date(), events=times.events, persons=times.persons, sites=options.sites,
        years=YEARS, filled=times.filled, facts=times.facts, cells=times.cells, cores=os.cpu_count(),
        load=" to ".join(f"{load:.1f}" for load in times.load), rows=rows, duck=times.duck, statements=times.statements,
        countries=", ".join(f"{c} {s:.1f}" for c, s in times.countries.items()), slowest=max(times.to_cell),
        quickest=min(times.to_cell), fresh=options.fresh, a_second=a_second, worker=times.worker_mb,
        backend=times.backend_mb,
    )  # fmt: skip
