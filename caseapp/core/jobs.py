"""What long work shows of itself: one row a run, read by the pages of progress and of queues."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core import access, clock
from caseapp.core.db import Base, Identified, one_of, session

STATES = ("RUNNING", "DONE", "FAILED")


class JobRun(Identified, Base):
    """A run of a job: `done` of `total` units; times are real UTC. `asked_by_id` sees its progress page."""

    __tablename__ = "job_run"
    __table_args__ = (one_of("state", STATES), sa.Index("ix_job_run_name", "job", "started_at"))

    job: Mapped[str]
    state: Mapped[str]
    done: Mapped[int] = mapped_column(default=0, server_default="0")
    total: Mapped[int | None]
    started_at: Mapped[datetime]
    beat_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    error: Mapped[str | None]
    asked_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)


def started(job: str, total: int | None = None) -> JobRun:
    """Note that a job began; the caller commits so that others see it."""
    moment = clock.real_now()
    row = JobRun(
        job=job, state="RUNNING", total=total, started_at=moment, beat_at=moment,
        asked_by_id=access.current().user_id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def progressed(run_id: UUID, done: int) -> None:
    """Note how far the job is (units done)."""
    session.execute(sa.update(JobRun).where(JobRun.id == run_id).values(done=done, beat_at=clock.real_now()))


def ended(run_id: UUID, error: str | None = None) -> None:
    """Note the end; `error` is the class name of what went wrong, never data."""
    moment = clock.real_now()
    session.execute(
        sa.update(JobRun)
        .where(JobRun.id == run_id)
        .values(state="FAILED" if error else "DONE", ended_at=moment, beat_at=moment, error=error)
    )
