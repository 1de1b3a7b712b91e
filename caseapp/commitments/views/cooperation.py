"""`/cooperation`: registers of who helps, with what, and what was agreed. Each register is a table, a form and the
columns of its list."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from textwrap import shorten
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.commitments import forms, models, present, queries
from caseapp.commitments.access import EDIT, READ, written_by
from caseapp.commitments.service import cooperating
from caseapp.commitments.views import blueprint
from caseapp.commitments.views.answering import answered, form_page
from caseapp.core import access, clock, pages, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.errors import ChangedMeanwhile, NotYours
from caseapp.core.i18n import _, _l


@dataclass(frozen=True)
class Register:
    """A register: its words, table and form, the column it is sorted by and the columns of its list."""

    key: str
    label: Any
    new: Any
    table: type[Any]
    form: type[forms.LineForm]
    newest: str
    columns: tuple[tuple[str, Any], ...]


REGISTERS = {
    one.key: one
    for one in (
        Register("actors", _l("Actores"), _l("Agregar un actor"), models.CooperationActor, forms.ActorForm, "made_at",
                 (("name", _l("Nombre")), ("kind", _l("Tipo")))),
        Register("pledges", _l("Aportes"), _l("Agregar un aporte"), models.CooperationPledge, forms.PledgeForm, "pledged_on",
                 (("purpose", _l("Para qué")), ("actor_id", _l("Quién aporta")), ("pledged_on", _l("Fecha")), ("pledged", _l("Prometido")), ("received", _l("Recibido")), ("currency", _l("Moneda")), ("commitment_id", _l("Compromiso")))),
        Register("places", _l("Plazas de reasentamiento y PTA"), _l("Agregar plazas"), models.CooperationPlaces, forms.PlacesForm, "period",
                 (("scheme", _l("Vía")), ("offered_by", _l("País que ofrece")), ("period", _l("Periodo")), ("offered", _l("Ofrecidas")), ("used", _l("Usadas")))),
        Register("exchanges", _l("Intercambios sur–sur"), _l("Agregar un intercambio"), models.CooperationExchange, forms.ExchangeForm, "held_on",
                 (("topic", _l("Tema")), ("held_on", _l("Fecha")), ("with_countries", _l("Con qué países")), ("follow_up", _l("Qué siguió")))),
        Register("meetings", _l("Reuniones"), _l("Agregar una reunión"), models.CooperationMeeting, forms.MeetingForm, "held_on",
                 (("title", _l("Reunión")), ("body", _l("Instancia")), ("held_on", _l("Fecha")))),
        Register("actions", _l("Acuerdos por cumplir"), _l("Agregar un acuerdo"), models.CooperationAction, forms.ActionForm, "due_on",
                 (("text", _l("Qué se acordó")), ("meeting_id", _l("Reunión")), ("owner", _l("Responsable")), ("due_on", _l("Fecha límite")), ("done_on", _l("Hecho")), ("commitment_id", _l("Compromiso")))),
        Register("trainings", _l("Capacitaciones"), _l("Agregar una capacitación"), models.CooperationTraining, forms.TrainingForm, "held_on",
                 (("topic", _l("Tema")), ("held_on", _l("Fecha")), ("institution", _l("Institución")), ("participants", _l("Participantes")))),
    )
}  # fmt: skip


def _register(kind: str) -> Register:
    try:
        return REGISTERS[kind]
    except KeyError:
        raise NotYours from None


@blueprint.get("/cooperation")
@needs(READ)
def cooperation() -> ResponseReturnValue:
    """The registers, and the action points that are late."""
    who, today = access.current(), clock.today()
    actions = cooperating.lines(models.CooperationAction, who, "due_on")
    open_ones = [row for row in actions if row.done_on is None]
    return render_template(
        "commitments/cooperation.html", page_title=_("Cooperación"), registers=list(REGISTERS.values()),
        late=[{"text": a.text, "owner": a.owner, "due": pages.day(a.due_on)} for a in open_ones if a.due_on < today],
        open_count=len(open_ones), money=_money(who), places=_places(who),
    )  # fmt: skip


def _money(who: access.Principal) -> list[dict[str, str]]:
    """What was pledged and what came, by currency."""
    found: dict[str, list[Any]] = {}
    for row in cooperating.lines(models.CooperationPledge, who, "pledged_on"):
        found.setdefault(row.currency, []).append(row)
    return [
        {"currency": c, "pledged": present.money(sum(r.pledged for r in own)), "received": present.money(sum(r.received for r in own)), "count": str(len(own))}
        for c, own in sorted(found.items())
    ]  # fmt: skip


def _places(who: access.Principal) -> list[dict[str, str]]:
    """Places by scheme and year."""
    found: dict[tuple[str, str], list[Any]] = {}
    for row in cooperating.lines(models.CooperationPlaces, who, "period"):
        found.setdefault((row.period[:4], row.scheme), []).append(row)
    return [
        {"year": year, "scheme": reference.label("cooperation_scheme", scheme), "offered": str(sum(r.offered for r in own)), "used": str(sum(r.used for r in own))}
        for (year, scheme), own in sorted(found.items(), reverse=True)
    ]  # fmt: skip


@blueprint.get("/cooperation/<kind>")
@needs(READ)
def lines(kind: str) -> ResponseReturnValue:
    """The lines of a register."""
    register, who = _register(kind), access.current()
    rows = cooperating.lines(register.table, who, register.newest)
    said = _sayer(rows, who)
    own = written_by(who)
    return render_template(
        "commitments/lines.html", page_title=str(register.label), register=register, may_edit=who.may(EDIT),
        columns=[{"key": key, "label": str(label), "head": n == 0} for n, (key, label) in enumerate(register.columns)],
        rows=[
            {
                "id": row.id, "country": present.country(row.country), "may_edit": who.may(EDIT) and row.country in own,
                "is_open": kind == "actions" and row.done_on is None, **{key: said(key, row) for key, _label in register.columns},
            }
            for row in rows
        ],
    )  # fmt: skip


def _sayer(rows: list[Any], who: access.Principal) -> Callable[[str, Any], str]:
    """How a cell of a register is said; names of what it points to are read once."""
    names: dict[Any, str] = {}
    if rows and hasattr(rows[0], "actor_id"):
        names = {a.id: a.name for a in cooperating.lines(models.CooperationActor, who, "made_at")}
    if rows and hasattr(rows[0], "meeting_id"):
        names = {m.id: m.title for m in cooperating.lines(models.CooperationMeeting, who, "held_on")}
    if rows and hasattr(rows[0], "commitment_id"):
        names |= {
            c.id: f"{present.country(c.country)} {c.code}" for c in queries.standings(who, clock.today())
        }

    def said(key: str, row: Any) -> str:
        value = getattr(row, key)
        if value is None or value == "":
            return "—"
        if key in ("actor_id", "meeting_id", "commitment_id"):
            return names.get(value, "—")
        if key == "kind":
            return reference.label("cooperation_actor_kind", value)
        if key == "scheme":
            return reference.label("cooperation_scheme", value)
        if key == "offered_by":
            return reference.country_label(value)
        if key == "with_countries":
            return ", ".join(reference.country_label(code) for code in value)
        if key.endswith("_on"):
            return pages.day(value)
        if key in ("pledged", "received"):
            return present.money(value)
        return str(value)

    return said


@blueprint.route("/cooperation/<kind>/new", methods=["GET", "POST"])
@needs(EDIT)
@commits
def new_line(kind: str) -> ResponseReturnValue:
    """A new line of a register."""
    register, who = _register(kind), access.current()
    form = _filled(register.form())

    def page(status: int = 200) -> ResponseReturnValue:
        return form_page(
            str(register.new),
            form,
            url_for("commitments.lines", kind=kind),
            action=_("Guardar"),
            status=status,
        )

    if request.method == "GET":
        return page()
    return answered(
        form, lambda: cooperating.write(register.table, _values(form), by=who), page,
        lambda _made: url_for("commitments.lines", kind=kind),
    )  # fmt: skip


@blueprint.route("/cooperation/<kind>/<uuid:line_id>", methods=["GET", "POST"])
@needs(EDIT)
@commits
def edit_line(kind: str, line_id: UUID) -> ResponseReturnValue:
    """Change a line of a register."""
    register, who = _register(kind), access.current()
    row = cooperating.line(register.table, line_id, who)
    if row.country not in written_by(who):
        raise NotYours
    data = {c.name: getattr(row, c.name) for c in register.table.__table__.columns}
    data |= {k: str(v) for k, v in data.items() if isinstance(v, UUID)}
    if "with_countries" in data:
        data["with_countries"] = ", ".join(data["with_countries"])
    form = _filled(register.form(data=data))
    form.country.choices = forms.country_choices([row.country])

    def page(status: int = 200) -> ResponseReturnValue:
        return form_page(
            _("Cambiar la línea"),
            form,
            url_for("commitments.lines", kind=kind),
            action=_("Guardar"),
            status=status,
        )

    if request.method == "GET":
        return page()
    if form.validate_on_submit() and form.read_version() != row.version:
        form.refused(ChangedMeanwhile())
        form.version.raw_data, form.version.data = None, row.version
        return page(409)
    return answered(
        form, lambda: cooperating.change(register.table, row.id, _values(form), version=form.read_version(), by=who), page,
        lambda _made: url_for("commitments.lines", kind=kind),
    )  # fmt: skip


def _filled(form: Any) -> Any:
    """The form with the choices that depend on who fills it in."""
    who = access.current()
    form.country.choices = forms.country_choices(written_by(who))
    if "offered_by" in form:
        form.offered_by.choices = [("", _("Elija…")), *sorted(((c.iso3, reference.country_label(c.iso3)) for c in reference.countries() if c.group != "SPECIAL"), key=lambda x: x[1])]  # fmt: skip
    if "actor_id" in form:
        form.actor_id.choices = [("", _("Elija…"))] + [
            (str(a.id), a.name) for a in cooperating.lines(models.CooperationActor, who, "made_at")
        ]
    if "commitment_id" in form:
        form.commitment_id.choices = [("", _("Ninguno en particular")), *_commitments(who)]
    if "meeting_id" in form:
        form.meeting_id.choices = [("", _("Elija…"))] + [
            (str(m.id), f"{m.title} ({pages.day(m.held_on)})") for m in cooperating.lines(models.CooperationMeeting, who, "held_on")
        ]  # fmt: skip
    return form


def _commitments(who: access.Principal) -> list[tuple[str, str]]:
    """The commitments that stand, of the countries that somebody writes: country, code and the beginning of the text."""
    own = written_by(who)
    return [
        (
            str(row.id),
            f"{present.country(row.country)} {row.code}: {shorten(present.text(row), 80, placeholder='…')}",
        )
        for row in queries.standings(who, clock.today())
        if not row.is_withdrawn and row.country in own
    ]


def _values(form: Any) -> dict[str, Any]:
    """What was typed, as the columns take it: empty texts as nothing, ids as ids."""
    found: dict[str, Any] = {}
    for field in form:
        if field.name in ("csrf_token", "version"):
            continue
        value = field.data.strip() if isinstance(field.data, str) else field.data
        if field.name.endswith("_id") and value:
            value = UUID(value)
        if field.name == "with_countries":
            value = re.findall(r"[A-Z]{3}", value)
        found[field.name] = None if value == "" else value
    return found


@blueprint.post("/cooperation/actions/<uuid:action_id>/done")
@needs(EDIT)
@commits
def action_done(action_id: UUID) -> ResponseReturnValue:
    """What was agreed is done today."""
    cooperating.done(action_id, on=clock.today(), by=access.current())
    flash(_("Quedó anotado como hecho hoy."), "good")
    return redirect(url_for("commitments.lines", kind="actions"))
