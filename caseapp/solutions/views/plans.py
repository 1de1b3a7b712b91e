"""`/cases/<number>/solutions`: plans agreed with the person, and the steps that each reached."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import access, audit, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, NotYours, Refused
from caseapp.core.i18n import _
from caseapp.core.pages import day
from caseapp.people import present
from caseapp.people import queries as people
from caseapp.people.inputs import date_data
from caseapp.people.models import Case
from caseapp.solutions import queries, rules, service
from caseapp.solutions.access import READ, WRITE
from caseapp.solutions.forms import PlanForm, step_form
from caseapp.solutions.models import SolutionPlan, SolutionStep

blueprint = Blueprint("solutions", __name__)
NEW = "new-"


@blueprint.get("/cases/<number>/solutions")
@needs(READ)
@records_view
def show(number: str) -> ResponseReturnValue:
    """The plans of a person."""
    case = people.owned_case(number, access.current(), READ)
    audit.record("viewed", "case", case.id)
    return _page(case)


@blueprint.post("/cases/<number>/solutions")
@needs(WRITE)
@commits
def plan(number: str) -> ResponseReturnValue:
    """Agree on a plan."""
    case = people.owned_case(number, access.current(), WRITE)
    form = PlanForm(prefix=NEW)

    def verb(on: date) -> None:
        service.plan(case, pathway=form.pathway.data, on=on)

    return _tried(case, form, verb, _("Plan acordado."), planning=form)


@blueprint.post("/cases/<number>/solutions/<uuid:plan_id>")
@needs(WRITE)
@commits
def step(number: str, plan_id: UUID) -> ResponseReturnValue:
    """A plan reached its next step."""
    case = people.owned_case(number, access.current(), WRITE)
    made = _plan(case, plan_id)
    reached = session.scalars(sa.select(SolutionStep.step).where(SolutionStep.plan_id == made.id)).all()
    form = step_form(rules.next_steps(reached), prefix=_prefix(made.id))

    def verb(on: date) -> None:
        service.step(case, made, step=form.step.data, on=on, version=form.read_version())

    return _tried(case, form, verb, _("Paso anotado."), stepping=(made.id, form))


def _tried(
    case: Case, form: Any, verb: Callable[[date], Any], done: str, **forms: Any
) -> ResponseReturnValue:
    """Run a verb with the form's date; what is refused comes back beside what was typed."""
    if not form.validate():
        return _page(case, **forms), 422
    try:
        on = form.on.form.value()
        if on is None:
            raise ValueError
        with session.begin_nested():
            verb(on)
    except ValueError:
        form.on.form.day.errors = [_("Escriba día, mes y año, por ejemplo 07 03 2025.")]
        return _page(case, **forms), 422
    except Refused as error:
        if error.field == "on":
            form.on.form.day.errors = [str(error)]
        else:
            form.refused(error)
        if isinstance(error, ChangedMeanwhile):
            session.expire_all()
        return _page(case, **forms), error.status
    flash(done, "good")
    return redirect(url_for("solutions.show", number=case.number))


def _prefix(plan_id: UUID) -> str:
    """Each plan has a form of its own on the page."""
    return f"plan-{plan_id.hex}-"


def _plan(case: Case, plan_id: UUID) -> SolutionPlan:
    row = session.scalars(
        sa.select(SolutionPlan)
        .where(SolutionPlan.id == plan_id, SolutionPlan.case_id == case.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotYours
    return row


def _page(case: Case, *, planning: Any = None, stepping: tuple[UUID, Any] | None = None) -> str:
    today = people.today_of(case)
    return render_template(
        "solutions/show.html",
        page_title=_("Soluciones para %(name)s", name=present.name_of(people.person_of(case))),
        number=case.number,
        plans=[_row(made, steps, today, stepping) for made, steps in queries.for_case(case.id)],
        planning=planning or PlanForm(None, data={"on": date_data(today)}, prefix=NEW),
        wrong=stepping[1] if stepping else None,
    )


def _row(
    made: SolutionPlan, steps: list[SolutionStep], today: date, stepping: tuple[UUID, Any] | None
) -> dict[str, Any]:
    following = rules.next_steps([s.step for s in steps]) if made.ended_on is None else frozenset()
    form = stepping[1] if stepping and stepping[0] == made.id else None
    if form is not None:
        form.version.data = made.version
    if form is None and following:
        form = step_form(
            following, None, data={"version": made.version, "on": date_data(today)}, prefix=_prefix(made.id)
        )
    return {
        "id": made.id,
        "pathway": reference.label("solution_pathway", made.pathway),
        "agreed": day(made.agreed_on),
        "ended": day(made.ended_on),
        "steps": [
            {"label": reference.label("solution_step", s.step), "on": day(s.reached_on)} for s in steps
        ],
        "form": form if following else None,
    }
