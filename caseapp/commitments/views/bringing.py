"""`/commitments/import`: a matrix from a file, whole or not at all; its scores are confirmed by another person."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.commitments import forms, matrix_file
from caseapp.commitments.access import EDIT, REVIEW
from caseapp.commitments.service import importing, scoring
from caseapp.commitments.views import blueprint
from caseapp.core import access
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.errors import Refused
from caseapp.core.i18n import _
from caseapp.core.pages import csv_answer


@blueprint.route("/commitments/import", methods=["GET", "POST"])
@needs(EDIT)
@commits
def bring() -> ResponseReturnValue:
    """Read a matrix: look first, or save."""
    form = forms.ImportForm()
    if request.method == "GET":
        return _page(form, None)
    sent = request.files.get("file")
    if not form.validate_on_submit() or not sent:
        form.refused(matrix_file.NotAMatrix())
        return _page(form, None, 422)
    dry = "yes" in (form.dry_run.data or [])
    try:
        report = importing.take_in(
            sent.read(), file_name=sent.filename or "matriz", by=access.current(), dry_run=dry
        )
    except Refused as error:
        form.refused(error)
        return _page(form, None, error.status)
    if report.errors:
        return _page(form, report, 422)
    if not dry and report.created:
        flash(
            _("Entraron %(n)s compromisos. Sus calificaciones esperan a otra persona.", n=report.created),
            "good",
        )
        return redirect(url_for("commitments.matrix"))
    return _page(form, report)


def _page(form: forms.ImportForm, report: importing.Report | None, status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "commitments/bring.html", page_title=_("Importar una matriz"), form=form, report=report, columns=matrix_file.COLUMNS,
        needed=matrix_file.NEEDED,
    )  # fmt: skip
    return page, status


@blueprint.get("/commitments/template.csv")
@needs(EDIT)
def template() -> ResponseReturnValue:
    """An empty matrix with its columns."""
    return csv_answer("compromisos.csv", matrix_file.COLUMNS, [])


@blueprint.post("/commitments/imports/<uuid:import_id>/confirm")
@needs(REVIEW)
@commits
def confirm_import(import_id: UUID) -> ResponseReturnValue:
    """Confirm every score of an import that waits."""
    try:
        count = scoring.confirm_import(import_id, by=access.current())
    except scoring.rules.SamePerson as error:
        flash(str(error), "warning")
        return redirect(url_for("commitments.matrix"))
    flash(_("Se confirmaron %(n)s calificaciones.", n=count), "good")
    return redirect(url_for("commitments.matrix"))
