"""`/cases/<number>/at-home`: the path of those who are at home: displaced inside their country, or returned to it."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import access, audit, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.i18n import _
from caseapp.core.pages import day
from caseapp.people import present
from caseapp.people import queries as people
from caseapp.people.inputs import date_data
from caseapp.people.models import Case
from caseapp.procedure import queries, service
from caseapp.procedure.access import READ, WRITE
from caseapp.procedure.forms import DisplacementForm, MeasureForm, PropertyForm, ReceptionForm
from caseapp.procedure.rules import home as rules
from caseapp.procedure.views import blueprint
from caseapp.procedure.views.trying import page, tried

KIND = {"NONE": "neutral", "ASKED": "info", "ACTIVE": "good"}


@blueprint.get("/cases/<number>/at-home")
@needs(READ)
@records_view
def home(number: str) -> ResponseReturnValue:
    """What was declared and received; a property's municipality and no more."""
    case = people.owned_case(number, access.current(), READ)
    audit.record("viewed", "case", case.id)
    found = queries.at_home(case.id)
    now = {p.population for p in people.populations_of(case.id) if p.ended_on is None}
    return render_template(
        "procedure/home.html",
        page_title=_("Desplazamiento y retorno de %(name)s", name=present.name_of(people.person_of(case))),
        number=case.number,
        displaced=bool(now & rules.DISPLACED),
        returned=bool(now & rules.RETURNED),
        still=case.status == "OPEN",
        declared=[
            {"place": reference.place_name(d.from_place), "on": day(d.displaced_on)} for d in found.declared
        ],
        properties=[
            {
                "what": reference.label("property_kind", p.kind),
                "tenure": reference.label("property_tenure", p.tenure),
                "happened": reference.label("property_state", p.happened),
                "place": reference.place_name(p.place),
                "measure": reference.label("property_measure", p.measure),
                "kind": KIND[p.measure],
                "href": url_for("procedure.measure", number=case.number, property_id=p.id),
            }
            for p in found.properties
        ],
        receptions=[
            {
                "from": reference.country_label(r.from_country),
                "how": reference.label("returned_how", r.how),
                "on": day(r.received_on),
            }
            for r in found.receptions
        ],
    )


def _back(case: Case) -> str:
    return url_for("procedure.home", number=case.number)


def _state(case: Case) -> str | None:
    """The state that was chosen (`?state=`): the municipalities of a whole country would make a page of their own."""
    asked = request.values.get("state", "")
    return asked if asked in {a.pcode for a in reference.admin1(case.country)} else None


def _choose(case: Case, title: str) -> str:
    return render_template(
        "procedure/state.html", page_title=title, number=case.number, back=_back(case),
        states=[(a.pcode, a.name) for a in reference.admin1(case.country)],
    )  # fmt: skip


@blueprint.route("/cases/<number>/at-home/displacement", methods=["GET", "POST"])
@needs(WRITE)
@commits
def displacement(number: str) -> ResponseReturnValue:
    """A declaration of displacement: first the state, then the municipality."""
    case = people.owned_case(number, access.current(), WRITE)
    title, state = _("Declaración de desplazamiento"), _state(case)
    if state is None:
        return _choose(case, title)
    posted = request.form if request.method == "POST" else None
    form = DisplacementForm(posted)
    form.place.of(state)

    def again() -> str:
        return page(case, title, form, _("Anotar declaración"), _back(case), on=_("Cuándo tuvo que irse"))

    if posted is None:
        return again()

    def verb(on: date) -> None:
        service.declare_displacement(case, place=form.place.data, on=on)

    return tried(form, verb, again, _("Declaración anotada."), _back(case))


@blueprint.route("/cases/<number>/at-home/property", methods=["GET", "POST"])
@needs(WRITE)
@commits
def add_property(number: str) -> ResponseReturnValue:
    """Something that was left behind."""
    case = people.owned_case(number, access.current(), WRITE)
    title, state = _("Bien que dejó"), _state(case)
    if state is None:
        return _choose(case, title)
    posted = request.form if request.method == "POST" else None
    form = PropertyForm(posted, data={"on": date_data(people.today_of(case))})
    form.place.of(state)

    def again() -> str:
        return page(case, title, form, _("Registrar bien"), _back(case), on=_("Día del registro"))

    if posted is None:
        return again()

    def verb(on: date) -> None:
        new = service.NewProperty(
            form.kind.data, form.tenure.data, form.happened.data, form.place.data, form.whereabouts.data or ""
        )
        service.register_property(case, new, on=on)

    return tried(form, verb, again, _("Bien registrado."), _back(case))


@blueprint.route("/cases/<number>/at-home/property/<uuid:property_id>", methods=["GET", "POST"])
@needs(WRITE)
@commits
def measure(number: str, property_id: UUID) -> ResponseReturnValue:
    """The property desk: where it is exactly, and the measure that protects it."""
    case = people.owned_case(number, access.current(), WRITE)
    row = queries.property_of(case.id, property_id)
    audit.record("viewed", "property", row.id)
    posted = request.form if request.method == "POST" else None
    values: dict[str, Any] = {"on": date_data(people.today_of(case)), "measure": row.measure}
    form = MeasureForm(posted, data={**values, "version": row.version})
    kind, place = reference.label("property_kind", row.kind), reference.place_name(row.place)
    title = _("%(what)s en %(place)s", what=kind, place=place)
    where = row.whereabouts or _("No se anotó dónde está exactamente.")

    def again() -> str:
        form.version.data = row.version
        return page(case, title, form, _("Anotar medida"), _back(case), lead=where, on=_("Día de la medida"))

    if posted is None:
        return again()

    def verb(on: date) -> None:
        service.change_measure(case, row, form.measure.data, on=on, version=form.read_version())

    return tried(form, verb, again, _("Medida anotada."), _back(case))


@blueprint.route("/cases/<number>/at-home/reception", methods=["GET", "POST"])
@needs(WRITE)
@commits
def reception(number: str) -> ResponseReturnValue:
    """Somebody was received after coming back."""
    case = people.owned_case(number, access.current(), WRITE)
    posted = request.form if request.method == "POST" else None
    form = ReceptionForm(posted, data={"on": date_data(people.today_of(case))})
    form.from_country.options = lambda: [
        (c.iso3, reference.country_label(c.iso3)) for c in reference.countries() if c.iso3 != case.country
    ]

    def again() -> str:
        return page(
            case,
            _("Recepción tras el retorno"),
            form,
            _("Anotar recepción"),
            _back(case),
            on=_("Día en que se le recibió"),
        )

    if posted is None:
        return again()

    def verb(on: date) -> None:
        service.receive_returned(case, from_country=form.from_country.data, how=form.how.data, on=on)

    return tried(form, verb, again, _("Recepción anotada."), _back(case))
