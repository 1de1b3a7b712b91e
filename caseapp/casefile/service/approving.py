"""Ask a supervisor to approve a plan or a hand-over, decide, take back. Nobody decides on their own."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from caseapp.casefile import events
from caseapp.casefile.models import Approval, CasePlan
from caseapp.casefile.rules import working
from caseapp.casefile.service.acting import unchanged, worker
from caseapp.core import clock
from caseapp.core.db import session
from caseapp.core.errors import says
from caseapp.people import queries as people
from caseapp.people.events import happened
from caseapp.people.models import Case

says("uq_approval_open", working.ApprovalOpen)
says("ck_approval_second_person", working.OwnApproval)
says("ck_case_plan_second_person", working.OwnApproval)


def ask_approval(case: Case, subject: str, subject_id: UUID) -> Approval:
    """Ask for a supervisor's yes. Writes approval.asked. Raises ApprovalOpen (from the database) if one waits."""
    row = Approval(
        case_id=case.id, subject=subject, subject_id=subject_id, asked_at=clock.now(), asked_by_id=worker()
    )
    session.add(row)
    happened(events.APPROVAL_ASKED, case, on=people.today_of(case), subject_id=row.id, code=subject)
    session.flush()
    return row


def decide_approval(
    case: Case, row: Approval, *, approve: bool, remark: str = "", version: int | None = None
) -> None:
    """A supervisor who did not ask decides; a no says what is missing. What was asked for follows: a plan becomes
    active. Writes approval.given. Raises OwnApproval, ApprovalDecided, RemarkMissing, ChangedMeanwhile."""
    unchanged(row, version)
    who = worker()
    working.may_decide(row.state, own=who == row.asked_by_id)
    if not approve and not remark.strip():
        raise working.RemarkMissing
    row.state = "APPROVED" if approve else "REFUSED"
    row.decided_at, row.decided_by_id, row.remark = clock.now(), who, remark.strip() or None
    happened(
        events.APPROVAL_GIVEN, case, on=people.today_of(case), subject_id=row.id, code=row.subject, outcome=row.state
    )  # fmt: skip
    FOLLOWS[row.subject](case, row.subject_id, who, approve)
    session.flush()


def _plan_decided(case: Case, plan_id: UUID, who: UUID, approved: bool) -> None:
    plan = session.get_one(CasePlan, plan_id)
    if approved and plan.state == "PROPOSED":
        plan.state, plan.approved_by_id = "ACTIVE", who


#: What a decision brings about, by subject.
FOLLOWS: dict[str, Callable[[Case, UUID, UUID, bool], None]] = {"PLAN": _plan_decided}


def withdraw_approval(row: Approval) -> None:
    """What was asked for is asked no more."""
    if row.state != "ASKED":
        raise working.ApprovalDecided
    row.state, row.decided_at = "WITHDRAWN", clock.now()
    session.flush()
