"""`/months`: a team's months at its site; one month with its counts, what changed since it was signed, and the
signature. Whoever signs is in the team; nobody else sees these counts."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.models import Team
from caseapp.accounts.queries import timezone_of
from caseapp.casefile.access import CONFIRM_MONTH
from caseapp.casefile.month import queries, rules, service
from caseapp.casefile.month.forms import SignForm
from caseapp.casefile.month.present import month_words
from caseapp.casefile.views import blueprint
from caseapp.core import access, audit, clock, journal, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import NotYours, Refused
from caseapp.core.i18n import _, _l, language
from caseapp.core.pages import day, moment, nav

nav(60, _l("Meses de la sede"), "casefile.months", CONFIRM_MONTH, whole_area=False)


@blueprint.get("/months")
@needs(CONFIRM_MONTH)
def months() -> ResponseReturnValue:
    """The last months of each of one's teams: signed, by whom, or late."""
    teams = queries.teams_of(access.current())
    zone = timezone_of(access.current().grants[0].team_id)
    wanted = rules.last_full(clock.today(zone), rules.SHOWN)
    signed = queries.signatures([team.id for team in teams], wanted)
    return render_template(
        "casefile/month/list.html", page_title=_("Meses de la sede"), due_day=rules.DUE_DAY,
        teams=[
            {"name": team.name, "rows": [_listed(team, month, signed.get((team.id, month))) for month in wanted]}
            for team in teams
        ],
    )  # fmt: skip


def _listed(team: Team, month: str, signed: Any) -> dict[str, Any]:
    zone = timezone_of(team.id)
    late = signed is None and rules.is_late(month, clock.today(zone))
    state = _("Firmado") if signed else (_("Atrasado") if late else _("Por firmar"))
    return {
        "month": month_words(month), "href": url_for("casefile.month", team_code=team.code, period=month),
        "state": state, "kind": "good" if signed else ("urgent" if late else "warning"),
        "who": _("%(name)s, %(when)s", name=signed[1], when=moment(signed[0].signed_at, zone)) if signed else "",
        "note": reference.label("month_note", signed[0].note) if signed and signed[0].note else "",
    }  # fmt: skip


@blueprint.get("/months/<team_code>/<period>")
@needs(CONFIRM_MONTH)
@records_view
def month(team_code: str, period: str) -> ResponseReturnValue:
    """What the team recorded in a month, what changed since it was signed, and the form to sign."""
    team = _team(team_code, period)
    audit.record("viewed", "site_month", team.id, period)
    return _page(team, period, SignForm())


def _team(code: str, period: str) -> Team:
    if not rules.is_month(period):
        raise NotYours
    return queries.team_of(access.current(), code)


def _page(team: Team, period: str, form: SignForm, status: int = 200) -> ResponseReturnValue:
    zone = timezone_of(team.id)
    signed = queries.signatures([team.id], [period]).get((team.id, period))
    counts = queries.counted(team, period, signed[0].signed_at if signed else None)
    form.after.data = str(signed[0].number if signed else 0)
    today = clock.today(zone)
    page = render_template(
        "casefile/month/show.html", page_title=_("%(team)s, %(month)s", team=team.name, month=month_words(period)),
        team=team, period=period, form=form, listed=_listed(team, period, signed), signed=signed,
        counts=[_line(one) for one in counts], changed=any(one.entered or one.withdrawn for one in counts),
        is_over=rules.day_after(period) <= today, due=day(rules.due_on(period)),
    )  # fmt: skip
    return page, status


def _line(one: queries.Counted) -> dict[str, Any]:
    kind = journal.kind(one.kind)
    return {
        "what": kind.label_es if language() == "es" else kind.label_en, "stand": one.stand, "entered": one.entered,
        "withdrawn": one.withdrawn,
    }  # fmt: skip


@blueprint.post("/months/<team_code>/<period>")
@needs(CONFIRM_MONTH)
@commits
def sign_month(team_code: str, period: str) -> ResponseReturnValue:
    """Sign, with a remark or without."""
    team, form = _team(team_code, period), SignForm()
    if not form.validate_on_submit():
        return _page(team, period, form, 422)
    try:
        with session.begin_nested():
            service.sign(team, period, note=form.note.data or None, after=form.seen())
    except Refused as error:
        form.refused(error)
        return _page(team, period, form, error.status)
    flash(_("Firmado. Si algo de este mes cambia, se lo diremos en «Hoy»."), "good")
    return redirect(url_for("casefile.month", team_code=team.code, period=period))
