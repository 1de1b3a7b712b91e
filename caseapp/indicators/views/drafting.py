"""The form in which a steward drafts a version. What it changes, and publishing it, is on a page of `publication`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import access
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.errors import ChangedMeanwhile, NotYours
from caseapp.core.i18n import _
from caseapp.indicators import cubes
from caseapp.indicators.access import DRAFT, countries_as
from caseapp.indicators.drafts import forms, queries, rules, service
from caseapp.indicators.models import Definition, State
from caseapp.indicators.views import blueprint
from caseapp.indicators.views.reading import own_country


@blueprint.post("/indicators/<code>/draft")
@needs(DRAFT)
@commits
def begin(code: str) -> ResponseReturnValue:
    """Begin a draft from the version in force."""
    row = service.begin(code, own_country(), by=access.current())
    return redirect(url_for("indicators.edit", definition_id=row.id))


def _writable(definition_id: UUID) -> Definition:
    """A draft of one's own country, not waiting for a decision."""
    row = queries.draft(access.current(), definition_id)
    if row.country not in countries_as(access.current(), *DRAFT.roles):
        raise NotYours
    if row.state != State.DRAFT.value:
        raise rules.NotDraft
    return row


@blueprint.route("/indicators/drafts/<uuid:definition_id>/edit", methods=["GET", "POST"])
@needs(DRAFT)
@commits
def edit(definition_id: UUID) -> ResponseReturnValue:
    """Write a draft; saving leads to what it would change. Nothing typed is lost by a refusal."""
    row = _writable(definition_id)
    if request.method == "GET":
        domain = cubes.domains()[row.entry["domain"]]
        typed = {**forms.typed_of(row.entry), "version": str(row.version)}
        return _page(row, forms.of_domain(domain)(data=typed))
    wanted = request.form.get("domain", "")
    domain = cubes.domains().get(wanted) or cubes.domains()[row.entry["domain"]]
    form = forms.of_domain(domain)()
    if "again" in request.form or wanted != request.form.get("domain_shown"):
        form.domain_shown.data = domain.name
        flash(_("Elija ahora entre lo que tiene este conjunto de hechos. Aún no se guardó nada."), "info")
        return _page(row, form)
    return _save(row, form)


def _save(row: Definition, form: forms.DraftForm) -> ResponseReturnValue:
    form.validate()
    entry = form.entry(row.entry["pillar"])
    for problem in rules.problems(row.code, entry):
        form.tell(problem)
    if form.errors:
        return _page(row, form, 422)
    try:
        service.save(row.id, entry, version=form.read_version(), by=access.current())
    except ChangedMeanwhile as error:
        compared = _compared(forms.typed_of(entry), forms.typed_of(row.entry), form)
        form.version.data = str(row.version)
        form.refused(error)
        return _page(row, form, error.status, compared)
    flash(_("Borrador guardado. Vea abajo qué cambiaría."), "good")
    return redirect(url_for("publication.definition", definition_id=row.id))


def _compared(typed: dict[str, Any], saved: dict[str, Any], form: forms.DraftForm) -> list[dict[str, str]]:
    """What was typed beside what is saved now, where they differ."""

    def said(value: Any) -> str:
        return ", ".join(value) if isinstance(value, list) else str(value or "")

    return [
        {"label": str(form[name].label.text), "yours": said(typed.get(name)), "saved": said(saved.get(name))}
        for name in {**typed, **saved}
        if name in form and said(typed.get(name)) != said(saved.get(name))
    ]


def _page(
    row: Definition, form: forms.DraftForm, status: int = 200, compared: list[dict[str, str]] | None = None
) -> ResponseReturnValue:
    domain = form.of_which
    page = render_template(
        "indicators/edit.html", page_title=_("Versión nueva de %(code)s", code=row.code), row=row, form=form,
        domain=domain, texts=list(forms.TEXTS), compared=compared or [],
    )  # fmt: skip
    return page, status


@blueprint.route("/indicators/drafts/<uuid:definition_id>/discard", methods=["GET", "POST"])
@needs(DRAFT)
@commits
def discard(definition_id: UUID) -> ResponseReturnValue:
    """Throw a draft away, after a page that says so."""
    row = _writable(definition_id)
    if request.method == "POST":
        service.discard(definition_id, by=access.current())
        flash(_("El borrador se descartó. La definición en vigor no cambió."), "info")
        return redirect(url_for("indicators.show", code=row.code))
    return render_template(
        "layout/confirm.html", page_title=_("Descartar el borrador de %(code)s", code=row.code),
        happens=[_("Lo escrito en el borrador se pierde."), _("La definición en vigor y lo publicado no cambian.")],
        confirm_label=_("Descartar borrador"), back_url=url_for("publication.definition", definition_id=row.id),
    )  # fmt: skip
