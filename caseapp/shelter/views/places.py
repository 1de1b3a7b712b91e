"""Places by night: how full, what is free and where, surge, and places out of service."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import access, clock
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.db import session
from caseapp.core.errors import NotYours, Refused
from caseapp.core.i18n import _
from caseapp.core.pages import day
from caseapp.places.models import Site
from caseapp.shelter import present, queries, service
from caseapp.shelter.access import MANAGE
from caseapp.shelter.forms import OutForm, SurgeForm
from caseapp.shelter.models import Place, PlaceOut, Unit
from caseapp.shelter.views import blueprint
from caseapp.shelter.views.tonight import chosen_team

#: How many nights the calendar shows at once.
SPANS = (14, 60)


@blueprint.get("/shelter/places")
@needs(MANAGE)
def places() -> ResponseReturnValue:
    """Two weeks of nights, and the places of the night chosen."""
    team, teams = chosen_team()
    assert team.site is not None
    tonight = queries.tonight_at(team.site)
    night = _asked_night(tonight)
    span = 60 if request.args.get("nights") == "60" else 14
    first = _asked_night(tonight, "since")
    if not first <= night < first + timedelta(days=span):
        first = night
    nights = queries.occupancy(team.id, first, first + timedelta(days=span - 1), tonight=tonight)
    free = {f.place_id: f for f in queries.free_places([team.id], night, night, tonight=tonight)}
    outs = queries.outs_of(team.id, night)
    inspections = queries.last_inspections(team.id)
    units: dict[UUID, dict[str, Any]] = {}
    for place, unit in queries.places_of(team.id, night):
        found = units.setdefault(
            unit.id,
            {
                "unit": unit,
                "traits": present.requirements_text(unit.traits),
                "rows": [],
                "space": "",
                "inspected": present.inspection_words(inspections.get(unit.id)),
            },
        )
        found["rows"].append(_row(place, free.get(place.id), outs.get(place.id)))
        found["space"], found["crowded"] = present.space_words(
            unit.area_m2, sum(r["kind"] != "COT" for r in found["rows"])
        )
    return render_template(
        "shelter/places.html",
        page_title=_("Lugares"),
        team=team,
        teams=teams,
        night=night,
        strip=present.strip(
            nights,
            tonight,
            lambda n: url_for(
                "shelter.places",
                team=team.code,
                night=n.isoformat(),
                nights=span,
                since=first.isoformat(),
            ),
        ),
        units=list(units.values()),
        calendar=_calendar(team.code, first, span, tonight),
        moving=[
            present.stay_row(s, whole=True)
            for s in queries.to_move(team.id, tonight, tonight + timedelta(days=366))
        ],
        word=present.word_words(queries.last_confirmation(team.id), team.site.timezone),
        children=queries.emergencies_to_review(team.id),
        me=access.current().user_id,
        now=clock.now(),
        held=next((n.held for n in nights if n.night == night), 0),
    )


def _calendar(code: str, first: date, span: int, tonight: date) -> dict[str, Any]:
    """The way back and on, and the other span."""

    def at(start: date, nights: int) -> str:
        return url_for(
            "shelter.places", team=code, nights=nights, night=start.isoformat(), since=start.isoformat()
        )

    step = timedelta(days=span)
    last = first + step - timedelta(days=1)
    return {
        "text": _("%(first)s a %(last)s", first=day(first), last=day(last)),
        "previous": at(first - step, span),
        "next": at(first + step, span),
        "spans": [(n, at(first, n)) for n in SPANS if n != span],
        "tonight": at(tonight, span) if first != tonight else "",
    }


def _asked_night(tonight: date, name: str = "night") -> date:
    try:
        asked = date.fromisoformat(request.args.get(name, ""))
        return asked if abs((asked - tonight).days) < 3000 else tonight
    except ValueError:
        return tonight


def _row(place: Place, free: queries.Free | None, out: PlaceOut | None) -> dict[str, object]:
    state, kind = (_("libre"), "good") if free else (_("ocupado o reservado"), "neutral")
    if out is not None:
        state, kind = _("fuera de servicio"), "warning"
    return {
        "id": str(place.id),
        "code": place.code,
        "kind": place.kind,
        "state": state,
        "tag": kind,
        "until": day(free.until) if free and free.until else "",
        "out": out,
        "closes": day(place.closed_on) if place.closed_on else "",
    }


def _unit(unit_id: UUID) -> Unit:
    found = session.scalars(
        sa.select(Unit).where(Unit.id == unit_id, Unit.team_id.in_(access.current().site_teams))
    ).one_or_none()
    if found is None:
        raise NotYours
    return found


def _place(place_id: UUID) -> Place:
    found = session.scalars(
        sa.select(Place).where(Place.id == place_id, Place.team_id.in_(access.current().site_teams))
    ).one_or_none()
    if found is None:
        raise NotYours
    return found


def _site_of(unit_id: UUID) -> Site:
    return session.scalars(
        sa.select(Site).join(Unit, Unit.site_id == Site.id).where(Unit.id == unit_id)
    ).one()


@blueprint.route("/shelter/units/<uuid:unit_id>/surge", methods=["GET", "POST"])
@needs(MANAGE)
@commits
def surge(unit_id: UUID) -> ResponseReturnValue:
    """Open overflow places, by name, with a reason, until a date."""
    unit, form = _unit(unit_id), SurgeForm()
    if request.method == "POST" and form.validate():
        try:
            with session.begin_nested():
                service.open_surge(
                    unit, count=form.count.data, reason=form.reason.data, closes_on=form.closes_on.data
                )
            flash(_("Plazas de contingencia abiertas."), "good")
            return redirect(url_for("shelter.places"))
        except Refused as error:
            form.refused(error)
    page = render_template(
        "shelter/form.html",
        page_title=_("Abrir plazas de contingencia: %(unit)s", unit=unit.name),
        lead=_("Cuentan como exceso, nunca como capacidad. Queda anotado quién las abrió."),
        form=form,
        fields=["count", "reason", "closes_on"],
        label=_("Abrir plazas"),
        back_url=url_for("shelter.places"),
    )
    return page, 422 if request.method == "POST" else 200


@blueprint.route("/shelter/places/<uuid:place_id>/out", methods=["GET", "POST"])
@needs(MANAGE)
@commits
def take_out(place_id: UUID) -> ResponseReturnValue:
    """Take a place out of service for nights."""
    place = _place(place_id)
    form = OutForm(first_night=queries.tonight_at(_site_of(place.unit_id)))
    if request.method == "POST" and form.validate():
        try:
            with session.begin_nested():
                service.take_out(
                    place,
                    first_night=form.first_night.data,
                    last_night=form.last_night.data,
                    reason=form.reason.data,
                    despite=form.despite.data,
                )
            flash(_("Lugar fuera de servicio."), "good")
            return redirect(url_for("shelter.places"))
        except Refused as error:
            form.refused(error)
    page = render_template(
        "shelter/form.html",
        page_title=_("Fuera de servicio: %(place)s", place=place.code),
        lead=_(
            "Si no escribe hasta cuándo, queda fuera hasta nuevo aviso. A quien tenga el lugar no se le quita: se mueve."
        ),
        form=form,
        fields=["reason", "first_night", "last_night", "despite"],
        label=_("Sacar de servicio"),
        back_url=url_for("shelter.places"),
    )
    return page, 422 if request.method == "POST" else 200


@blueprint.post("/shelter/out/<uuid:out_id>/back")
@needs(MANAGE)
@commits
def put_back(out_id: UUID) -> ResponseReturnValue:
    """The place is in service again."""
    row = session.scalars(
        sa.select(PlaceOut).where(PlaceOut.id == out_id, PlaceOut.team_id.in_(access.current().site_teams))
    ).one_or_none()
    if row is None:
        raise NotYours
    service.put_back(row)
    flash(_("Lugar en servicio desde esta noche."), "good")
    return redirect(url_for("shelter.places"))
