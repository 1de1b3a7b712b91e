"""What happens beside families: shelters say what they have, and caseworkers are counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path

import sqlalchemy as sa

from caseapp.core import access, clock, jobs
from caseapp.core.db import engine, session
from caseapp.core.jobs import JobRun
from caseapp.indicators import service as indicators
from caseapp.referral.models import Referral, ReferralNotice
from caseapp.shelter import service as shelter
from workers.demo import accounts, filling, places
from workers.demo.accounts import SERVICES
from workers.demo.acting import acting
from workers.demo.acts import edge
from workers.demo.calibration import COUNTRIES, stream
from workers.demo.filling import MAKER, casework_session
from workers.demo.perform import team_called

JOB = "demo.upkeep"
RECENT = timedelta(days=5)
WAITING = ("SENT", "INFO_ASKED", "PART_ACCEPTED")
READERS = (
    ("CASEWORKER", "RECEPTION_DESK"), ("CASEWORKER", "BORDER_POINT"), ("SHELTER_COORDINATOR", "SHELTER"),
    *(("SERVICE_FOCAL_POINT", team) for team in SERVICES),
)  # fmt: skip


@dataclass(frozen=True)
class Confirmation:
    """A shelter says what it has."""

    at: datetime
    team: str


def confirmations(seed: int, today: date) -> list[Confirmation]:
    """All of them, from the world's first day to yesterday, shelter by shelter in order of time."""
    sites = [site for country in COUNTRIES for site in places.sites_with(country, "SHELTER")]
    return [c for site in sites for c in _of(site, seed, today) if c.at < edge(today)]


def _of(site: str, seed: int, today: date) -> Iterator[Confirmation]:
    """Every other week at first, daily in the last days; a shelter forgets one time in ten."""
    random = stream(seed, today, "confirms", site)
    day = places.opening(today) + timedelta(days=random.randrange(14))
    while day < today:
        if random.random() < 0.9 or today - day <= timedelta(days=2):
            at = clock.at(day, 7 + random.randrange(3), random.randrange(60), places.timezone(site))
            yield Confirmation(at, f"{site}-SHELTER")
        day += timedelta(days=14 if today - day > RECENT + timedelta(days=14) else 1)


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
    """Places, accounts, the first families, and what shelters said of themselves lately; commits."""
    casework_session()
    with access.acting_as(MAKER):
        places.found(accounts.kept(home), seed, today)
        session.commit()
        filling.begin(cases)
    count_staff(today)
    refused = filling.fill(seed, cases, today, until=goal)
    keep_up(seed, today, recent=True)
    return refused


def _read_what_was_said(today: date) -> None:
    """Every team has read what was said of referrals that nothing is awaited of any more."""
    over = sa.select(Referral.id).where(
        Referral.id == ReferralNotice.referral_id, Referral.state.not_in(WAITING)
    )
    line = edge(today) - timedelta(days=2)
    for role, team in READERS:
        for country in COUNTRIES:
            for site in places.sites_with(country, team):
                with acting(places.worker(role, f"{site}-{team}")) as who:
                    session.execute(
                        sa.update(ReferralNotice)
                        .where(
                            ReferralNotice.team_id.in_(who.case_teams), ReferralNotice.seen_at.is_(None),
                            ReferralNotice.made_at < line, over.exists(),
                        )
                        .values(seen_at=line)
                        .execution_options(synchronize_session=False)
                    )  # fmt: skip


def keep_up(seed: int, today: date, *, recent: bool = False) -> bool:
    """Let shelters confirm what they have: of the last days (`recent`) or of all the time before; once each.
    Commits. True when it is done."""
    job = f"{JOB}.recent" if recent else JOB
    line = edge(today) - RECENT
    wanted = [c for c in confirmations(seed, today) if (c.at >= line) == recent]
    casework_session()
    with access.acting_as(MAKER):
        if not session.scalar(sa.text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": filling.LOCK + 1}):
            session.rollback()
            return False
        if session.scalar(sa.select(JobRun.id).where(JobRun.job == job, JobRun.state == "DONE").limit(1)):
            session.rollback()
            return True
        run = jobs.started(job, len(wanted))
        for team, some in groupby(wanted, key=lambda c: c.team):
            with acting(places.worker("SHELTER_COORDINATOR", team)):
                for one in some:
                    with clock.held_at(one.at):
                        shelter.confirm_capacity(team_called(team))
        _read_what_was_said(today)
        jobs.progressed(run.id, len(wanted))
        jobs.ended(run.id)
        session.commit()
    session.remove()
    return True
