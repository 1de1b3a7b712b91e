"""Who is served together: join, leave, head, relations; and the protection situation of one person."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import access, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, NotYours, Refused
from caseapp.core.i18n import _
from caseapp.people import present, queries, service
from caseapp.people.access import EDIT, SEPARATE
from caseapp.people.forms import (
    HeadForm,
    JoinForm,
    LeaveForm,
    PopulationForm,
    RelationForm,
    member_options,
    set_options,
)
from caseapp.people.models import Household
from caseapp.people.queries import HouseholdPart
from caseapp.people.views import blueprint
from caseapp.people.views.owned import Opened, opened, viewed

FORMS: dict[str, Any] = {
    "join": JoinForm, "leave": LeaveForm, "head": HeadForm, "relation": RelationForm, "population": PopulationForm,
}  # fmt: skip


@blueprint.get("/cases/<number>/household")
@needs(EDIT)
@records_view
def household(number: str) -> ResponseReturnValue:
    """The family as it is, and the forms that change it."""
    file = opened(number)
    viewed(file)
    return _page(file, _forms(file))


@blueprint.post("/cases/<number>/household")
@needs(EDIT)
@commits
def change_household(number: str) -> ResponseReturnValue:
    """One change, named by `verb`: join, leave, head, relation, population."""
    file = opened(number)
    forms = _forms(file)
    verb = request.form.get("verb", "")
    form = forms.get(verb)
    if form is None:
        raise NotYours
    try:
        if not form.validate():
            return _page(file, forms, form), 422
        # A refusal half-way leaves nothing behind, though the page that says so is committed.
        with session.begin_nested():
            _change(verb, form, file)
    except Refused as error:
        if isinstance(error, ChangedMeanwhile):
            form.version.data = _version(queries.household_of(file.case.id))
        form.refused(error)
        return _page(file, forms, form), error.status if error.status == 409 else 422
    flash(_("Cambio guardado."), "good")
    return redirect(url_for("people.household", number=file.case.number))


def _change(verb: str, form: Any, file: Opened) -> None:
    who = access.current()
    if verb == "population":
        if form.ends.data:
            service.change_population(file.case, form.ends.data, form.population.data, on=file.on)
        else:
            service.begin_population(file.case, form.population.data, on=file.on)
        return
    if verb == "relation":
        one, other = (queries.owned_case(f.data, who, EDIT) for f in (form.member, form.other))
        if one.id == other.id:
            raise Refused(_("Elija a dos personas distintas."), field="other")
        service.record_relation(
            one, other, relation=form.relation.data, evidence=form.evidence.data, on=file.on
        )
        return
    held = queries.household_of(file.case.id) or service.form_household(file.case, on=file.on)
    version = form.read_version() or None
    if verb == "join":
        try:
            joining = queries.owned_case(form.number.data, who, EDIT)
        except NotYours:
            raise Refused(
                _("No se encontró ese expediente entre los de su equipo."), field="number"
            ) from None
        service.join_household(joining, held, on=file.on, version=version)
    elif verb == "leave":
        service.leave_household(
            queries.owned_case(form.member.data, who, EDIT), on=file.on, reason="SPLIT", version=version
        )
    else:
        service.name_head(queries.owned_case(form.member.data, who, EDIT), version=version)


def _version(held: Household | None) -> int:
    return held.version if held else 0


def _forms(file: Opened) -> dict[str, Any]:
    held = queries.household_of(file.case.id)
    parts = _parts(file, held)
    posted = request.form.get("verb") if request.method == "POST" else None
    members = member_options(parts)
    now = [
        (p.population, reference.label("population", p.population))
        for p in queries.populations_of(file.case.id)
        if p.ended_on is None
    ]
    forms = {}
    for verb, form_type in FORMS.items():
        data = {"version": _version(held)}
        # Only the form that was sent reads what was sent; names of fields repeat between them.
        form = (
            form_type(data=data, prefix=verb) if verb == posted else form_type(None, data=data, prefix=verb)
        )
        options = {"leave": {"member": members}, "head": {"member": members}, "population": {"ends": now},
                   "relation": {"member": members, "other": members}}  # fmt: skip
        set_options(form, options.get(verb, {}))
        forms[verb] = form
    return forms


def _parts(file: Opened, held: Household | None) -> list[HouseholdPart]:
    return queries.members_of(held) if held else []


def _page(file: Opened, forms: dict[str, Any], wrong: Any = None) -> str:
    held = queries.household_of(file.case.id)
    parts = _parts(file, held)
    names = {p.case.id: present.name_of(p.person) for p in parts}
    return render_template(
        "people/household.html",
        page_title=_("Familia de %(name)s", name=file.name),
        number=file.case.number,
        may_separate=access.current().may(SEPARATE),
        household=held.number if held else "",
        members=[
            {
                "name": present.name_of(p.person),
                "relation": _("cabeza de familia") if p.member.is_head else _("integrante"),
                "age": present.age_text(p.person, file.on),
                "number": p.case.number,
                "href": f"/cases/{p.case.number}",
                "current": p.case.id == file.case.id,
            }
            for p in parts
        ],
        relations=[
            _("%(one)s: %(relation)s de %(other)s (%(evidence)s)", one=names[r.case_id], other=names[r.other_case_id],
              relation=reference.label("relation", r.relation), evidence=reference.label("relation_evidence", r.evidence))
            for r in queries.relations_among(names)
        ],
        situations=[
            {"label": reference.label("population", p.population), "since": p.since, "ended": p.ended_on}
            for p in queries.populations_of(file.case.id)
        ],
        forms=forms,
        wrong=wrong,
    )  # fmt: skip
