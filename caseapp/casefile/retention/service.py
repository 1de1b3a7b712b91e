"""Verbs: propose a run, approve it as somebody else, cancel it; the worker erases, a few files a transaction."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import sqlalchemy as sa

from caseapp.casefile.retention import events, queries, rules
from caseapp.casefile.retention.models import RetentionItem, RetentionRun
from caseapp.casefile.subject import rules as subject_rules
from caseapp.casefile.subject.queries import standing_of
from caseapp.casefile.subject.service import erase
from caseapp.core import access, audit, clock, outbox
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, NotPermitted, Refused, says
from caseapp.people.models import Case

says("uq_retention_run_open", rules.RunOpen)
says("ck_retention_run_second_person", rules.OwnRun)

#: Files erased in one transaction; the next message goes on.
AT_ONCE = 25


def propose(country: str, today: date) -> RetentionRun:
    """Write down which files would be erased and which are held, for a second person. Raises RunOpen,
    NothingToErase, NotPermitted."""
    who = access.current()
    if who.user_id is None:
        raise NotPermitted
    due = queries.due(country, today)[: rules.MOST]
    rules.may_propose(queries.open_run(country) is not None, sum(d.outcome == "TO_ERASE" for d in due))
    row = RetentionRun(country=country, as_of=today, proposed_by_id=who.user_id, proposed_at=clock.now())
    session.add(row)
    session.flush()
    session.add_all(
        RetentionItem(
            run_id=row.id, case_id=d.case_id, number=d.number, closure_group=d.group, due_on=d.due_on,
            outcome=d.outcome, held=d.held[0] if d.held else None,
        )
        for d in due
    )  # fmt: skip
    audit.record("proposed", "retention_run", row.id, country)
    session.flush()
    return row


def approve(run: RetentionRun, *, version: int | None = None) -> None:
    """A second person agrees: the worker erases. Raises RunEnded, OwnRun, ChangedMeanwhile."""
    if version is not None and version != run.version:
        raise ChangedMeanwhile
    who = access.current()
    rules.may_approve(run.state, own=who.user_id is None or who.user_id == run.proposed_by_id)
    run.state, run.approved_by_id = "APPROVED", who.user_id
    outbox.leave(events.PERFORM, run.id)
    audit.record("approved", "retention_run", run.id, run.country)
    session.flush()


def cancel(run: RetentionRun) -> None:
    """Nothing is erased. Raises RunEnded."""
    rules.may_cancel(run.state)
    run.state, run.ended_at = "CANCELLED", clock.now()
    audit.record("cancelled", "retention_run", run.id, run.country)
    session.flush()


def perform(run_id: UUID) -> int:
    """The worker: erase the next files of an approved run; what came to hold a file since is written down. Leaves
    the next message, or ends the run. Returns how many were looked at."""
    run = session.get(RetentionRun, run_id, with_for_update=True)
    if run is None or run.state != "APPROVED":
        return 0
    items = session.scalars(
        sa.select(RetentionItem)
        .where(RetentionItem.run_id == run.id, RetentionItem.outcome == "TO_ERASE")
        .order_by(RetentionItem.due_on, RetentionItem.number)
        .limit(AT_ONCE)
    ).all()
    for item in items:
        item.held = _erase(item.case_id)
        item.outcome = "HELD" if item.held else "ERASED"
    if len(items) == AT_ONCE:
        outbox.leave(events.PERFORM, run.id)
    else:
        run.state, run.ended_at = "DONE", clock.now()
    session.flush()
    return len(items)


def _erase(case_id: UUID) -> str | None:
    """Erase one file; why not, if something holds it now."""
    case = session.get_one(Case, case_id, with_for_update=True, populate_existing=True)
    if case.erased_at is not None:
        return None
    kept = subject_rules.keeps(standing_of(case, asked_to_erase=False))
    if kept:
        return kept[0]
    try:
        with session.begin_nested():
            erase(case, "RETENTION_ENDED")
    except Refused:
        return "LEGAL_HOLD"
    return None
