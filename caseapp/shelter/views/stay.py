"""One stay: what it is, and what may be done with it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import access, audit, clock, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import NotYours, Refused
from caseapp.core.i18n import _, ngettext
from caseapp.core.pages import day
from caseapp.shelter import offers, present, queries, rules, service
from caseapp.shelter.access import CHECK_OUT, MANAGE
from caseapp.shelter.forms import CancelForm, DepartureForm, ExtendForm, MoveForm, PlanForm
from caseapp.shelter.models import Stay
from caseapp.shelter.night import queries as night
from caseapp.shelter.views import blueprint


def _stay(stay_id: UUID) -> Stay:
    found = queries.managed(access.current(), stay_id)
    audit.record("viewed", "stay", found.id)
    return found


def _to_stay(stay: Stay) -> ResponseReturnValue:
    return redirect(url_for("shelter.stay", stay_id=stay.id))


@blueprint.get("/shelter/stays/<uuid:stay_id>")
@needs(MANAGE)
@records_view
def stay(stay_id: UUID) -> ResponseReturnValue:
    """A stay as the shelter knows it."""
    return _page(_stay(stay_id), ExtendForm())


@blueprint.post("/shelter/stays/<uuid:stay_id>/plan")
@needs(MANAGE)
@commits
def plan(stay_id: UUID) -> ResponseReturnValue:
    """Where the person means to go next, and when that is looked at again."""
    found, form = _stay(stay_id), PlanForm()
    if form.validate():
        try:
            with session.begin_nested():
                service.plan(found, form.destination.data, form.review_on.data)
            flash(_("Plan de salida anotado."), "good")
            return _to_stay(found)
        except Refused as error:
            form.refused(error)
    return _page(found, ExtendForm(formdata=None), form), 422


def _page(found: Stay, extend: ExtendForm, plan_form: PlanForm | None = None) -> str:
    plan_form = plan_form or PlanForm(
        formdata=None, destination=found.plan_destination, review_on=found.plan_review_on
    )
    if extend.last_night.data is None:
        extend.last_night.data = found.last_night
    pair = (found.end_reason, found.end_destination)
    return render_template(
        "shelter/stay.html",
        page_title=found.called_name or _("Sin nombre"),
        stay=found,
        row=present.stay_row(found, whole=True),
        extend=extend,
        plan_form=plan_form,
        planned=reference.outside_label("stay_destination", found.plan_destination)
        if found.plan_destination
        else "",
        longest=service.max_nights(found.team_id),
        extensions=[
            {
                "text": _("Hasta la noche del %(day)s", day=day(e.to_night)),
                "reason": reference.label("stay_extension_reason", e.reason),
                "beyond": e.beyond_max,
            }
            for e in queries.extensions_of(found.id)
        ],
        late=_may_be_no_show(found),
        reason=reference.label("stay_end_reason", pair[0]) if pair[0] else "",
        destination=reference.label("stay_destination", pair[1]) if pair[1] else "",
        proposed=_proposed(found),
        review=_waits_for_review(found),
        second=access.current().user_id not in (found.ended_by_id, None),
        site=found.site,
        roll=night.nights_of(found)[-14:],
    )


def _may_be_no_show(found: Stay) -> bool:
    local = clock.local(clock.now(), found.site.timezone)
    return found.state == "BOOKED" and rules.may_mark_no_show(
        local, found.first_night, found.site.no_show_after_hour, immediate=found.immediate, by_person=True
    )


def _proposed(found: Stay) -> str:
    if found.state != "IN" or found.proposed_reason is None or found.proposed_destination is None:
        return ""
    return f"{reference.label('stay_end_reason', found.proposed_reason)} · {reference.label('stay_destination', found.proposed_destination)}"


def _waits_for_review(found: Stay) -> bool:
    if found.end_reason is None or found.reviewed_by_id is not None:
        return False
    return any(
        p.needs_review and (p.reason, p.destination) == (found.end_reason, found.end_destination)
        for p in reference.stay_pairs()
    )


@blueprint.post("/shelter/stays/<uuid:stay_id>/extend")
@needs(MANAGE)
@commits
def extend(stay_id: UUID) -> ResponseReturnValue:
    """Change the last night."""
    found, form = _stay(stay_id), ExtendForm()
    if not form.validate():
        return _page(found, form), 422
    try:
        with session.begin_nested():
            service.extend(found, form.last_night.data, form.reason.data or None)
    except Refused as error:
        form.refused(
            error if error.field in (None, "last_night", "reason") else type(error)(field="last_night")
        )
        return _page(found, form), 422
    flash(_("Última noche: %(day)s.", day=day(found.last_night)), "good")
    return _to_stay(found)


@blueprint.route("/shelter/stays/<uuid:stay_id>/move", methods=["GET", "POST"])
@needs(MANAGE)
@commits
def move(stay_id: UUID) -> ResponseReturnValue:
    """Move somebody, or those of a household who are here together, to a room that can take them."""
    found = _stay(stay_id)
    party = queries.together(found)
    chosen = {UUID(c) for c in request.values.getlist("member") if _is_id(c)} or {s.id for s in party}
    moving = [s for s in party if s.id in chosen]
    if found.id not in {s.id for s in moving}:
        raise NotYours
    form, error = MoveForm(request.form if request.method == "POST" else None), ""
    if request.method == "POST":
        try:
            places = offers.read_arrangement(request.form.get("place", ""))
            if form.validate() and set(places) == {s.case_id for s in moving}:
                with session.begin_nested():
                    service.move([(s, places[s.case_id]) for s in moving], form.reason.data)
                flash(_("Cambió de lugar."), "good")
                return _to_stay(found)
            error = "" if places else _("Elija un lugar.")
        except Refused as refusal:
            error = str(refusal)
    first = max(found.first_night, min(queries.tonight_at(found.site), found.last_night))
    offered = offers.for_people(
        found.team_id,
        [s.case_id for s in moving],
        first,
        max(s.last_night for s in moving),
        found.site,
        stays=moving,
    )
    page = render_template(
        "shelter/move.html",
        page_title=_("Cambiar de lugar: %(name)s", name=found.called_name or ""),
        stay=found,
        party=[
            {"id": str(s.id), "name": s.called_name, "place": s.place.code, "chosen": s in moving}
            for s in party
        ],
        offered=offered,
        options=offers.as_options(offered, request.form.get("place", "")),
        form=form,
        error=error,
    )
    return (page, 422) if request.method == "POST" else page


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


@blueprint.route("/shelter/stays/<uuid:stay_id>/cancel", methods=["GET", "POST"])
@needs(MANAGE)
@commits
def cancel(stay_id: UUID) -> ResponseReturnValue:
    """Give up a booking."""
    found, form = _stay(stay_id), CancelForm()
    if request.method == "POST" and form.validate():
        try:
            with session.begin_nested():
                service.cancel([found], form.reason.data)
            flash(_("Reserva cancelada."), "good")
            return _to_stay(found)
        except Refused as error:
            form.refused(error)
    happens = [
        _("El lugar %(place)s queda libre en esas noches.", place=found.place.code),
        _("Quien refirió a la persona recibe aviso si nadie de la referencia conserva lugar."),
    ]
    return _confirm(found, _("Cancelar reserva"), happens, form), _status()


@blueprint.route("/shelter/stays/<uuid:stay_id>/no-show", methods=["GET", "POST"])
@needs(MANAGE)
@commits
def no_show(stay_id: UUID) -> ResponseReturnValue:
    """Write that somebody did not come; never before the site's hour."""
    found = _stay(stay_id)
    error = ""
    if request.method == "POST":
        try:
            with session.begin_nested():
                service.no_show([found])
            flash(_("Anotado: no llegó."), "good")
            return _to_stay(found)
        except Refused as refusal:
            error = str(refusal)
    happens = [
        _("El lugar %(place)s queda libre.", place=found.place.code),
        _("Quien refirió a la persona recibe aviso para buscarla por su contacto seguro."),
    ]
    return _confirm(found, _("Anotar que no llegó"), happens, None, error), _status()


def _status() -> int:
    return 422 if request.method == "POST" else 200


def _confirm(found: Stay, title: str, happens: list[str], form: Any, error: str = "") -> str:
    return render_template(
        "shelter/confirm.html",
        page_title=f"{title}: {found.called_name or ''}",
        happens=happens,
        confirm_label=title,
        back_url=url_for("shelter.stay", stay_id=found.id),
        form=form,
        error=error,
    )


@blueprint.route("/shelter/stays/<uuid:stay_id>/departure", methods=["GET", "POST"])
@needs(CHECK_OUT)
@commits
def departure(stay_id: UUID) -> ResponseReturnValue:
    """The person leaves: first the reason, then where to; the page says what will happen."""
    found = _stay(stay_id)
    reason = request.values.get("reason") or found.proposed_reason or ""
    allowed = _destinations(reason)
    form = DepartureForm(destination=found.proposed_destination)
    form.destination.choices = allowed
    family = _family_in(found)
    form.others.choices = [(str(s.id), s.called_name or _("Sin nombre")) for s in family]
    if request.method == "POST" and form.validate():
        leaving = [found, *(s for s in family if str(s.id) in form.others.data)]
        try:
            with session.begin_nested():
                gone = _depart(leaving, reason, form)
        except Refused as error:
            form.refused(error)
        else:
            _say_departed(len(leaving), gone)
            return redirect(url_for("shelter.tonight"))
    page = render_template(
        "shelter/departure.html",
        page_title=_("Salida: %(name)s", name=found.called_name or ""),
        stay=found,
        reason=reason if allowed else "",
        reason_label=reference.label("stay_end_reason", reason) if allowed else "",
        reasons=_reasons(found),
        form=form,
        happens=_happens(found, reason) if allowed else [],
        proposed=_proposed(found),
        back_url=url_for("shelter.tonight"),
    )
    return page, _status()


def _family_in(found: Stay) -> list[Stay]:
    """Who of the family is in as well; the gate, which sees no families, goes person by person."""
    if not access.current().may(MANAGE):
        return []
    return [s for s in queries.together(found) if s.id != found.id and s.state == "IN"]


def _depart(leaving: list[Stay], reason: str, form: DepartureForm) -> bool:
    """They leave at one moment, children first: none of them is left without an adult in between."""
    at = form.at.data
    moment = clock.at(at.date(), at.hour, at.minute, leaving[0].site.timezone) if at else None
    gone = [
        service.depart(one, reason, form.destination.data, confirmed=form.confirmed.data, at=moment)
        for one in sorted(leaving, key=lambda s: not s.child)
    ]
    return all(gone)


def _say_departed(count: int, gone: bool) -> None:
    if gone:
        flash(ngettext("Salida anotada.", "Salida de %(num)s personas anotada.", count), "good")
    else:
        flash(_("Propuesta anotada. Debe confirmarla otra persona."), "info")


def _may_choose(flags: frozenset[str]) -> bool:
    """Sealed reasons and destinations are for those who manage the shelter, not for the gate."""
    return "S" not in flags or access.current().may(MANAGE)


def _reasons(found: Stay) -> list[tuple[str, str]]:
    return [
        (c.code, c.label())
        for c in reference.codes("stay_end_reason")
        if c.code not in rules.NEVER_IN
        and _may_choose(c.flags)
        and not (c.code == "ASKED_TO_LEAVE" and found.child)
        and not (c.code == "AGED_OUT" and not found.child)
    ]


def _destinations(reason: str) -> list[tuple[str, str]]:
    if reason in rules.NEVER_IN:
        return []
    allowed = {p.destination for p in reference.stay_pairs() if p.reason == reason}
    return [
        (c.code, c.label())
        for c in reference.codes("stay_destination")
        if c.code in allowed and _may_choose(c.flags)
    ]


def _happens(found: Stay, reason: str) -> list[str]:
    happens = [_("El lugar %(place)s queda libre desde esta noche.", place=found.place.code)]
    if reason in rules.AGREED_FIRST:
        happens.append(_("Según el destino, otra persona debe confirmarlo antes; hasta entonces sigue aquí."))
    if (
        any(p.needs_review for p in reference.stay_pairs() if p.reason == reason)
        and reason not in rules.AGREED_FIRST
    ):
        happens.append(_("Otra persona revisará esta salida."))
    if len(queries.together(found)) > 1:
        happens.append(
            _("Quienes no marque de su familia siguen aquí.")
            if access.current().may(MANAGE)
            else _("Su familia sigue aquí; anote la salida de cada persona.")
        )
    if found.child or queries.together(found):
        happens.append(_("Si hay niñas o niños y va a la calle o no se sabe adónde, se abre una alerta."))
    if found.referral_id is not None:
        happens.append(_("Cuando sale la última persona, la referencia queda concluida con su resultado."))
    return happens


@blueprint.post("/shelter/stays/<uuid:stay_id>/review")
@needs(MANAGE)
@commits
def review(stay_id: UUID) -> ResponseReturnValue:
    """A second person has looked at a departure."""
    found = _stay(stay_id)
    try:
        with session.begin_nested():
            service.review_departure(found)
        flash(_("Salida revisada."), "good")
    except Refused as error:
        flash(str(error), "warning")
    return _to_stay(found)
