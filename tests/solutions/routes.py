"""A valid request for each route of solutions, aimed at a record of the namespace's team."""

from __future__ import annotations

from datetime import date
from typing import Any

from caseapp.solutions.models import Employment, SolutionPlan, SolutionStep, Training, WorkPermit
from tests.procedure.routes import dated


def make_plan(db: Any, ns: Any, pathway: str = "LABOUR_MOBILITY") -> SolutionPlan:
    with db.as_owner():
        plan = SolutionPlan(case_id=ns.case.id, pathway=pathway, agreed_on=date(2025, 11, 1))
        db.session.add(plan)
        db.session.flush()
        db.session.add(
            SolutionStep(case_id=ns.case.id, plan_id=plan.id, step="PROPOSED", reached_on=date(2025, 11, 1))
        )
    return plan


def _page(db: Any, ns: Any) -> str:
    return f"/cases/{ns.case.number}/solutions"


def _plan(db: Any, ns: Any) -> Any:
    return _page(db, ns), dated("new-", pathway="LOCAL_INTEGRATION")


def _step(db: Any, ns: Any) -> Any:
    plan = make_plan(db, ns)
    data = dated(f"plan-{plan.id.hex}-", step="INFORMED", version=str(plan.version))
    return f"/cases/{ns.case.number}/solutions/{plan.id}", data


def _private(db: Any, ns: Any) -> str:
    return f"/cases/{ns.case.number}/private/solutions"


def _private_plan(db: Any, ns: Any) -> Any:
    return _private(db, ns), dated("new-", pathway="PTA")


def _return(db: Any, ns: Any) -> Any:
    plan = make_plan(db, ns, "VOLUNTARY_RETURN")
    data = dated(f"return-{plan.id.hex}-", step="COUNSELLED", version=str(plan.version))
    return f"/cases/{ns.case.number}/solutions/{plan.id}/return", data


def _work(db: Any, ns: Any) -> str:
    return f"/cases/{ns.case.number}/livelihood"


def _ask_permit(db: Any, ns: Any) -> Any:
    return f"{_work(db, ns)}/permit", dated("permit-", state="NOT_ELIGIBLE_YET")


def _enrol(db: Any, ns: Any) -> Any:
    return f"{_work(db, ns)}/training", dated("training-", kind="TRADE")


def _offer(db: Any, ns: Any) -> Any:
    return f"{_work(db, ns)}/job", dated("job-", form="FORMAL", employer="Taller")


def _moving(what: str, make: Any, state: str, **more: str) -> Any:
    def build(db: Any, ns: Any) -> Any:
        with db.as_owner():
            row = make(ns.case.id)
            db.session.add(row)
            db.session.flush()
        return f"{_work(db, ns)}/{what}/{row.id}", dated(
            f"row-{row.id.hex}-", state=state, version="1", **more
        )

    return build


DAY = date(2025, 11, 1)


def _permit(case_id: Any) -> WorkPermit:
    return WorkPermit(case_id=case_id, state="NOT_ELIGIBLE_YET", asked_on=DAY, changed_on=DAY)


def _training(case_id: Any) -> Training:
    return Training(case_id=case_id, kind="TRADE", enrolled_on=DAY, changed_on=DAY)


def _job(case_id: Any) -> Employment:
    return Employment(case_id=case_id, form="FORMAL", offered_on=DAY, changed_on=DAY, age=30, legal_age=15)


ROUTES = {
    ("solutions.show", "GET"): _page,
    ("solutions.plan", "POST"): _plan,
    ("solutions.step", "POST"): _step,
    ("solutions.private", "GET"): _private,
    ("solutions.private_plan", "POST"): _private_plan,
    ("solutions.return_step", "POST"): _return,
    ("solutions.work", "GET"): _work,
    ("solutions.ask_permit", "POST"): _ask_permit,
    ("solutions.move_permit", "POST"): _moving("permit", _permit, "FILE_COMPLETE"),
    ("solutions.enrol", "POST"): _enrol,
    ("solutions.move_training", "POST"): _moving("training", _training, "ATTENDING"),
    ("solutions.offer_job", "POST"): _offer,
    ("solutions.move_job", "POST"): _moving("job", _job, "STARTED"),
}
