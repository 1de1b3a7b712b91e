"""People at the gate whom nobody has referred: who they are, which bed, in."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.models import Team
from caseapp.core import audit
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.errors import Refused
from caseapp.core.i18n import _, ngettext
from caseapp.shelter.access import WALK_IN
from caseapp.shelter.views import blueprint
from caseapp.shelter.views.tonight import chosen_team
from caseapp.shelter.walk_in import rules, service
from caseapp.shelter.walk_in.forms import WalkInForm
from caseapp.shelter.walk_in.service import Choice


@blueprint.get("/shelter/walk-in")
@needs(WALK_IN)
def walk_in() -> ResponseReturnValue:
    """The empty page: three fields a person."""
    team, teams = chosen_team()
    return _page(WalkInForm(), team, teams)


@blueprint.post("/shelter/walk-in")
@needs(WALK_IN)
@commits
def receive_walk_in() -> ResponseReturnValue:
    """Add rows, look for a bed (nothing is saved), or take them in: in the bed chosen, or at once in the first that the
    rules give. Children whom no adult came with go by the emergency path, on the same page."""
    team, teams = chosen_team()
    form, verb = WalkInForm(), request.form.get("verb", "look")
    if verb == "add":
        form.more()
        return _page(form, team, teams)
    if not form.check():
        return _page(form, team, teams), 422
    try:
        group, at = form.group(), service.came(team, form.hour())
        if verb not in ("in", "first") or (verb == "first" and group.alone):
            return _offered(form, team, teams)
        places = service.read_choice(request.form.get("place", ""))
        if verb == "first":
            found = service.look(group, team, at=at)
            if not found:
                return _page(form, team, teams, found=found)
            places = found[0].places
        stays = service.take_in(group, team, places, at=at, watch=form.watch() if group.alone else None)
    except rules.ChildWithoutCarer as error:
        form.refused(error)
        return _page(form, team, teams, stop=True), error.status
    except Refused as error:
        form.refused(error)
        return _offered(form, team, teams, status=error.status)
    flash(
        ngettext(
            "Ingresó %(num)s persona a %(places)s.", "Ingresaron %(num)s personas a %(places)s.", len(stays),
            places=", ".join(sorted(s.place.code for s in service.with_places(stays))),
        ),
        "good",
    )  # fmt: skip
    return redirect(url_for("shelter.tonight", team=team.code))


def _offered(form: WalkInForm, team: Team, teams: list[Team], *, status: int = 200) -> ResponseReturnValue:
    try:
        found = service.look(form.group(), team, at=service.came(team, form.hour()))
    except Refused as error:
        form.refused(error)
        return _page(form, team, teams, stop=isinstance(error, rules.ChildWithoutCarer)), error.status
    audit.record("looked", "shelter_walk_in", team.id)
    return _page(form, team, teams, found=found), status


def _page(
    form: WalkInForm, team: Team, teams: list[Team], *, found: list[Choice] | None = None, stop: bool = False
) -> str:
    chosen = request.form.get("place", "")
    return render_template(
        "shelter/walk_in.html",
        page_title=_("Llegan sin referencia"),
        team=team,
        teams=teams,
        form=form,
        alone=form.group().alone,
        several=len(form.members) > 1,
        looked=found is not None,
        options=[
            {
                "value": c.value, "label": c.offer.label, "detail": c.offer.detail, "reasons": c.offer.reasons,
                "lacks": c.offer.lacks, "chosen": c.value == chosen or (not chosen and i == 0),
            }
            for i, c in enumerate((found or [])[:4])
        ],
        stop=stop,
    )  # fmt: skip
