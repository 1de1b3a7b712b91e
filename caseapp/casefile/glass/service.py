"""Verbs: break the glass, close it before time, see it as the holder's supervisor, review it as somebody else."""

from __future__ import annotations

import sqlalchemy as sa

from caseapp.casefile.glass import events, queries, rules
from caseapp.casefile.glass.models import GlassAccess
from caseapp.core import access, audit, clock, outbox
from caseapp.core.db import session, uuid7
from caseapp.core.errors import ChangedMeanwhile, NotPermitted, says
from caseapp.people import queries as people
from caseapp.people.events import happened
from caseapp.people.models import Case

says("glass_access_limit", rules.TooManyTries)
says("ck_glass_access_second_person", rules.OwnAccess)


def break_glass(number: str, *, reason: str, note: str) -> GlassAccess | None:
    """Open a file of another team by its number for three hours; None where nothing was opened, for whatever
    reason (the attempt is audited, so the caller commits). PostgreSQL decides; see `rules`. Writes glass.broken,
    an audit row and the message to the holding team. Raises TooManyTries, NoteTooShort, NotPermitted."""
    who = access.current()
    if who.user_id is None:
        raise NotPermitted
    rules.may_try(note, queries.tries_of(who))
    made = session.execute(
        sa.text("SELECT case_id FROM break_glass(:id, :number, :reason, :at)"),
        {"id": uuid7(), "number": number.strip().upper(), "reason": reason, "at": clock.now()},
    ).one_or_none()
    if made is None:
        audit.record("glass_refused", "case")
        return None
    found = session.scalars(
        sa.select(GlassAccess)
        .where(GlassAccess.case_id == made.case_id, GlassAccess.user_id == who.user_id)
        .order_by(GlassAccess.id.desc())
        .limit(1)
    ).one()
    found.note = note.strip()
    session.flush()
    with queries.opened(found.case_id):
        case = session.get_one(Case, found.case_id)
        on = people.today_of(case)
        happened(events.BROKEN, case, on=on, team_id=found.team_id, subject_id=found.id, reason=reason)
        session.flush()
    audit.record("glass_broken", "case", found.case_id, reason)
    outbox.leave(events.TELL, found.id)
    return found


def close(found: GlassAccess) -> None:
    """Whoever opened the file has read enough; it closes now."""
    if found.ended_at is None:
        found.ended_at = max(clock.real_now(), found.since)
        session.flush()


def seen(case: Case) -> int:
    """A supervisor of the team that holds the file has seen who opened it. Returns how many accesses."""
    rows = [line.access for line in queries.to_case(case.id) if line.access.seen_at is None]
    for row in rows:
        row.seen_at, row.seen_by_id = clock.now(), access.current().user_id
    session.flush()
    return len(rows)


def review(found: GlassAccess, *, outcome: str, version: int | None = None) -> None:
    """Somebody else looks at the access and says what it was (`glass_outcome`). Raises AlreadyReviewed, OwnAccess,
    ChangedMeanwhile."""
    if version is not None and version != found.version:
        raise ChangedMeanwhile
    who = access.current()
    rules.may_review(found.reviewed_at is not None, own=who.user_id is None or who.user_id == found.user_id)
    found.reviewed_at, found.reviewed_by_id, found.outcome = clock.now(), who.user_id, outcome
    audit.record("glass_reviewed", "glass_access", found.id, outcome)
    session.flush()
