"""`make bench ARGS="import"`: put an invented list in with `acogida import people`, twice, and print what it took.

    python -m tests.bench import [--rows 100000] [--workbook 20000] [--seed 7] [--profile FILE]

Asserts nothing about speed. It stops where the report is not what the list should give: every row created or held
the first time, nothing created the second.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from caseapp.core import clock
from tests.bench import lists, stories
from tests.bench.installation import Installation, installed
from tests.bench.processor import postmaster_of, spent

ROOT = Path(__file__).resolve().parents[2]
ACOGIDA = Path(sys.executable).with_name("acogida")
ZONE = stories.ZONE


@dataclass(frozen=True)
class Took:
    """One import: the report's counts and what it cost. `peak` in MB, of the process; seconds of processors."""

    name: str
    report: dict[str, Any]
    seconds: float
    peak: float
    own: float
    postgres: float
    load: tuple[float, float]

    def line(self) -> str:
        r = self.report
        return (
            f"| {self.name} | {r['rows']:,} | {r['created']:,} | {r['existing']:,} | {r['duplicates']:,} | {self.seconds:.0f} "
            f"| {r['rows'] / self.seconds:,.0f} | {self.peak:.0f} | {self.own:.0f} | {self.postgres:.0f} "
            f"| {self.load[0]:.1f} → {self.load[1]:.1f} |"
        )  # fmt: skip


HEAD = (
    "| list | rows | created | existing | held | seconds | rows/s | peak MB | CPU s, import | CPU s, PostgreSQL | load |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
)


def main(words: Sequence[str]) -> str:
    """Measure and print; the table as Markdown."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench import", description="Measure imports of people."
    )
    parser.add_argument("--rows", type=int, default=100_000, help="of the CSV")
    parser.add_argument("--workbook", type=int, default=20_000, help="rows of the XLSX")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--profile", type=Path, help="leave a profile of the first import here")
    options = parser.parse_args(words)
    with installed() as where:
        stories.desks()
        where.flush_as_in_production()
        today = clock.today(ZONE)
        csv, xlsx = where.home / "list.csv", where.home / "list.xlsx"
        lists.write_csv(csv, lists.people(options.rows, today, Random(options.seed)))
        lists.write_workbook(
            xlsx, lists.people(options.workbook, today, Random(f"{options.seed} workbook"), "LIBRO")
        )
        dry = _import(where, "CSV, tried only", csv, "MX-001", words=("--dry-run",))
        took = [
            _import(where, "CSV", csv, "MX-001", options.profile),
            _import(where, "CSV again", csv, "MX-001"),
            _import(where, "XLSX", xlsx, "MX-002"),
            _import(where, "XLSX again", xlsx, "MX-002"),
        ]
    for first, again in (took[:2], took[2:]):
        _must_hold(first.report, again.report)
    text = "\n".join([*HEAD, *(one.line() for one in (dry, *took))])
    print(text)
    return text


def _import(
    where: Installation,
    name: str,
    file: Path,
    site: str,
    profile: Path | None = None,
    words: Sequence[str] = (),
) -> Took:
    call = [str(ACOGIDA), "import", "people", str(file), "--site", site, "--json", *words]
    if profile:
        call = [sys.executable, "-m", "cProfile", "-o", str(profile), *call]
    load, answer = os.getloadavg()[0], where.home / "answer.json"
    used: list[resource.struct_rusage] = []

    def run() -> None:
        with answer.open("wb") as out:
            process = subprocess.Popen(call, cwd=ROOT, env=where.environment(), stdout=out)
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"The import of the {name} ended with {process.returncode}.")
        used.append(usage)

    with where.connect() as owner:
        cost = spent(postmaster_of(owner.info.backend_pid), run)
    made = Took(
        name, json.loads(answer.read_bytes()), cost.clock, used[0].ru_maxrss / 1024, used[0].ru_utime + used[0].ru_stime,
        cost.processor, (load, os.getloadavg()[0]),
    )  # fmt: skip
    print(made.line(), file=sys.stderr, flush=True)
    return made


def _must_hold(first: dict[str, Any], again: dict[str, Any]) -> None:
    if first["errors"] or first["created"] + first["duplicates"] != first["rows"]:
        raise SystemExit(f"The first import reports {first['created']} created of {first['rows']}.")
    if (
        again["created"]
        or again["existing"] != first["created"]
        or again["duplicates"] != first["duplicates"]
    ):
        raise SystemExit(
            f"The second import reports {again['created']} created, {again['existing']} existing."
        )
