"""Find a service and read its page; the same list as a file."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import access, reference
from caseapp.core.access import needs
from caseapp.core.commits import records_view
from caseapp.core.i18n import _, ngettext
from caseapp.core.pages import PAGE_SIZE, Page, asked_page, csv_answer, day, moment
from caseapp.places import present, queries
from caseapp.places.access import EDIT, KEEP, READ
from caseapp.places.exchange.package import packed
from caseapp.places.exchange.writing import written
from caseapp.places.forms import SearchForm
from caseapp.places.models import SiteKind
from caseapp.places.queries import Entry, Reached, Wanted
from caseapp.places.rules.eligibility import Asked
from caseapp.places.service import safe_house
from caseapp.places.service.exchange import gathered
from caseapp.places.views import blueprint

#: What a search may ask for, and how the filter is called when it is in use.
FILTERS = ("kind", "area", "language", "sex", "age", "household", "open_now", "ended")


def _form() -> SearchForm:
    form = SearchForm(request.args)
    own = access.current().countries
    countries = sorted({*queries.countries_listed(), *own}, key=reference.country_label)
    form.country.choices = [(c, reference.country_label(c)) for c in countries]
    if form.country.data not in countries:
        form.country.data = own[0] if own else (countries or [""])[0]
    divisions = [(d.pcode, d.name) for d in reference.admin1(form.country.data)]
    form.area.choices = [("", _("Cualquiera")), *divisions]
    if form.area.data not in dict(divisions):
        form.area.data = ""
    return form


def _wanted(form: SearchForm) -> Wanted:
    """What the form asks; a filter that is written wrongly is left out and said."""
    form.validate()
    given = {name: None if form[name].errors else form[name].data for name in FILTERS}
    sex, household, age = given["sex"] or None, given["household"] or None, given["age"]
    asked = Asked(sex=sex, household=household, age=None if age is None else (age, age))
    return Wanted(
        (form.q.data or "")[:100], given["kind"] or "", form.country.data or "", given["area"] or "", given["language"] or "",
        asked if (sex or household or age is not None) else None, bool(given["open_now"]), bool(given["ended"]),
    )  # fmt: skip


@blueprint.get("/directory")
@needs(READ)
def search() -> ResponseReturnValue:
    """What, where, for whom, in which language, open now."""
    form = _form()
    found = queries.search(access.current(), _wanted(form))
    number = asked_page()
    here = found[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    who = access.current()
    return render_template(
        "places/search.html",
        page_title=_("Directorio de servicios"),
        form=form,
        active=_active(form),
        rows=[present.row(e, url_for("places.show", service_id=e.service.id)) for e in here],
        page=Page(here, number, PAGE_SIZE, len(found)),
        total=ngettext("%(num)s servicio", "%(num)s servicios", len(found)),
        csv_href=f"{url_for('places.search_csv')}?{urlencode(_given())}",
        package_href=url_for("places.package", country=form.country.data),
        may_edit=who.may(EDIT),
        may_keep=who.may(KEEP),
    )


def _given() -> dict[str, str]:
    return {k: v for k, v in request.args.items() if k not in ("page", "lang") and v}


def _active(form: SearchForm) -> list[dict[str, str]]:
    """The filters in use as words, each with the way to take it off."""
    given = _given()

    def one(name: str, label: str) -> dict[str, str]:
        rest = {k: v for k, v in given.items() if k != name}
        return {"label": label, "remove_href": f"{url_for('places.search')}?{urlencode(rest)}"}

    found = []
    for name in FILTERS:
        field = form[name]
        if not field.data or field.errors or name not in given:
            continue
        words = dict(getattr(field, "choices", None) or ()).get(field.data, field.data)
        found.append(
            one(name, str(field.label.text) if field.data is True else f"{field.label.text}: {words}")
        )
    return found


@blueprint.get("/directory.csv")
@needs(READ)
def search_csv() -> ResponseReturnValue:
    """The list as a file, of what the search found."""
    found = [
        {
            **present.row(e, ""),
            "name": e.service.name,
            "kind": reference.label("service_kind", e.service.kind),
            "site": e.site.name,
        }
        for e in queries.search(access.current(), _wanted(_form()))
    ]
    head = (
        "name",
        "kind",
        "site",
        "organisation",
        "place",
        "whom",
        "languages",
        "method",
        "opening",
        "freshness",
    )
    return csv_answer("directory.csv", head, [[line[name] for name in head] for line in found])


@blueprint.get("/directory/package.zip")
@needs(READ)
@records_view
def package() -> ResponseReturnValue:
    """A country's directory as an HSDS data package; what is protected is never in it."""
    country = _form().country.data or None
    answer = Response(packed(written(gathered(country))), mimetype="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="directory-{country or "all"}.zip"'
    return answer


@blueprint.get("/directory/<uuid:service_id>")
@needs(READ)
@records_view
def show(service_id: UUID) -> ResponseReturnValue:
    """Everything the directory says of a service."""
    who = access.current()
    found = queries.entry(who, service_id)
    more = queries.reached(found)
    editable = who.may(EDIT) and queries.may_edit(who, found.service, found.site)
    return render_template(
        "places/show.html",
        page_title=found.service.name,
        entry=present.row(found, ""),
        active=found.service.active,
        description=found.service.description or "",
        what=_what(found, more),
        whom=present.whom_texts(found.service, found.facts),
        eligibility_note=found.service.eligibility_note or "",
        hours=present.hours_rows(found.service, found.facts.hours),
        closures=_closures(found),
        reach=_reach(found, more),
        changes=_changes(found, more),
        editable=editable,
        house_url=_house_url(found),
        leads_on=[one for leads in present.LEADS_ON if (one := leads(who, found))],
        no_way=found.service.active and not queries.leads_somewhere(found.service, found.site),
        service_id=service_id,
    )


def _house_url(found: Entry) -> str | None:
    """The way to the house's own page, for those who work in it."""
    own = found.site.kind == SiteKind.SAFE_HOUSE and found.site.id in safe_house.own_sites()
    return url_for("places.house", code=found.site.code) if own else None


def _line(label: str, value: str | None) -> dict[str, str]:
    return {"label": label, "value": value or ""}


def _what(found: Entry, more: Reached) -> list[dict[str, str]]:
    service, facts = found.service, found.facts
    names = [n for n in (found.organisation.name if found.organisation else "", *more.names) if n]
    cost = " · ".join(
        filter(
            None, (reference.label("service_cost", service.cost) if service.cost else "", service.cost_note)
        )
    )
    lines = [
        _line(_("Servicio"), reference.label("service_kind", service.kind)),
        _line(_("Organización"), " · ".join(names)),
        _line(_("Sede"), found.site.name),
        _line(_("Lugar"), present.place_text(found)),
        _line(_("Idiomas sin intérprete"), present.languages_text(facts.languages)),
        _line(_("Cómo se refiere"), reference.label("referral_method", service.referral_method)),
        _line(_("Responde en"), present.answer_text(service.answer_hours)),
        _line(_("Costo"), cost),
        _line(_("Documentos que pide"), _codes("service_document", facts.terms.get("DOCUMENT", ()))),
        _line(_("Accesibilidad"), _codes("service_accessibility", facts.terms.get("ACCESSIBILITY", ()))),
        *(
            _line(reference.label("service_unit", c.unit), _left(c, found.site.timezone))
            for c in more.capacity
        ),
    ]
    return [line for line in lines if line["value"]]


def _codes(list_name: str, codes: Any) -> str:
    return ", ".join(reference.label(list_name, c) for c in codes)


def _left(capacity: Any, timezone: str) -> str:
    said = moment(capacity.updated_at, timezone)
    if capacity.maximum is None:
        return _("%(a)s disponibles (dicho el %(said)s)", a=capacity.available, said=said)
    return _("%(a)s de %(b)s (dicho el %(said)s)", a=capacity.available, b=capacity.maximum, said=said)


def _closures(found: Entry) -> list[str]:
    today = present.local_of(found).date()
    return [
        _(
            "%(a)s a %(b)s: %(why)s", a=day(c.first_day), b=day(c.last_day),
            why=reference.label("service_closure_reason", c.reason),
        )
        for c in found.facts.closures
        if c.last_day >= today
    ]  # fmt: skip


def _reach(found: Entry, more: Reached) -> list[dict[str, str]]:
    """Address and who answers; a safe house's only for those who may (`service.safe_house`)."""
    if found.site.kind == SiteKind.SAFE_HOUSE:
        hidden = safe_house.whereabouts(found.site.id)
        lines = [] if hidden is None else [
            _line(_("Dirección"), hidden.address), _line(_("Cómo se llega"), hidden.directions),
            _line(_("Teléfono"), hidden.phone), _line(_("Teléfono de guardia"), hidden.duty_phone),
        ]  # fmt: skip
        return [line for line in lines if line["value"]]
    lines = []
    if more.address:
        lines += [
            _line(_("Dirección"), more.address.address),
            _line(_("Cómo se llega"), more.address.directions),
        ]
        lines += [_line(_("Teléfono de la sede"), more.address.phone)]
    for one in more.contacts:
        value = " · ".join(filter(None, (one.name, one.phone, one.email)))
        lines.append(_line(reference.label("service_contact_kind", one.kind), value))
    return [line for line in lines if line["value"]]


def _changes(found: Entry, more: Reached) -> list[dict[str, str]]:
    timezone = found.site.timezone
    return [
        {
            "at": moment(c.at, timezone),
            "at_iso": c.at.isoformat(timespec="minutes"),
            "act": reference.label("directory_act", c.act),
            "parts": present.part_texts(c.parts),
            "who": c.actor,
        }
        for c in more.changes
    ]
