"""Putting in a list of people: first checked without writing anything, then imported, with what is wrong by row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.models import Team
from caseapp.core import access, crypto, sheet
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.db import session
from caseapp.core.errors import NotPermitted
from caseapp.core.i18n import _
from caseapp.core.pages import csv_answer, paged
from caseapp.reception import queries
from caseapp.reception.access import IMPORT
from caseapp.reception.forms import MOST_MEGABYTES, GoOnForm, ImportForm
from caseapp.reception.models import ImportHeld, ImportRun
from caseapp.reception.rules.reasons import sentence
from caseapp.reception.rules.rows import COLUMNS
from caseapp.reception.service import runs
from caseapp.reception.views import blueprint

SHOWN_RUNS = 10
SHOWN_ALIKE = 100


def _form() -> tuple[ImportForm, list[Team]]:
    form = ImportForm()
    desks = queries.desks(access.current(), IMPORT)
    if not desks:
        raise NotPermitted
    teams = [team for team, _site in desks]
    form.timezone = desks[0][1].timezone
    form.team.choices = [(team.code, team.name) for team in teams]
    form.team.data = form.team.data or teams[0].code
    return form, teams


@blueprint.get("/people/import")
@needs(IMPORT)
def import_list() -> ResponseReturnValue:
    """Choose a file; the last imports of the desk."""
    form, _teams = _form()
    return _page(form)


@blueprint.post("/people/import")
@needs(IMPORT)
@commits
def put_in() -> ResponseReturnValue:
    """The file is kept encrypted and checked by the worker; nothing is imported yet."""
    form, teams = _form()
    valid = form.validate()
    content = form.content()
    if not valid or content is None:
        return _page(form), 422
    team = next(t for t in teams if t.code == form.team.data)
    run = runs.ask(team, content, form.file.data.filename or "")
    return redirect(url_for("reception.import_run", run_id=run.id))


def _page(form: ImportForm) -> str:
    last = session.scalars(queries.runs_of(access.current()).limit(SHOWN_RUNS)).all()
    waiting = queries.waiting(access.current()).order_by(None).subquery()
    return render_template(
        "reception/import.html",
        page_title=_("Importar una lista de personas"),
        form=form,
        several_teams=len(form.team.choices) > 1,
        columns=COLUMNS,
        timezone=form.timezone,
        most=MOST_MEGABYTES,
        runs=[{"run": run, "state": state_of(run)} for run in last],
        waiting=session.scalar(sa.select(sa.func.count()).select_from(waiting)) or 0,
    )


def state_of(run: ImportRun) -> tuple[str, str]:
    """Where a run stands, in words, with the tag's kind."""
    if run.state in ("WAITING", "RUNNING"):
        return (_("En espera"), "info") if run.state == "WAITING" else (_("En curso"), "info")
    if run.state == "FAILED":
        return _("Falló"), "urgent"
    if run.state == "REFUSED":
        return _("Con errores: no se importó nada"), "urgent"
    return (_("Revisada, sin importar"), "warning") if run.dry_run else (_("Importada"), "good")


@blueprint.get("/people/import/<uuid:run_id>")
@needs(IMPORT)
def import_run(run_id: UUID) -> ResponseReturnValue:
    """How far it is; then what became of the rows, and what is wrong with which."""
    return _run_page(queries.run_of(run_id, access.current()), GoOnForm())


@blueprint.post("/people/import/<uuid:run_id>")
@needs(IMPORT)
@commits
def go_on(run_id: UUID) -> ResponseReturnValue:
    """After the check: import the file."""
    run = queries.run_of(run_id, access.current(), lock=True)
    form = GoOnForm()
    if not form.validate() or (run.wrong and not form.skip_bad.data):
        form.skip_bad.errors = [
            _("Hay filas con errores. Marque esta casilla o corrija el archivo y súbalo de nuevo.")
        ]
        return _run_page(run, form), 422
    runs.go_on(run, skip_bad=bool(form.skip_bad.data))
    return redirect(url_for("reception.import_run", run_id=run.id))


@blueprint.post("/people/import/<uuid:run_id>/discard")
@needs(IMPORT)
@commits
def discard(run_id: UUID) -> ResponseReturnValue:
    """The file goes; nothing is imported."""
    runs.throw_away(queries.run_of(run_id, access.current(), lock=True))
    flash(_("El archivo se descartó. No se importó nada."), "good")
    return redirect(url_for("reception.import_list"))


def _run_page(run: ImportRun, form: GoOnForm) -> str:
    page = paged(queries.problems_of(run))
    held = session.scalar(
        sa.select(sa.func.count())
        .select_from(ImportHeld)
        .where(ImportHeld.run_id == run.id, ImportHeld.decided_at.is_(None))
    )
    if run.file_name_sealed is not None:
        crypto.load_keys([run.id])
    return render_template(
        "reception/import_run.html",
        page_title=_("Revisión de la lista") if run.dry_run else _("Importación de la lista"),
        run=run,
        state=state_of(run),
        running=run.ended_at is None,
        refusal=_refusal(run),
        counts=_counts(run),
        page=page,
        problems=[_problem(p) for p in page.rows],
        alike=[_problem(p) for p in session.scalars(queries.alike_of(run).limit(SHOWN_ALIKE))],
        may_go_on=runs.may_go_on(run) and not run.refusal,
        form=form,
        held=held,
    )


def _refusal(run: ImportRun) -> str:
    """Why the file as a whole was not taken, in words."""
    if not run.refusal:
        return ""
    if run.state == "FAILED":
        return _(
            "La importación se detuvo por un fallo. Lo ya importado se conserva; súbala de nuevo y seguirá donde quedó."
        )
    return str(sheet.Unreadable.sentence)


def _counts(run: ImportRun) -> list[dict[str, Any]]:
    created = _("Se importarían") if run.dry_run else _("Personas registradas")
    return [
        {"label": _("Filas"), "value": run.rows},
        {"label": created, "value": run.created if run.state != "REFUSED" else 0},
        {"label": _("Ya importadas antes"), "value": run.existing},
        {"label": _("Quedan fuera por errores"), "value": run.skipped},
        {"label": _("Esperan una decisión por posible duplicado"), "value": run.duplicates},
        {"label": _("Errores"), "value": run.wrong},
    ]


def _problem(problem: Any) -> dict[str, Any]:
    return {
        "row": problem.row,
        "column": problem.column_name,
        "reason": sentence(problem.reason, problem.facts),
    }


@blueprint.get("/people/import/<uuid:run_id>/problems.csv")
@needs(IMPORT)
def problems_csv(run_id: UUID) -> ResponseReturnValue:
    """Row, column and reason as a file that no spreadsheet executes."""
    run = queries.run_of(run_id, access.current())

    def rows() -> Iterator[tuple[int, str, str]]:
        for problem in session.scalars(queries.problems_of(run)):
            said = _problem(problem)
            yield said["row"], said["column"], said["reason"]

    return csv_answer("problems.csv", ("row", "column", "reason"), rows())
