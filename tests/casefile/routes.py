"""A valid request for each route of the whole file, aimed at a record of the namespace's team."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from caseapp.casefile.models import (
    Approval,
    CaseAlert,
    CaseNote,
    CasePlan,
    CaseTask,
    ClosureRequest,
    Handover,
    HandoverMember,
    PlanGoal,
)
from caseapp.core import clock
from caseapp.core.db import uuid7
from caseapp.deadline.models import Deadline
from caseapp.people.models import Case
from tests.casefile import oversight
from tests.factories import make_person, make_team, make_user


def _case(path: str = "") -> Any:
    def build(db: Any, ns: Any) -> str:
        return f"/cases/{ns.case.number}{path}"

    return build


def _close(db: Any, ns: Any) -> Any:
    return f"/cases/{ns.case.number}/close", {"reason": "PERSON_ASKED", "version": str(ns.case.version)}


def make_request(db: Any, ns: Any, by: Any = None) -> ClosureRequest:
    """Somebody of the team asks to close the namespace's case."""
    with db.as_owner():
        asker = by or make_user("CASEWORKER", ns.team)
        row = ClosureRequest(
            case_id=ns.case.id,
            reason="DIED",
            asked_on=date(2025, 11, 23),
            asked_at=clock.now(),
            asked_by_id=asker.id,
        )
        db.session.add(row)
    return row


def _withdraw(db: Any, ns: Any) -> Any:
    make_request(db, ns, ns.user)
    return f"/cases/{ns.case.number}/close/withdraw", {}


def _decision(data: dict[str, str] | None = None) -> Any:
    def build(db: Any, ns: Any) -> Any:
        row = make_request(db, ns)
        url = f"/cases/{ns.case.number}/close/decision"
        return url if data is None else (url, {"version": str(row.version), **data})

    return build


def _reopen(data: dict[str, str] | None = None) -> Any:
    def build(db: Any, ns: Any) -> Any:
        with db.as_owner():
            ns.case.status, ns.case.closed_on, ns.case.closure_reason = (
                "CLOSED",
                date(2025, 11, 22),
                "PERSON_ASKED",
            )
        url = f"/cases/{ns.case.number}/reopen"
        return url if data is None else (url, {"version": str(ns.case.version), **data})

    return build


def _today(db: Any, ns: Any) -> str:
    return "/today"


_today.public = True  # type: ignore[attr-defined]


def _months(db: Any, ns: Any) -> str:
    return "/months"


_months.public = True  # type: ignore[attr-defined]


def _plan(db: Any, ns: Any) -> CasePlan:
    with db.as_owner():
        row = CasePlan(
            case_id=ns.case.id, agreed_on=date(2025, 11, 20), agreed_with="PERSON", review_on=date(2025, 12, 20),
            made_by_id=make_user("CASEWORKER", ns.team).id,
        )  # fmt: skip
        db.session.add(row)
    return row


def _plan_post(path: str, data: dict[str, str]) -> Any:
    def build(db: Any, ns: Any) -> Any:
        row = _plan(db, ns)
        return f"/cases/{ns.case.number}/plan/{row.id}/{path}", {"review-version": str(row.version), **data}

    return build


def _goal_end(db: Any, ns: Any) -> Any:
    plan = _plan(db, ns)
    with db.as_owner():
        goal = PlanGoal(case_id=ns.case.id, plan_id=plan.id, set_on=date(2025, 11, 20))
        db.session.add(goal)
    return f"/cases/{ns.case.number}/plan/goals/{goal.id}/end", {"state": "REACHED", "version": "1"}


def _decide_plan(db: Any, ns: Any) -> Any:
    plan = _plan(db, ns)
    with db.as_owner():
        row = Approval(
            case_id=ns.case.id, subject="PLAN", subject_id=plan.id, asked_at=clock.now(), asked_by_id=plan.made_by_id
        )  # fmt: skip
        db.session.add(row)
    return f"/cases/{ns.case.number}/plan/approval/{row.id}", {
        "decide-decision": "APPROVED",
        "decide-version": "1",
    }


def _task_post(path: str, data: dict[str, str]) -> Any:
    def build(db: Any, ns: Any) -> Any:
        with db.as_owner():
            row = CaseTask(
                case_id=ns.case.id, kind="CALL", due_on=date(2025, 11, 24), set_on=date(2025, 11, 20)
            )
            db.session.add(row)
        return f"/cases/{ns.case.number}/tasks/{row.id}/{path}", {"version": "1", **data}

    return build


def _alert_post(path: str, data: dict[str, str]) -> Any:
    def build(db: Any, ns: Any) -> Any:
        with db.as_owner():
            row = CaseAlert(
                case_id=ns.case.id, code="CUSTODY", seen_by="CASE_TEAM", raised_on=date(2025, 11, 22),
                review_on=date(2025, 11, 24),
            )  # fmt: skip
            db.session.add(row)
        return f"/cases/{ns.case.number}/alerts/{row.id}/{path}", {"version": "1", **data}

    return build


def _form(path: str, data: dict[str, str]) -> Any:
    def build(db: Any, ns: Any) -> Any:
        return f"/cases/{ns.case.number}/{path}", data

    return build


def _parts(name: str, day: str, month: str, year: str) -> dict[str, str]:
    return {f"{name}-day": day, f"{name}-month": month, f"{name}-year": year}


def _handover(db: Any, ns: Any, state: str = "OFFERED", *, incoming: bool = False) -> Handover:
    """An offer of the namespace's case to another team, or of another team's case to the namespace's."""
    with db.as_owner():
        other = make_team()
        person = make_person(other) if incoming else ns.person
        one, two = (other, ns.team) if incoming else (ns.team, other)
        row = Handover(
            case_id=person.case_id, whole=False, from_team_id=one.id, to_team_id=two.id, from_country=one.country,
            to_country=two.country, kind="CENTRE", state=state, arrives_on=date(2025, 11, 25), prepared_at=clock.now(),
            prepared_by_id=make_user("CASEWORKER", one).id, offered_at=clock.now(), lapse_at=clock.now(),
            answered_at=clock.now() if state == "ACCEPTED" else None,
        )  # fmt: skip
        db.session.add(row)
        db.session.flush()
        db.session.add(
            HandoverMember(handover_id=row.id, case_id=person.case_id, position=0, sex="F", age_band="18-59")
        )
        if state == "ACCEPTED":
            db.session.get_one(Case, person.case_id).team_id = two.id
    return row


def _receiving(path: str, data: dict[str, str] | None = None, state: str = "OFFERED") -> Any:
    def build(db: Any, ns: Any) -> Any:
        row = _handover(db, ns, state, incoming=True)
        with db.as_owner():
            member = db.session.query(HandoverMember).filter_by(handover_id=row.id).one()
        url = f"/handovers/{row.id}{path.format(member=member.id)}"
        return url if data is None else (url, {"version": "1", **data})

    return build


def _offer(db: Any, ns: Any) -> Any:
    with db.as_owner():
        to = make_team()
        make_user("CASEWORKER", to)
    data = {"to": to.code, "who": str(ns.case.id), **_parts("arrives_on", "25", "11", "2025")}
    return f"/cases/{ns.case.number}/handover", data


def _withdraw_handover(db: Any, ns: Any) -> Any:
    row = _handover(db, ns)
    return f"/cases/{ns.case.number}/handover/{row.id}/withdraw", {"reason": "SENT_IN_ERROR", "version": "1"}


def _decide_handover(db: Any, ns: Any) -> Any:
    made = _handover(db, ns, "PREPARED")
    with db.as_owner():
        row = Approval(
            case_id=ns.case.id, subject="HANDOVER", subject_id=made.id, asked_at=clock.now(),
            asked_by_id=made.prepared_by_id,
        )  # fmt: skip
        db.session.add(row)
    return f"/cases/{ns.case.number}/handover/approval/{row.id}", {
        "decide-decision": "APPROVED",
        "decide-version": "1",
    }


def _assign(db: Any, ns: Any) -> Any:
    with db.as_owner():
        other = make_user("CASEWORKER", ns.team)
    return "/casework/assign", {"cases": ns.case.number, "to": str(other.id), "holder": "none"}


def _pack(db: Any, ns: Any) -> str:
    with db.as_owner():
        other = make_user("CASEWORKER", ns.team)
    return f"/casework/pack/{other.id}"


def _mark(db: Any, ns: Any) -> Any:
    with db.as_owner():
        note = CaseNote(
            case_id=ns.case.id, team_id=ns.team.id, level="AUTHOR_AND_SUPERVISOR", author_id=ns.user.id,
            written_on=date(2025, 11, 20), written_at=clock.now(), marks_until=date(2025, 12, 20),
        )  # fmt: skip
        note.words = "Nota"
        db.session.add(note)
    return f"/cases/{ns.case.number}/notes/{note.id}/mark", {"verb": "end"}


def _clock(verb: str) -> Any:
    def build(db: Any, ns: Any) -> Any:
        paused = verb == "resume"
        with db.as_owner():
            now = clock.now()
            row = Deadline(
                case_id=ns.case.id, team_id=ns.team.id, subject_kind="claim", subject_id=uuid7(), rule="CLAIM_DECIDE",
                kind="LEGAL", unit="working_days", started_at=now - timedelta(days=9), due_at=now + timedelta(days=9),
                state="PAUSED" if paused else "RUNNING", paused_at=now - timedelta(days=1) if paused else None,
            )  # fmt: skip
            db.session.add(row)
        return f"/cases/{ns.case.number}/clocks/{row.id}/{verb}", {"reason": "HEALTH"}

    return build


ROUTES = {
    **oversight.ROUTES,
    ("casefile.months", "GET"): _months,
    ("casefile.month", "GET"): lambda db, ns: f"/months/{ns.team.code}/2025-10",
    ("casefile.sign_month", "POST"): lambda db, ns: (f"/months/{ns.team.code}/2025-10", {"after": "0"}),
    ("casefile.today_list", "GET"): lambda db, ns: "/today/list?of=urgent",
    ("casefile.clocks", "GET"): _case("/clocks"),
    ("casefile.private_clocks", "GET"): _case("/private/clocks"),
    ("casefile.clocks_seen", "POST"): lambda db, ns: (f"/cases/{ns.case.number}/clocks/seen", {}),
    ("casefile.pause_clock", "POST"): _clock("pause"),
    ("casefile.resume_clock", "POST"): _clock("resume"),
    ("casefile.review_mark", "POST"): _mark,
    ("casefile.today", "GET"): _today,
    ("casefile.show", "GET"): _case(),
    ("casefile.private", "GET"): _case("/private"),
    ("casefile.close", "GET"): _case("/close"),
    ("casefile.close_case", "POST"): _close,
    ("casefile.withdraw_request", "POST"): _withdraw,
    ("casefile.decide_request", "GET"): _decision(),
    ("casefile.save_decision", "POST"): _decision({"decision": "REFUSED"}),
    ("casefile.reopen", "GET"): _reopen(),
    ("casefile.reopen_case", "POST"): _reopen({"reason": "RETURNED"}),
    ("casefile.plan", "GET"): _case("/plan"),
    ("casefile.private_plan", "GET"): _case("/private/plan"),
    ("casefile.private_tasks", "GET"): _case("/private/tasks"),
    ("casefile.make_plan", "POST"): _form(
        "plan", {"plan-agreed_with": "PERSON", **_parts("plan-review_on", "20", "12", "2025")}
    ),
    ("casefile.add_goal", "POST"): _plan_post("goals", {"goal-words": "Aprender español"}),
    ("casefile.end_goal", "POST"): _goal_end,
    ("casefile.review_plan", "POST"): _plan_post("review", {"review-outcome": "ACHIEVED"}),
    ("casefile.decide_plan", "POST"): _decide_plan,
    ("casefile.tasks", "GET"): _case("/tasks"),
    ("casefile.set_task", "POST"): _form(
        "tasks",
        {
            "task-kind": "CALL",
            "task-words": "Llamar",
            "task-doer": "TEAM",
            **_parts("task-due_on", "25", "11", "2025"),
        },
    ),
    ("casefile.reassign_task", "POST"): _task_post("assign", {"assigned_to": ""}),
    ("casefile.finish_task", "POST"): _task_post("finish", {"outcome": "DONE"}),
    ("casefile.notes", "GET"): _case("/notes"),
    ("casefile.add_note", "POST"): _form("notes", {"words": "Una nota", "level": "TEAM"}),
    ("casefile.alerts", "GET"): _case("/alerts"),
    ("casefile.private_alerts", "GET"): _case("/private/alerts"),
    ("casefile.raise_alert", "POST"): _form("alerts", {"alert-code": "MEDICAL_NOW", "alert-words": "Fiebre"}),
    ("casefile.review_alert", "POST"): _alert_post("review", _parts("review_on", "24", "11", "2025")),
    ("casefile.resolve_alert", "POST"): _alert_post("resolve", {"outcome": "ACTED"}),
    ("casefile.handover", "GET"): _case("/handover"),
    ("casefile.offer_handover", "POST"): _offer,
    ("casefile.withdraw_handover", "POST"): _withdraw_handover,
    ("casefile.decide_handover", "POST"): _decide_handover,
    ("casefile.handover_offer", "GET"): _receiving(""),
    ("casefile.accept_handover", "POST"): _receiving("/accept", {}),
    ("casefile.decline_handover", "POST"): _receiving("/decline", {"reason": "NO_STAFF"}),
    ("casefile.handover_arrived", "POST"): _receiving("/arrived/{member}", {}, "ACCEPTED"),
    ("casefile.assign", "GET"): lambda db, ns: "/casework/assign?holder=none",
    ("casefile.assign_files", "POST"): _assign,
    ("casefile.handover_pack", "GET"): _pack,
}
