"""`/assistance`: the requests of a providing team. Whoever decides goes by number: no name, no need, no claim."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.assistance import queries as log
from caseapp.assistance.access import AID, DECIDE, PAY
from caseapp.assistance.paying import queries, rules, service
from caseapp.assistance.paying.forms import DecideForm, MoveForm, PlanForm, StepForm
from caseapp.assistance.paying.models import Assistance, Payment
from caseapp.assistance.present import payment_facts, request_facts, request_state, request_title
from caseapp.assistance.views import blueprint
from caseapp.core import access, audit, clock, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.errors import NotPermitted, NotYours
from caseapp.core.i18n import _
from caseapp.core.pages import paged
from caseapp.core.trying import tried
from caseapp.people.inputs import date_data

Forms = dict[str, Any]
STEP_WORDS = {
    "PLANNED": "neutral",
    "SENT": "info",
    "COLLECTED": "good",
    "RETURNED": "warning",
    "FAILED": "urgent",
}


@blueprint.get("/assistance")
@needs(AID)
@records_view
def requests() -> ResponseReturnValue:
    """What waits: to decide, to pay or hand over, to reconcile."""
    who = access.current()
    usual = "decide" if who.teams_as(*DECIDE.roles) else "pay"
    show = request.args.get("show", usual)
    show = show if show in queries.SHOWN else usual
    audit.record("viewed", "assistance_queue", who.teams_as(*AID.roles)[0], show.upper())
    page = paged(queries.queue(who, show))
    payments = queries.payments_of(row.id for row in page.rows)
    users, teams = queries.people_and_teams(page.rows)
    tabs = {
        "decide": _("Por decidir"),
        "pay": _("Por pagar o entregar"),
        "reconcile": _("Por conciliar"),
        "all": _("Todas"),
    }
    return render_template(
        "assistance/requests.html", page_title=_("Solicitudes de asistencia"), show=show, tabs=tabs, pages=page,
        rows=[_line(row, users, teams, payments.get(row.id, [])) for row in page.rows],
    )  # fmt: skip


@blueprint.get("/assistance/<uuid:request_id>")
@needs(AID)
@records_view
def request_shown(request_id: UUID) -> ResponseReturnValue:
    """One request with its payments; the name stands here for whoever pays, and for nobody else."""
    row = _mine(request_id)
    audit.record("viewed", "assistance", row.id)
    return _page(row)


@blueprint.post("/assistance/<uuid:request_id>/decide")
@needs(DECIDE)
@commits
def decide(request_id: UUID) -> ResponseReturnValue:
    """Approve or refuse what another person asked for."""
    row = _mine(request_id, DECIDE.roles, lock=True)
    form = DecideForm()

    def verb() -> None:
        service.decide(
            row, approve=form.decision.data == "APPROVED", refusal=form.refusal.data or None, version=form.read_version()
        )  # fmt: skip

    return _tried(row, form, verb, "decide", _("Decisión guardada."))


@blueprint.post("/assistance/<uuid:request_id>/payments")
@needs(PAY)
@commits
def plan(request_id: UUID) -> ResponseReturnValue:
    """Plan a payment."""
    row = _mine(request_id, PAY.roles, lock=True)
    form = PlanForm()
    return _tried(
        row,
        form,
        lambda: service.plan(row, amount=form.amount.number, on=_planned(form)),
        "plan",
        _("Pago programado."),
    )


@blueprint.post("/assistance/<uuid:request_id>/payments/<uuid:payment_id>")
@needs(AID)
@commits
def move(request_id: UUID, payment_id: UUID) -> ResponseReturnValue:
    """The next step of a payment: reconciled by whoever approves, everything else by whoever pays."""
    row = _mine(request_id, lock=True)
    payment = queries.payment(row, payment_id)
    form = _movable(MoveForm(prefix=_prefix(payment.id)), row, payment)
    wanted = (DECIDE if form.to.data == "RECONCILED" else PAY).roles
    if form.to.data in rules.STATES and row.team_id not in access.current().teams_as(*wanted):
        raise NotPermitted

    def verb() -> None:
        service.move(
            row, payment, form.to.data, failure=form.failure.data or None, version=form.read_version()
        )

    return _tried(row, form, verb, str(payment.id), _("Pago actualizado."))


@blueprint.post("/assistance/<uuid:request_id>/hand-over")
@needs(PAY)
@commits
def hand_over(request_id: UUID) -> ResponseReturnValue:
    """What is no money reached the person."""
    row = _mine(request_id, PAY.roles, lock=True)
    form = StepForm()
    return _tried(
        row,
        form,
        lambda: service.hand_over(row, version=form.read_version()),
        "hand",
        _("Entrega anotada."),
    )


def _mine(request_id: UUID, roles: Any = AID.roles, *, lock: bool = False) -> Assistance:
    who = access.current()
    row = queries.request(who, request_id, lock=lock)
    if row.team_id not in who.teams_as(*AID.roles):
        raise NotYours
    if row.team_id not in who.teams_as(*roles):
        raise NotPermitted
    return row


def _tried(row: Assistance, form: Any, verb: Callable[[], Any], key: str, done: str) -> ResponseReturnValue:
    return tried(
        form, verb, again=lambda: _page(row, {key: form}), done=done,
        to=url_for("assistance.request_shown", request_id=row.id),
    )  # fmt: skip


def _planned(form: PlanForm) -> date:
    try:
        found: date | None = form.planned.form.value()
    except ValueError:
        found = None
    if found is None:
        raise rules.PlannedInPast(_("Escriba día, mes y año, por ejemplo 07 03 2025."))
    return found


def _prefix(payment_id: UUID) -> str:
    return f"pay-{payment_id.hex}-"


def _movable(form: MoveForm, row: Assistance, payment: Payment) -> MoveForm:
    """The steps that this person may record now."""
    who = access.current()
    pays, decides = (
        row.team_id in who.teams_as(*PAY.roles),
        row.team_id in who.teams_as(*DECIDE.roles),
    )
    form.to.choices = [
        (state, reference.label("payment_state", state))
        for state in rules.MOVES[payment.state]
        if (decides and payment.moved_by_id != who.user_id if state == "RECONCILED" else pays)
    ]
    return form


def _line(
    row: Assistance, users: dict[UUID, str], teams: dict[UUID, str], payments: list[Payment]
) -> dict[str, Any]:
    words, kind = request_state(row)
    return {
        "number": row.number, "href": url_for("assistance.request_shown", request_id=row.id), "title": request_title(row),
        "state": words, "kind": kind, "facts": request_facts(row, users=users, teams=teams, payments=payments),
    }  # fmt: skip


def _page(row: Assistance, forms: Forms | None = None) -> str:
    who, forms = access.current(), forms or {}
    roles = {g.role for g in who.grants if g.team_id == row.team_id}
    payments = queries.payments_of([row.id]).get(row.id, [])
    users, teams = queries.people_and_teams([row])
    payee = log.named([row.case_id], who).get(row.case_id) if "ASSISTANCE_OFFICER" in roles else None
    left = (row.amount or 0) - queries.arriving(row.id)
    pays = "ASSISTANCE_OFFICER" in roles and row.decision == "APPROVED"
    decides = (
        "PAYMENTS_APPROVER" in roles
        and (row.decision or "") in queries.WAITING
        and who.user_id not in (row.asked_by_id, row.refused_by_id)
    )
    words, kind = request_state(row)
    return render_template(
        "assistance/request.html", page_title=_("Solicitud %(number)s", number=row.number), row=row, title=request_title(row),
        state=words, kind=kind, facts=request_facts(row, users=users, teams=teams), payee=payee,
        decide=forms.get("decide") or (DecideForm(None, data={"version": row.version}) if decides else None),
        plan=forms.get("plan") or (_plan_form(left) if pays and left > 0 else None),
        hand=forms.get("hand") or (
            StepForm(None, data={"version": row.version})
            if pays and row.item not in rules.MONEY and row.delivered_on is None and payee
            else None
        ),
        wrong=[f for f in forms.values() if f.errors or f.form_errors],
        own="PAYMENTS_APPROVER" in roles and row.asked_by_id == who.user_id and (row.decision or "") in queries.WAITING,
        payments=[_payment(row, one, forms.get(str(one.id))) for one in payments],
    )  # fmt: skip


def _plan_form(left: int) -> PlanForm:
    return PlanForm(None, data={"amount": str(left), "planned": date_data(clock.today("UTC"))})


def _payment(row: Assistance, one: Payment, form: MoveForm | None) -> dict[str, Any]:
    form = form or MoveForm(None, prefix=_prefix(one.id), data={"version": one.version})
    form = _movable(form, row, one)
    return {
        "id": one.id, "title": _("%(amount)s dólares", amount=one.amount), "state": reference.label("payment_state", one.state),
        "kind": STEP_WORDS.get(one.state, "neutral"), "facts": payment_facts(one), "form": form if form.to.choices else None,
        "may_fail": any(code == "FAILED" for code, _words in form.to.choices),
    }  # fmt: skip
