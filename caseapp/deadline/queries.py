"""Clocks as pages show them. What is sealed comes only where it is asked for, to those who hold the file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
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


@dataclass(frozen=True)
class Pressing:
    """A clock that asks for somebody, and whether it was told to them as the second person."""

    clock: Deadline
    told: bool


def pressing(
    cases: sa.Select[tuple[UUID]],
    *,
    days: int,
    limit: int,
    first: int = 0,
    without: Sequence[str] = (),
    told_to: UUID | None = None,
) -> Sequence[Pressing]:
    """Clocks that ran out, or end within some days, of the cases that a statement selects by id: those that the sweep
    told this second person and they have not looked at, then the late ones first (one statement). Referrals have a
    list of their own, and so have the rules named in `without`, until somebody is told of them. Nothing sealed."""
    told = _unseen_by(told_to).where(DeadlineNotice.deadline_id == Deadline.id).correlate(Deadline).exists()
    rows = session.execute(
        sa.select(Deadline, told.label("told"))
        .where(
            Deadline.case_id.in_(cases), Deadline.state.in_(("RUNNING", "LATE")), ~Deadline.sealed,
            Deadline.due_at <= clock.now() + timedelta(days=days), sa.or_(Deadline.rule.not_in(without), told),
        )
        .order_by(sa.desc("told"), Deadline.due_at, Deadline.id)
        .limit(limit)
        .offset(first)
    ).all()  # fmt: skip
    return [Pressing(*row) for row in rows]


def _unseen_by(user_id: UUID | None) -> sa.Select[Any]:
    """What the sweep told a person of clocks that ran out, or nobody in particular where the team has no second one,
    and was not looked at. Nobody: nothing."""
    mine = sa.or_(DeadlineNotice.user_id == user_id, DeadlineNotice.user_id.is_(None))
    return sa.select(DeadlineNotice.id).where(
        DeadlineNotice.kind == "LATE", DeadlineNotice.seen_at.is_(None), mine if user_id else sa.false()
    )


def of_case(case_id: UUID, *, sealed: bool = False) -> Sequence[Deadline]:
    """Every clock of a case, those that run first and the soonest of them before the others (one statement)."""
    return session.scalars(
        sa.select(Deadline)
        .where(Deadline.case_id == case_id, Deadline.sealed.is_(sealed))
        .order_by(Deadline.state.not_in(OPEN), Deadline.due_at, Deadline.id)
        .limit(100)
    ).all()


def pauses_among(ids: Iterable[UUID]) -> Sequence[DeadlinePause]:
    """When these clocks stood still, and why (one statement)."""
    return session.scalars(
        sa.select(DeadlinePause)
        .where(DeadlinePause.deadline_id.in_(list(ids)))
        .order_by(DeadlinePause.began_at, DeadlinePause.id)
    ).all()


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


def has_unseen(case_id: UUID, user_id: UUID | None) -> bool:
    """Whether this person was told of a clock of a case that ran out, and has not said that they saw it."""
    open_clock = Deadline.id == DeadlineNotice.deadline_id
    asked = (
        _unseen_by(user_id)
        .join(Deadline, open_clock)
        .where(DeadlineNotice.case_id == case_id, ~Deadline.sealed)
    )
    return session.scalar(asked.limit(1)) is not None
