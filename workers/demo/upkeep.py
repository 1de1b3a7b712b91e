"""What happens beside families: caseworkers are counted, and shelters have confirmed what they have."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from caseapp.core import access, clock, jobs
from caseapp.core.db import engine, session
from caseapp.core.jobs import JobRun
from caseapp.indicators import service as indicators
from workers.demo import (
    accounts,
    claiming,
    committing,
    confirming,
    filling,
    helping,
    keeping,
    nights,
    overseeing,
    places,
    registering,
)  # fmt: skip
from workers.demo.directory import keep as keep_directory
from workers.demo.filling import MAKER, casework_session

#: Sites whose volunteers count what they give.
COUNTING = ("MX-TAP", "MX-CEI", "GT-GUA", "HN-PIN")
JOB = "demo.upkeep"


def counting_days(today: date) -> list[date]:
    """The first day of the demo's world, and the last of each month that is over."""
    found, month = [places.opening(today)], places.opening(today)
    while (month := (month + timedelta(days=32)).replace(day=1)) <= today.replace(day=1):
        found.append(month - timedelta(days=1))
    return found


def count_staff(today: date) -> None:
    """Caseworkers are counted on those days; commits. The verb belongs to the casework worker's role, which sees
    the journal of all teams."""
    session.remove()
    session(bind=engine("work"))
    with access.acting_as(MAKER):
        for day in counting_days(today):
            with clock.held_at(datetime(day.year, day.month, day.day, 22, 0, tzinfo=UTC)):
                indicators.count_caseworkers(day)
        session.commit()
    session.remove()


def first_steps(home: Path, seed: int, cases: int, today: date, goal: int) -> Counter[str]:
    """Places, accounts, and the first families; commits. Answers what was refused."""
    casework_session()
    with access.acting_as(MAKER):
        places.found(accounts.kept(home), seed, today)
        keep_directory(seed, today)
        claiming.set_intervals(places.opening(today))
        session.commit()
        filling.begin(cases)
    count_staff(today)
    return filling.fill(seed, cases, today, until=goal)


def keep_up(seed: int, today: date) -> bool:
    """Once, when all families are in: the shelters' confirmations of all the time before, and the notices of what
    is over; commits. True when it is done."""
    casework_session()
    with access.acting_as(MAKER):
        if not session.scalar(sa.text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": filling.LOCK + 1}):
            session.rollback()
            return False
        if session.scalar(sa.select(JobRun.id).where(JobRun.job == JOB, JobRun.state == "DONE").limit(1)):
            session.rollback()
            return True
        run = jobs.started(JOB)
        confirming.confirm(seed, today, recent=False)
        confirming.read_what_was_said(today)
        overseeing.oversee(seed, today)
        helping.count_meals(COUNTING, today)
        nights.tell(seed, today)
        keeping.keep_true(seed, today)
        registering.register_all(seed, today)
        committing.commit(seed, today)
        jobs.ended(run.id)
        session.commit()
    session.remove()
    return True
