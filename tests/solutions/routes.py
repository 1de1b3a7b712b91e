"""A valid request for each route of solutions, aimed at a record of the namespace's team."""

from __future__ import annotations

from datetime import date
from typing import Any

from caseapp.solutions.models import SolutionPlan, SolutionStep
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


ROUTES = {
    ("solutions.show", "GET"): _page,
    ("solutions.plan", "POST"): _plan,
    ("solutions.step", "POST"): _step,
}
