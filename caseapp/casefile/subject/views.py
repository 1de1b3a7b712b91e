"""`/cases/<number>/data` and `/data-requests`: what a person asks about their own data, who decides, the copy handed
over once, legal holds, and erasing one file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.casefile import queries as files
from caseapp.casefile.access import ASK_SUBJECT, DECIDE_SUBJECT, HAND_OVER, PROTECT_DATA
from caseapp.casefile.subject import queries, rules, service
from caseapp.casefile.subject.forms import AskForm, DecideForm, HoldForm
from caseapp.casefile.subject.models import SubjectRequest
from caseapp.casefile.views import blueprint
from caseapp.core import access, audit, clock, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import NotYours, Refused
from caseapp.core.i18n import _
from caseapp.core.pages import day, paged
from caseapp.people import present
from caseapp.people import queries as people
from caseapp.people.models import Case

KIND = {"ASKED": "info", "READY": "warning", "GRANTED": "good", "COLLECTED": "good", "PART": "warning"}


def _shown(row: SubjectRequest) -> dict[str, Any]:
    late = row.state in rules.OPEN and row.due_on is not None and row.due_on < clock.today()
    return {
        "id": row.id, "number": row.number, "kind": reference.label("subject_request_kind", row.kind),
        "topic": reference.label("correction_topic", row.topic) if row.topic else "",
        "state": reference.label("subject_request_state", row.state), "tag": KIND.get(row.state, "neutral"),
        "asked": day(row.asked_on), "due": day(row.due_on), "late": late, "open": row.state in rules.OPEN,
        "reason": reference.label("subject_refusal", row.reason) if row.reason else "",
    }  # fmt: skip


# -- on the file --------------------------------------------------------------------------------------
@blueprint.get("/cases/<number>/data")
@needs(ASK_SUBJECT)
@records_view
def subject_requests(number: str) -> ResponseReturnValue:
    """What this person asked about their data, and what holds the file."""
    case = people.owned_case(number, access.current(), ASK_SUBJECT)
    audit.record("viewed", "case", case.id)
    return _file_page(case)


@blueprint.post("/cases/<number>/data")
@needs(ASK_SUBJECT)
@commits
def ask_subject(number: str) -> ResponseReturnValue:
    """Write down what the person asks."""
    case = people.owned_case(number, access.current(), ASK_SUBJECT)
    form = AskForm()
    if not form.validate():
        return _file_page(case, asking=form), 422
    try:
        with session.begin_nested():
            row = service.ask(
                case, kind=form.kind.data, topic=form.topic.data or None, what=form.what.data or ""
            )
    except Refused as error:
        form.refused(error)
        return _file_page(case, asking=form), error.status
    flash(_("Solicitud anotada. Se responde a más tardar el %(day)s.", day=day(row.due_on)), "good")
    return redirect(url_for("casefile.subject_request", request_id=row.id))


def _file_page(case: Case, asking: AskForm | None = None, holding: HoldForm | None = None) -> str:
    glance = files.open_file(case.number, access.current())
    kept = rules.keeps(queries.standing_of(case))
    return render_template(
        "casefile/subject/file.html",
        page_title=_("Datos de %(name)s", name=present.name_of(glance.person)),
        number=case.number,
        rows=[_shown(r) for r in queries.of_case(case.id)],
        asking=asking or AskForm(),
        holding=holding or HoldForm(),
        holds=[
            {"id": h.id, "reason": reference.label("legal_hold", h.reason), "since": day(h.since),
             "ended": day(h.ended_on) if h.ended_on else ""}
            for h in queries.holds_of(case.id)
        ],
        decides=access.current().may(DECIDE_SUBJECT),
        kept=[reference.label("kept_why", code) for code in kept],
    )  # fmt: skip


@blueprint.post("/cases/<number>/hold")
@needs(DECIDE_SUBJECT)
@commits
def set_hold(number: str) -> ResponseReturnValue:
    """Nobody erases this file while the hold stands."""
    case = people.owned_case(number, access.current(), DECIDE_SUBJECT)
    form = HoldForm()
    if not form.validate():
        return _file_page(case, holding=form), 422
    try:
        with session.begin_nested():
            service.hold(case, form.hold.data)
    except Refused as error:
        form.refused(error)
        return _file_page(case, holding=form), error.status
    flash(_("Retención puesta. El expediente no se borra mientras dure."), "good")
    return redirect(url_for("casefile.subject_requests", number=case.number))


@blueprint.post("/cases/<number>/hold/<uuid:hold_id>/end")
@needs(DECIDE_SUBJECT)
@commits
def end_hold(number: str, hold_id: UUID) -> ResponseReturnValue:
    """The hold's reason is over."""
    case = people.owned_case(number, access.current(), DECIDE_SUBJECT)
    row = next((h for h in queries.holds_of(case.id) if h.id == hold_id), None)
    if row is None:
        raise NotYours
    service.end_hold(case, row)
    flash(_("Retención terminada."), "good")
    return redirect(url_for("casefile.subject_requests", number=case.number))


# -- one request --------------------------------------------------------------------------------------
@blueprint.get("/data-requests/<uuid:request_id>")
@needs(HAND_OVER)
@records_view
def subject_request(request_id: UUID) -> ResponseReturnValue:
    """A request: how far it is, what may be done with it."""
    row = queries.one(request_id, access.current())
    audit.record("viewed", "subject_request", row.id)
    return _one_page(row, DecideForm(data={"version": row.version}))


def _holder(row: SubjectRequest) -> Case | None:
    """The file, for those who hold it; the officer opens none."""
    try:
        return people.owned_case(row.number, access.current(), ASK_SUBJECT)
    except Refused:
        return None


def _one_page(row: SubjectRequest, form: DecideForm) -> str:
    who, case = access.current(), _holder(row)
    waits = row.kind != "ACCESS" and row.state == "ASKED"
    return render_template(
        "casefile/subject/show.html",
        page_title=reference.label("subject_request_kind", row.kind),
        row=_shown(row),
        request_kind=row.kind,
        what=row.what or "" if case else "",
        answer=row.answer or "" if case else "",
        holder=case is not None,
        form=form,
        decides=waits and case is not None and who.may(DECIDE_SUBJECT) and row.asked_by_id != who.user_id,
        own=waits and row.asked_by_id == who.user_id,
        making=row.kind == "ACCESS" and row.state == "ASKED",
        ready=row.state == "READY",
        withdraws=case is not None and row.state in rules.OPEN,
        back=url_for("casefile.subject_requests", number=row.number) if case else url_for("casefile.data_requests"),
    )  # fmt: skip


@blueprint.post("/data-requests/<uuid:request_id>/copy")
@needs(HAND_OVER)
@commits
def collect_copy(request_id: UUID) -> ResponseReturnValue:
    """The copy, once: after this answer it is kept nowhere here."""
    row = queries.one(request_id, access.current(), lock=True)
    try:
        with session.begin_nested():
            plain = service.collect(row)
    except Refused:
        session.expire(row)
        flash(_("Esta copia ya se entregó, o todavía no está lista."), "info")
        return redirect(url_for("casefile.subject_request", request_id=request_id))
    answer = Response(plain, mimetype="application/zip")
    answer.headers["Content-Disposition"] = 'attachment; filename="datos.zip"'
    return answer


@blueprint.post("/data-requests/<uuid:request_id>/decide")
@needs(DECIDE_SUBJECT)
@commits
def decide_subject(request_id: UUID) -> ResponseReturnValue:
    """A supervisor who did not write the request decides on it."""
    row = queries.one(request_id, access.current(), lock=True)
    case = people.owned_case(row.number, access.current(), DECIDE_SUBJECT)
    form = DecideForm()
    if not form.validate():
        return _one_page(row, form), 422
    try:
        with session.begin_nested():
            service.decide(
                case, row, decision=form.decision.data, reason=form.reason.data or None,
                answer=form.answer.data or "", version=form.read_version(),
            )  # fmt: skip
    except Refused as error:
        form.refused(error)
        session.expire(row)
        return _one_page(row, form), error.status
    if row.kind == "ERASURE" and row.state == "GRANTED":
        flash(_("El expediente se borró."), "good")
        return redirect(url_for("casefile.today"))
    flash(_("Decisión anotada."), "good")
    return redirect(url_for("casefile.subject_request", request_id=request_id))


@blueprint.post("/data-requests/<uuid:request_id>/withdraw")
@needs(ASK_SUBJECT)
@commits
def withdraw_subject(request_id: UUID) -> ResponseReturnValue:
    """The person takes it back."""
    row = queries.one(request_id, access.current(), lock=True)
    try:
        with session.begin_nested():
            service.withdraw(row)
    except Refused as error:
        flash(str(error), "info")
    else:
        flash(_("Solicitud retirada."), "good")
    return redirect(url_for("casefile.subject_requests", number=row.number))


# -- the officer --------------------------------------------------------------------------------------
@blueprint.get("/data-requests")
@needs(PROTECT_DATA)
@records_view
def data_requests() -> ResponseReturnValue:
    """Requests of the country by deadline; the ended ones if asked for."""
    ended = request.args.get("ended") == "1"
    page = paged(queries.for_officer(access.current(), ended=ended))
    audit.record("viewed", "subject_request")
    return render_template(
        "casefile/subject/list.html",
        page_title=_("Solicitudes sobre datos"),
        page=page,
        rows=[_shown(r) for r in page.rows],
        ended=ended,
        active=[{"label": _("Terminadas"), "remove_href": request.path}] if ended else [],
    )
