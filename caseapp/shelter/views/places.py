"""Places by night: how full, what is free and where, surge, and places out of service."""

from __future__ import annotations

from datetime import date, timedelta
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
from caseapp.shelter import present, queries, service
from caseapp.shelter.access import MANAGE
from caseapp.shelter.forms import OutForm, SurgeForm
from caseapp.shelter.models import Place, PlaceOut, Unit
from caseapp.shelter.views import blueprint
from caseapp.shelter.views.tonight import chosen_team

NIGHTS = 14


@blueprint.get("/shelter/places")
@needs(MANAGE)
def places() -> ResponseReturnValue:
    """Two weeks of nights, and the places of the night chosen."""
    team, teams = chosen_team()
    assert team.site is not None
    tonight = queries.tonight_at(team.site)
    night = _asked_night(tonight)
    first = tonight if night < tonight + timedelta(days=NIGHTS) and night >= tonight else night
    nights = queries.occupancy(team.id, first, first + timedelta(days=NIGHTS - 1), tonight=tonight)
    free = {f.place_id: f for f in queries.free_places([team.id], night, night, tonight=tonight)}
    outs = queries.outs_of(team.id, night)
    units: dict[UUID, dict[str, object]] = {}
    for place, unit in queries.places_of(team.id, night):
        found = units.setdefault(
            unit.id, {"unit": unit, "traits": present.requirements_text(unit.traits), "rows": []}
        )
        found["rows"].append(_row(place, free.get(place.id), outs.get(place.id)))  # type: ignore[attr-defined]
    return render_template(
        "shelter/places.html",
        page_title=_("Lugares"),
        team=team,
        teams=teams,
        night=night,
        strip=present.strip(
            nights, tonight, lambda n: url_for("shelter.places", team=team.code, night=n.isoformat())
        ),
        units=list(units.values()),
        held=next((n.held for n in nights if n.night == night), 0),
    )


def _asked_night(tonight: date) -> date:
    try:
        return date.fromisoformat(request.args.get("night", ""))
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
    form = OutForm(first_night=clock.today())
    if request.method == "POST" and form.validate():
        try:
            with session.begin_nested():
                service.take_out(
                    place,
                    first_night=form.first_night.data,
                    last_night=form.last_night.data,
                    reason=form.reason.data,
                )
            flash(_("Lugar fuera de servicio."), "good")
            return redirect(url_for("shelter.places"))
        except Refused as error:
            form.refused(error)
    page = render_template(
        "shelter/form.html",
        page_title=_("Fuera de servicio: %(place)s", place=place.code),
        lead=_("Si no escribe hasta cuándo, queda fuera hasta nuevo aviso."),
        form=form,
        fields=["reason", "first_night", "last_night"],
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
