"""Who can take them? Sites in a declared order with reasons in words; one button holds the places and refers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.models import Team
from caseapp.accounts.queries import site_of, timezone_of
from caseapp.core import access, audit, clock, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import Refused
from caseapp.core.i18n import _, ngettext
from caseapp.people import queries as people
from caseapp.people.models import Case
from caseapp.referral import errors, queries, rules, service
from caseapp.referral.access import SEND
from caseapp.referral.forms import WhoForm
from caseapp.referral.views import blueprint
from caseapp.referral.views.new import _household, _standing
from caseapp.shelter import present as shelter_present
from caseapp.shelter.who import queries as who_queries
from caseapp.shelter.who import words
from caseapp.shelter.who.ranking import Choice, Seekers

KIND = "SHELTER"
SHOWN = 10


@blueprint.get("/cases/<number>/who")
@needs(SEND)
@records_view
def who(number: str) -> ResponseReturnValue:
    """The sites that can take this family, or those of it who are chosen."""
    case = people.owned_case(number, access.current(), SEND)
    audit.record("viewed", "case", case.id)
    return _page(case)


@blueprint.post("/cases/<number>/who")
@needs(SEND)
@commits
def hold_and_refer(number: str) -> ResponseReturnValue:
    """Hold the places that were shown, as the shelter declares, and send the referral."""
    case = people.owned_case(number, access.current(), SEND)
    audit.record("viewed", "case", case.id)
    form = _form(case)
    if not form.validate():
        return _page(case, form), 422
    try:
        with session.begin_nested():
            found, held = service.hold_and_refer(
                [s for s in form.chosen() if s in {c.id for c in _household(case)}],
                from_team=session.get_one(Team, case.team_id), to_team_id=_id(request.form.get("to_team")),
                priority=form.priority.data, first_night=form.first_night.data, last_night=form.last_night.data,
                rooms=request.form.get("rooms", type=int) or 1,
            )  # fmt: skip
    except Refused as error:
        form.refused(error)
        return _page(case, form), 422
    flash(
        ngettext("Referencia enviada; %(num)s lugar apartado.", "Referencia enviada; %(num)s lugares apartados.", held)
        if held else _("Referencia enviada. La sede no aparta lugares: espere su respuesta."),
        "good",
    )  # fmt: skip
    return redirect(url_for("referral.show", number=found.number))


def _id(typed: str | None) -> UUID:
    try:
        return UUID(typed or "")
    except ValueError:
        raise errors.ReceiverDoesNotOffer from None


def _form(case: Case) -> WhoForm:
    tonight = clock.today(timezone_of(case.team_id))
    household = _household(case)
    source = request.form if request.method == "POST" else request.args
    given = {"members": [str(c.id) for c in household], "priority": "IMMEDIATE"}
    nights = {"first_night": tonight, "last_night": tonight + timedelta(days=2)}
    form = WhoForm(source if source.get("first_night") else None, **given, **nights)
    summaries = people.summary_of([c.id for c in household])
    form.members.choices = [
        (str(c.id), summaries[c.id].called or summaries[c.id].name) for c in household if c.id in summaries
    ]
    form.priority.choices = [(c.code, c.label()) for c in reference.codes("referral_priority")]
    return form


def _page(case: Case, form: WhoForm | None = None) -> str:
    form = form or _form(case)
    asked = form.chosen() if form.asks_well() else []
    here = {c.id for c in _household(case)}
    asked = [c for c in asked if c in here]
    first, last = form.first_night.data, form.last_night.data
    on = clock.today(timezone_of(case.team_id))
    seekers, found = _choices(case, asked, first, last) if asked else (None, [])
    every = request.args.get("all") == "1"
    shown = found if every else found[:SHOWN]
    subjects = queries.subjects(asked, rules.purpose_of(KIND), on, access.current()) if asked else []
    holds = who_queries.holds([c.spot.team_id for c in shown], form.priority.data or "")
    needed = {code for guest in seekers.guests for code in guest.requirements} if seekers else set()
    return render_template(
        "referral/who.html",
        page_title=_("¿Quién puede recibirles?"),
        case_number=case.number,
        form=form,
        asked=bool(asked),
        people=ngettext("%(num)s persona", "%(num)s personas", len(asked)),
        nights=shelter_present.nights_text(first, last) if asked else "",
        requirements=shelter_present.requirements_text(sorted(needed)),
        rows=[_row(c, holds) for c in shown],
        more=len(found) - len(shown),
        more_href=f"{url_for('referral.who', number=case.number)}?{urlencode([*request.args.items(multi=True), ('all', '1')])}",
        rules=words.rules_in_words(),
        standing=_standing(subjects, rules.purpose_of(KIND), None, on),
    )


def _choices(case: Case, asked: list[UUID], first: date, last: date) -> tuple[Seekers | None, list[Choice]]:
    seekers = who_queries.seekers(asked, site_of(case.team_id), first)
    if seekers is None:
        return None, []
    found = who_queries.asked(seekers, case.country, first, last)
    return seekers, [c for c in found if c.spot.team_id != case.team_id]


def _row(choice: Choice, holds: dict[UUID, int]) -> dict[str, Any]:
    minutes = holds.get(choice.spot.team_id)
    return {
        "team": str(choice.spot.team_id),
        "name": choice.spot.site_name,
        "where": reference.admin1_named(choice.spot.admin1).name if choice.spot.admin1 else "",
        "reasons": words.reasons(choice, clock.now()),
        "may": not choice.leave,
        "hold": shelter_present.hold_words(minutes),
        "holds": bool(minutes),
        "rooms": choice.rooms,
    }
