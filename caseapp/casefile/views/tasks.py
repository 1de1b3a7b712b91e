"""`/cases/<number>/tasks`: what is to be done by when and by whom; given to another, or done with an outcome. Steps for what is
reserved stand on `/cases/<number>/private/tasks` alone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.queries import users_of
from caseapp.casefile import service
from caseapp.casefile.access import WORK
from caseapp.casefile.forms import DateWrong, FinishForm, ReassignForm, TaskForm, day_of
from caseapp.casefile.models import CaseTask
from caseapp.casefile.queries import work
from caseapp.casefile.service.tasks import WORKERS
from caseapp.casefile.views import blueprint
from caseapp.casefile.views.rows import row_of
from caseapp.core import access, audit, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.i18n import _
from caseapp.core.pages import day
from caseapp.core.trying import tried
from caseapp.people import present
from caseapp.people import queries as people
from caseapp.people.inputs import date_data
from caseapp.people.models import Case

NEW = "task-"
#: What is proposed as the day by which a task is done.
SOON = timedelta(days=3)


@blueprint.get("/cases/<number>/tasks")
@needs(WORK)
@records_view
def tasks(number: str) -> ResponseReturnValue:
    """The tasks of a file."""
    case = people.owned_case(number, access.current(), WORK)
    audit.record("viewed", "case", case.id)
    return _page(case)


@blueprint.get("/cases/<number>/private/tasks")
@needs(WORK)
@records_view
def private_tasks(number: str) -> ResponseReturnValue:
    """The sealed tasks, for those who hold the file. The page is there for every file."""
    case = people.owned_case(number, access.current(), WORK)
    audit.record("viewed", "case", case.id, "PRIVATE")
    return _page(case, sealed=True)


@blueprint.post("/cases/<number>/tasks")
@needs(WORK)
@commits
def set_task(number: str) -> ResponseReturnValue:
    """Something is to be done by a day."""
    case = people.owned_case(number, access.current(), WORK)
    form = TaskForm(prefix=NEW)
    _fill(form, case)

    def verb() -> None:
        due_on = day_of(form, "due_on")
        if due_on is None:
            raise DateWrong(field="due_on")
        goal = next((g.goal for g in _goals(case) if str(g.goal.id) == form.goal.data), None)
        service.set_task(
            case, kind=form.kind.data, words=form.words.data or "", due_on=due_on, doer=form.doer.data, goal=goal,
            assigned_to=UUID(form.assigned_to.data) if form.assigned_to.data else None,
        )  # fmt: skip

    return tried(form, verb, again=lambda: _page(case, adding=form), done=_("Tarea anotada."), to=_to(case))


@blueprint.post("/cases/<number>/tasks/<uuid:task_id>/assign")
@needs(WORK)
@commits
def reassign_task(number: str, task_id: UUID) -> ResponseReturnValue:
    """Somebody else of the team does it."""
    case = people.owned_case(number, access.current(), WORK)
    row: CaseTask = row_of(CaseTask, task_id, case.id)
    form = ReassignForm()
    form.assigned_to.choices = _workers(case)

    def verb() -> None:
        to = UUID(form.assigned_to.data) if form.assigned_to.data else None
        service.reassign_task(case, row, to=to, version=form.read_version())

    return tried(
        form, verb, again=lambda: _page(case, sealed=row.sealed, wrong=form), done=_("Tarea reasignada."), to=_to(case, row.sealed)
    )  # fmt: skip


@blueprint.post("/cases/<number>/tasks/<uuid:task_id>/finish")
@needs(WORK)
@commits
def finish_task(number: str, task_id: UUID) -> ResponseReturnValue:
    """The task is over, with what came of it."""
    case = people.owned_case(number, access.current(), WORK)
    row: CaseTask = row_of(CaseTask, task_id, case.id)
    form = FinishForm()

    def verb() -> None:
        service.finish_task(case, row, outcome=form.outcome.data, version=form.read_version())

    return tried(
        form, verb, again=lambda: _page(case, sealed=row.sealed, wrong=form), done=_("Tarea cerrada."), to=_to(case, row.sealed)
    )  # fmt: skip


def _to(case: Case, sealed: bool = False) -> str:
    return url_for("casefile.private_tasks" if sealed else "casefile.tasks", number=case.number)


def _goals(case: Case) -> list[work.ToldGoal]:
    return [g for g in work.goals_told(case.id, sealed=False) if g.goal.state == "OPEN"]


def _workers(case: Case) -> list[tuple[str, str]]:
    return [("", _("Nadie todavía")), *((str(u.id), u.name) for u in users_of(case.team_id, *WORKERS))]


def _fill(form: TaskForm, case: Case) -> None:
    form.assigned_to.choices = _workers(case)
    goals = [(str(g.goal.id), (g.goal.words or "")[:80]) for g in _goals(case)]
    form.goal.choices = [("", _("Ninguna en particular")), *goals]


def _page(case: Case, *, sealed: bool = False, adding: Any = None, wrong: Any = None) -> str:
    today = people.today_of(case)
    told = work.tasks_of(case.id, sealed=sealed)
    data = {"due_on": date_data(today + SOON), "assigned_to": str(access.current().user_id)}
    adding = adding or TaskForm(None, data=data, prefix=NEW)
    _fill(adding, case)
    workers = adding.assigned_to.choices
    return render_template(
        "casefile/tasks.html",
        page_title=_("Tareas de %(name)s", name=present.name_of(people.person_of(case))),
        number=case.number,
        private=sealed,
        open=[_open_row(t, workers, today) for t in told if t.task.is_open],
        done=[task_row(t, today) for t in told if not t.task.is_open],
        adding=adding,
        wrong=wrong,
    )


def _open_row(told: work.ToldTask, workers: list[tuple[str, str]], today: date) -> dict[str, Any]:
    task = told.task
    giving = ReassignForm(
        None, data={"version": task.version, "assigned_to": str(task.assigned_to_id or "")}, prefix=""
    )
    giving.assigned_to.choices = workers
    ending = FinishForm(None, data={"version": task.version})
    for form in (giving, ending):
        for field in form:
            field.id = f"{field.id}-{task.id}"
            field.label.field_id = field.id
    return {**task_row(told, today), "giving": giving if task.doer == "TEAM" else None, "ending": ending}


def task_row(told: work.ToldTask, today: date) -> dict[str, Any]:
    """A task in words."""
    task = told.task
    late = task.is_open and task.due_on < today
    return {
        "id": task.id,
        "kind": reference.label("task_kind", task.kind),
        "words": task.words or "",
        "due": day(task.due_on),
        "late": late,
        "done": day(task.done_on),
        "outcome": reference.label("task_outcome", task.outcome) if task.outcome else "",
        "who": reference.label("task_doer", "PERSON") if task.doer == "PERSON" else told.assignee or _("nadie todavía"),
    }  # fmt: skip
