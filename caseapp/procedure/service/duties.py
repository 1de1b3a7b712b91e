"""Staying in a state and signing at intervals, where a country asks for them while a claim is open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa

from caseapp.core import access, clock, reference
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, says
from caseapp.core.sweeping import alone
from caseapp.deadline import service as deadline
from caseapp.deadline.models import Deadline
from caseapp.deadline.working_days import works_in
from caseapp.people import present
from caseapp.people import queries as people_queries
from caseapp.people import rules as people_rules
from caseapp.people import service as people
from caseapp.people.events import happened
from caseapp.people.models import Case
from caseapp.people.profiles import once
from caseapp.people.queries import movement_limits_of, person_of, today_of
from caseapp.places.models import Site
from caseapp.procedure import events, queries, rules
from caseapp.procedure.models import Claim, LeaveRequest, Signature, SignDuty, SignInterval

says("uq_leave_request_open", rules.LeaveOpen)
says("uq_signature_duty_id_due_on_state", rules.DateBefore)


SIGN_IN = "CLAIM_SIGN_IN"
#: How often people sign where neither the office nor the country says it, in days.
A_WEEK = 7


# -- as a claim goes on ---------------------------------------------------------------------------------
def begin(claim: Claim, people_in: Sequence[Case], on: date) -> None:
    """A claim was lodged, reopened or appealed: each stays in the state of their office, and each adult signs, where
    the country asks for it. Nothing is written on the open pages of a file for what is sealed."""
    for case in [] if claim.sealed else people_in:
        country = reference.claim_procedure(case.country, on)
        admin1 = session.scalars(sa.select(Site.admin1).where(Site.id == case.site_id)).one()
        if country.movement_limit and admin1:
            people.limit_movement(case, admin1, on=on)
        if country.sign_in and not _is_child(case, on) and queries.duty_of(case.id) is None:
            due = rules.next_signature(on, interval_at(case, on), works_in(case.country))
            duty = SignDuty(case_id=case.id, claim_id=claim.id, started_on=on, due_on=due)
            session.add(duty)
            session.flush()
            _watch(case, duty, on)


def _is_child(case: Case, on: date) -> bool:
    person = once(("person", case.id), lambda: person_of(case))
    return person is not None and present.is_child(person, on)


def end(claim: Claim, people_in: Sequence[Case], on: date, reason: str) -> None:
    """A claim was decided or closed, or somebody left it: they sign no more and go where they wish. An appeal brings both
    back."""
    for case in [] if claim.sealed else people_in:
        _end(case, on, reason, "SUBJECT_ENDED")
    session.flush()


def leave_country(case: Case, on: date) -> None:
    """A person's file moved to another country: neither the state in which they stayed nor the office at which they
    signed binds them there."""
    _end(case, on, "LIFTED", "MOVED_AWAY")
    session.flush()


def _end(case: Case, on: date, reason: str, clock_reason: str) -> None:
    people.end_movement_limit(case, on=on)
    duty = queries.duty_of(case.id)
    if duty is not None:
        duty.ended_on, duty.end_reason = max(on, duty.started_on), reason
        deadline.cancel(("sign_duty", duty.id), clock_reason)


# -- signatures -----------------------------------------------------------------------------------------
def interval_at(case: Case, on: date) -> int:
    """How often people sign at the office of a case, in days: as it has set, else as the country's rule says, else each
    week."""
    own = session.scalar(
        sa.select(SignInterval.days)
        .where(SignInterval.site_id == case.site_id, SignInterval.valid_from <= on)
        .order_by(SignInterval.valid_from.desc())
        .limit(1)
    )
    if own:
        return own
    try:
        return reference.clock_rule(SIGN_IN, on, case.country).value or A_WEEK
    except reference.CodeUnknown:
        return A_WEEK


def set_interval(site: Site, days: int | None, *, on: date) -> None:
    """An office asks for a signature every so many days, from a day on. Raises IntervalWrong."""
    kept = rules.check_interval(days)
    row = session.scalars(
        sa.select(SignInterval).where(SignInterval.site_id == site.id, SignInterval.valid_from == on)
    ).one_or_none()
    if row is None:
        session.add(
            SignInterval(site_id=site.id, days=kept, valid_from=on, set_by_id=access.current().user_id)
        )
    elif row.days != kept:
        raise rules.IntervalWrong(sentence=rules.SET_ALREADY)
    session.flush()


def sign(case: Case, *, on: date, excused: bool = False) -> SignDuty:
    """The person signed (or was excused) on a day; the next one is due after the office's interval. Raises NoDuty,
    DateInFuture, DateBefore."""
    duty = queries.duty_of(case.id, lock=True)
    last = queries.last_signed(duty.id) if duty else None
    rules.may_sign(duty is not None, last or (duty.started_on if duty else on), on, today_of(case))
    assert duty is not None
    session.add(
        Signature(
            duty_id=duty.id, case_id=case.id, due_on=duty.due_on, state="EXCUSED" if excused else "SIGNED", on=on
        )
    )  # fmt: skip
    deadline.meet(("sign_duty", duty.id), at=on)
    days = interval_at(case, on)
    duty.due_on = max(rules.next_signature(on, days, works_in(case.country)), duty.started_on)
    session.flush()
    _watch(case, duty, on)
    happened(events.SIGNED, case, on=on, subject_id=duty.id, code="EXCUSED" if excused else "SIGNED")
    session.flush()
    return duty


def _watch(case: Case, duty: SignDuty, on: date) -> None:
    try:
        deadline.start(case, SIGN_IN, subject=("sign_duty", duty.id), started_at=on, due_at=duty.due_on)
    except reference.CodeUnknown:
        return


def look_at_signatures(limit: int = 200) -> int:
    """Write down each signature that was missed, once; the clock has told whom it must. The claim goes on: nothing is
    abandoned here. May run twice without harm, and side by side. Returns how many."""
    written = sa.select(Signature.id).where(
        Signature.duty_id == SignDuty.id, Signature.due_on == SignDuty.due_on, Signature.state == "MISSED"
    )
    late = sa.select(Deadline.id).where(
        Deadline.subject_id == SignDuty.id, Deadline.subject_kind == "sign_duty", Deadline.due_at < clock.now(),
        Deadline.state.in_(("RUNNING", "LATE")),
    )  # fmt: skip
    due = (
        sa.select(SignDuty, Case)
        .join(Case, Case.id == SignDuty.case_id)
        .where(SignDuty.ended_on.is_(None), late.exists(), ~written.exists(), Case.status == "OPEN")
        .order_by(SignDuty.due_on, SignDuty.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=SignDuty)
        .execution_options(populate_existing=True)
    )
    found = session.execute(due).all()
    done = 0
    for duty, case in found:
        with alone("signatures", duty.id):
            session.add(
                Signature(duty_id=duty.id, case_id=case.id, due_on=duty.due_on, state="MISSED", on=None)
            )
            happened(events.SIGNATURE_MISSED, case, on=today_of(case), subject_id=duty.id, code="MISSED")
            session.flush()
            done += 1
    return done


# -- leave of state -------------------------------------------------------------------------------------
def ask_leave(case: Case, to_admin1: str, *, on: date) -> LeaveRequest:
    """Ask the authority for leave to go to another state (P-code). Raises the errors of `rules.may_ask_leave`."""
    limit = movement_limits_of([case.id]).get(case.id)
    rules.may_ask_leave(
        limit, to_admin1, has_open=queries.open_leave(case.id) is not None, on=on, today=today_of(case)
    )
    assert limit is not None
    made = LeaveRequest(case_id=case.id, from_admin1=limit, to_admin1=to_admin1, asked_on=on)
    session.add(made)
    session.flush()
    happened(events.LEAVE_ASKED, case, on=on, subject_id=made.id, place=to_admin1)
    session.flush()
    return made


def move_at_once(cases: Sequence[Case], to_admin1: str, *, ground: str, authority: str, on: date) -> None:
    """A child or a life is at risk: these people may be placed in another state before leave is given, and the named
    authority answers for it. The leave is still asked for. Raises the errors of `people.rules.may_except`."""
    movements = people_queries.movements_of([c.id for c in cases], on)
    child = any(_is_child(case, on) for case in cases)
    for case in cases:
        people_rules.may_except(
            movements.get(case.id, people_rules.FREE), to_admin1, ground, authority, child=child, today=today_of(case), on=on
        )  # fmt: skip
    for case in cases:
        row = people.except_movement(case, to_admin1, ground=ground, authority=authority, on=on)
        happened(events.LEAVE_DECIDED, case, on=on, subject_id=row.id, outcome="EMERGENCY", place=to_admin1)
    session.flush()


def decide_leave(
    case: Case, request: LeaveRequest, *, on: date, outcome: str, version: int | None = None
) -> None:
    """Write down what the authority decided; leave moves the place where the person stays. Raises the errors of
    `rules.may_decide_leave`, ChangedMeanwhile."""
    if version is not None and version != request.version:
        raise ChangedMeanwhile
    rules.may_decide_leave(request.decided_on is not None, outcome, request.asked_on, on, today_of(case))
    request.decided_on, request.outcome = on, outcome
    session.flush()
    if outcome == "GRANTED":
        people.limit_movement(case, request.to_admin1, on=on)
    happened(
        events.LEAVE_DECIDED, case, on=on, subject_id=request.id, outcome=outcome, place=request.to_admin1
    )
    session.flush()
