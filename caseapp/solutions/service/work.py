"""Verbs on work: ask for a permit and move it on, enrol in a training, offer a job and follow it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from caseapp.core import reference
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, says
from caseapp.deadline import service as deadline
from caseapp.people import queries as people
from caseapp.people import rules as people_rules
from caseapp.people.events import happened
from caseapp.people.models import Case, PersonPopulation
from caseapp.solutions import events, rules
from caseapp.solutions.models import Employment, Training, WorkPermit

says("uq_work_permit_current", rules.PermitRuns)
says("ck_employment_of_legal_age", rules.TooYoungToWork)
says("ck_work_permit_missing_listed", rules.MissingNotListed)


def _unchanged(row: WorkPermit | Training | Employment, version: int | None) -> None:
    if version is not None and version != row.version:
        raise ChangedMeanwhile


def _first_day(case: Case, on: date) -> None:
    if on > people.today_of(case):
        raise rules.WorkDateWrong


# -- the permit --------------------------------------------------------------------------------------
def ask_permit(case: Case, *, state: str, on: date, missing: Sequence[str] = ()) -> WorkPermit:
    """Open the matter of a work permit: not eligible yet, documents missing (which), or complete at once. Raises
    StateNotNext, WorkDateWrong, MissingNotListed, PermitRuns (from the database)."""
    _first_day(case, on)
    if state not in rules.PERMIT_FIRST:
        raise rules.StateNotNext
    rules.check_permit(state, missing=len(missing), reason=None, valid_to=None, on=on)
    row = WorkPermit(
        case_id=case.id, state=state if state in rules.PERMIT_BEFORE else "NOT_ELIGIBLE_YET", asked_on=on,
        changed_on=on, missing=sorted(missing) if state == "DOCUMENTS_MISSING" else [],
    )  # fmt: skip
    session.add(row)
    session.flush()
    _followed(case, row, "WORK_PERMIT", row.state, on)
    if state == "FILE_COMPLETE":
        move_permit(case, row, to=state, on=on)
    return row


def move_permit(
    case: Case,
    row: WorkPermit,
    *,
    to: str,
    on: date,
    missing: Sequence[str] = (),
    reason: str | None = None,
    valid_to: date | None = None,
    version: int | None = None,
) -> None:
    """The permit's next step. With the complete file the clock starts and the holder's status is frozen; issue and
    refusal meet it. Raises the errors of `rules.may_move` and `rules.check_permit`, ChangedMeanwhile."""
    _unchanged(row, version)
    rules.may_move(rules.PERMIT_NEXT, row.state, to, row.changed_on, on, people.today_of(case))
    rules.check_permit(to, missing=len(missing), reason=reason, valid_to=valid_to, on=on)
    if to == "FILE_COMPLETE":
        status = _status(case.id, on)
        row.complete_on, row.holder_status = on, status
    row.missing = sorted(missing) if to == "DOCUMENTS_MISSING" else []
    row.state, row.changed_on = to, on
    if to == "FILE_COMPLETE":
        _file(case, row, on)
    elif to in ("ISSUED", "RENEWED"):
        _issue(case, row, on, valid_to)
    elif to == "REFUSED":
        row.refusal = reason
        deadline.meet(_permit(row), rule="WORK_PERMIT", at=on)
        happened(events.PERMIT_REFUSED, case, on=on, subject_id=row.id, reason=reason)
    else:
        if to in ("EXPIRED", "LOST"):
            deadline.cancel(_permit(row), "SUBJECT_ENDED", rule="DOCUMENT_VALID")
        _followed(case, row, "WORK_PERMIT", to, on)
    session.flush()


def _permit(row: WorkPermit) -> tuple[str, UUID]:
    return "work_permit", row.id


def _file(case: Case, row: WorkPermit, on: date) -> None:
    happened(events.PERMIT_FILED, case, on=on, subject_id=row.id, code=row.holder_status)
    try:
        deadline.start(case, "WORK_PERMIT", subject=_permit(row), started_at=on)
    except reference.CodeUnknown:
        return  # the country sets no limit


def _issue(case: Case, row: WorkPermit, on: date, valid_to: date | None) -> None:
    first = row.issued_on is None
    row.issued_on, row.valid_to = on, valid_to
    deadline.meet(_permit(row), at=on)
    deadline.start(case, "DOCUMENT_VALID", subject=_permit(row), started_at=on, due_at=valid_to)
    if first and row.complete_on is not None:
        days = (on - row.complete_on).days
        happened(events.PERMIT_ISSUED, case, on=on, subject_id=row.id, code=row.holder_status, number=days)
    else:
        _followed(case, row, "WORK_PERMIT", "RENEWED", on)


def _status(case_id: UUID, on: date) -> str:
    """The situation of the person on a day, the newest first; HOST where none is written."""
    found = session.scalar(
        sa.select(PersonPopulation.population)
        .where(PersonPopulation.case_id == case_id, PersonPopulation.since <= on)
        .where(sa.or_(PersonPopulation.ended_on.is_(None), PersonPopulation.ended_on >= on))
        .order_by(PersonPopulation.since.desc(), PersonPopulation.id.desc())
        .limit(1)
    )
    return found or "HOST"


def _followed(case: Case, row: WorkPermit | Training, what: str, state: str, on: date) -> None:
    happened(events.FOLLOWED_UP, case, on=on, subject_id=row.id, code=what, outcome=state)


# -- training ----------------------------------------------------------------------------------------
def enrol(case: Case, *, kind: str, on: date, level: str | None = None) -> Training:
    """Enrol in a training; a language course begins with a level. Writes training.enrolled. Raises LevelMissing,
    WorkDateWrong."""
    _first_day(case, on)
    rules.check_training(kind, "ENROLLED", level=level, reason=None)
    row = Training(case_id=case.id, kind=kind, enrolled_on=on, changed_on=on, level_in=level)
    session.add(row)
    session.flush()
    happened(events.ENROLLED, case, on=on, subject_id=row.id, code=kind)
    session.flush()
    return row


def move_training(
    case: Case,
    row: Training,
    *,
    to: str,
    on: date,
    level: str | None = None,
    reason: str | None = None,
    version: int | None = None,
) -> None:
    """The training's next step. Raises the errors of `rules.may_move` and `rules.check_training`, ChangedMeanwhile."""
    _unchanged(row, version)
    rules.may_move(rules.TRAINING_NEXT, row.state, to, row.changed_on, on, people.today_of(case))
    rules.check_training(row.kind, to, level=level, reason=reason)
    row.state, row.changed_on = to, on
    if to in ("COMPLETED", "CERTIFIED"):
        row.level_out = level or row.level_out
        happened(events.COMPLETED, case, on=on, subject_id=row.id, code=row.kind, outcome=to)
    elif to == "DROPPED":
        row.drop_reason = reason
        happened(events.DROPPED, case, on=on, subject_id=row.id, code=row.kind, reason=reason)
    else:
        _followed(case, row, "TRAINING", to, on)
    session.flush()


# -- employment --------------------------------------------------------------------------------------
def offer_job(
    case: Case, *, form: str, on: date, employer: str = "", employer_checked_on: date | None = None
) -> Employment:
    """Write down a job that was offered, with who offers it and when that employer was looked at. Writes
    employment.referred. Raises WorkDateWrong and TooYoungToWork (by the country's legal age on that day)."""
    _first_day(case, on)
    if employer_checked_on is not None and employer_checked_on > people.today_of(case):
        raise rules.WorkDateWrong(field="checked")
    person = people.person_of(case)
    known = people_rules.age_range(people.birth_of(person), on)
    legal = reference.working_age(case.country, on).age
    youngest = None if known is None or person.age_status == "DECIDED_ADULT" else known[0]
    rules.may_work(youngest, legal)
    row = Employment(
        case_id=case.id, form=form, offered_on=on, changed_on=on, employer_checked_on=employer_checked_on, age=youngest,
        legal_age=legal,
    )  # fmt: skip
    row.employer = employer.strip() or None
    session.add(row)
    happened(events.JOB_OFFERED, case, on=on, subject_id=row.id, code=form)
    session.flush()
    return row


def move_job(
    case: Case, row: Employment, *, to: str, on: date, reason: str | None = None, version: int | None = None
) -> None:
    """The job's next step; checks fall due after one, three and six months. Raises the errors of `rules.may_move` and
    `rules.check_job`, ChangedMeanwhile."""
    _unchanged(row, version)
    rules.may_move(rules.JOB_NEXT, row.state, to, row.changed_on, on, people.today_of(case))
    rules.check_job(to, row.started_on, on, reason=reason)
    subject = ("employment", row.id)
    row.state, row.changed_on = to, on
    if to == "STARTED":
        row.started_on = on
        for still in rules.STILL_MONTHS:
            deadline.start(case, f"EMPLOYMENT_{still}", subject=subject, started_at=on)
        happened(events.JOB_STARTED, case, on=on, subject_id=row.id, code=row.form)
    elif to == "ENDED":
        row.end_reason = reason
        deadline.cancel(subject, "SUBJECT_ENDED")
        happened(events.JOB_ENDED, case, on=on, subject_id=row.id, reason=reason)
    else:
        deadline.meet(subject, rule=f"EMPLOYMENT_{to}", at=on)
        happened(
            events.JOB_HELD, case, on=on, subject_id=row.id, code=row.form, number=rules.STILL_MONTHS[to]
        )
    session.flush()
