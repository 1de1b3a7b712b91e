"""Filling the database, one family a transaction, from wherever it stands.

How far the demo is stands in `job_run` (job `demo.fill`, counted in cases) and is written in the transaction that
writes the family: after a kill nothing is lost and nothing is there twice. A lock lets one process work at a time.
"""

from __future__ import annotations

import time
from collections import Counter
from datetime import date

import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.core import access, clock, jobs
from caseapp.core.db import engine, session
from caseapp.core.jobs import JobRun
from caseapp.places.models import Site
from workers.demo import confirming, receiving
from workers.demo.acting import acting
from workers.demo.perform import perform
from workers.demo.plan import Plan, plan

JOB = "demo.fill"
LOCK = 7302
#: When so many cases are in, the demo is shown: shelters have confirmed what they have, and notices are read.
ALIVE = 200
MAKER = access.system("demo")


def casework_session() -> None:
    """A fresh session as role `app`: the demo's workers write as people do, under the same policies."""
    session.remove()
    session(bind=engine("app"))


def state() -> tuple[int, int] | None:
    """Cases that are in and cases that will be, or None before the beginning."""
    row = session.execute(
        sa.select(JobRun.done, JobRun.total)
        .where(JobRun.job == JOB)
        .order_by(JobRun.started_at.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else (row.done, row.total or 0)


def begin(cases: int) -> None:
    """Note that the demo's people are being made, if nobody has yet; commits."""
    if state() is None:
        jobs.started(JOB, cases)
    session.commit()


def fill(seed: int, cases: int, today: date, *, until: int, seconds: float = float("inf")) -> Counter[str]:
    """Write families until `until` cases are in or the time is over. Answers what was refused, by verb."""
    made = plan(seed, cases, today)
    ends, refused = time.monotonic() + seconds, Counter[str]()
    casework_session()
    with access.acting_as(MAKER):
        while time.monotonic() < ends:
            step = _next(made, until)
            session.commit()
            _let_go()
            if step is None:
                break
            refused += step
    session.remove()
    return refused


def _let_go() -> None:
    """Forget the family that was written: its rows and its keys. Teams and sites are asked for by the next one."""
    session().info.pop("case_keys", None)
    for row in list(session()):
        if not isinstance(row, (Team, Site)):
            session.expunge(row)


def _next(made: Plan, until: int) -> Counter[str] | None:
    """Write the next family in the running transaction; None when there is none, or another process works."""
    # What a power cut would lose of invented people is invented again: no commit waits for the disk.
    asked = sa.text("SELECT pg_try_advisory_xact_lock(:lock), set_config('synchronous_commit', 'off', true)")
    if not session.execute(asked, {"lock": LOCK}).one()[0]:
        return None
    run = session.scalars(
        sa.select(JobRun)
        .where(JobRun.job == JOB)
        .order_by(JobRun.started_at.desc())
        .limit(1)
        .with_for_update()
    ).one()
    position = made.next_after(run.done)
    if position is None:
        if run.state == "RUNNING":
            jobs.ended(run.id)
        return None
    if run.done >= until:
        return None
    before = run.done
    with acting(MAKER):
        refused = perform(made.story(position))
        if before < min(ALIVE, made.cases) <= made.ends[position]:
            confirming.confirm(made.seed, made.today, recent=True)
            confirming.read_what_was_said(made.today)
            receiving.count_buses(made.seed, made.today)
    run.done, run.beat_at = made.ends[position], clock.real_now()
    session.flush()
    return refused
