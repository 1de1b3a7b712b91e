"""The roll of the night: who is here, who is missing, who came back."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import access, audit
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import Refused
from caseapp.core.i18n import _, ngettext
from caseapp.core.pages import day
from caseapp.shelter import queries
from caseapp.shelter.access import CHECK_IN, CHECK_OUT, MANAGE
from caseapp.shelter.models import Stay
from caseapp.shelter.night import queries as night
from caseapp.shelter.night import service as roll_service
from caseapp.shelter.views import blueprint
from caseapp.shelter.views.tonight import chosen_team, ids_of, rows_of


@blueprint.get("/shelter/tonight/roll")
@needs(CHECK_IN)
@records_view
def roll() -> ResponseReturnValue:
    """The list to walk through the rooms with; `?all=1` has everybody ticked."""
    return _page()


def _page(wrong: str = "", ticked: frozenset[str] | None = None) -> str:
    team, teams = chosen_team()
    whole = access.current().may(MANAGE)
    seen = night.tonight(team, whole=False)
    audit.record("viewed", "shelter_roll", team.id)
    there = [s for s in (*seen.present, *seen.absent) if s.first_night <= seen.night]
    stays = sorted(there, key=lambda s: (s.unit.sort_key, s.place.code))
    if ticked is None:
        ticked = frozenset(str(s.id) for s in stays if request.args.get("all") or s.id in seen.seen)
    return render_template(
        "shelter/roll.html",
        page_title=_("Pasar lista"),
        team=team,
        teams=teams,
        night=day(seen.night),
        rows=rows_of(stays, seen, whole=False),
        ticked=ticked,
        missing=frozenset(str(s.id) for s in seen.absent),
        history=night.history(team.id, access.current(), seen.night) if whole else [],
        wrong=wrong,
    )


@blueprint.post("/shelter/tonight/roll")
@needs(CHECK_IN)
@commits
def call_roll() -> ResponseReturnValue:
    """Who is ticked is here. Once the roll is finished, who is on the list and not ticked is missing."""
    team, _teams = chosen_team()
    listed, ticked = request.form.getlist("listed"), request.form.getlist("stay")
    finished = request.form.get("finished") == "1"
    if not ticked and not finished:
        return _page(_("Señale a quienes están."), frozenset()), 422
    stays = queries.managed_many(access.current(), ids_of([*listed, *ticked]))
    try:
        with session.begin_nested():
            # Who left or was moved out meanwhile is on nobody's list any more.
            there = [s for s in stays if s.team_id == team.id and s.state == "IN"]
            found, missing = roll_service.call_roll(there, set(ids_of(ticked)), finished=finished)
    except Refused as error:
        return _page(str(error), frozenset(ticked)), 422
    said = ngettext("%(num)s persona presente.", "%(num)s personas presentes.", found)
    if missing:
        said += " " + ngettext("%(num)s ausente.", "%(num)s ausentes.", missing)
    flash(said, "warning" if missing else "good")
    return redirect(url_for("shelter.tonight", team=team.code))


@blueprint.post("/shelter/stays/<uuid:stay_id>/absent")
@needs(CHECK_OUT)
@commits
def mark_absent(stay_id: UUID) -> ResponseReturnValue:
    """This person is missing tonight."""
    stay = _one(stay_id)
    roll_service.absent([stay], way="GATE")
    flash(_("Anotado: %(name)s no está esta noche.", name=stay.called_name or _("Sin nombre")), "warning")
    return _back_to(stay)


@blueprint.post("/shelter/stays/<uuid:stay_id>/back")
@needs(CHECK_IN)
@commits
def mark_back(stay_id: UUID) -> ResponseReturnValue:
    """Who was missing is back."""
    stay = _one(stay_id)
    roll_service.seen([stay], way="GATE")
    flash(_("Anotado: %(name)s está aquí.", name=stay.called_name or _("Sin nombre")), "good")
    return _back_to(stay)


def _one(stay_id: UUID) -> Stay:
    return queries.managed(access.current(), stay_id)


def _back_to(stay: Stay) -> ResponseReturnValue:
    teams = {t.id: t.code for t in queries.shelters_of(access.current())}
    return redirect(url_for("shelter.tonight", team=teams.get(stay.team_id)))
