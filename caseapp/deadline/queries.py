"""Clocks as pages show them. What is sealed comes only where it is asked for, to those who hold the file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from caseapp.core import clock
from caseapp.core.db import session
from caseapp.deadline.models import Deadline, DeadlineNotice, DeadlinePause
from caseapp.deadline.rules import OPEN

#: What a clock is about: the name of its table, in lower case, and the row's id.
Subject = tuple[str, UUID]


def running_for(
    cases: Iterable[UUID], *, kinds: Sequence[str] = (), sealed: bool = False
) -> Sequence[Deadline]:
    """Clocks of these cases that run, stand still or ran out, the soonest (so: the latest in time) first; of these
    kinds only, if any are named (one statement). Sealed clocks only with `sealed`, and then nothing else."""
    asked = sa.select(Deadline).where(
        Deadline.case_id.in_(list(cases)), Deadline.state.in_(OPEN), Deadline.sealed.is_(sealed)
    )
    if kinds:
        asked = asked.where(Deadline.kind.in_(kinds))
    return session.scalars(asked.order_by(Deadline.due_at, Deadline.id)).all()


def for_subject(subject: Subject, *, rule: str | None = None, open_only: bool = False) -> Sequence[Deadline]:
    """Every clock that was started for a thing, the oldest first."""
    asked = sa.select(Deadline).where(Deadline.subject_kind == subject[0], Deadline.subject_id == subject[1])
    if rule is not None:
        asked = asked.where(Deadline.rule == rule)
    if open_only:
        asked = asked.where(Deadline.state.in_(OPEN))
    return session.scalars(asked.order_by(Deadline.started_at, Deadline.id)).all()


def pressing(
    cases: sa.Select[tuple[UUID]], *, days: int, limit: int, without: Sequence[str] = ()
) -> Sequence[Deadline]:
    """Clocks that ran out, or end within some days, of the cases that a statement selects by id: the late ones
    first (one statement). Referrals have a list of their own, and so have the rules named in `without`."""
    return session.scalars(
        sa.select(Deadline)
        .where(
            Deadline.case_id.in_(cases), Deadline.state.in_(("RUNNING", "LATE")), ~Deadline.sealed,
            Deadline.due_at <= clock.now() + timedelta(days=days), Deadline.rule.not_in(without),
        )
        .order_by(Deadline.due_at, Deadline.id)
        .limit(limit)
    ).all()  # fmt: skip


def pauses_of(deadline_id: UUID) -> Sequence[DeadlinePause]:
    """When a clock stood still, and why."""
    return session.scalars(
        sa.select(DeadlinePause)
        .where(DeadlinePause.deadline_id == deadline_id)
        .order_by(DeadlinePause.began_at)
    ).all()


def notices_of(deadline_id: UUID) -> Sequence[DeadlineNotice]:
    """Who was told of a clock."""
    return session.scalars(
        sa.select(DeadlineNotice)
        .where(DeadlineNotice.deadline_id == deadline_id)
        .order_by(DeadlineNotice.made_at)
    ).all()
