"""Counting an arrival without names, on a telephone: numbers by age band and sex."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.models import Team
from caseapp.core import access, clock, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.db import session
from caseapp.core.errors import NotPermitted, NotYours, Refused
from caseapp.core.i18n import _
from caseapp.core.pages import paged
from caseapp.people import present
from caseapp.people.inputs import date_data
from caseapp.places.models import Site
from caseapp.reception import queries
from caseapp.reception.access import COUNT
from caseapp.reception.forms import TallyForm
from caseapp.reception.models import ArrivalTally
from caseapp.reception.rules.tally import BANDS, SEXES
from caseapp.reception.service import tally as verbs
from caseapp.reception.views import blueprint
from caseapp.reception.views.register import tally_label


def _desk(form: TallyForm) -> tuple[Team, Site]:
    desks = queries.desks(access.current(), COUNT)
    if not desks:
        raise NotPermitted
    form.team.choices = [(team.code, team.name) for team, _site in desks]
    chosen = next((d for d in desks if d[0].code == form.team.data), desks[0])
    form.team.data = chosen[0].code
    form.place.choices = [("", _("No se preguntó")), *present.place_choices(chosen[0].country)]
    return chosen


@blueprint.get("/reception/tally")
@needs(COUNT)
def tally() -> ResponseReturnValue:
    """The empty count, today and this hour; the last counts of the desk."""
    form = TallyForm()
    _team, site = _desk(form)
    now = clock.local(clock.now(), site.timezone)
    form.arrived_on.process(None, date_data(now.date()))
    form.hour.data = str(now.hour)
    return _page(form)


@blueprint.post("/reception/tally")
@needs(COUNT)
@commits
def count() -> ResponseReturnValue:
    """Note the count."""
    form = TallyForm()
    team, _site = _desk(form)
    valid = form.validate()
    numbers, on = form.numbers(request.form), form.day()
    if not valid or on is None or form.wrong():
        return _page(form), 422
    new = verbs.NewTally(
        numbers, on, form.hour.number, place=form.place.data or None, origin=form.origin.data or None
    )
    try:
        with session.begin_nested():
            made = verbs.count(new, team=team)
    except Refused as error:
        if error.field == "on":
            form.arrived_on.form.day.errors = [str(error)]
        else:
            form.refused(error)
        return _page(form), error.status
    flash(_("Se contaron %(n)s personas.", n=made.people), "good")
    return redirect(url_for("reception.tally"))


def _page(form: TallyForm) -> str:
    page = paged(queries.tallies_of(access.current()))
    return render_template(
        "reception/tally.html",
        page_title=_("Contar una llegada"),
        form=form,
        several_teams=len(form.team.choices) > 1,
        bands=[(band, reference.label("age_band", band)) for band in BANDS],
        sexes=[(sex, reference.label("sex_in_figures", sex)) for sex in SEXES],
        typed=request.form,
        wrong=form.wrong(),
        page=page,
        rows=[
            {"id": row.id, "label": tally_label(row), "withdrawn": row.withdrawn_at is not None}
            for row in page.rows
        ],
    )


@blueprint.get("/reception/tally/<uuid:tally_id>")
@needs(COUNT)
def tally_shown(tally_id: UUID) -> ResponseReturnValue:
    """A count by cell, and how many of it are registered."""
    row = queries.tally_of(tally_id, access.current())
    return render_template(
        "reception/tally_shown.html",
        page_title=_("Llegada contada"),
        row=row,
        label=tally_label(row),
        cells=[_cell(row, cell) for cell in row.counts],
        place=present_place(row),
        origin=reference.country_label(row.origin) if row.origin else _("Varios o no se sabe"),
    )


def present_place(row: ArrivalTally) -> str:
    """Where the group came in, in words."""
    return reference.admin1_named(row.place).name if row.place else _("No se preguntó")


def _cell(row: ArrivalTally, cell: str) -> dict[str, Any]:
    band, sex = cell.split("/")
    return {
        "who": f"{reference.label('age_band', band)} · {reference.label('sex_in_figures', sex)}",
        "counted": row.counts[cell],
        "registered": row.registered.get(cell, 0),
    }


@blueprint.post("/reception/tally/<uuid:tally_id>/withdraw")
@needs(COUNT)
@commits
def withdraw_tally(tally_id: UUID) -> ResponseReturnValue:
    """The count was a mistake; it is withdrawn, and may be counted anew."""
    row = verbs.locked(tally_id, access.current().teams_as(*COUNT.roles))
    if row is None:
        raise NotYours
    verbs.withdraw(row)
    flash(_("El conteo se anuló. Si hace falta, cuente de nuevo."), "good")
    return redirect(url_for("reception.tally"))
