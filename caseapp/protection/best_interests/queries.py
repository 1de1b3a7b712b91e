"""Best-interests assessments of a child, and what a child officer has to do about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from caseapp.accounts.models import User
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.core.journal import CaseEvent
from caseapp.deadline.models import Deadline
from caseapp.people import queries as people
from caseapp.people.models import Case, Need, Person
from caseapp.protection import events
from caseapp.protection.access import ASSESS_CHILD
from caseapp.protection.best_interests import rules
from caseapp.protection.best_interests.models import BestInterests, BestInterestsAction
from caseapp.protection.queries import facts_of

#: A review is told so many days before its day.
REVIEW_TOLD_DAYS = 7
RULE = "BEST_INTERESTS"
#: The subject of its clocks.
CLOCK = "best_interests"


def of_case(case_id: UUID) -> Sequence[BestInterests]:
    """The assessments of a child, the newest first."""
    asked = sa.select(BestInterests).where(BestInterests.case_id == case_id)
    return session.scalars(asked.order_by(BestInterests.id.desc())).all()


def one_of_case(case: Case, assessment_id: UUID) -> BestInterests:
    """One assessment of a file that the caller was let into, locked and read afresh; NotYours if it is another's."""
    asked = sa.select(BestInterests).where(
        BestInterests.id == assessment_id, BestInterests.case_id == case.id
    )
    locked = asked.with_for_update().execution_options(populate_existing=True)
    found = session.scalars(locked).one_or_none()
    if found is None:
        raise NotYours
    return found


def actions_of(case_id: UUID) -> Sequence[BestInterestsAction]:
    """The actions that the assessments of a child recommend, in the order in which they were written."""
    asked = sa.select(BestInterestsAction).where(BestInterestsAction.case_id == case_id)
    return session.scalars(asked.order_by(BestInterestsAction.id)).all()


def names_in(rows: Sequence[BestInterests]) -> dict[UUID, str]:
    """The names of those who opened, concluded and decided (one statement)."""
    ids = {i for r in rows for i in (r.opened_by_id, r.concluded_by_id, r.decided_by_id) if i}
    found = session.execute(sa.select(User.id, User.name).where(User.id.in_(ids)))
    return {row.id: row.name for row in found}


def identified_on(case: Case, person: Person, on: date) -> date | None:
    """Since when it is known that the child is alone or apart from the parents (`rules.identified_on`)."""
    needs = [n.recorded_on for n in people.needs_of(case.id) if n.code in rules.ALONE_NEEDS]
    alone = facts_of(case, person, on).household_type in rules.ALONE_HOUSEHOLDS
    return rules.identified_on(needs, case.opened_on if alone else None)


def was_assessed(case_id: UUID) -> bool:
    """Whether the journal tells of an approved assessment of this child, also where the assessment itself stayed with
    the team that made it."""
    asked = sa.select(CaseEvent.id).where(
        CaseEvent.case_id == case_id, CaseEvent.kind == events.BIA_COMPLETED.name
    )
    return session.scalar(asked.limit(1)) is not None


@dataclass(frozen=True)
class Line:
    """One thing to do: `what` is TO_OPEN, TO_CONCLUDE, WAITS, TO_REVIEW."""

    what: str
    case_id: UUID
    number: str
    day: date
    began_at: datetime | None
    due_at: datetime | None


def _lines(what: str, asked: sa.Select[Any], day: Any, began: Any = None, due: Any = None) -> sa.Select[Any]:
    moment = sa.DateTime(timezone=True)
    return asked.with_only_columns(
        sa.literal(what).label("what"), Case.id.label("case_id"), Case.number.label("number"), day.label("day"),
        sa.cast(sa.null() if began is None else began, moment).label("began_at"),
        sa.cast(sa.null() if due is None else due, moment).label("due_at"), maintain_column_froms=True,
    )  # fmt: skip


def work_of(who: Principal, today: date, size: int, first: int = 0) -> list[Line]:
    """What asks for a child officer: assessments of their teams' files that run, the latest in time first; children
    whom nobody has assessed; assessments to be made anew (one statement)."""
    teams = who.teams_as(*ASSESS_CHILD.roles)
    files = people.visible_to(who).where(Case.team_id.in_(teams), Case.status == "OPEN")
    clock = sa.and_(
        Deadline.subject_kind == CLOCK, Deadline.subject_id == BestInterests.id, Deadline.rule == RULE,
        Deadline.ended_at.is_(None),
    )  # fmt: skip
    own = BestInterests.case_id == Case.id
    running = files.join(BestInterests, own).outerjoin(Deadline, clock)
    any_yet = sa.select(BestInterests.id).where(
        own, sa.func.coalesce(BestInterests.stop_reason, "").not_in(rules.NOT_ASSESSED)
    )
    found = files.join(Need, Need.case_id == Case.id).where(
        Need.state == "OPEN", Need.code.in_(rules.ALONE_NEEDS), ~any_yet.exists()
    )
    later = aliased(BestInterests)
    since = sa.select(later.id).where(later.case_id == Case.id, later.id > BestInterests.id)
    again = files.join(BestInterests, own).where(
        BestInterests.state == "APPROVED", ~since.exists(),
        BestInterests.review_on <= today + timedelta(days=REVIEW_TOLD_DAYS),
    )  # fmt: skip
    began, due = Deadline.started_at, Deadline.due_at
    every = sa.union_all(
        _lines(
            "TO_CONCLUDE",
            running.where(BestInterests.state == "OPEN"),
            BestInterests.identified_on,
            began,
            due,
        ),
        _lines(
            "WAITS", running.where(BestInterests.state == "CONCLUDED"), BestInterests.assessed_on, began, due
        ),
        _lines("TO_OPEN", found, sa.func.min(Need.recorded_on)).group_by(Case.id, Case.number),
        _lines("TO_REVIEW", again, BestInterests.review_on),
    ).subquery()
    asked = sa.select(every).order_by(every.c.what == "WAITS", every.c.day, every.c.case_id)
    return [Line(*row) for row in session.execute(asked.limit(size).offset(first))]
