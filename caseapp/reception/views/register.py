"""Registering a family: one page, without JavaScript; people who may be registered already are shown first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.models import Team
from caseapp.core import access, audit, clock, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import NotPermitted, NotYours, Refused
from caseapp.core.i18n import _
from caseapp.core.pages import day
from caseapp.people import present, queries
from caseapp.people import service as people
from caseapp.people.inputs import birth_data, date_data
from caseapp.people.rules import Birth
from caseapp.people.search.query import parse_query
from caseapp.people.service import KnownPerson, Likeness, NewFamily, NewPerson
from caseapp.places.models import Site
from caseapp.reception import queries as arrivals
from caseapp.reception.access import REGISTER
from caseapp.reception.forms import MOST_MEMBERS, SHARED, FamilyForm, member_title
from caseapp.reception.models import ArrivalTally
from caseapp.reception.service import NewArrival, register_family
from caseapp.reception.service import tally as counting
from caseapp.reception.views import blueprint

DECISIONS = ("SAME", "NOT_SAME", "OPEN")


def _desks() -> list[tuple[Team, Site]]:
    """The teams in which this user registers, with their sites."""
    ids = access.current().teams_as(*REGISTER.roles)
    rows = session.execute(
        sa.select(Team, Site)
        .join(Site, Site.id == Team.site_id)
        .where(Team.id.in_(ids))
        .order_by(Team.sort_key)
    ).all()
    return [(team, site) for team, site in rows]


def _desk(form: FamilyForm) -> tuple[Team, Site]:
    """The desk that the form names, else the first; fills the form's lists."""
    desks = _desks()
    if not desks:
        raise NotPermitted
    form.team.choices = [(team.code, team.name) for team, _site in desks]
    chosen = next((d for d in desks if d[0].code == form.team.data), desks[0])
    form.team.data = chosen[0].code
    form.place.choices = [("", _("No se preguntó")), *present.place_choices(chosen[0].country)]
    form.tally.choices = [("", _("No, o no se sabe")), *counted_lately(*chosen)]
    return chosen


@blueprint.get("/families/new")
@needs(REGISTER)
def new_family() -> ResponseReturnValue:
    """The empty form; what was searched for stands in it already."""
    form = FamilyForm()
    _team, site = _desk(form)
    on = clock.today(site.timezone)
    form.arrived_on.process(None, date_data(on))
    form.q.data = request.args.get("q", "")[:200]
    _carry_over(form)
    return _page(form)


def _carry_over(form: FamilyForm) -> None:
    """The words that were searched for, as a first guess of the head's names and birth."""
    typed = (form.q.data or "").strip()
    if not typed:
        return
    head = form.members[0].form
    sought = parse_query(typed)
    words = [w for w in typed.replace(",", " , ").split() if w == "," or not any(c.isdigit() for c in w)]
    before, comma, after = " ".join(words).partition(" , ")
    if comma:
        given, surnames = after.split(), before.split()
    else:
        cut = {0: 0, 1: 1, 2: 1, 3: 1}.get(len(words), len(words) - 2)
        given, surnames = words[:cut], words[cut:]
    head.names.form.given_names.data = " ".join(given)
    head.names.form.surname_1.data = " ".join(surnames[:1])
    head.names.form.surname_2.data = " ".join(surnames[1:])
    if sought.birth.precision in ("DAY", "MONTH", "YEAR"):
        known = Birth(sought.birth.precision, sought.birth.date_from, sought.birth.date_to)
        for name, value in birth_data(known, clock.today()).items():
            head.birth.form[name].data = value


@blueprint.post("/families/new")
@needs(REGISTER)
@commits
def register_new_family() -> ResponseReturnValue:
    """Add or remove a member (nothing is saved), or register the family."""
    form = FamilyForm()
    team, site = _desk(form)
    verb = request.form.get("verb", "save")
    if verb == "add":
        _add_member(form)
        return _page(form)
    if verb.startswith("remove-"):
        _remove_member(form, verb.removeprefix("remove-"))
        return _page(form)
    on = clock.today(site.timezone)
    valid = form.validate()
    members = form.check(on, team.country)
    arrived_on = form.arrival_day()
    if not valid or form.wrong() or arrived_on is None:
        return _page(form), 422
    alike = people.registered_already(members, team.country)
    chosen = _decisions(alike)
    if any(d is None for d in chosen):
        return _page(form, alike), 422
    try:
        with session.begin_nested():
            made = register_family(
                NewFamily(_with_known(members, alike, chosen)),
                NewArrival(arrived_on, form.place.data or None, form.mode.data),
                team=team,
                on=on,
            )
            if form.tally.data:
                _take_out_of_count(form.tally.data, made)
    except Refused as error:
        form.refused(error)
        return _page(form, alike), error.status
    _remember(made, alike, chosen)
    flash(_("Familia registrada."), "good")
    return redirect(url_for("reception.registered", number=made.household.number))


def counted_lately(team: Team, site: Site) -> list[tuple[str, str]]:
    """Groups of the last days that were counted at the desk and are not all registered."""
    since = clock.today(site.timezone) - timedelta(days=14)
    return [(str(t.id), tally_label(t)) for t in arrivals.tallies_with_somebody_left(team, since)]


def tally_label(tally: ArrivalTally) -> str:
    """«23 nov 2025, 14 h: 38 personas, 12 registradas»."""
    when = (
        day(tally.arrived_on)
        if tally.hour is None
        else _("%(day)s, %(hour)s h", day=day(tally.arrived_on), hour=tally.hour)
    )
    return _(
        "%(when)s: %(n)s personas, %(m)s registradas", when=when, n=tally.people, m=tally.registered_people
    )


def _take_out_of_count(tally_id: str, made: people.Registered) -> None:
    row = counting.locked(UUID(tally_id), access.current().teams_as(*REGISTER.roles))
    if row is None:
        raise NotYours
    counting.register_out_of(row, made)


def _add_member(form: FamilyForm) -> None:
    if len(form.members) >= MOST_MEMBERS:
        return
    last = form.members[-1].form
    form.members.append_entry({name: last[name].data for name in SHARED})


def _remove_member(form: FamilyForm, index: str) -> None:
    """Take out the entry with this index; the others keep everything typed."""
    left = [e for e in form.members.entries if e.name != f"members-{index}"]
    if left:
        form.members.entries = left


def _decision_field(one: Likeness) -> str:
    return f"same-{one.member}-{one.summary.number}"


def _decisions(alike: list[Likeness]) -> list[str | None]:
    posted = [request.form.get(_decision_field(one)) for one in alike]
    return [d if d in DECISIONS else None for d in posted]


def _with_known(
    members: list[NewPerson], alike: list[Likeness], chosen: list[str | None]
) -> tuple[NewPerson | KnownPerson, ...]:
    """The members, each who was said to be a registered person with the file they have."""
    same = {a.member: a for a, d in reversed(list(zip(alike, chosen, strict=True))) if d == "SAME"}
    return tuple(
        KnownPerson(same[i].summary.case_id, m.relation_to_head, m.evidence) if i in same else m
        for i, m in enumerate(members)
    )


def _remember(made: people.Registered, alike: list[Likeness], chosen: list[str | None]) -> None:
    """What was decided about each pair, so that nobody is asked again; the undecided wait in the queue."""
    for one, decision in zip(alike, chosen, strict=True):
        case = made.cases[one.member]
        if decision != "SAME" and case.id != one.summary.case_id:
            people.note_candidate(case.id, one.summary.case_id, one.score, decision or "OPEN")


def _page(form: FamilyForm, alike: list[Likeness] | None = None) -> str:
    on = clock.today()
    titles = [member_title(i, entry.form) for i, entry in enumerate(form.members)]
    shown = [
        {
            "field": _decision_field(one),
            "who": titles[one.member] if one.member < len(titles) else "",
            "name": one.summary.name,
            "age": present.age_text(one.summary, on),
            "number": one.summary.number,
            "household": one.summary.household,
            "closed": one.summary.status != "OPEN",
            "reasons": [reference.label("match_reason", str(r)) for r in one.reasons],
            "chosen": request.form.get(_decision_field(one)),
        }
        for one in alike or []
    ]
    asked = [
        {
            "text": _(
                "%(who)s: diga si es la misma persona que %(name)s, %(number)s",
                who=s["who"],
                name=s["name"],
                number=s["number"],
            ),
            "field_id": f"{s['field']}-SAME",
        }
        for s in shown
        if s["chosen"] not in DECISIONS
    ]
    return render_template(
        "reception/family.html",
        page_title=_("Registrar familia"),
        form=form,
        titles=titles,
        alike=shown,
        wrong=[*form.wrong(), *asked],
        several_teams=len(form.team.choices) > 1,
        full=len(form.members) >= MOST_MEMBERS,
        searched=bool(form.q.data),
        counted=len(form.tally.choices) > 1,
    )


@blueprint.get("/families/<number>")
@needs(REGISTER)
@records_view
def registered(number: str) -> ResponseReturnValue:
    """The family as it was registered, and what comes next."""
    household = queries.household_by_number(number, access.current())
    audit.record("viewed", "household", household.id)
    parts = queries.members_of(household)
    on = clock.today()
    links = {(r.case_id, r.other_case_id): r for r in queries.relations_among(p.case.id for p in parts)}
    return render_template(
        "reception/registered.html",
        page_title=_("Familia %(number)s", number=household.number),
        household=household,
        members=[_member(p, parts[0], links, on) for p in parts],
        adults=[
            {"name": present.name_of(p.person), "number": p.case.number}
            for p in parts
            if not present.is_child(p.person, on)
        ],
        head=parts[0].case.number,
    )


def _member(part: queries.HouseholdPart, head: queries.HouseholdPart, links: Any, on: Any) -> dict[str, Any]:
    relation, evidence = "", ""
    if part.member.is_head:
        relation = _("Cabeza de familia")
    elif (link := links.get((part.case.id, head.case.id))) is not None:
        relation = reference.label("relation", link.relation)
        evidence = reference.label("relation_evidence", link.evidence)
    return {
        "name": present.name_of(part.person),
        "relation": relation or _("Vínculo sin anotar"),
        "evidence": evidence,
        "age": present.age_text(part.person, on),
        "number": part.case.number,
        "href": f"/cases/{part.case.number}",
    }
