"""Fill an installation: originals through the services, then as many copies as are wanted, on every core."""

from __future__ import annotations

import itertools
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from caseapp.core import clock, db
from tests.bench import copies, originals, stories
from tests.bench.copies import Plan
from tests.bench.installation import Installation
from tests.bench.originals import Desk, Original, Table

PERSONS = 500  # in about 300 original families
BATCH = 150  # families in one transaction


@dataclass
class Filled:
    """What was made: the desks, the originals, and of each original its first copy's cases."""

    desks: list[Desk]
    originals: list[Original]
    tables: list[Table]
    first_copies: dict[int, list[UUID]]
    cases: int


def fill(where: Installation, cases: int, still_open: int, seed: int) -> Filled:
    """Make `cases` cases of which about `still_open` are open."""
    desks = stories.desks()
    with where.connect() as owner:
        around = {t.name for t in originals.filled(owner, originals.tables(owner))}
    families = stories.write(desks, min(PERSONS, max(cases // 4, 20)), Random(seed))
    with where.connect() as owner:
        every = originals.filled(owner, originals.tables(owner))
        world = {
            i
            for table in every if table.name in around
            for row in owner.execute(f"SELECT * FROM {table.name}")
            for i in originals.ids_in(row)
        }  # fmt: skip
        tables = [t for t in every if t.name not in around]
        originals.read_back(owner, tables, families, world)
    open_left = still_open - sum(len(f.cases) for f in families if f.open)
    closed_left = cases - still_open - sum(len(f.cases) for f in families if not f.open)
    db.session.remove()
    db.forget_engines()
    first, made = _copied(where, tables, families, desks, open_left, closed_left, seed)
    _analyse(where)
    return Filled(desks, families, tables, first, made + sum(len(f.cases) for f in families))


def _analyse(where: Installation) -> None:
    with where.connect() as owner:
        owner.autocommit = True
        owner.execute("VACUUM ANALYZE")


def _copied(
    where: Installation, tables: Sequence[Table], families: Sequence[Original], desks: Sequence[Desk],
    open_left: int, closed_left: int, seed: int,
) -> tuple[dict[int, list[UUID]], int]:  # fmt: skip
    by_name = {t.name: t for t in tables}
    plans = [Plan(f, by_name) for f in families]
    url = where.urls["DATABASE_URL"]
    workers = os.cpu_count() or 1
    # Forked, so that the plans need not be handed over; psycopg opens its connection in the child.
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()

    def work(mine: int) -> None:
        first: dict[int, list[UUID]] = {}
        share = [n // workers + (mine < n % workers) for n in (max(open_left, 0), max(closed_left, 0))]
        wanted = _wanted(plans, desks, share, Random(f"{seed}|{mine}"), mine, workers, first)
        answers.put((first, copies.write(url, by_name, wanted)))

    children = [context.Process(target=work, args=(n,), daemon=True) for n in range(workers)]
    for child in children:
        child.start()
    found = [answers.get() for _ in children if _alive_or_answered(children, answers)]
    for child in children:
        child.join()
    first: dict[int, list[UUID]] = {}
    for made, _ in found:
        first.update(made)
    return first, sum(count for _, count in found)


def _alive_or_answered(children: Sequence[Any], answers: Any) -> bool:
    """Wait until there is an answer; a child that failed has said why on stderr."""
    while answers.empty():
        for child in children:
            child.join(0.05)
            if child.exitcode:
                raise SystemExit("A process that makes copies failed; its reason stands above.")
    return True


def _wanted(
    plans: Sequence[Plan], desks: Sequence[Desk], share: Sequence[int], random: Random, mine: int, workers: int,
    first: dict[int, list[UUID]],
) -> Iterator[list[dict[str, Any]]]:  # fmt: skip
    """Batches of copies, the open and the closed each from originals of their own, in turn."""
    numbers = itertools.count(1 + mine, workers)
    now = clock.now()
    batch: list[dict[str, Any]] = []
    for is_open, left in zip((True, False), share, strict=True):
        of = [(n, p) for n, p in enumerate(plans) if p.original.open is is_open]
        for n, plan in itertools.cycle(of[mine * len(of) // workers :] + of[: mine * len(of) // workers]):
            if left <= 0:
                break
            rows, copy = plan.copy(random.choice(desks), _moment(plan, now, random), random, numbers)
            first.setdefault(n, [copy.ids[c] for c in plan.original.cases])
            left -= len(plan.original.cases)
            batch.append(rows)
            if len(batch) == BATCH:
                yield batch
                batch = []
    if batch:
        yield batch


def _moment(plan: Plan, now: datetime, random: Random) -> datetime:
    """Open cases began within some months, closed ones within six years; none before their original's age allows."""
    back = random.randint(0, 30) if plan.original.open else random.randint(0, 300)
    return min(plan.original.moment - timedelta(weeks=back), now)
