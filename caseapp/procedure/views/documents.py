"""Documents that an authority gives: write one down, renew it."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue

from caseapp.core import access, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.i18n import _
from caseapp.people import queries as people
from caseapp.people.inputs import date_data
from caseapp.procedure import queries, rules, service
from caseapp.procedure.access import WRITE
from caseapp.procedure.forms import IssueForm, RenewForm
from caseapp.procedure.views import blueprint
from caseapp.procedure.views.trying import claim_href, page, tried


@blueprint.route("/cases/<number>/documents/new", methods=["GET", "POST"])
@needs(WRITE)
@commits
def issue(number: str) -> ResponseReturnValue:
    """The person was given a document."""
    case = people.owned_case(number, access.current(), WRITE)
    posted = request.form if request.method == "POST" else None
    form = IssueForm(posted, data={"on": date_data(people.today_of(case))})
    form.offer(rules.issued_in(case.country))
    back = claim_href(case, sealed=False)

    def again() -> str:
        return page(
            case, _("Anotar un documento emitido"), form, _("Anotar documento"), back,
            lead=_("Si no dice hasta cuándo vale y el país lo fija, se anota solo."),
            on=_("Fecha en que se emitió"), valid_to=_("Vale hasta (si lo dice)"),
        )  # fmt: skip

    if posted is None:
        return again()

    def verb(on: date) -> None:
        service.issue(
            case, form.document_type.data, on=on, number=form.number.data or "",
            valid_to=form.valid_to.form.value(), claim=queries.open_for(case.id),
        )  # fmt: skip

    return tried(form, verb, again, _("Documento anotado."), back)


@blueprint.route("/cases/<number>/documents/<uuid:document_id>/renew", methods=["GET", "POST"])
@needs(WRITE)
@commits
def renew(number: str, document_id: UUID) -> ResponseReturnValue:
    """A document was renewed."""
    case = people.owned_case(number, access.current(), WRITE)
    row = queries.document_of(case.id, document_id)
    posted = request.form if request.method == "POST" else None
    form = RenewForm(posted, data={"on": date_data(people.today_of(case)), "version": row.version})
    back = claim_href(case, sealed=False)
    title = _("Renovar: %(document)s", document=reference.label("document_type", row.document_type))

    def again() -> str:
        form.version.data = row.version
        return page(
            case, title, form, _("Anotar renovación"), back,
            on=_("Fecha de la renovación"), valid_to=_("Vale hasta (si lo dice)"),
        )  # fmt: skip

    if posted is None:
        return again()

    def verb(on: date) -> None:
        service.renew(case, row, on=on, valid_to=form.valid_to.form.value(), version=form.read_version())

    return tried(form, verb, again, _("Renovación anotada."), back)
