"""`/cases/<number>/plan`: what was agreed with the person, its goals and steps, its reviews, a supervisor's yes. Goals
for reserved needs stand on a page of their own, led to from the private page."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.casefile import service
from caseapp.casefile.access import APPROVE, WORK
from caseapp.casefile.forms import ApprovalForm, EndGoalForm, GoalForm, PlanForm, ReviewForm, day_of
from caseapp.casefile.minding import is_sealed
from caseapp.casefile.models import CasePlan, PlanGoal
from caseapp.casefile.queries import work
from caseapp.casefile.rules import working
from caseapp.casefile.views import blueprint
from caseapp.casefile.views.approving import DECIDE, decided
from caseapp.casefile.views.rows import row_of
from caseapp.casefile.views.tasks import task_row
from caseapp.core import access, audit, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.i18n import _
from caseapp.core.pages import day
from caseapp.core.trying import tried
from caseapp.people import present
from caseapp.people import queries as people
from caseapp.people.inputs import date_data
from caseapp.people.models import Case, Need

PLAN, GOAL, REVIEW = "plan-", "goal-", "review-"
STATE_WORDS = {"PROPOSED": "warning", "ACTIVE": "good", "ENDED": "neutral"}


@blueprint.get("/cases/<number>/plan")
@needs(WORK)
@records_view
def plan(number: str) -> ResponseReturnValue:
    """The plan of a person, its goals with their steps, and what may be done with it now."""
    case = people.owned_case(number, access.current(), WORK)
    audit.record("viewed", "case", case.id)
    return _page(case)


@blueprint.get("/cases/<number>/private/plan")
@needs(WORK)
@records_view
def private_plan(number: str) -> ResponseReturnValue:
    """The goals for what is reserved, for those who hold the file."""
    case = people.owned_case(number, access.current(), WORK)
    audit.record("viewed", "case", case.id, "PRIVATE")
    return _page(case, sealed=True)


@blueprint.post("/cases/<number>/plan")
@needs(WORK)
@commits
def make_plan(number: str) -> ResponseReturnValue:
    """A plan was agreed; a supervisor is asked to approve it."""
    case = people.owned_case(number, access.current(), WORK)
    form = PlanForm(prefix=PLAN)

    def verb() -> None:
        service.make_plan(case, agreed_with=form.agreed_with.data, review_on=day_of(form, "review_on"))

    return tried(form, verb, again=lambda: _page(case, making=form), done=_("Plan acordado. Se pidió la aprobación de supervisión."), to=_to(case))  # fmt: skip


@blueprint.post("/cases/<number>/plan/<uuid:plan_id>/goals")
@needs(WORK)
@commits
def add_goal(number: str, plan_id: UUID) -> ResponseReturnValue:
    """A goal of the plan."""
    case = people.owned_case(number, access.current(), WORK)
    row: CasePlan = row_of(CasePlan, plan_id, case.id)
    sealed = request.form.get("private") == "1"
    form = GoalForm(prefix=GOAL)
    _fill_needs(form, case, sealed)

    def verb() -> None:
        need = _need(case, form.need.data)
        if sealed and need is None:
            raise working.WordsMissing(_("Elija la necesidad reservada."), field="need")
        service.add_goal(case, row, words=form.words.data or "", need=need)

    return tried(
        form, verb, again=lambda: _page(case, adding=form, sealed=sealed), done=_("Meta agregada."), to=_to(case, sealed)
    )  # fmt: skip


def _need(case: Case, asked: str | None) -> Need | None:
    return next((n for n in people.needs_of(case.id, open_only=True) if str(n.id) == asked), None)


@blueprint.post("/cases/<number>/plan/goals/<uuid:goal_id>/end")
@needs(WORK)
@commits
def end_goal(number: str, goal_id: UUID) -> ResponseReturnValue:
    """A goal was reached, or dropped."""
    case = people.owned_case(number, access.current(), WORK)
    row: PlanGoal = row_of(PlanGoal, goal_id, case.id)
    form = EndGoalForm()

    def verb() -> None:
        service.end_goal(case, row, state=form.state.data, version=form.read_version())

    return tried(
        form, verb, again=lambda: _page(case, wrong=form, sealed=row.sealed), done=_("Meta actualizada."), to=_to(case, row.sealed)
    )  # fmt: skip


@blueprint.post("/cases/<number>/plan/<uuid:plan_id>/review")
@needs(WORK)
@commits
def review_plan(number: str, plan_id: UUID) -> ResponseReturnValue:
    """The plan was looked at with the person."""
    case = people.owned_case(number, access.current(), WORK)
    row: CasePlan = row_of(CasePlan, plan_id, case.id)
    form = ReviewForm(prefix=REVIEW)

    def verb() -> None:
        service.review_plan(
            case, row, outcome=form.outcome.data, next_on=day_of(form, "next_on"), version=form.read_version()
        )

    return tried(
        form, verb, again=lambda: _page(case, reviewing=form), done=_("Revisión anotada."), to=_to(case)
    )


@blueprint.post("/cases/<number>/plan/approval/<uuid:approval_id>")
@needs(APPROVE)
@commits
def decide_plan(number: str, approval_id: UUID) -> ResponseReturnValue:
    """A supervisor who did not make the plan decides."""
    return decided(number, approval_id, "PLAN", again=lambda case, form: _page(case, deciding=form), to=_to)


def _to(case: Case, sealed: bool = False) -> str:
    return url_for("casefile.private_plan" if sealed else "casefile.plan", number=case.number)


# -- the page -----------------------------------------------------------------------------------------
def _page(case: Case, *, sealed: bool = False, making: Any = None, adding: Any = None, reviewing: Any = None,
          deciding: Any = None, wrong: Any = None) -> str:  # fmt: skip
    who, today, person = access.current(), people.today_of(case), people.person_of(case)
    told = work.plans_of(case.id)
    goals, tasks = work.goals_told(case.id, sealed=sealed), work.tasks_of(case.id, sealed=sealed)
    current = next((t for t in told if t.plan.state != "ENDED"), None)
    days = working.CHILD_REVIEW_DAYS if present.is_child(person, today) else working.REVIEW_DAYS
    later = date_data(today + timedelta(days=days))
    adding = adding or GoalForm(None, prefix=GOAL)
    _fill_needs(adding, case, sealed)
    waits = current.approval if current and current.approval and current.approval.state == "ASKED" else None
    reviewing = reviewing or ReviewForm(None, data={"next_on": later}, prefix=REVIEW)
    reviewing.version.data = current.plan.version if current else None
    deciding = deciding or ApprovalForm(None, prefix=DECIDE)
    deciding.version.data = waits.version if waits else None
    return render_template(
        "casefile/plan.html",
        page_title=_("Plan de %(name)s", name=present.name_of(person)),
        number=case.number,
        private=sealed,
        plans=[_plan_row(t, [g for g in goals if g.goal.plan_id == t.plan.id], tasks, today) for t in told],
        current=current.plan if current else None,
        waits=waits,
        own=bool(waits and waits.asked_by_id == who.user_id),
        decides=case.team_id in who.teams_as(*APPROVE.roles),
        making=making or PlanForm(None, data={"review_on": later}, prefix=PLAN),
        adding=adding,
        reviewing=reviewing,
        deciding=deciding,
        wrong=wrong,
    )


def _fill_needs(form: GoalForm, case: Case, sealed: bool) -> None:
    rows = [n for n in people.needs_of(case.id, open_only=True) if is_sealed("need_code", n.code) is sealed]
    none = [("", _("Elija…") if sealed else _("Ninguna en particular"))]
    form.need.choices = none + [(str(n.id), reference.label("need_code", n.code)) for n in rows]


def _plan_row(
    told: work.ToldPlan, goals: list[work.ToldGoal], tasks: list[work.ToldTask], today: date
) -> dict[str, Any]:
    row = told.plan
    return {
        "state": {"PROPOSED": _("Espera aprobación"), "ACTIVE": _("Aprobado"), "ENDED": _("Terminado")}[row.state],
        "kind": STATE_WORDS[row.state],
        "agreed": day(row.agreed_on),
        "agreed_with": reference.label("plan_agreed_with", row.agreed_with),
        "maker": told.maker,
        "approver": told.approver or "",
        "review": day(row.review_on) if row.state != "ENDED" else "",
        "ended": day(row.ended_on),
        "outcome": reference.label("plan_review_outcome", row.outcome) if row.outcome else "",
        "remark": told.approval.remark if told.approval and told.approval.state == "REFUSED" else "",
        "goals": [_goal_row(g, tasks, today) for g in goals],
    }  # fmt: skip


def _goal_row(told: work.ToldGoal, tasks: list[work.ToldTask], today: date) -> dict[str, Any]:
    goal = told.goal
    return {
        "id": goal.id,
        "words": goal.words or "",
        "need": reference.label("need_code", told.need.code) if told.need else "",
        "state": reference.label("goal_state", goal.state),
        "kind": {"OPEN": "info", "REACHED": "good", "DROPPED": "neutral"}[goal.state],
        "form": EndGoalForm(None, data={"version": goal.version}) if goal.state == "OPEN" else None,
        "steps": [task_row(t, today) for t in tasks if t.task.goal_id == goal.id],
    }
