"""`/audit/file`: an auditor says a number and why, and sees who opened that file and when. Never a name of whom it
is about; the asking is written down with its ground."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from wtforms import StringField
from wtforms.validators import Length

from caseapp.accounts.queries import timezone_of
from caseapp.accounts.rules import act_kind
from caseapp.accounts.views.jobs import kind_label
from caseapp.casefile.access import AUDIT_FILE
from caseapp.casefile.auditing import queries
from caseapp.casefile.views import blueprint
from caseapp.core import access, audit
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.forms import CodeField, Form, required
from caseapp.core.i18n import _, _l
from caseapp.core.pages import moment, nav

nav(30, _l("Quién miró un expediente"), "casefile.audit_file", AUDIT_FILE, whole_area=False)


class AuditFileForm(Form):
    number = StringField(
        _l("Número del expediente"),
        validators=[required(_l("Escriba el número del expediente.")), Length(max=20)],
    )
    ground = CodeField(
        _l("Por qué lo pregunta"), list_name="audit_ground", only=queries.GROUNDS,
        validators=[required(_l("Elija por qué lo pregunta."))],
    )  # fmt: skip


@blueprint.get("/audit/file")
@needs(AUDIT_FILE)
def audit_file() -> ResponseReturnValue:
    """The form."""
    return _page(AuditFileForm())


@blueprint.post("/audit/file")
@needs(AUDIT_FILE)
@commits
def show_audit_of_file() -> ResponseReturnValue:
    """Who opened it; that this was asked, and on what ground, is a row of the same list."""
    form = AuditFileForm()
    if not form.validate():
        return _page(form), 422
    case_id = queries.file_called(form.number.data or "")
    if case_id is None:
        form.number.errors = [_("No hay un expediente con ese número en su ámbito.")]
        audit.record("audited", "case", None, form.ground.data)
        return _page(form), 422
    rows = queries.looks_at(case_id)
    audit.record("audited", "case", case_id, form.ground.data)
    return _page(form, rows)


def _page(form: AuditFileForm, found: list[queries.Looked] | None = None) -> str:
    zone = timezone_of(access.current().grants[0].team_id)
    rows: list[dict[str, Any]] | None = None
    if found is not None:
        rows = [
            {"at": moment(f.row.at, zone), "who": f.who or f.row.actor, "act": kind_label(act_kind(f.row.act)),
             "code": f.row.act, "detail": f.row.detail or ""}
            for f in found
        ]  # fmt: skip
    return render_template(
        "casefile/auditing/file.html",
        page_title=_("Quién miró un expediente"),
        form=form,
        rows=rows,
        most=queries.MOST,
    )
