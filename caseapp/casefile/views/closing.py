"""Close a file, ask a second person, decide, open it again."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.models import User
from caseapp.casefile import queries, rules, service
from caseapp.casefile.access import APPROVE, CLOSE
from caseapp.casefile.forms import CloseForm, DecideForm, ReopenForm
from caseapp.casefile.models import ClosureRequest
from caseapp.casefile.views import blueprint
from caseapp.core import access, audit, reference
from caseapp.core.access import Permission, needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, Refused
from caseapp.core.i18n import _
from caseapp.core.pages import day
from caseapp.people import present
from caseapp.people import queries as people
from caseapp.people.models import Case


def _held(number: str, permission: Permission) -> Case:
    return people.owned_case(number, access.current(), permission)


@blueprint.get("/cases/<number>/close")
@needs(CLOSE)
@records_view
def close(number: str) -> ResponseReturnValue:
    """What keeps the file open, and the reasons for which it may be closed."""
    case = _held(number, CLOSE)
    audit.record("viewed", "case", case.id)
    if case.status == "CLOSED":
        return redirect(url_for("casefile.show", number=number))
    form = CloseForm(data={"version": case.version})
    return _page(case, form)


@blueprint.post("/cases/<number>/close")
@needs(CLOSE)
@commits
def close_case(number: str) -> ResponseReturnValue:
    """Close it, or ask the second person whom this reason needs."""
    case = _held(number, CLOSE)
    form = CloseForm()
    if not form.validate():
        return _page(case, form), 422
    try:
        with session.begin_nested():
            asked = _close_or_ask(case, form)
    except Refused as error:
        _read_again(form, case, error)
        return _page(case, form), error.status
    flash(_("Se pidió la aprobación de otra persona.") if asked else _("Expediente cerrado."), "good")
    return redirect(url_for("casefile.show", number=case.number))


def _read_again(form: Any, case: Case, error: Refused) -> None:
    """Say why not; after somebody else's change the form carries the version that is shown now."""
    form.refused(error)
    if isinstance(error, ChangedMeanwhile):
        form.version.data = case.version


def _close_or_ask(case: Case, form: CloseForm) -> bool:
    try:
        with session.begin_nested():
            service.close(case, reason=form.reason.data, version=form.read_version())
    except rules.SecondPersonNeeded:
        service.ask_to_close(case, reason=form.reason.data)
        return True
    return False


def _page(case: Case, form: Any) -> str:
    who = access.current()
    glance = queries.open_file(case.number, who)
    facts = queries.closing_facts(queries.file_of(glance, who), who.user_id)
    request = queries.open_request(case.id)
    return render_template(
        "casefile/close.html",
        page_title=_("Cerrar el expediente de %(name)s", name=present.name_of(glance.person)),
        number=case.number,
        form=form,
        keeps=[str(refusal.sentence) for refusal in rules.still_open("", facts)],
        request=_request(request) if request else None,
    )


def _request(request: ClosureRequest) -> dict[str, Any]:
    asker = session.get(User, request.asked_by_id)
    return {
        "reason": reference.label("case_closure_reason", request.reason),
        "by": asker.name if asker else "",
        "on": day(request.asked_on),
        "own": request.asked_by_id == access.current().user_id,
        "decides": access.current().may(APPROVE),
    }


@blueprint.post("/cases/<number>/close/withdraw")
@needs(CLOSE)
@commits
def withdraw_request(number: str) -> ResponseReturnValue:
    """Whoever asked for the closing takes the request back."""
    case = _held(number, CLOSE)
    request = queries.open_request(case.id, lock=True)
    if request is None or request.asked_by_id != access.current().user_id:
        flash(_("No hay una solicitud suya por decidir."), "info")
        return redirect(url_for("casefile.close", number=case.number))
    service.withdraw_request(case, request)
    flash(_("Solicitud retirada."), "good")
    return redirect(url_for("casefile.close", number=case.number))


@blueprint.get("/cases/<number>/close/decision")
@needs(APPROVE)
@records_view
def decide_request(number: str) -> ResponseReturnValue:
    """A request to close, for the second person."""
    case = _held(number, APPROVE)
    audit.record("viewed", "case", case.id)
    request = queries.open_request(case.id)
    if request is None:
        flash(_("No hay una solicitud por decidir."), "info")
        return redirect(url_for("casefile.show", number=case.number))
    return _decision_page(case, request, DecideForm(data={"version": request.version}))


@blueprint.post("/cases/<number>/close/decision")
@needs(APPROVE)
@commits
def save_decision(number: str) -> ResponseReturnValue:
    """The second person's yes closes the file at once."""
    case = _held(number, APPROVE)
    request = queries.open_request(case.id, lock=True)
    if request is None:
        flash(_("No hay una solicitud por decidir."), "info")
        return redirect(url_for("casefile.show", number=case.number))
    form = DecideForm()
    if not form.validate():
        return _decision_page(case, request, form), 422
    approve = form.decision.data == "APPROVED"
    try:
        with session.begin_nested():
            service.decide_closing(case, request, approve=approve, version=form.read_version())
    except Refused as error:
        form.refused(error)
        session.expire(request)
        return _decision_page(case, request, form), error.status
    flash(_("Expediente cerrado.") if approve else _("No se aprobó; el expediente sigue abierto."), "good")
    return redirect(url_for("casefile.show", number=case.number))


def _decision_page(case: Case, request: ClosureRequest, form: Any) -> str:
    glance = queries.open_file(case.number, access.current())
    return render_template(
        "casefile/decide.html",
        page_title=_(
            "Decidir sobre el cierre del expediente de %(name)s", name=present.name_of(glance.person)
        ),
        number=case.number,
        form=form,
        request=_request(request),
    )


@blueprint.get("/cases/<number>/reopen")
@needs(CLOSE)
@records_view
def reopen(number: str) -> ResponseReturnValue:
    """What happens when a file is opened again."""
    case = _held(number, CLOSE)
    audit.record("viewed", "case", case.id)
    if case.status != "CLOSED":
        return redirect(url_for("casefile.show", number=number))
    return _reopen_page(case, ReopenForm(data={"version": case.version}))


@blueprint.post("/cases/<number>/reopen")
@needs(CLOSE)
@commits
def reopen_case(number: str) -> ResponseReturnValue:
    """Open it again, with the reason."""
    case = _held(number, CLOSE)
    form = ReopenForm()
    if not form.validate():
        return _reopen_page(case, form), 422
    try:
        with session.begin_nested():
            service.reopen(case, reason=form.reason.data, version=form.read_version())
    except Refused as error:
        _read_again(form, case, error)
        return _reopen_page(case, form), error.status
    flash(_("Expediente abierto de nuevo."), "good")
    return redirect(url_for("casefile.show", number=case.number))


def _reopen_page(case: Case, form: Any) -> str:
    glance = queries.open_file(case.number, access.current())
    return render_template(
        "casefile/reopen.html",
        page_title=_("Abrir de nuevo el expediente de %(name)s", name=present.name_of(glance.person)),
        number=case.number,
        form=form,
    )
