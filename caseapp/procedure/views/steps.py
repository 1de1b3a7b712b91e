"""A claim begins, and takes its steps: a page with one form for each."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import access, audit, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.db import session
from caseapp.core.errors import NotPermitted, NotYours
from caseapp.core.i18n import _
from caseapp.people import present
from caseapp.people import queries as people
from caseapp.people.inputs import date_data
from caseapp.people.models import Case
from caseapp.procedure import queries, rules, service
from caseapp.procedure.access import WRITE
from caseapp.procedure.forms import BeginForm, form_of
from caseapp.procedure.models import Claim
from caseapp.procedure.views import blueprint
from caseapp.procedure.views.trying import claim_href, page, tried


@blueprint.route("/cases/<number>/claim/new", methods=["GET", "POST"])
@needs(WRITE)
@commits
def begin(number: str) -> ResponseReturnValue:
    """An intention, or a lodged claim, of a person and of those who go with them."""
    return _began(people.owned_case(number, access.current(), WRITE), own=False)


@blueprint.route("/cases/<number>/claim/private/new", methods=["GET", "POST"])
@needs(WRITE)
@commits
def begin_own(number: str) -> ResponseReturnValue:
    """A spouse's own claim, apart from the family's and shown to nobody else."""
    return _began(people.owned_case(number, access.current(), WRITE), own=True)


def _began(case: Case, *, own: bool) -> ResponseReturnValue:
    audit.record("viewed", "case", case.id, *(["PRIVATE"] if own else []))
    today = people.today_of(case)
    first = rules.next_steps(reference.claim_procedure(case.country, today).steps, [])
    beside = [] if own else queries.household_beside(case)
    form = BeginForm(request.form if request.method == "POST" else None, data={"on": date_data(today)})
    form.offer(first, [(str(found.id), present.name_of(person)) for found, person in beside])
    back = claim_href(case, sealed=own)
    title = _("Su propia solicitud, aparte") if own else _("Anotar una solicitud")

    def again() -> str:
        return page(case, title, form, _("Anotar"), back)

    if request.method == "GET":
        return again()
    chosen = [found for found, _person in beside if str(found.id) in (form.beside.data or ())]

    def verb(on: date) -> None:
        begun = service.intend if form.step.data == "INTENTION" else service.lodge
        begun(case, on=on, application_type=form.application_type.data, beside=chosen, own=own)

    return tried(form, verb, again, _("Solicitud anotada."), back)


@blueprint.route("/cases/<number>/claim/<uuid:claim_id>/<step>", methods=["GET", "POST"])
@needs(WRITE)
@commits
def step(number: str, claim_id: UUID, step: str) -> ResponseReturnValue:
    """A claim takes its next step."""
    case, row = claim_of(number, claim_id)
    code = step.upper()
    if code not in rules.STEPS:
        raise NotYours
    if code == "DOCUMENT_ISSUED" and not row.sealed:
        return redirect(url_for("procedure.issue", number=lead_of(row).number))
    back = claim_href(case, sealed=row.sealed)
    first = {"on": date_data(people.today_of(case)), "version": row.version}
    form: Any = form_of(code, request.form if request.method == "POST" else None, data=first)

    def again() -> str:
        form.version.data = row.version
        return page(
            case, reference.label("claim_step", code), form, _("Anotar"), back,
            lead=_("La ayuda sigue igual: esto no cierra el expediente.") if code in ("DECISION", "CLOSED") else "",
            warning=_("Cierre la solicitud solo con lo que resolvió la autoridad. Nunca se cierra sola por faltar a una cita.")
            if code == "CLOSED" else "",
        )  # fmt: skip

    if request.method == "GET":
        return again()

    def verb(on: date) -> None:
        chosen = form.code.data if "code" in form else None
        service.take(lead_of(row), row, code, on=on, code=chosen, version=form.read_version())

    return tried(form, verb, again, _("Paso anotado."), back)


def claim_of(number: str, claim_id: UUID) -> tuple[Case, Claim]:
    """A person's file and a claim that they are in, locked; only the team of whoever leads it changes it."""
    case = people.owned_case(number, access.current(), WRITE)
    row = queries.locked(case.id, claim_id)
    lead_of(row)
    return case, row


def lead_of(row: Claim) -> Case:
    """The file of whoever leads a claim. Raises NotPermitted where another team holds it."""
    lead = session.get(Case, row.case_id)
    if lead is None or lead.team_id not in access.current().teams_as(*WRITE.roles):
        raise NotPermitted
    return lead
