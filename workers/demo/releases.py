"""Releases of the demo's earlier months: asked for by each country's steward, made by the figures worker, approved
by another person, month after month. The last full month waits for whoever tries the demo.

The two workers take turns: `decide_and_ask` in the casework worker, `make` in the figures worker. Each round moves
every country on by a month, at the moment at which a country would have done it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa

from caseapp.core import access, clock, jobs
from caseapp.core.db import connect, session
from caseapp.core.jobs import JobRun
from caseapp.indicators import rollup
from caseapp.publication import service
from caseapp.publication.models import Release, Status
from caseapp.publication.of_registers import freezing
from caseapp.publication.rules import month_after
from workers.demo import defining, narrating, opening, places
from workers.demo import months as months_signed
from workers.demo.acting import acting
from workers.demo.calibration import COUNTRIES, cases_by_country
from workers.demo.filling import MAKER, casework_session

JOB = "demo.releases"
LOCK = 7304
#: How many of the last months the sites have signed.
SIGNED = 6
OPEN = (Status.DRAFT.value, Status.AWAITING_APPROVAL.value)


def months(today: date) -> list[str]:
    """The months that are released: from the world's first to the one before the last full month."""
    last_full = (today.replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
    found, month = [], places.opening(today).strftime("%Y-%m")
    while month < last_full:
        found.append(month)
        month = month_after(month)
    return found


def asked_at(month: str) -> datetime:
    """When a country's steward would ask for a month's release: on the eighth of the next month."""
    following = month_after(month)
    return datetime(int(following[:4]), int(following[5:7]), 8, 15, 0, tzinfo=UTC)


def is_done() -> bool:
    return (
        session.scalar(sa.select(JobRun.id).where(JobRun.job == JOB, JobRun.state != "RUNNING").limit(1))
        is not None
    )


def is_idle(seconds: int = 90) -> bool:
    """Whether nobody has moved the releases on for a while (they have not begun, or a worker died)."""
    last = session.scalar(sa.select(sa.func.max(JobRun.beat_at)).where(JobRun.job == JOB))
    return last is None or clock.real_now() - last > timedelta(seconds=seconds)


def decide_and_ask(today: date, cases: int) -> int:
    """Approve what has been made and ask for the month after it, in every country; commits. Answers how many
    releases were asked for; none means that all are there (or that somebody else is at it)."""
    wanted = months(today)
    # How many persons a month the demo has in a country is as public as the demo itself.
    sizes = {country: n // len(wanted) for country, n in cases_by_country(cases, today).items()}
    casework_session()
    with access.acting_as(MAKER):
        if not session.scalar(sa.text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": LOCK}):
            session.rollback()
            return 0
        run = session.scalars(sa.select(JobRun).where(JobRun.job == JOB).limit(1)).one_or_none()
        run = run or jobs.started(JOB, len(wanted) * len(COUNTRIES))
        approved, asked, failed = 0, 0, 0
        for country in COUNTRIES:
            done, state = _move_on(country, wanted, sizes[country], today)
            approved += done
            asked += state == "ASKED"
            failed += state == "FAILED"
        jobs.progressed(run.id, approved)
        if not asked:
            defining.define(today)
            narrating.narrate(today)
            for country in COUNTRIES:
                opening.give_keys(country)
            jobs.ended(run.id, "ReleaseRefused" if failed else None)
        session.commit()
    session.remove()
    return asked


def _move_on(country: str, wanted: list[str], size: int, today: date) -> tuple[int, str]:
    """One country: how many of the wanted months are approved now, and ASKED, DONE or FAILED."""
    team = f"{country}-COMMISSION_STATISTICS"
    steward, approver = places.worker("DATA_STEWARD", team), places.worker("RELEASE_APPROVER", team)
    with acting(approver):
        rows = session.scalars(
            sa.select(Release).where(Release.country == country, Release.period.in_(wanted))
        ).all()
        for row in rows:
            if row.status == Status.AWAITING_APPROVAL.value and row.made_by_id == steward.user_id:
                with clock.held_at(asked_at(row.period) + timedelta(days=1)):
                    service.approve(row.id, by=approver)
    approved = {row.period for row in rows if row.status == Status.APPROVED.value}
    if any(row.status in OPEN for row in rows):
        return len(approved), "ASKED"
    following = next((month for month in wanted if month not in approved), None)
    if following is None:
        return len(approved), "DONE"
    if any(row.period == following and row.status == Status.REFUSED.value for row in rows):
        return len(approved), "FAILED"
    if following in wanted[-SIGNED:]:
        months_signed.sign(country, following, today)
    if following == wanted[-1]:
        months_signed.sign(country, month_after(following), today)
    with acting(steward), clock.held_at(asked_at(following)):
        service.ask(country, following, by=steward, size=size, unconfirmed_code="CALENDAR")
    return len(approved), "ASKED"


def make(today: date) -> int:
    """Bring the facts up to date and make what was asked for, with what was known on the day it was asked; works
    as role `facts`. A release that a person asks for meanwhile is made with what is known now. Figures of registers are
    counted with the first."""
    rollup.roll_up()
    freezing.freeze()
    with connect("facts") as connection:
        oldest = connection.scalar(
            sa.select(sa.func.min(Release.made_at)).where(Release.status == Status.DRAFT.value)
        )
    if oldest is None:
        return 0
    if oldest >= asked_at(months(today)[-1]) + timedelta(days=1):
        return service.make_waiting()
    with clock.held_at(oldest + timedelta(minutes=20)):
        return service.make_waiting()
