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
from caseapp.people.models import Case

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
class Told:
    """Whom the sweep tells: a person, and the teams for which they read what it told nobody in particular."""

    user_id: UUID | None
    teams: Sequence[UUID] = ()


@dataclass(frozen=True)
class Pressing:
    """A clock that asks for somebody, and what they were told of it and have not looked at: LATE (to the second
    person), WARNING (before the end) or nothing."""

    clock: Deadline
    told: str | None


def pressing(
    cases: sa.Select[tuple[UUID]],
    *,
    days: int,
    limit: int,
    first: int = 0,
    without: Sequence[str] = (),
    told_to: Told | None = None,
) -> Sequence[Pressing]:
    """What the sweep told a person (or their team, where nobody in particular was to be told) and was not looked at:
    clocks that ran out, and those it warned of by the days of their own rule, whatever file they are of. Then those
    that ran out or end within some days, of the cases that a statement selects by id (one statement). What ran out and
    was told comes first, then the soonest end. The rules named in `without` have a list of their own, until somebody
    is told that they ran out. Nothing sealed."""
    soon = sa.select(Deadline.id).where(
        Deadline.case_id.in_(cases), Deadline.state.in_(("RUNNING", "LATE")), Deadline.rule.not_in(without),
        Deadline.due_at <= clock.now() + timedelta(days=days),
    )  # fmt: skip
    unseen = _unseen_by(told_to or Told(None)).subquery()
    told = sa.case((Deadline.state == "LATE", unseen.c.late), else_=unseen.c.warning)
    rows = session.execute(
        sa.select(Deadline, told.label("told"))
        .join(Case, Case.id == Deadline.case_id)
        .outerjoin(unseen, unseen.c.deadline_id == Deadline.id)
        .where(
            Deadline.id.in_(sa.union(soon, sa.select(unseen.c.deadline_id))), Deadline.state.in_(("RUNNING", "LATE")),
            ~Deadline.sealed, sa.or_(Deadline.rule.not_in(without), told == "LATE"), Case.erased_at.is_(None),
        )
        .order_by(sa.func.coalesce(told, "") != "LATE", Deadline.due_at, Deadline.id)
        .limit(limit)
        .offset(first)
    ).all()  # fmt: skip
    return [Pressing(*row) for row in rows]


def _unseen_by(who: Told) -> sa.Select[Any]:
    """By clock, what the sweep told a person, or nobody in particular of one of their teams, and was not looked at: LATE
    in `late`, WARNING in `warning`. Nobody: nothing."""
    mine = sa.or_(
        DeadlineNotice.user_id == who.user_id,
        sa.and_(DeadlineNotice.user_id.is_(None), DeadlineNotice.team_id.in_(list(who.teams))),
    )

    def of(kind: str) -> Any:
        return sa.func.max(DeadlineNotice.kind).filter(DeadlineNotice.kind == kind)

    return (
        sa.select(DeadlineNotice.deadline_id, of("LATE").label("late"), of("WARNING").label("warning"))
        .where(DeadlineNotice.seen_at.is_(None), mine if who.user_id else sa.false())
        .group_by(DeadlineNotice.deadline_id)
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


def unseen(case_id: UUID, who: Told) -> str | None:
    """What this person (or their team) was told of the clocks of a case and nobody has said to have seen: LATE, WARNING
    or nothing."""
    found = _unseen_by(who).where(DeadlineNotice.case_id == case_id).subquery()
    told = sa.case((Deadline.state == "LATE", found.c.late), (Deadline.state == "RUNNING", found.c.warning))
    asked = (
        sa.select(sa.func.min(told)).join(found, found.c.deadline_id == Deadline.id).where(~Deadline.sealed)
    )
    return session.scalar(asked)
