"""`python -m tests.bench.placing`: nights of 500 households and 60 sites, placed, checked and measured.

    python -m tests.bench.placing [--nights 20] [--households 500] [--sites 60] [--seed 1] [--write FILE]

Asserts nothing about speed; the table says what was found.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

from caseapp.shelter.allocation.offering import offered, settled
from caseapp.shelter.allocation.problem import Plan, first_come
from caseapp.shelter.allocation.solving import allocate, unbound
from tests.bench import checks, nights


@dataclass(frozen=True)
class Night:
    """What one night's plan was worth."""

    seed: int
    people: int
    built: float
    plan: Plan
    cpu: float
    served: Plan
    free: Plan
    wrong: int
    passed: int


def one(seed: int, households: int, sites: int) -> Night:
    random = Random(seed)
    waiting, spots = nights.waiting(random, households), nights.sites(random, sites)
    apart = nights.apart(random, waiting)
    began = time.process_time()
    found = offered(waiting, spots, apart)
    built = time.process_time() - began
    began = time.process_time()
    plan = allocate(found.problem, seconds=600)
    cpu = time.process_time() - began
    placed = settled(found, plan.chosen)
    return Night(
        seed, sum(p.size for p in found.problem.parties), built, plan, cpu, first_come(found.problem),
        unbound(found.problem, seconds=600), len(checks.violations(waiting, spots, placed, apart)),
        len(checks.passed_over(waiting, spots, placed, apart)),
    )  # fmt: skip


def table(found: list[Night], households: int, sites: int) -> str:
    """Markdown."""
    load = os.getloadavg()[0]
    what = (
        f"{len(found)} made-up nights of {households} households and {sites} sites (`make bench-night`); load average {load:.1f} "
        f"on {os.cpu_count()} cores meanwhile, so that seconds of the processor are given beside those of the clock."
    )
    head = (
        "| night | people | placed, by urgency | first come, by urgency | gap 0 | s clock | s processor | violations | passed over "
        "| moves (without the two rules) | km a household (without) |"
    )
    lines = [
        what,
        "",
        head,
        "| - | - | - | - | - | - | - | - | - | - | - |",
    ]
    for n in found:
        have, would = _households(n.plan), _households(n.free)
        lines.append(
            f"| {n.seed} | {n.people} | {_spoken(n.plan)} | {_spoken(n.served)} | {'yes' if n.plan.proven else 'no'} | "
            f"{n.plan.seconds:.1f} | {n.cpu:.1f} | {n.wrong} | {n.passed} | {n.plan.moves} ({n.free.moves}) | "
            f"{n.plan.km / have:.1f} ({n.free.km / would:.1f}) |"
        )
    better = sum(n.plan.persons >= n.served.persons for n in found)
    have, free = sum(sum(n.plan.persons) for n in found), sum(sum(n.free.persons) for n in found)
    km = sum(n.plan.km for n in found) / sum(_households(n.plan) for n in found)
    km_free = sum(n.free.km for n in found) / sum(_households(n.free) for n in found)
    moves = sum(n.plan.moves for n in found) - sum(n.free.moves for n in found)
    said = (
        f"Never fewer people of the urgent classes than first come, first served: {better} of {len(found)}. "
        f"Violations: {sum(n.wrong for n in found)}; passed over: {sum(n.passed for n in found)}; proven: "
        f"{sum(n.plan.proven for n in found)} of {len(found)}; slowest {max(n.cpu for n in found):.1f} s of the processor. "
        f"The two rules change the people placed by {have - free:+} of {free}, the moves by {moves:+}, and the distance "
        f"by {km - km_free:+.1f} km a household."
    )
    lines += ["", said]
    return "\n".join(lines) + "\n"


def _households(plan: Plan) -> int:
    return sum(option is not None for option in plan.chosen)


def _spoken(plan: Plan) -> str:
    return " + ".join(str(p) for p in plan.persons)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.placing")
    parser.add_argument("--nights", type=int, default=20)
    parser.add_argument("--households", type=int, default=500)
    parser.add_argument("--sites", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path, default=None)
    options = parser.parse_args()
    found = []
    for seed in range(options.seed, options.seed + options.nights):
        found.append(one(seed, options.households, options.sites))
        last = found[-1]
        print(
            f"night {seed}: {last.cpu:.1f} s, {last.wrong} violations, {last.passed} passed over",
            file=sys.stderr, flush=True,
        )  # fmt: skip
    text = table(found, options.households, options.sites)
    print(text)
    if options.write:
        options.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
