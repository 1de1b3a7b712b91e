"""Lists: the order of exit for those who hold the files, departures from it, children for the child authority, and
the one page of those who keep people in custody."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.queries import timezone_of
from caseapp.core import access, audit, clock, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import NotYours, Refused
from caseapp.core.i18n import _
from caseapp.core.pages import day, moment
from caseapp.custody import present, queries, service
from caseapp.custody.access import READ, REVIEW, SEE_CHILDREN, SEE_EXITS
from caseapp.custody.models import Custody
from caseapp.custody.views import blueprint
from caseapp.people import present as people_present


@blueprint.get("/custody")
@needs(READ)
@records_view
def queue() -> ResponseReturnValue:
    """Who is in custody, station by station, in the lawful order; children first, as an alarm and not as a rank."""
    who = access.current()
    timezone = timezone_of(who.grants[0].team_id)
    everybody = queries.held(who)
    country = who.grants[0].country
    teams = {t.id: t.name for t in (*queries.stations(country), *queries.child_authorities(country))}
    audit.record("viewed", "custody_queue")
    alarms = [h for h in everybody if h.placement.kind == "ALARM"]
    ranked: dict[UUID | None, list[queries.Held]] = {}
    for one in everybody:
        if one.placement.kind == "RANKED":
            ranked.setdefault(one.custody.station_id, []).append(one)
    return render_template(
        "custody/queue.html",
        page_title=_("Orden de salida"),
        alarms=[present.queue_row(h, teams, timezone) for h in alarms],
        stations=[
            {"name": teams.get(station or UUID(int=0), ""), "rows": [present.queue_row(h, teams, timezone) for h in those]}
            for station, those in ranked.items()
        ],
        outside=[present.queue_row(h, teams, timezone) for h in everybody if h.placement.kind == "OUTSIDE"],
    )  # fmt: skip


@blueprint.get("/custody/departures")
@needs(READ)
@records_view
def departures() -> ResponseReturnValue:
    """Exits that departed from the order, with the numbers of those who were passed over."""
    return _departures()


def _departures(wrong: str = "") -> str:
    who = access.current()
    audit.record("viewed", "custody_departures")
    return render_template(
        "custody/departures.html",
        page_title=_("Salidas fuera del orden"),
        rows=[_departure(d, who) for d in queries.departures(who)],
        wrong=wrong,
    )


def _departure(one: queries.Departure, who: access.Principal) -> dict[str, Any]:
    row = one.custody
    reviewable = (
        row.departure_reviewed_at is None
        and row.exit_by_id != who.user_id
        and one.case.team_id in who.teams_as(*REVIEW.roles)
    )
    return {
        "number": one.case.number,
        "href": url_for("custody.show", number=one.case.number),
        "station": one.station,
        "on": day(row.exit_on),
        "reason": reference.label("custody_departure_reason", row.departure_reason or "OTHER"),
        "note": row.departure_note or "",
        "passed": list(one.passed),
        "reviewed": moment(row.departure_reviewed_at) if row.departure_reviewed_at else "",
        "review": url_for("custody.review", custody_id=row.id) if reviewable else None,
    }


@blueprint.post("/custody/departures/<uuid:custody_id>/review")
@needs(REVIEW)
@commits
def review(custody_id: UUID) -> ResponseReturnValue:
    """A supervisor has looked at one."""
    who = access.current()
    row = session.scalars(
        queries.visible_to(who)
        .where(Custody.id == custody_id)
        .with_for_update(of=Custody)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotYours
    try:
        with session.begin_nested():
            service.review_departure(row)
    except Refused as error:
        return _departures(str(error)), error.status
    flash(_("Revisión anotada."), "good")
    return redirect(url_for("custody.departures"))


@blueprint.get("/custody/children")
@needs(SEE_CHILDREN)
@records_view
def children() -> ResponseReturnValue:
    """Children in custody of whom this child authority was told."""
    who = access.current()
    timezone = timezone_of(who.grants[0].team_id)
    found = queries.children_told_to(who)
    for one in found:
        audit.record("viewed", "case", one.case.id, "CHILD_IN_CUSTODY")
    today = clock.today(timezone)
    return render_template(
        "custody/children.html",
        page_title=_("Niñez en detención"),
        rows=[
            {
                "who": people_present.name_of(one.person),
                "age": people_present.age_text(one.person, today),
                "place": one.place or present.place_name(one.custody.place),
                "since": moment(one.custody.since_at, timezone),
                "authority": reference.label("custody_authority", one.custody.authority),
                "called": moment(one.called_at, timezone) if one.called_at else _("Nadie ha anotado una llamada"),
            }
            for one in found
        ],
    )  # fmt: skip


@blueprint.get("/custody/exits")
@needs(SEE_EXITS)
@records_view
def exits() -> ResponseReturnValue:
    """Names and days of exit of one's own station, by surname, on paper as on the screen."""
    who = access.current()
    today = clock.today(timezone_of(who.grants[0].team_id))
    audit.record("viewed", "custody_exits", who.grants[0].team_id)
    return render_template(
        "custody/exits.html",
        page_title=_("Salidas"),
        rows=[
            {"name": ", ".join(p for p in (one.surnames, one.given_names) if p), "on": day(one.on)}
            for one in queries.leaving(today)
        ],
    )
