"""Tonight: who is expected, who is in, who leaves, what is free; check-in of several; the paper."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.models import Team
from caseapp.core import access, audit, clock
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import NotYours, Refused
from caseapp.core.i18n import _, ngettext
from caseapp.core.pages import day, moment
from caseapp.shelter import present, queries, service
from caseapp.shelter.access import CHECK_IN, MANAGE, TONIGHT
from caseapp.shelter.views import blueprint


def chosen_team() -> tuple[Team, list[Team]]:
    """The shelter that the page is about (`?team=`, or the first) and all of the principal's."""
    teams = queries.shelters_of(access.current())
    if not teams:
        raise NotYours
    asked = request.values.get("team")
    if asked is None:
        return teams[0], teams
    found = next((t for t in teams if t.code == asked), None)
    if found is None:
        raise NotYours
    return found, teams


@blueprint.get("/shelter/tonight")
@needs(TONIGHT)
@records_view
def tonight() -> ResponseReturnValue:
    """Tonight's list. The gate sees called name, place, requirements and what is life-critical."""
    return _page()


def _page(wrong: str = "", chosen: frozenset[str] = frozenset()) -> str:
    team, teams = chosen_team()
    whole = access.current().may(MANAGE)
    seen = queries.tonight(team, whole=whole)
    audit.record("viewed", "shelter_tonight", team.id)
    assert team.site is not None
    rows = {
        name: [present.stay_row(s, whole=whole) for s in getattr(seen, name)]
        for name in ("expected", "overdue_in", "present", "leaving", "overdue_out", "to_agree", "to_review")
    }
    # Whoever comes late is received like everybody else.
    rows["expected"] = [*rows["overdue_in"], *rows["expected"]]
    if not whole:
        rows["overdue_in"] = rows["leaving"] = rows["overdue_out"] = []
    confirmed = queries.last_confirmation(team.id) if whole else None
    return render_template(
        "shelter/tonight.html",
        page_title=_("Esta noche"),
        team=team,
        teams=teams,
        night=day(seen.night),
        rows=rows,
        count=seen.count,
        whole=whole,
        confirmed=confirmed,
        timezone=team.site.timezone,
        stale=confirmed is None or clock.now() - confirmed > timedelta(hours=24),
        wrong=wrong,
        chosen=chosen,
    )


@blueprint.post("/shelter/check-in")
@needs(CHECK_IN)
@commits
def check_in() -> ResponseReturnValue:
    """Several people came in, in one act."""
    typed = request.form.getlist("stay")
    if not typed:
        return _page(_("Elija a quién recibe.")), 422
    stays = queries.managed_many(access.current(), _ids(typed))
    try:
        with session.begin_nested():
            service.check_in(stays)
    except Refused as error:
        return _page(str(error), frozenset(typed)), 422
    flash(ngettext("Ingresó %(num)s persona.", "Ingresaron %(num)s personas.", len(stays)), "good")
    return redirect(url_for("shelter.tonight", team=request.form.get("team")))


def _ids(typed: list[str]) -> list[UUID]:
    try:
        return [UUID(t) for t in typed]
    except ValueError:
        raise NotYours from None


@blueprint.get("/shelter/tonight/print")
@needs(TONIGHT)
@records_view
def print_tonight() -> ResponseReturnValue:
    """The list on paper, for when the network is down: place, called name, requirement; when it was printed and
    by when it is destroyed. Who asked not to stand on lists that others see has no name here."""
    team, _teams = chosen_team()
    assert team.site is not None
    seen = queries.tonight(team, whole=False)
    audit.record("printed", "shelter_tonight", team.id)
    stays = sorted([*seen.overdue_in, *seen.expected, *seen.present], key=lambda s: (s.place.code, s.id))
    rows = []
    for stay in stays:
        row = present.stay_row(stay, whole=False)
        rows.append(
            {
                "place": row["place"],
                "name": "—" if "NO_PUBLIC_LIST" in stay.requirements else row["name"],
                "requirements": "; ".join(filter(None, [*row["life"], row["requirements"]])),
            }
        )
    timezone = team.site.timezone
    destroy = clock.at(seen.night + timedelta(days=1), team.site.rollover_hour, 0, timezone)
    return render_template(
        "print/list.html",
        page_title=_("Lista de la noche del %(day)s", day=day(seen.night)),
        place=team.site.name if team.type != "SAFE_HOUSE" else "",
        columns=[
            {"key": "place", "label": _("Lugar"), "head": True},
            {"key": "name", "label": _("Nombre")},
            {"key": "requirements", "label": _("Requiere")},
        ],
        rows=rows,
        printed_at=moment(clock.now(), timezone),
        destroy_by=moment(destroy, timezone),
        back_url=url_for("shelter.tonight", team=team.code),
    )


@blueprint.post("/shelter/teams/<code>/confirm")
@needs(MANAGE)
@commits
def confirm_capacity(code: str) -> ResponseReturnValue:
    """One tap: what the screen shows is true."""
    team = next((t for t in queries.shelters_of(access.current()) if t.code == code), None)
    if team is None:
        raise NotYours
    free = service.confirm_capacity(team)
    flash(ngettext("Confirmado: %(num)s lugar libre.", "Confirmado: %(num)s lugares libres.", free), "good")
    return redirect(url_for("shelter.tonight", team=code))
