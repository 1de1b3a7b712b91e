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
    cases: sa.Select[tuple[UUID]], *, days: int, limit: int, first: int = 0, without: Sequence[str] = ()
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
        .offset(first)
    ).all()  # fmt: skip


def told_late(
    cases: sa.Select[tuple[UUID]], user_id: UUID | None, *, limit: int, first: int = 0
) -> Sequence[tuple[DeadlineNotice, Deadline]]:
    """What the sweep told this second person of clocks that ran out, in the cases that a statement selects by id, or
    told nobody in particular because the team has no second person; not looked at yet, the oldest first (one
    statement). Nothing of a sealed clock."""
    rows = session.execute(
        sa.select(DeadlineNotice, Deadline)
        .join(Deadline, Deadline.id == DeadlineNotice.deadline_id)
        .where(
            DeadlineNotice.kind == "LATE", DeadlineNotice.seen_at.is_(None), Deadline.state == "LATE", ~Deadline.sealed,
            sa.or_(DeadlineNotice.user_id == user_id, DeadlineNotice.user_id.is_(None)),
            DeadlineNotice.case_id.in_(cases),
        )
        .order_by(DeadlineNotice.made_at, DeadlineNotice.id)
        .limit(limit)
        .offset(first)
    ).all()  # fmt: skip
    return [(notice, found) for notice, found in rows]


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
    asked = (
        sa.select(DeadlineNotice.id)
        .join(Deadline, Deadline.id == DeadlineNotice.deadline_id)
        .where(
            DeadlineNotice.case_id == case_id, DeadlineNotice.seen_at.is_(None), DeadlineNotice.kind == "LATE",
            ~Deadline.sealed, sa.or_(DeadlineNotice.user_id == user_id, DeadlineNotice.user_id.is_(None)),
        )
        .limit(1)
    )  # fmt: skip
    return session.scalar(asked) is not None
