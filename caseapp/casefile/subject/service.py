"""Verbs on requests of persons about their data: write one down, make the copy, hand it over once, decide, hold,
erase. Each flushes, none commits. What happens here stands in the request itself and in the audit: the printed list of
events has no kind for it, and a closed file takes no others."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.queries import timezone_of
from caseapp.casefile.enquiry.service import wipe_about
from caseapp.casefile.subject import events, queries, rules
from caseapp.casefile.subject.copying import copy_of
from caseapp.casefile.subject.models import LegalHold, SubjectRequest
from caseapp.core import access, audit, clock, crypto, jobs, outbox, reference
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, NotPermitted, says
from caseapp.deadline import service as deadlines
from caseapp.people import queries as people
from caseapp.people import service as people_service
from caseapp.people.models import Case

says("uq_subject_request_open", rules.RequestOpen)
says("ck_subject_request_second_person", rules.OwnDecision)
says("uq_legal_hold_open", rules.HoldSet)
says("case_erased_when_nothing_holds", rules.HeldInDatabase)

SUBJECT = "subject_request"
JOB = "subject.copy"


def ask(case: Case, *, kind: str, topic: str | None = None, what: str = "") -> SubjectRequest:
    """Write down what the person asks; its clock starts. A copy is made by the worker at once. Raises RequestOpen, TopicMissing, WordsMissing, NotPermitted."""
    who = access.current()
    if who.user_id is None:
        raise NotPermitted
    topic = topic if kind == "CORRECTION" else None
    rules.may_ask(kind, topic, what, has_open=queries.open_of(case.id, kind) is not None)
    on = people.today_of(case)
    row = SubjectRequest(
        case_id=case.id, number=case.number, country=case.country, kind=kind, topic=topic, asked_on=on,
        asked_by_id=who.user_id,
    )  # fmt: skip
    row.what = what.strip() or None
    session.add(row)
    session.flush()
    running = deadlines.start(case, f"SUBJECT_{kind}", subject=(SUBJECT, row.id), started_at=on)
    if running is not None:
        row.due_on = clock.local(running.due_at, timezone_of(case.team_id)).date()
    if kind == "ACCESS":
        outbox.leave(events.MAKE, row.id)
    audit.record("asked", SUBJECT, row.id, kind)
    session.flush()
    return row


def make_copy(request_id: UUID) -> bool:
    """The worker makes the copy and seals it under the case's key. False where nothing waits any more."""
    row = session.get(SubjectRequest, request_id, with_for_update=True)
    if row is None or row.kind != "ACCESS" or row.state != "ASKED":
        return False
    run = jobs.started(JOB, total=1)
    case = session.get_one(Case, row.case_id)
    plain = copy_of(case)
    row.file_sealed = crypto.seal(crypto.key_of(case.id), plain, _aad(row))
    row.state, row.made_at = rules.after("make", row.kind, row.state), clock.now()
    jobs.progressed(run.id, 1)
    jobs.ended(run.id)
    session.flush()
    return True


def _aad(row: SubjectRequest) -> bytes:
    return f"subject_request:file:{row.id}".encode()


def collect(row: SubjectRequest) -> bytes:
    """Hand the copy over: once, then it is wiped here. Raises RequestEnded."""
    to = rules.after("collect", row.kind, row.state)
    if row.file_sealed is None:
        raise rules.RequestEnded
    plain = crypto.unseal(crypto.key_of(row.case_id), row.file_sealed, _aad(row))
    row.file_sealed = None
    row.state, row.ended_at, row.collected_by_id = to, clock.now(), access.current().user_id
    _met(row)
    audit.record("exported", SUBJECT, row.id, "COPY")
    session.flush()
    return plain


def withdraw(row: SubjectRequest) -> None:
    """The person takes the request back. Raises RequestEnded."""
    row.state = rules.after("withdraw", row.kind, row.state)
    row.file_sealed, row.ended_at = None, clock.now()
    deadlines.cancel((SUBJECT, row.id), "NO_LONGER_NEEDED")
    audit.record("withdrawn", SUBJECT, row.id, row.kind)
    session.flush()


def decide(
    case: Case,
    row: SubjectRequest,
    *,
    decision: str,
    reason: str | None = None,
    answer: str = "",
    version: int | None = None,
) -> None:
    """Somebody else decides: on a yes to erasing, the person is erased at once; on a correction, `answer` says what
    changed (the change itself is made on the person's page). Raises OwnDecision, RequestEnded,
    ReasonMissing, AnswerMissing, StillHeld, ChangedMeanwhile."""
    if version is not None and version != row.version:
        raise ChangedMeanwhile
    who = access.current()
    to = rules.after("decide", row.kind, row.state, decision)
    rules.may_decide(
        row.kind, to, reason, answer, own=who.user_id is None or who.user_id == row.asked_by_id
    )  # fmt: skip
    if row.kind == "ERASURE" and to == "GRANTED":
        may_erase(case)
    row.state, row.decided_by_id, row.ended_at = to, who.user_id, clock.now()
    row.reason = reason if to in ("PART", "REFUSED") else None
    row.answer = answer.strip() or None
    _met(row)
    audit.record("decided", SUBJECT, row.id, to)
    session.flush()
    if row.kind == "ERASURE" and to == "GRANTED":
        erase(case, "PERSON_ASKED")


def _met(row: SubjectRequest) -> None:
    deadlines.meet((SUBJECT, row.id))


def may_erase(case: Case) -> None:
    """Raises StillHeld with every reason why not."""
    kept = rules.keeps(queries.standing_of(case))
    if kept:
        why = ", ".join(reference.label("kept_why", code) for code in kept)
        raise rules.StillHeld(why=why[:1].lower() + why[1:])


def erase(case: Case, reason: str) -> None:
    """Erase the person of a file, and with them what was typed at a gate about them and every copy not handed over.
    Raises StillHeld (and, past it, PostgreSQL's own refusal), AlreadyErased."""
    may_erase(case)
    wipe_about(case)
    session.execute(
        sa.update(SubjectRequest)
        .where(SubjectRequest.case_id == case.id)
        .values(what_sealed=None, answer_sealed=None, file_sealed=None)
        .execution_options(synchronize_session=False)
    )
    people_service.erase(case, reason, on=people.today_of(case))


def hold(case: Case, reason: str) -> LegalHold:
    """Nobody erases the file while this stands. Raises HoldSet, NotPermitted."""
    who = access.current()
    if who.user_id is None:
        raise NotPermitted
    if any(h.reason == reason and h.ended_on is None for h in queries.holds_of(case.id)):
        raise rules.HoldSet
    row = LegalHold(case_id=case.id, reason=reason, since=people.today_of(case), set_by_id=who.user_id)
    session.add(row)
    audit.record("held", "case", case.id, reason)
    session.flush()
    return row


def end_hold(case: Case, row: LegalHold) -> None:
    """The reason of a hold is over."""
    if row.ended_on is None:
        row.ended_on, row.ended_by_id = max(people.today_of(case), row.since), access.current().user_id
        audit.record("hold_ended", "case", case.id, row.reason)
        session.flush()
