"""Tonight: who is expected, who is in, who is missing, who leaves, what is free; check-in of several."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.models import Team
from caseapp.core import access, audit, clock, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import NotYours, Refused
from caseapp.core.i18n import _, ngettext
from caseapp.core.pages import day
from caseapp.shelter import present, queries, service
from caseapp.shelter.access import CHECK_IN, MANAGE, TONIGHT
from caseapp.shelter.models import Stay
from caseapp.shelter.night import queries as night
from caseapp.shelter.night.queries import FreeUnit, Tonight
from caseapp.shelter.night.rules import ALERT_NIGHTS
from caseapp.shelter.views import blueprint
from caseapp.shelter.walk_in import service as walk_in

LISTS = (
    "expected", "overdue_in", "present", "absent", "leaving", "overdue_out", "arriving", "to_agree", "to_review",
)  # fmt: skip


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
    """Tonight's list. The gate sees called name, place, requirements, what is life-critical and alerts."""
    return _page()


def _page(wrong: str = "", chosen: frozenset[str] = frozenset()) -> str:
    team, teams = chosen_team()
    whole = access.current().may(MANAGE)
    seen = night.tonight(team, whole=whole)
    audit.record("viewed", "shelter_tonight", team.id)
    assert team.site is not None
    rows = {name: rows_of(getattr(seen, name), seen, whole=whole) for name in LISTS}
    # Whoever comes late is received like everybody else.
    rows["expected"] = [*rows["overdue_in"], *rows["expected"]]
    if not whole:
        for name in ("overdue_in", "leaving", "overdue_out", "arriving"):
            rows[name] = []
    if whole:
        rows["unregistered"] = rows_of(walk_in.waiting(team), seen, whole=True)
    confirmed = queries.last_confirmation(team.id) if whole else None
    return render_template(
        "shelter/tonight.html",
        page_title=_("Esta noche"),
        team=team,
        teams=teams,
        night=day(seen.night),
        coming=day(seen.coming),
        rows=rows,
        count=seen.count,
        free=[_free(f) for f in seen.free],
        whole=whole,
        confirmed=confirmed,
        timezone=team.site.timezone,
        stale=confirmed is None or clock.now() - confirmed > timedelta(hours=24),
        wrong=wrong,
        chosen=chosen,
    )


def rows_of(stays: Sequence[Stay], seen: Tonight, *, whole: bool) -> list[dict[str, Any]]:
    """Rows of people, with their alerts; for a coordinator also how long somebody has been missing."""
    found = []
    for stay in stays:
        row = present.stay_row(stay, whole=whole, alerts=seen.alerts.get(stay.case_id, ()))
        row["new"] = stay.id in seen.arrived
        row["seen"] = stay.id in seen.seen
        away = seen.away.get(stay.id, 0)
        if away and whole:
            row["absent"] = present.away_text(away)
            row["signal"] = "urgent" if away >= ALERT_NIGHTS or stay.child else "warning"
        found.append(row)
    return found


def _free(found: FreeUnit) -> dict[str, Any]:
    return {
        "unit": found.unit.name,
        "places": _("%(a)s de %(b)s", a=sum(found.kinds.values()), b=found.places),
        "kinds": present.kinds_text(found.kinds),
        "takes": reference.label("unit_takes", found.unit.takes),
        "traits": present.requirements_text(list(found.traits)),
        "until": day(found.until) if found.until else "",
    }


@blueprint.post("/shelter/check-in")
@needs(CHECK_IN)
@commits
def check_in() -> ResponseReturnValue:
    """Several people came in, in one act; who is not ticked stays expected."""
    typed = request.form.getlist("stay")
    if not typed:
        return _page(_("Elija a quién recibe.")), 422
    stays = queries.managed_many(access.current(), ids_of(typed))
    try:
        with session.begin_nested():
            service.check_in(stays)
    except Refused as error:
        return _page(str(error), frozenset(typed)), 422
    flash(ngettext("Ingresó %(num)s persona.", "Ingresaron %(num)s personas.", len(stays)), "good")
    return redirect(url_for("shelter.tonight", team=request.form.get("team")))


def ids_of(typed: list[str]) -> list[UUID]:
    """The ids that a form sent; anything else is not found."""
    try:
        return [UUID(t) for t in typed]
    except ValueError:
        raise NotYours from None


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
