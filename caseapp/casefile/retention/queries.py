"""Closed files whose time is over, what holds them, and runs of erasure. Numbers and codes; never a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import User
from caseapp.casefile.retention import rules
from caseapp.casefile.retention.models import RetentionItem, RetentionRun
from caseapp.casefile.subject.queries import officer_of
from caseapp.casefile.subject.rules import Standing, keeps
from caseapp.core import reference
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.core.reference import ClockRule
from caseapp.deadline.rules import due_on


@dataclass(frozen=True)
class Due:
    """A closed file whose time is over on a day."""

    case_id: UUID
    number: str
    closed_on: date
    group: str
    due_on: date
    outcome: str
    held: tuple[str, ...]


def period(group: str, on: date, country: str) -> ClockRule:
    """How long files closed that day with a reason of this group are kept."""
    return reference.clock_rule(f"RETENTION_{group}", on, country)


def due(country: str, today: date) -> list[Due]:
    """Files whose time is over, the longest first (two statements, by definer functions that ask whether the acting
    principal looks after the country)."""
    asked = {"country": country, "before": today}
    rows = session.execute(sa.text("SELECT * FROM closed_files(:country, :before)"), asked).all()
    claiming = set(session.scalars(sa.text("SELECT closed_with_claim(:country, :before)"), asked))
    found = []
    for row in rows:
        group = reference.group_of("case_closure_reason", row.closure_reason) or "ADMIN"
        last = due_on(period(group, row.closed_on, country), row.closed_on)
        held = keeps(
            Standing(
                hold=row.held,
                open_request=row.asked,
                legal_clock=row.clocked,
                open_claim=row.case_id in claiming,
            )
        )
        outcome = rules.decide(rules.Kept(last, held), today)
        if outcome is not None and last is not None:
            found.append(Due(row.case_id, row.number, row.closed_on, group, last, outcome, held))
    return found


def runs_of(principal: Principal) -> sa.Select[Any]:
    return (
        sa.select(RetentionRun)
        .where(RetentionRun.country.in_(officer_of(principal)))
        .order_by(RetentionRun.id.desc())
    )


def open_run(country: str) -> RetentionRun | None:
    """The run that waits for its second person, or is being done."""
    return session.scalars(
        sa.select(RetentionRun).where(
            RetentionRun.country == country, RetentionRun.state.in_(("PROPOSED", "APPROVED"))
        )
    ).one_or_none()


def run(run_id: UUID, principal: Principal, *, lock: bool = False) -> RetentionRun:
    """A run of the officer's country; else NotYours (404)."""
    asked = runs_of(principal).where(RetentionRun.id == run_id)
    if lock:
        asked = asked.with_for_update().execution_options(populate_existing=True)
    found = session.scalars(asked).one_or_none()
    if found is None:
        raise NotYours
    return found


def counts_of(run_ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """How many files of each run are in each outcome (one statement)."""
    rows = session.execute(
        sa.select(RetentionItem.run_id, RetentionItem.outcome, sa.func.count())
        .where(RetentionItem.run_id.in_(run_ids))
        .group_by(RetentionItem.run_id, RetentionItem.outcome)
    ).all()
    found: dict[UUID, dict[str, int]] = {run_id: {} for run_id in run_ids}
    for run_id, outcome, count in rows:
        found[run_id][outcome] = count
    return found


def items_of(run_id: UUID) -> sa.Select[Any]:
    return sa.select(RetentionItem).where(RetentionItem.run_id == run_id).order_by(RetentionItem.due_on, RetentionItem.number)  # fmt: skip


def names_of(user_ids: Sequence[UUID | None]) -> dict[UUID, str]:
    """Names of colleagues (one statement)."""
    ids = [i for i in user_ids if i is not None]
    rows = session.execute(sa.select(User.id, User.name).where(User.id.in_(ids))).all()
    return {row.id: row.name for row in rows}
