"""Families of a list that wait because one of them may be registered already."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.models import Team
from caseapp.core import access, audit, clock, crypto, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import Refused
from caseapp.core.i18n import _
from caseapp.core.pages import paged
from caseapp.people import present
from caseapp.people import queries as people
from caseapp.places.models import Site
from caseapp.reception import queries
from caseapp.reception.access import IMPORT
from caseapp.reception.models import ImportHeld
from caseapp.reception.service import held as verbs
from caseapp.reception.views import blueprint


@blueprint.get("/people/import/waiting")
@needs(IMPORT)
def waiting() -> ResponseReturnValue:
    """The families that wait, the oldest first."""
    page = paged(queries.waiting(access.current()))
    crypto.load_keys([row.id for row in page.rows])
    return render_template(
        "reception/waiting.html",
        page_title=_("Personas de listas que quizá ya estén registradas"),
        page=page,
        rows=[_line(row) for row in page.rows],
    )


def _line(row: ImportHeld) -> dict[str, Any]:
    members = verbs.members_of(row)
    return {
        "href": url_for("reception.decide_held", held_id=row.id),
        "name": _name(members[0]) if members else "",
        "people": len(members),
        "row": row.first_row,
        "made_at": row.made_at,
    }


def _name(member: verbs.HeldMember) -> str:
    row = member.row
    return " ".join(p for p in (row.given_names, row.surname_1, row.surname_2) if p) or row.also_known_as


@blueprint.get("/people/import/waiting/<uuid:held_id>")
@needs(IMPORT)
@records_view
def decide_held(held_id: UUID) -> ResponseReturnValue:
    """The family as the list says it, beside whoever is registered."""
    row = queries.held_of(held_id, access.current())
    audit.record("viewed", "import_held", row.id)
    return _page(row)


@blueprint.post("/people/import/waiting/<uuid:held_id>")
@needs(IMPORT)
@commits
def register_held(held_id: UUID) -> ResponseReturnValue:
    """Decide about each pair; the family is registered."""
    row = queries.held_of(held_id, access.current(), lock=True)
    answers = {pair: request.form.get(_field(pair), "") for pair in verbs.pairs_of(row)}
    team = session.get_one(Team, row.team_id)
    site = session.get_one(Site, team.site_id)
    try:
        with session.begin_nested():
            verbs.decide(row, answers, team=team, on=clock.today(site.timezone))
    except Refused as error:
        return _page(row, str(error)), error.status
    flash(_("Decidido. La familia quedó registrada."), "good")
    return redirect(url_for("reception.waiting"))


def _field(pair: verbs.Pair) -> str:
    return f"same-{pair[0]}-{pair[1]}"


def _page(row: ImportHeld, wrong: str = "") -> str:
    on = clock.today()
    crypto.load_keys([row.id])
    members = verbs.members_of(row)
    lines = people.summary_of([file for _place, file in verbs.pairs_of(row)])
    asked = []
    for alike in row.alike:
        pair = (alike["member"], UUID(alike["case_id"])) if alike["case_id"] else None
        line = lines.get(pair[1]) if pair else None
        asked.append(
            {
                "who": _name(members[alike["member"]]),
                "field": _field(pair) if pair else "",
                "name": line.name if line else "",
                "age": present.age_text(line, on) if line else "",
                "number": line.number if line else "",
                "reasons": [reference.label("match_reason", reason) for reason in alike["reasons"]],
                "chosen": request.form.get(_field(pair)) if pair else None,
            }
        )
    return render_template(
        "reception/held.html",
        page_title=_("¿Ya está registrada?"),
        row=row,
        members=[_member(m) for m in members],
        asked=[a for a in asked if a["field"]],
        wrong=[{"text": wrong, "field_id": f"{asked[0]['field']}-SAME" if asked else ""}] if wrong else [],
    )


def _member(member: verbs.HeldMember) -> dict[str, Any]:
    row = member.row
    facts = [present.countries_text(row.nationalities)]
    if row.birth.earliest is not None:
        facts.insert(0, _birth_words(row.birth))
    if row.document_type:
        facts.append(reference.label("document_type", row.document_type))
    return {"name": _name(member), "facts": " · ".join(facts), "row": row.number, "known": member.known}


def _birth_words(birth: Any) -> str:
    from caseapp.core.pages import day

    return {"DAY": day(birth.earliest), "MONTH": f"{birth.earliest:%m/%Y}"}.get(
        birth.precision, str(birth.earliest.year)
    )
