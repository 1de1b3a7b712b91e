"""Signing at intervals and leave to go to another state."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.queries import timezone_of
from caseapp.core import access, clock, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.db import session
from caseapp.core.errors import NotPermitted
from caseapp.core.i18n import _
from caseapp.people import present
from caseapp.people import queries as people
from caseapp.people.inputs import date_data
from caseapp.places.models import Site
from caseapp.procedure import queries, service
from caseapp.procedure.access import SET_INTERVAL, WRITE
from caseapp.procedure.forms import AskLeaveForm, DecideLeaveForm, IntervalForm, MoveAtOnceForm, SignForm
from caseapp.procedure.views import blueprint
from caseapp.procedure.views.trying import claim_href, page, tried


@blueprint.route("/cases/<number>/signature", methods=["GET", "POST"])
@needs(WRITE)
@commits
def sign(number: str) -> ResponseReturnValue:
    """The person signed."""
    case = people.owned_case(number, access.current(), WRITE)
    posted = request.form if request.method == "POST" else None
    form = SignForm(posted, data={"on": date_data(people.today_of(case))})
    back = claim_href(case, sealed=False)

    def again() -> str:
        return page(
            case, _("Anotar la firma periódica"), form, _("Anotar firma"), back, on=_("Día de la firma")
        )

    if posted is None:
        return again()

    def verb(on: date) -> None:
        service.sign(case, on=on, excused=bool(form.excused.data))

    return tried(form, verb, again, _("Firma anotada."), back)


@blueprint.route("/cases/<number>/leave", methods=["GET", "POST"])
@needs(WRITE)
@commits
def ask_leave(number: str) -> ResponseReturnValue:
    """Leave is asked for."""
    case = people.owned_case(number, access.current(), WRITE)
    posted = request.form if request.method == "POST" else None
    form = AskLeaveForm(posted, data={"on": date_data(people.today_of(case))}).offer(case.country)
    back = claim_href(case, sealed=False)

    def again() -> str:
        return page(
            case, _("Pedir permiso para cambiar de estado"), form, _("Anotar solicitud de permiso"), back,
            lead=_("Quien pide asilo se queda en el estado donde lo pidió mientras la autoridad no le dé permiso de irse."),
            on=_("Día en que se pidió"),
        )  # fmt: skip

    if posted is None:
        return again()

    def verb(on: date) -> None:
        service.ask_leave(case, form.to_admin1.data, on=on)

    return tried(form, verb, again, _("Solicitud de permiso anotada."), back)


@blueprint.route("/cases/<number>/leave/now", methods=["GET", "POST"])
@needs(WRITE)
@commits
def move_at_once(number: str) -> ResponseReturnValue:
    """Somebody is at risk: a place in another state before leave is given, by a named authority."""
    case = people.owned_case(number, access.current(), WRITE)
    others = queries.held_with(case)
    posted = request.form if request.method == "POST" else None
    form = MoveAtOnceForm(posted, data={"on": date_data(people.today_of(case))})
    form.offer(case.country, [(str(c.id), present.name_of(p)) for c, p in others])
    back = claim_href(case, sealed=False)

    def again() -> str:
        return page(
            case, _("Traslado de emergencia a otro estado"), form, _("Anotar traslado"), back,
            lead=_("Solo si una niña, un niño o una vida corre riesgo. El permiso se sigue pidiendo: irse sin él puede terminar la solicitud."),
            on=_("Día del traslado"),
        )  # fmt: skip

    if posted is None:
        return again()

    def verb(on: date) -> None:
        going = [case, *(c for c, _p in others if str(c.id) in (form.beside.data or ()))]
        service.move_at_once(
            going, form.to_admin1.data, ground=form.ground.data, authority=form.authority.data, on=on
        )

    return tried(form, verb, again, _("Traslado de emergencia anotado. Pida el permiso cuanto antes."), back)


@blueprint.route("/cases/<number>/leave/<uuid:leave_id>", methods=["GET", "POST"])
@needs(WRITE)
@commits
def decide_leave(number: str, leave_id: UUID) -> ResponseReturnValue:
    """The authority decided on leave."""
    case = people.owned_case(number, access.current(), WRITE)
    row = queries.leave_of(case.id, leave_id)
    posted = request.form if request.method == "POST" else None
    form = DecideLeaveForm(posted, data={"on": date_data(people.today_of(case)), "version": row.version})
    back = claim_href(case, sealed=False)
    title = _("Permiso para ir a %(place)s", place=reference.admin1_named(row.to_admin1).name)

    def again() -> str:
        form.version.data = row.version
        return page(case, title, form, _("Anotar decisión"), back, on=_("Día de la decisión"))

    if posted is None:
        return again()

    def verb(on: date) -> None:
        service.decide_leave(case, row, on=on, outcome=form.outcome.data, version=form.read_version())

    return tried(form, verb, again, _("Decisión anotada."), back)


@blueprint.route("/office/signature", methods=["GET", "POST"])
@needs(SET_INTERVAL)
@commits
def interval(*_args: object) -> ResponseReturnValue:
    """How often people sign at the office: a supervisor's to say."""
    grant = next(
        (g for g in access.current().grants if g.role in SET_INTERVAL.roles and g.site_id is not None), None
    )
    if grant is None:
        raise NotPermitted
    site = session.get_one(Site, grant.site_id)
    posted = request.form if request.method == "POST" else None
    form = IntervalForm(posted, data={"on": date_data(clock.today(timezone_of(grant.team_id)))})

    def again() -> str:
        return render_template(
            "procedure/interval.html",
            page_title=_("Cada cuánto se firma en %(site)s", site=site.name),
            form=form,
        )

    if posted is None:
        return again()

    def verb(on: date) -> None:
        service.set_interval(site, form.days.number, on=on)

    return tried(form, verb, again, _("Intervalo guardado."), url_for("procedure.interval"))
