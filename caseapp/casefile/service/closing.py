"""Close a file, ask a second person, decide, open it again."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from caseapp.casefile import events, queries, rules
from caseapp.casefile.models import ClosureRequest
from caseapp.casefile.queries import handing
from caseapp.casefile.rules.handing import HandoverOpen
from caseapp.core import access, clock, reference
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, NotPermitted, says
from caseapp.deadline import service as deadline
from caseapp.deadline.models import Deadline
from caseapp.deadline.rules import OPEN, PAST_CLOSING
from caseapp.people import queries as people
from caseapp.people.events import happened
from caseapp.people.models import Case, CaseAccess, Household, HouseholdMember

says("case_closes_without_urgent_need", rules.UrgentNeedOpen)
says("case_closes_without_stay", rules.StayOpen)
says("case_closes_with_second_person", rules.SecondPersonNeeded)
says("case_event_solution_is_one", rules.SolutionNotReached)
says("uq_closure_request_open", rules.RequestOpen)
says("ck_closure_request_second_person", rules.OwnRequest)


def close(case: Case, *, reason: str, on: date | None = None, version: int | None = None) -> None:
    """Close a file for a reason (`case_closure_reason`), on the site's date unless another is given. The
    household closes with its last open file; every other team's reading ends. Writes case.closed with the
    group that figures count. Raises the errors of `rules.may_close`, ChangedMeanwhile."""
    _unchanged(case, version)
    _close(case, reason, on, approved=False)


def may_close(case: Case, reason: str, *, approved: bool = False) -> None:
    """Raise what keeps the file open for this reason, without closing it."""
    who = access.current()
    if handing.open_for(case.id) is not None:
        raise HandoverOpen
    file = queries.file_of(queries.open_file(case.number, who), who)
    rules.may_close(reason, queries.closing_facts(file, who.user_id, approved=approved))


def _close(case: Case, reason: str, on: date | None, *, approved: bool) -> None:
    session.flush()
    may_close(case, reason, approved=approved)
    on = max(on or people.today_of(case), case.opened_on)
    case.status, case.closed_on, case.closure_reason = "CLOSED", on, reason
    happened(
        events.CLOSED,
        case,
        on=on,
        reason=reason,
        reason_group=reference.group_of("case_closure_reason", reason),
    )
    session.flush()
    session.execute(
        sa.update(CaseAccess)
        .where(CaseAccess.case_id == case.id, CaseAccess.ended_at.is_(None))
        .values(ended_at=clock.now())
        .execution_options(synchronize_session="fetch")
    )
    session.refresh(case, ["readers"])
    _end_clocks(case)
    _close_household(case, on)


def _end_clocks(case: Case) -> None:
    """Nothing is awaited of a closed file: a follow-up that was to come would be told to nobody. What the person asked
    about their own data is still to be answered."""
    open_ = sa.select(Deadline.subject_kind, Deadline.subject_id, Deadline.rule).where(
        Deadline.case_id == case.id, Deadline.state.in_(OPEN), Deadline.rule.not_in(PAST_CLOSING)
    )
    for kind, subject_id, rule in session.execute(open_.distinct()).all():
        deadline.cancel((kind, subject_id), "FILE_CLOSED", rule=rule)


def _close_household(case: Case, on: date) -> None:
    """A household closes with its last member."""
    household = people.household_of(case.id)
    if household is None or household.closed_on is not None:
        return
    still = (
        sa.select(Case.id)
        .join(HouseholdMember, HouseholdMember.case_id == Case.id)
        .where(
            HouseholdMember.household_id == household.id,
            HouseholdMember.left_on.is_(None),
            Case.status == "OPEN",
        )
        .limit(1)
    )
    if session.scalar(still) is None:
        household.closed_on = max(on, household.formed_on)
        session.flush()


def ask_to_close(case: Case, *, reason: str) -> ClosureRequest:
    """Ask a second person to close a file for a reason that needs one; everything else must be in order.
    Writes approval.asked. Raises RequestOpen and the errors of `rules.may_close`."""
    who = access.current()
    if who.user_id is None:
        raise NotPermitted
    may_close(case, reason, approved=True)
    if queries.open_request(case.id) is not None:
        raise rules.RequestOpen
    on = people.today_of(case)
    row = ClosureRequest(
        case_id=case.id,
        reason=reason,
        state="ASKED",
        asked_on=on,
        asked_at=clock.now(),
        asked_by_id=who.user_id,
    )
    session.add(row)
    happened(events.APPROVAL_ASKED, case, on=on, subject_id=row.id, code=reason)
    session.flush()
    return row


def decide_closing(case: Case, request: ClosureRequest, *, approve: bool, version: int | None = None) -> None:
    """A second person decides; on a yes the file closes at once. Writes approval.given (and case.closed).
    Raises OwnRequest, RequestDecided, ChangedMeanwhile and, on a yes, the errors of `rules.may_close`."""
    who = access.current()
    if version is not None and version != request.version:
        raise ChangedMeanwhile
    rules.may_decide_request(request.state, own=who.user_id is None or who.user_id == request.asked_by_id)
    request.state = "APPROVED" if approve else "REFUSED"
    request.decided_at, request.decided_by_id = clock.now(), who.user_id
    on = people.today_of(case)
    happened(
        events.APPROVAL_GIVEN, case, on=on, subject_id=request.id, code=request.reason, outcome=request.state
    )
    session.flush()
    if approve:
        _close(case, request.reason, on, approved=True)


def withdraw_request(case: Case, request: ClosureRequest) -> None:
    """Whoever asked takes it back. Raises RequestDecided, NotPermitted."""
    if request.state != "ASKED":
        raise rules.RequestDecided
    if access.current().user_id != request.asked_by_id:
        raise NotPermitted
    request.state, request.decided_at = "WITHDRAWN", clock.now()
    session.flush()


def reopen(case: Case, *, reason: str, on: date | None = None, version: int | None = None) -> None:
    """Open a closed file again (`reopen_reason`); its household opens with it, and what was to be followed up is so
    again. Teams that read it before do not
    read it again. Writes case.reopened. Raises NotClosed, ReasonUnknown, StillMerged, ChangedMeanwhile."""
    _unchanged(case, version)
    merged = people.person_of(case).merged_into_id is not None
    rules.may_reopen(case.status == "CLOSED", reason, merged)
    on = on or people.today_of(case)
    case.status, case.closed_on, case.closure_reason = "OPEN", None, None
    household: Household | None = people.household_of(case.id)
    if household is not None:
        household.closed_on = None
    happened(events.REOPENED, case, on=on, reason=reason)
    session.flush()
    deadline.restart(case)


def _unchanged(case: Case, version: int | None) -> None:
    if version is not None and version != case.version:
        raise ChangedMeanwhile
