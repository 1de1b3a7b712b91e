"""A valid request for each route of the whole file, aimed at a record of the namespace's team."""

from __future__ import annotations

from datetime import date
from typing import Any

from caseapp.casefile.models import Approval, CaseAlert, CasePlan, CaseTask, ClosureRequest, PlanGoal
from caseapp.core import clock
from tests.casefile import oversight
from tests.factories import make_user


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


ROUTES = {
    **oversight.ROUTES,
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
}
