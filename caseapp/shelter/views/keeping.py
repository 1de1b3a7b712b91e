"""Keeping places true: the daily word, space and turnaround of a unit, inspections, licences and the longest stay."""

from __future__ import annotations

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
from caseapp.core.i18n import _, ngettext
from caseapp.shelter import service
from caseapp.shelter.access import MANAGE
from caseapp.shelter.forms import InspectionForm, LimitsForm, UnitForm, WordForm
from caseapp.shelter.standing import ChildEmergency
from caseapp.shelter.views import blueprint
from caseapp.shelter.views.places import _site_of, _unit
from caseapp.shelter.views.tonight import chosen_team


def _form(form: Any, title: str, lead: str, fields: list[str], label: str) -> ResponseReturnValue:
    page = render_template(
        "shelter/form.html",
        page_title=title,
        lead=lead,
        form=form,
        fields=fields,
        label=label,
        back_url=url_for("shelter.places"),
    )
    return page, 422 if request.method == "POST" else 200


def _to_places(words: str) -> ResponseReturnValue:
    flash(words, "good")
    return redirect(url_for("shelter.places"))


@blueprint.route("/shelter/word", methods=["GET", "POST"])
@needs(MANAGE)
@commits
def word() -> ResponseReturnValue:
    """The daily word: three numbers, prefilled; one tap where they are right."""
    team, _teams = chosen_team()
    shown = service.word_to_give(team)
    form = WordForm(data={"free": shown.free, "out": shown.out, "leaving": shown.leaving})
    if request.method == "POST" and form.validate():
        said = service.confirm_capacity(
            team, free=form.free.data, out=form.out.data, leaving=form.leaving.data
        )
        if said != shown.free:
            flash(
                _(
                    "Anotado. La pantalla mostraba %(n)s libres: revise qué lugar no está como dice.",
                    n=shown.free,
                ),
                "warning",
            )
            return redirect(url_for("shelter.places", team=team.code))
        return _to_places(
            ngettext("Confirmado: %(num)s lugar libre.", "Confirmado: %(num)s lugares libres.", said)
        )
    return _form(
        form,
        _("¿Es así esta noche?"),
        _("Lo que muestra la pantalla. Corrija lo que no sea así y confirme."),
        ["free", "out", "leaving"],
        _("Así es"),
    )


@blueprint.route("/shelter/units/<uuid:unit_id>", methods=["GET", "POST"])
@needs(MANAGE)
@commits
def unit(unit_id: UUID) -> ResponseReturnValue:
    """How large a unit is, and how long it stands empty between two parties."""
    found = _unit(unit_id)
    form = UnitForm(data={"area_m2": found.area_m2, "turnaround_nights": found.turnaround_nights})
    if request.method == "POST" and form.validate():
        service.measure(found, area_m2=form.area_m2.data, turnaround_nights=form.turnaround_nights.data)
        return _to_places(_("Cuarto anotado."))
    return _form(
        form,
        _("Espacio y preparación: %(unit)s", unit=found.name),
        _(
            "Con la superficie se sabe cuántas personas caben: 3,5 m² por persona según Esfera, 4 m² según la EUAA."
        ),
        ["area_m2", "turnaround_nights"],
        _("Guardar"),
    )


@blueprint.route("/shelter/units/<uuid:unit_id>/inspection", methods=["GET", "POST"])
@needs(MANAGE)
@commits
def inspection(unit_id: UUID) -> ResponseReturnValue:
    """Write down an inspection; one that fails closes the unit."""
    found = _unit(unit_id)
    form = InspectionForm(inspected_on=clock.today(_site_of(unit_id).timezone))
    if request.method == "POST" and form.validate():
        try:
            with session.begin_nested():
                service.inspect(
                    found,
                    on=form.inspected_on.data,
                    outcome=form.outcome.data,
                    next_due_on=form.next_due_on.data,
                )
            return _to_places(_("Inspección anotada."))
        except Refused as error:
            form.refused(error)
    return _form(
        form,
        _("Inspección: %(unit)s", unit=found.name),
        _("Si no se aprueba, el cuarto se cierra desde ese día y quienes están ahí quedan por mover."),
        ["outcome", "inspected_on", "next_due_on"],
        _("Anotar inspección"),
    )


@blueprint.route("/shelter/limits", methods=["GET", "POST"])
@needs(MANAGE)
@commits
def limits() -> ResponseReturnValue:
    """The longest stay, and a licence for children without family."""
    team, _teams = chosen_team()
    assert team.site is not None
    form = LimitsForm(data={"max_nights": service.max_nights(team.id)})
    if request.method == "POST" and form.validate():
        try:
            with session.begin_nested():
                if form.valid_from.data is not None:
                    service.license_children(
                        team.id, team.site, valid_from=form.valid_from.data, valid_to=form.valid_to.data
                    )
                service.set_longest(team.id, form.max_nights.data)
            return _to_places(_("Anotado."))
        except Refused as error:
            form.refused(error)
    return _form(
        form,
        _("Estancia máxima y licencia"),
        _("Sin licencia vigente todas las noches, una niña o un niño sin familia no se aloja aquí."),
        ["max_nights", "valid_from", "valid_to"],
        _("Guardar"),
    )


@blueprint.post("/shelter/emergencies/<uuid:emergency_id>/review")
@needs(MANAGE)
@commits
def review_emergency(emergency_id: UUID) -> ResponseReturnValue:
    """A second person has looked at how a child was taken in."""
    row = session.scalars(
        sa.select(ChildEmergency).where(
            ChildEmergency.id == emergency_id, ChildEmergency.team_id.in_(access.current().site_teams)
        )
    ).one_or_none()
    if row is None:
        raise NotYours
    try:
        with session.begin_nested():
            service.review_emergency(row)
        flash(_("Revisión anotada."), "good")
    except Refused as error:
        flash(str(error), "warning")
    return redirect(url_for("shelter.places"))
