"""`/cases/<number>/solutions`: plans agreed with the person, the steps that each reached, and those of a return.
Sealed pathways stand on a private page of their own."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import access, audit, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.i18n import _
from caseapp.core.pages import day
from caseapp.people import present
from caseapp.people import queries as people
from caseapp.people.inputs import date_data
from caseapp.people.models import Case
from caseapp.solutions import queries, rules, service
from caseapp.solutions.access import READ, WRITE
from caseapp.solutions.forms import PlanForm, ReturnStepForm, SealedPlanForm, offering, step_form
from caseapp.solutions.models import SolutionPlan
from caseapp.solutions.views import blueprint
from caseapp.solutions.views.trying import locked, tried

NEW = "new-"
SEALED = ("PTA",)


@blueprint.get("/cases/<number>/solutions")
@needs(READ)
@records_view
def show(number: str) -> ResponseReturnValue:
    """The plans of a person."""
    case = people.owned_case(number, access.current(), READ)
    audit.record("viewed", "case", case.id)
    return _page(case)


@blueprint.get("/cases/<number>/private/solutions")
@needs(READ)
@records_view
def private(number: str) -> ResponseReturnValue:
    """The sealed plans of a person."""
    case = people.owned_case(number, access.current(), READ)
    audit.record("viewed", "case", case.id, "PRIVATE")
    return _page(case, sealed=True)


@blueprint.post("/cases/<number>/solutions")
@needs(WRITE)
@commits
def plan(number: str) -> ResponseReturnValue:
    """Agree on a plan."""
    return _agree(people.owned_case(number, access.current(), WRITE), PlanForm(prefix=NEW), sealed=False)


@blueprint.post("/cases/<number>/private/solutions")
@needs(WRITE)
@commits
def private_plan(number: str) -> ResponseReturnValue:
    """Agree on a sealed plan."""
    return _agree(people.owned_case(number, access.current(), WRITE), SealedPlanForm(prefix=NEW), sealed=True)


def _agree(case: Case, form: PlanForm, *, sealed: bool) -> ResponseReturnValue:
    def verb(on: date) -> None:
        service.plan(
            case, pathway=form.pathway.data, on=on, category=form.category.data or None,
            second_category=form.second_category.data or None, priority=form.priority.data or None,
        )  # fmt: skip

    return tried(
        form, verb, _("Plan acordado."), back=_here(case, sealed),
        page=lambda: _page(case, planning=form, sealed=sealed),
    )  # fmt: skip


@blueprint.post("/cases/<number>/solutions/<uuid:plan_id>")
@needs(WRITE)
@commits
def step(number: str, plan_id: UUID) -> ResponseReturnValue:
    """A plan reached its next step."""
    case = people.owned_case(number, access.current(), WRITE)
    made = locked(case, SolutionPlan, plan_id)
    form = step_form(_following(made, list(service.reached(made))), prefix=_prefix(made.id))
    reason = form.reason.data or None if "reason" in form else None

    def verb(on: date) -> None:
        service.step(case, made, step=form.step.data, on=on, reason=reason, version=form.read_version())

    sealed = made.pathway in SEALED
    return tried(
        form, verb, _("Paso anotado."), back=_here(case, sealed),
        page=lambda: _page(case, wrong={made.id: form}, sealed=sealed),
    )  # fmt: skip


@blueprint.post("/cases/<number>/solutions/<uuid:plan_id>/return")
@needs(WRITE)
@commits
def return_step(number: str, plan_id: UUID) -> ResponseReturnValue:
    """A voluntary return reached its next step."""
    case = people.owned_case(number, access.current(), WRITE)
    made = locked(case, SolutionPlan, plan_id)
    form = ReturnStepForm(prefix=_return_prefix(made.id))
    offering(form, "return_step", rules.return_steps(queries.returned(case.id).get(made.id, {})))

    def verb(on: date) -> None:
        service.return_step(case, made, step=form.step.data, on=on, version=form.read_version())

    return tried(
        form, verb, _("Paso del retorno anotado."), back=_here(case, False),
        page=lambda: _page(case, returning={made.id: form}),
    )  # fmt: skip


def _here(case: Case, sealed: bool) -> str:
    return url_for("solutions.private" if sealed else "solutions.show", number=case.number)


def _prefix(plan_id: UUID) -> str:
    """Each plan has a form of its own on the page."""
    return f"plan-{plan_id.hex}-"


def _return_prefix(plan_id: UUID) -> str:
    return f"return-{plan_id.hex}-"


def _following(made: SolutionPlan, reached: list[str]) -> frozenset[str]:
    """Steps that may be chosen: those of a return come with its own steps."""
    if made.ended_on is not None:
        return frozenset()
    following = rules.next_steps(reached)
    return following - set(rules.PLAN_STEP_OF.values()) if made.pathway == "VOLUNTARY_RETURN" else following


def _page(
    case: Case, *, planning: Any = None, wrong: Any = None, returning: Any = None, sealed: bool = False
) -> str:
    today = people.today_of(case)
    blank = {"on": date_data(today)}
    form_class = SealedPlanForm if sealed else PlanForm
    returned = queries.returned(case.id)
    return render_template(
        "solutions/show.html",
        page_title=_("Soluciones para %(name)s", name=present.name_of(people.person_of(case))),
        number=case.number,
        private=sealed,
        here=request.path,
        plans=[
            _row(made, steps, returned.get(made.id, {}), blank, wrong or {}, returning or {})
            for made, steps in queries.for_case(case.id)
            if (made.pathway in SEALED) is sealed
        ],
        planning=planning or form_class(None, data=blank, prefix=NEW),
        wrong=[*(wrong or {}).values(), *(returning or {}).values()],
    )


def _row(
    made: SolutionPlan, steps: Any, returned: dict[str, date], blank: dict[str, Any], wrong: Any, returning: Any
) -> dict[str, Any]:  # fmt: skip
    following = _following(made, [s.step for s in steps])
    data = {**blank, "version": made.version}
    form, back = wrong.get(made.id), returning.get(made.id)
    for typed in (form, back):
        if typed is not None:
            typed.version.data = made.version
    if form is None and following:
        form = step_form(following, None, data=data, prefix=_prefix(made.id))
    home = made.pathway == "VOLUNTARY_RETURN"
    next_back = rules.return_steps(returned) if home and made.ended_on is None else frozenset()
    if back is None and next_back:
        back = offering(
            ReturnStepForm(None, data=data, prefix=_return_prefix(made.id)), "return_step", next_back
        )
    return {
        "id": made.id,
        "pathway": reference.label("solution_pathway", made.pathway),
        "details": _details(made),
        "agreed": day(made.agreed_on),
        "ended": day(made.ended_on),
        "steps": [
            {
                "label": reference.label("solution_step", s.step),
                "on": day(s.reached_on),
                "why": reference.label("solution_fail_reason", s.reason) if s.reason else "",
            }
            for s in steps
        ],
        "home": home,
        "returned": [
            {"label": reference.label("return_step", s), "on": day(on)} for s, on in returned.items()
        ],
        "form": form if following else None,
        "back": back if next_back else None,
    }


def _details(made: SolutionPlan) -> list[str]:
    lists = (("category", "resettlement_category"), ("second_category", "resettlement_category"))
    found = [reference.label(name, value) for field, name in lists if (value := getattr(made, field))]
    if made.priority:
        word = reference.label("resettlement_priority", made.priority)
        found.append(_("prioridad %(word)s", word=word.lower()))
    return found
