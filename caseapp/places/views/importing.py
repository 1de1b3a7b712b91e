"""Putting in a file for the directory: first looked at without writing, then taken in, with what becomes of each row."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import access, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.errors import Refused
from caseapp.core.forms import Form
from caseapp.core.i18n import _
from caseapp.core.pages import csv_answer
from caseapp.places import present, reported
from caseapp.places.access import KEEP
from caseapp.places.exchange import template
from caseapp.places.forms import TEMPLATE, ImportForm
from caseapp.places.models import DirectoryImport
from caseapp.places.service import runs
from caseapp.places.views import blueprint

SHOWN = 300


def _form() -> ImportForm:
    form = ImportForm()
    own = runs.countries_of(access.current())
    form.country.choices = [(c, reference.country_label(c)) for c in own]
    form.map_name.choices = [
        (TEMPLATE, _("Es la tabla de esta página (CSV)")), ("", _("Es un paquete HSDS (ZIP)")), *((name, source) for name, source in runs.maps(own).items()),
        ("OWN", _("Otro mapa, que subo aquí")),
    ]  # fmt: skip
    return form


@blueprint.get("/directory/import")
@needs(KEEP)
def import_list() -> ResponseReturnValue:
    """Choose a file and how it is read; one's last files."""
    return _list(_form())


@blueprint.post("/directory/import")
@needs(KEEP)
@commits
def put_in() -> ResponseReturnValue:
    """Keep the file to be looked at; nothing is written."""
    form = _form()
    if not form.validate():
        return _list(form), 422
    try:
        content = form.content(runs.MOST_MEGABYTES)
        run = runs.ask(
            content,
            form.file.data.filename or "",
            country=form.country.data,
            map_text=runs.map_of_template(content, form.country.data)
            if form.map_name.data == TEMPLATE
            else form.map_text(runs.MAPS),
        )
    except Refused as error:
        form.refused(error)
        return _list(form), error.status
    return redirect(url_for("places.import_run", run_id=run.id))


def _list(form: ImportForm) -> str:
    return render_template(
        "places/import.html", page_title=_("Importar al directorio"), form=form,
        runs=[{"run": run, "state": state_of(run)} for run in runs.last()],
        columns=[
            {"title": c.title, "what": c.what, "example": c.example, "needed": c.needed} for c in template.COLUMNS
        ],
        kinds=[c.label() for c in template.kinds()], methods=[c.label() for c in template.methods()],
    )  # fmt: skip


@blueprint.get("/directory/import/table.csv")
@needs(KEEP)
def import_table() -> ResponseReturnValue:
    """The table to fill in: only its head."""
    return csv_answer(_("directorio.csv"), template.head(), [])


@blueprint.get("/directory/import/map.yml")
@needs(KEEP)
def import_map() -> ResponseReturnValue:
    """The map that reads it, of the first country that is kept, to begin one's own from."""
    asked, own = request.args.get("country", ""), runs.countries_of(access.current())
    country = asked if asked in own else own[0]
    answer = Response(template.map_text(country, runs.zone_of(country)), mimetype="application/yaml")
    answer.headers["Content-Disposition"] = f'attachment; filename="map-{country.lower()}.yml"'
    return answer


def state_of(run: DirectoryImport) -> tuple[str, str]:
    """Where a file stands, in words, with the tag's kind."""
    if run.state in ("WAITING", "RUNNING"):
        return (_("En espera"), "info") if run.state == "WAITING" else (_("En curso"), "info")
    if run.state == "FAILED":
        return _("Falló"), "urgent"
    return (_("Revisado, sin importar"), "warning") if run.dry_run else (_("Importado"), "good")


@blueprint.get("/directory/import/<uuid:run_id>")
@needs(KEEP)
def import_run(run_id: UUID) -> ResponseReturnValue:
    """How far it is; then what becomes of the rows."""
    return _run(runs.run_of(run_id), Form())


@blueprint.post("/directory/import/<uuid:run_id>")
@needs(KEEP)
@commits
def go_on(run_id: UUID) -> ResponseReturnValue:
    """After the look: take it in."""
    run, form = runs.run_of(run_id, lock=True), Form()
    try:
        runs.go_on(run)
    except Refused as error:
        form.refused(error)
        return _run(run, form), error.status
    return redirect(url_for("places.import_run", run_id=run.id))


def _run(run: DirectoryImport, form: Form) -> str:
    counts = run.counts or {}
    words = (
        ("rows", _("Filas")), ("created", _("Se agregarían") if run.dry_run else _("Agregadas")),
        ("existing", _("Ya estaban")), ("updated", _("De ellas, cambiarían") if run.dry_run else _("De ellas, cambiadas")),
        ("kept", _("De ellas, distintas en el archivo y confirmadas aquí después: no se tocan")),
        ("duplicates", _("Repetidas en el archivo")), ("skipped", _("Quedan fuera")),
    )  # fmt: skip
    return render_template(
        "places/import_run.html", page_title=_("Revisión del archivo") if run.dry_run else _("Importación al directorio"),
        run=run, state=state_of(run), running=run.ended_at is None, form=form, may_go_on=runs.may_go_on(run),
        counts=[{"label": label, "value": counts.get(name, 0)} for name, label in words],
        changes=[_line(one) for one in run.lines if one["act"] in ("UPDATED", "KEPT")][:SHOWN],
        problems=[_line(one) for one in run.lines if one["act"] in ("WRONG", "LEFT")][:SHOWN],
        more=max(0, len(run.lines) - SHOWN),
    )  # fmt: skip


def _line(one: dict[str, Any]) -> dict[str, Any]:
    """A line of the report, in words."""
    words = {
        "UPDATED": _("cambia"), "KEPT": _("no se toca: se confirmó aquí después"), "WRONG": _("fuera"),
        "LEFT": _("valor sin tomar"),
    }  # fmt: skip
    said = present.part_texts(one["parts"]) if "parts" in one else reported.said(one["why"])
    return {"row": one["row"] or "–", "what": one["what"], "act": words[one["act"]], "said": said}
