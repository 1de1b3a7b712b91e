"""`/audit/departures`: exits that departed from the lawful order, for those who audit a country and hold no file. By number,
never by name; the asking itself is written down."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from caseapp.accounts.queries import timezone_of
from caseapp.core import access, audit, reference
from caseapp.core.access import needs
from caseapp.core.commits import records_view
from caseapp.core.i18n import _
from caseapp.core.pages import day, moment, paged
from caseapp.custody import auditing
from caseapp.custody.access import AUDIT
from caseapp.custody.views import blueprint


@blueprint.get("/audit/departures")
@needs(AUDIT)
@records_view
def audited() -> ResponseReturnValue:
    """Every departure of the country, or those that no supervisor has looked at."""
    waiting = request.args.get("waiting") == "1"
    page = paged(auditing.departures(waiting=waiting))
    audit.record("viewed", "custody_departures")
    zone = timezone_of(access.current().grants[0].team_id)
    return render_template(
        "custody/audited.html",
        page_title=_("Salidas fuera del orden"),
        page=page,
        rows=[_line(line, zone) for line in auditing.lines_of(page.rows)],
        waiting=waiting,
        active=[{"label": _("Sin revisar"), "remove_href": request.path}] if waiting else [],
    )


def _line(one: auditing.Audited, zone: str) -> dict[str, Any]:
    return {
        "number": one.number,
        "station": one.station,
        "on": day(one.exit_on),
        "reason": reference.label("custody_departure_reason", one.reason),
        "passed": list(one.passed),
        "recorded": one.recorded_by or "",
        "reviewed": moment(one.reviewed_at, zone) if one.reviewed_at else "",
        "reviewer": one.reviewed_by or "",
    }
