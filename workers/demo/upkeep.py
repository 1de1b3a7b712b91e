"""What happens beside families: shelters say what they have, offices count their workers."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path

import sqlalchemy as sa

from caseapp.core import access, clock, jobs, journal
from caseapp.core.db import session
from caseapp.core.jobs import JobRun
from caseapp.shelter import service as shelter
from workers.demo import accounts, filling, places
from workers.demo.accounts import DESKS
from workers.demo.acting import acting
from workers.demo.acts import edge
from workers.demo.calibration import COUNTRIES, stream
from workers.demo.filling import MAKER, casework_session
from workers.demo.perform import team_called

JOB = "demo.upkeep"
STAFF = journal.kind("staff.counted")
RECENT = timedelta(days=5)


@dataclass(frozen=True)
class Chore:
    """A shelter confirms what it has, or a desk counts its caseworkers, at a moment."""

    at: datetime
    verb: str
    site: str
    team: str
    number: int = 0


def chores(seed: int, today: date) -> list[Chore]:
    """All of them, from the world's first day to yesterday, site by site in order of time."""
    found: list[Chore] = []
    for country in COUNTRIES:
        for site in places.sites_with(country, "SHELTER"):
            found += _confirmations(site, seed, today)
        for site in places.sites_with(country, *DESKS):
            found += _counts(site, seed, today)
    until = edge(today)
    return [c for c in found if c.at < until]


def _confirmations(site: str, seed: int, today: date) -> Iterator[Chore]:
    """Every other week at first, daily in the last days; a shelter forgets one time in ten."""
    random = stream(seed, today, "confirms", site)
    day = places.opening(today) + timedelta(days=random.randrange(14))
    while day < today:
        if random.random() < 0.9 or today - day <= timedelta(days=2):
            at = clock.at(day, 7 + random.randrange(3), random.randrange(60), places.timezone(site))
            yield Chore(at, "confirm", site, f"{site}-SHELTER")
        day += timedelta(days=14 if today - day > RECENT + timedelta(days=14) else 1)


def _counts(site: str, seed: int, today: date) -> Iterator[Chore]:
    """On the last day of each month; the number of caseworkers grows slowly, as it did."""
    random = stream(seed, today, "counts", site)
    number = random.randint(2, 4)
    team = f"{site}-{'RECEPTION_DESK' if 'RECEPTION_DESK' in places.team_types(site) else 'BORDER_POINT'}"
    for year in (today.year - 1, today.year):
        for month in range(1, 13):
            day = date(year, month, calendar.monthrange(year, month)[1])
            if random.random() < 0.2:
                number += random.choice((1, 1, 1, -1)) if number > 2 else 1
            yield Chore(clock.at(day, 16, 30, places.timezone(site)), "count", site, team, number)


def do(chore: Chore) -> None:
    """One chore, in the running transaction, by whoever acts."""
    team = team_called(chore.team)
    with clock.held_at(chore.at):
        if chore.verb == "confirm":
            shelter.confirm_capacity(team)
        else:
            journal.append(
                STAFF, country=team.country, on=clock.local(chore.at, places.timezone(chore.site)).date(),
                site_id=team.site_id, team_id=team.id, code="CASEWORKER", number=chore.number,
            )  # fmt: skip


def first_steps(home: Path, seed: int, cases: int, today: date, goal: int) -> Counter[str]:
    """Places, accounts, the first families, and what shelters said of themselves lately; commits."""
    casework_session()
    with access.acting_as(MAKER):
        places.found(accounts.kept(home), seed, today)
        session.commit()
        filling.begin(cases)
    refused = filling.fill(seed, cases, today, until=goal)
    keep_up(seed, today, recent=True)
    return refused


def keep_up(seed: int, today: date, *, recent: bool = False) -> bool:
    """Do the chores of the last ten days (`recent`) or, once, all earlier ones; commits. True when done."""
    job = f"{JOB}.recent" if recent else JOB
    line = edge(today) - RECENT
    wanted = [c for c in chores(seed, today) if (c.at >= line) == recent]
    casework_session()
    with access.acting_as(MAKER):
        if not session.scalar(sa.text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": filling.LOCK + 1}):
            session.rollback()
            return False
        if session.scalar(sa.select(JobRun.id).where(JobRun.job == job, JobRun.state == "DONE").limit(1)):
            session.rollback()
            return True
        run = jobs.started(job, len(wanted))
        with acting(MAKER):
            for (verb, team), some in groupby(wanted, key=lambda c: (c.verb, c.team)):
                role = "SHELTER_COORDINATOR" if verb == "confirm" else "SUPERVISOR"
                with acting(places.worker(role, team)):
                    for chore in some:
                        do(chore)
        jobs.progressed(run.id, len(wanted))
        jobs.ended(run.id)
        session.commit()
    session.remove()
    return True
