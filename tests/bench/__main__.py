"""`make bench`: fill an installation, measure its main pages, print the table.

    python -m tests.bench [--cases 60000] [--open 12000] [--requests 120] [--seed 7] [--write]
    python -m tests.bench import [--rows 100000] [--workbook 20000]       # lists of people (importing.py)
    python -m tests.bench events [--events 10000000]                      # figures (journal.py)
    python -m tests.bench partitions [--events 300000]                    # facts in partitions (partitions.py)
    python -m tests.bench releases [--persons 5000]                       # a month's release (releases.py)

Asserts nothing about speed. It stops where the copies are not what the services make, for then the figures
would mean nothing.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from pathlib import Path

import structlog

from caseapp.core import clock
from tests.bench import checking, importing, journal, measuring, pages, partitions, releases, serving
from tests.bench.filling import Filled, fill
from tests.bench.installation import Installation, installed
from tests.bench.measuring import shuffled
from tests.bench.report import Run, table

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "bench.md"


def main() -> None:
    others = {"import": importing, "events": journal, "partitions": partitions, "releases": releases}
    if sys.argv[1:2] and sys.argv[1] in others:
        others[sys.argv[1]].main(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure the main pages.")
    parser.add_argument("--cases", type=int, default=60_000)
    parser.add_argument("--open", type=int, default=None, help="a fifth of the cases, unless said otherwise")
    parser.add_argument("--requests", type=int, default=120, help="of each page, after the warm-up")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--write", action="store_true", help="also write docs/bench.md")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    still_open = options.cases // 5 if options.open is None else options.open
    began = time.monotonic()
    with installed() as where:
        filled = fill(where, options.cases, still_open, options.seed)
        took = time.monotonic() - began
        _say(f"{filled.cases} cases after {took:.0f} s")
        checked = _checked(where, filled, options.seed)
        where.flush_as_in_production()
        run = _measured(where, filled, options, still_open, took, checked)
    text = table(run, clock.real_now().date())
    print(text)
    if options.write:
        DOCUMENT.write_text(text, encoding="utf-8")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _checked(where: Installation, filled: Filled, seed: int) -> str:
    different = checking.differences(where, filled)
    if different:
        raise SystemExit("\n".join(["The copies are not what the services make:", *different[:20]]))
    readable, found, tried = checking.opened(filled, shuffled(seed, "checking"))
    if readable < tried:
        raise SystemExit(f"The services read only {readable} of {tried} copies.")
    return (
        f"{len(filled.first_copies)} copied families equal their originals, which the services made, in all "
        f"{len(filled.tables)} tables, rows and filled columns; of {tried} copies the services open {readable}, the search "
        f"finds {found}."
    )


def _measured(
    where: Installation,
    filled: Filled,
    options: argparse.Namespace,
    still_open: int,
    took: float,
    checked: str,
) -> Run:
    times, seed = options.requests, options.seed
    with serving.served(where) as port:
        at = pages.sit_down(filled, shuffled(seed, "desk"), lambda cookies: serving.Browser(port, cookies))
        _say("signed in")
        empty = measuring.empty(port, times * 4)
        wanted = [
            ("case list", pages.listing, times, False),
            ("name search", pages.searching(at), max(200, times), False),
            ("case file", pages.file(at), times, True),
            ("registration of three (POST)", pages.registering(at, shuffled(seed, "register")), times, True),
        ]
        missing = [name for name, ask, _, _ in wanted if not _is_there(port, at, name, ask)]
        measured = []
        for name, ask, count, writes in wanted:
            if name not in missing:
                measured.append(measuring.page(where, port, at, name, ask, times=count, writes=writes))
                _say(f"{name}: {measured[-1].page.middle:.1f} ms, {measured[-1].statements[0]} statements")
        return Run(
            filled.cases, still_open, took, _size(where), checked, empty, measured, measuring.first_load(port, at),
            measuring.policies(where, at, times), measuring.recall(port, at, min(200, len(at.sought))), os.getloadavg()[0],
            missing,
        )  # fmt: skip


def _is_there(port: int, at: pages.Desktop, name: str, ask: pages.Ask) -> bool:
    if name != "case file":
        return True
    return bool(ask(serving.Browser(port, pages.cookies_of(at)), 0).status != 404)


def _size(where: Installation) -> str:
    with where.connect() as owner:
        row = owner.execute("SELECT pg_database_size(current_database())").fetchone()
    assert row is not None
    return f"{int(str(row[0])) / 2**20:.0f} MB in the database"


if __name__ == "__main__":
    main()
