"""Keep entries true: confirm in one tap, change, take off, add; and the list of what is out of date."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import access, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.db import session
from caseapp.core.errors import NotYours, Refused
from caseapp.core.i18n import _
from caseapp.core.pages import day
from caseapp.places import present, queries
from caseapp.places.access import EDIT, KEEP
from caseapp.places.forms import EditForm, NewForm
from caseapp.places.models import ServiceContact, SiteKind
from caseapp.places.queries import Entry
from caseapp.places.rules.freshness import OUT_OF_DATE
from caseapp.places.rules.opening import Closure
from caseapp.places.service import keeping
from caseapp.places.service.keeping import Capacity, Changed, Contact
from caseapp.places.views import blueprint

TERMS = {
    "sex": "SEX", "population": "POPULATION", "household": "HOUSEHOLD", "area": "AREA", "document": "DOCUMENT",
    "accessibility": "ACCESSIBILITY",
}  # fmt: skip
PLAIN = (
    "name", "description", "age_from", "age_to", "eligibility_note", "always_open", "referral_method", "answer_hours", "cost",
    "cost_note",
)  # fmt: skip


def editable(service_id: UUID, *, lock: bool = False) -> Entry:
    """An entry that this user may change, or NotYours."""
    who = access.current()
    found = queries.entry(who, service_id, lock=lock)
    if not queries.may_edit(who, found.service, found.site):
        raise NotYours
    return found


@blueprint.post("/directory/<uuid:service_id>/confirm")
@needs(EDIT)
@commits
def confirm(service_id: UUID) -> ResponseReturnValue:
    """«Sigue siendo cierto hoy»: one tap."""
    found = editable(service_id, lock=True)
    keeping.confirm(found.service)
    flash(_("Confirmado hoy: %(name)s.", name=found.service.name), "good")
    back = url_for("places.stale") if request.form.get("back") == "stale" else None
    return redirect(back or url_for("places.show", service_id=service_id))


@blueprint.get("/directory/stale")
@needs(EDIT)
def stale() -> ResponseReturnValue:
    """What this user keeps, the longest unconfirmed first; only what is out of date unless all is asked for."""
    kept = queries.kept_by(access.current())
    everything = request.args.get("all") == "1"
    shown = [e for e in kept if everything or e.freshness != "CONFIRMED"]
    return render_template(
        "places/stale.html",
        page_title=_("Entradas por confirmar"),
        rows=[
            {**present.row(e, url_for("places.show", service_id=e.service.id)), "id": e.service.id}
            for e in shown[:100]
        ],
        more=max(0, len(shown) - 100),
        kept=len(kept),
        out=sum(e.freshness in OUT_OF_DATE for e in kept),
        everything=everything,
    )


@blueprint.route("/directory/<uuid:service_id>/edit", methods=["GET", "POST"])
@needs(EDIT)
@commits
def edit(service_id: UUID) -> ResponseReturnValue:
    """Change an entry; saving confirms it."""
    found = editable(service_id, lock=request.method == "POST")
    form = EditForm(None, data=_data(found)) if request.method == "GET" else EditForm()
    _choices(form, found)
    if request.method == "GET":
        return _page(form, found)
    if not form.validate():
        return _page(form, found), 422
    try:
        with session.begin_nested():
            keeping.change(found.service, _changed(form, found), version=form.read_version())
    except Refused as error:
        session.refresh(found.service)
        form.refused(error)
        form.version.data = found.service.version
        return _page(form, found), error.status
    flash(_("Guardado y confirmado hoy."), "good")
    return redirect(url_for("places.show", service_id=service_id))


def _choices(form: EditForm, found: Entry) -> None:
    country = found.site.country
    divisions = [(d.pcode, d.name) for d in reference.admin1(country)]
    known = {country, *(code for code, _name in divisions)}
    narrower = [(c, present.area_text(c)) for c in sorted(found.facts.codes("AREA") - known)]
    form.area.choices = [(country, _("Todo el país")), *divisions, *narrower]
    form.keep_closed.choices = [(str(c.id), _closure_text(c)) for c in found.facts.closures]


def _closure_text(closure: Any) -> str:
    why = reference.label("service_closure_reason", closure.reason)
    return _("%(a)s a %(b)s: %(why)s", a=day(closure.first_day), b=day(closure.last_day), why=why)


def _data(found: Entry) -> dict[str, Any]:
    service, facts, more = found.service, found.facts, queries.reached(found)
    by_kind = {c.kind: c for c in more.contacts}
    none = ServiceContact()
    person, duty, following = (by_kind.get(k, none) for k in ("PERSON", "DUTY", "NEXT_DUTY"))
    capacity = more.capacity[0] if more.capacity else None
    return {
        **{name: getattr(service, name) for name in PLAIN},
        **{field: sorted(facts.codes(kind)) for field, kind in TERMS.items()},
        **{f"day_{n}": present.turns_text(h for h in facts.hours if h.weekday == n) for n in range(1, 8)},
        "language": list(facts.languages),
        "keep_closed": [str(c.id) for c in facts.closures],
        "unit": capacity.unit if capacity else "",
        "available": capacity.available if capacity else None,
        "maximum": capacity.maximum if capacity else None,
        "person_name": person.name, "person_phone": person.phone, "person_email": person.email,
        "duty_phone": duty.phone, "next_duty_phone": following.phone, "version": service.version,
    }  # fmt: skip


def _changed(form: EditForm, found: Entry) -> Changed:
    closures = [
        Closure(c.first_day, c.last_day, c.reason)
        for c in found.facts.closures
        if str(c.id) in (form.keep_closed.data or ())
    ]
    if form.closed_from.data:
        closures.append(Closure(form.closed_from.data, form.closed_to.data, form.closed_why.data))
    values = {name: form[name].data for name in PLAIN}
    for name in ("description", "eligibility_note", "cost", "cost_note"):
        values[name] = (values[name] or "").strip() or None
    capacity = None
    if form.unit.data:
        capacity = Capacity(form.unit.data, form.available.data, form.maximum.data)
    return Changed(
        values, form.language.data or (), {kind: form[name].data or () for name, kind in TERMS.items()}, form.hours(),
        closures, _contacts(form, found), capacity,
    )  # fmt: skip


def _contacts(form: EditForm, found: Entry) -> list[Contact] | None:
    """None for a safe house, whose telephones stand with its address."""
    if found.site.kind == SiteKind.SAFE_HOUSE:
        return None

    def text(name: str) -> str | None:
        return (form[name].data or "").strip() or None

    return [
        Contact("PERSON", text("person_name"), text("person_phone"), text("person_email")),
        Contact("DUTY", phone=text("duty_phone")),
        Contact("NEXT_DUTY", phone=text("next_duty_phone")),
    ]


def _page(form: EditForm, found: Entry) -> str:
    return render_template(
        "places/edit.html",
        page_title=_("Cambiar: %(name)s", name=found.service.name),
        form=form,
        hidden=found.site.kind == SiteKind.SAFE_HOUSE,
        back_url=url_for("places.show", service_id=found.service.id),
        close_url=url_for("places.close", service_id=found.service.id),
    )


@blueprint.route("/directory/<uuid:service_id>/close", methods=["GET", "POST"])
@needs(EDIT)
@commits
def close(service_id: UUID) -> ResponseReturnValue:
    """Take an entry off the directory, after a page that says what happens."""
    found = editable(service_id, lock=request.method == "POST")
    if request.method == "POST":
        keeping.close(found.service, version=request.form.get("version", type=int))
        flash(_("Se retiró del directorio: %(name)s.", name=found.service.name), "good")
        return redirect(url_for("places.search"))
    return render_template(
        "places/close.html",
        page_title=_("Retirar del directorio: %(name)s", name=found.service.name),
        version=found.service.version,
        happens=[
            _("Nadie lo encuentra ya en el directorio ni puede referir a él."),
            _("Lo que ya se refirió sigue su curso."),
        ],
        confirm_label=_("Retirar"),
        back_url=url_for("places.show", service_id=service_id),
    )


@blueprint.route("/directory/new", methods=["GET", "POST"])
@needs(KEEP)
@commits
def new() -> ResponseReturnValue:
    """Enter a service at a site that this user keeps; the rest is filled in on its page."""
    who = access.current()
    sites = {str(s.id): s for s in queries.sites() if queries.keeps(who, s) and s.kind != SiteKind.SAFE_HOUSE}
    form = NewForm()
    form.site.choices = [("", _("Elija…")), *((i, s.name) for i, s in sites.items())]
    if request.method == "POST" and form.validate():
        made = keeping.enter(
            sites[form.site.data].id,
            form.kind.data,
            form.name.data.strip(),
            referral_method=form.referral_method.data,
        )
        flash(_("Complete ahora a quién atiende, el horario y el contacto."), "good")
        return redirect(url_for("places.edit", service_id=made.id))
    page = render_template("places/new.html", page_title=_("Agregar un servicio"), form=form)
    return page, 422 if request.method == "POST" else 200
