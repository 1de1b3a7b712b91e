"""Where one's own safe house is: read, written and shown to another team by the house alone."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import clock
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.db import session
from caseapp.core.errors import NotYours, Refused
from caseapp.core.i18n import _
from caseapp.core.pages import day
from caseapp.places import queries
from caseapp.places.access import SAFE_HOUSE
from caseapp.places.forms import AccessForm, SafeHouseForm
from caseapp.places.models import Site, SiteKind
from caseapp.places.service import safe_house
from caseapp.places.service.safe_house import Whereabouts
from caseapp.places.views import blueprint

#: The team's code and name; `accounts` stands above this area and is not imported.
TEAM = sa.table("team", sa.column("id"), sa.column("code"), sa.column("name"), sa.column("active"))


def _own(code: str) -> Site:
    """The user's own safe house of this code, or NotYours: the same answer for any other site."""
    found = queries.site_of_code(code)
    if found is None or found.kind != SiteKind.SAFE_HOUSE or found.id not in safe_house.own_sites():
        raise NotYours
    return found


@blueprint.route("/safe-houses/<code>", methods=["GET", "POST"])
@needs(SAFE_HOUSE)
@commits
def house(code: str) -> ResponseReturnValue:
    """Read and write where the house is."""
    site = _own(code)
    row = safe_house.row_of(site.id)
    if request.method == "GET":
        known = safe_house.whereabouts(site.id) or Whereabouts()
        data = {**vars(known), "version": row.version if row else 0}
        return _page(site, SafeHouseForm(None, data=data), AccessForm(None))
    form = SafeHouseForm()
    if not form.validate():
        return _page(site, form, AccessForm(None)), 422
    new = Whereabouts(
        *((form[name].data or "").strip() for name in ("address", "directions", "phone", "duty_phone"))
    )
    try:
        with session.begin_nested():
            safe_house.write(site, new, version=form.read_version())
    except Refused as error:
        form.refused(error)
        return _page(site, form, AccessForm(None)), error.status
    flash(_("Guardado. Solo lo ven los equipos de la casa y aquellos a los que dieron permiso."), "good")
    return redirect(url_for("places.house", code=code))


@blueprint.post("/safe-houses/<code>/access")
@needs(SAFE_HOUSE)
@commits
def give(code: str) -> ResponseReturnValue:
    """Let another team read the address until a day."""
    site, form = _own(code), AccessForm()
    good = form.validate()
    team = session.execute(
        sa.select(TEAM.c.id).where(TEAM.c.code == (form.team.data or "").strip().upper(), TEAM.c.active)
    ).scalar()
    if good and team is None:
        form.team.errors = [_("No hay un equipo con ese código.")]
        good = False
    if good and form.until.data <= clock.today(site.timezone):
        form.until.errors = [_("Escriba un día que aún no llega.")]
        good = False
    if not good or team is None:
        known = safe_house.whereabouts(site.id) or Whereabouts()
        return _page(site, SafeHouseForm(None, data=vars(known)), form), 422
    safe_house.give_access(site, team, form.until.data)
    flash(_("El equipo puede leer la dirección hasta el %(day)s.", day=day(form.until.data)), "good")
    return redirect(url_for("places.house", code=code))


@blueprint.post("/safe-houses/<code>/access/<uuid:access_id>/end")
@needs(SAFE_HOUSE)
@commits
def end(code: str, access_id: UUID) -> ResponseReturnValue:
    """Take the right back at once."""
    safe_house.end_access(_own(code), access_id)
    flash(_("El permiso terminó."), "good")
    return redirect(url_for("places.house", code=code))


def _page(site: Site, form: SafeHouseForm, giving: AccessForm) -> str:
    rights = safe_house.readers(site.id)
    teams = sa.select(TEAM.c.id, TEAM.c.name).where(TEAM.c.id.in_([r.team_id for r in rights]))
    names = {row[0]: row[1] for row in session.execute(teams)}
    return render_template(
        "places/house.html",
        page_title=_("Dónde está la casa"),
        form=form,
        giving=giving,
        code=site.code,
        rights=[{"id": r.id, "team": names[r.team_id], "until": day(r.valid_to)} for r in rights],
    )
