"""A draft of a definition: what it would change, and the way to its publication. Past periods are computed from
released cells through role `figures`."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.queries import timezone_of
from caseapp.core import access, clock, pages, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.db import connect, session
from caseapp.core.errors import Refused
from caseapp.core.i18n import _, _l, language, ngettext
from caseapp.indicators import versions, words
from caseapp.indicators.catalogue import Indicator
from caseapp.indicators.cubes import Domain, domains
from caseapp.indicators.drafts import entry as entries
from caseapp.indicators.drafts import queries as drafts
from caseapp.indicators.drafts import rules as drafting
from caseapp.indicators.models import Definition, State
from caseapp.indicators.views.reading import cells
from caseapp.publication import defining, present, trying
from caseapp.publication.access import DECIDE_RELEASE, MAKE_RELEASE, SEE_RELEASES, countries_as
from caseapp.publication.forms import NoteForm, ProposeForm
from caseapp.publication.service import defining as service
from caseapp.publication.trying import Tried
from caseapp.publication.views import blueprint

#: The words of an entry, as the table of changes names them.
WORDS = {
    "name": _l("Nombre"), "definition": _l("Definición"), "numerator": _l("Se cuenta"), "denominator": _l("Entre"),
    "domain": _l("Conjunto de hechos"), "measure": _l("Medida"), "unit": _l("Unidad"), "basis": _l("Base"),
    "select": _l("Solo cuentan"), "part": _l("Arriba"), "of": _l("Abajo"), "public": _l("Número público"),
    "bands": _l("Duración"), "direction": _l("Sentido"), "disaggregations": _l("Desgloses"), "source": _l("Fuente"),
    "over": _l("Dividir entre otros conjuntos de hechos"), "unit_cost": _l("Costo por unidad, en dólares"),
}  # fmt: skip


@blueprint.get("/indicators/drafts/<uuid:definition_id>")
@needs(SEE_RELEASES)
def definition(definition_id: UUID) -> ResponseReturnValue:
    """What a draft changes: word by word, and figure by figure over the released periods."""
    return _page(definition_id, ProposeForm(), NoteForm())


def _page(definition_id: UUID, form: ProposeForm, note: NoteForm, status: int = 200) -> ResponseReturnValue:
    who = access.current()
    row = drafts.draft(who, definition_id)
    known = versions.of(session.connection(), row.country)
    old = known.get(row.code)
    new = entries.checked(row.code, row.entry, number=old.version + 1)
    with connect("figures") as connection:
        tried = trying.compare(connection, row.country, old, new)
    _fill(form, row)
    is_steward = who.may(MAKE_RELEASE) and row.country in countries_as(who, *MAKE_RELEASE.roles)
    page = render_template(
        "publication/definition.html", page_title=_("Qué cambia en %(code)s", code=row.code), row=row, old=old, new=new,
        name=new.name[language()], changes=_changes(old, new), sentence=_sentence(tried, old, new), form=form,
        note=note, rows=[_row(one, new) for one in tried], country=reference.country_label(row.country),
        facts=_facts(row), is_draft=row.state == State.DRAFT.value, is_steward=is_steward,
        may_decide=_may_decide(row), old_unit=present.unit(old.unit), new_unit=present.unit(new.unit), other_unit=(old.measure, old.unit) != (new.measure, new.unit),
    )  # fmt: skip
    return page, status


def _fill(form: ProposeForm, row: Definition) -> None:
    months = defining.months_to_choose(_today(), drafts.first_open_month(row.country))
    form.valid_from.choices = [(month, present.period(month)) for month in months]
    if form.valid_from.data is None and row.valid_from is not None:
        form.valid_from.data = f"{row.valid_from:%Y-%m}"
    if form.reason.data is None:
        form.reason.data = row.reason or ""


def _today() -> Any:
    return clock.today(timezone_of(access.current().grants[0].team_id))


def _facts(row: Definition) -> list[dict[str, str]]:
    """Where the proposal stands, without names."""
    zone = timezone_of(access.current().grants[0].team_id)
    found = [
        (_("Escrita por última vez"), pages.moment(row.written_at, zone)),
        (_("Vale desde"), present.period(f"{row.valid_from:%Y-%m}") if row.valid_from else ""),
        (_("Por qué cambia"), row.reason or ""),
        (_("Hay que corregir"), row.returned or ""),
    ]
    return [{"label": label, "value": value} for label, value in found if value]


def _may_decide(row: Definition) -> bool:
    who = access.current()
    try:
        defining.may_publish(
            row.state, country=row.country, approver_of=countries_as(who, *DECIDE_RELEASE.roles), writers=row.writers,
            by=who.user_id,
        )  # fmt: skip
    except Refused:
        return False
    return True


def _changes(old: Indicator, new: Indicator) -> list[dict[str, str]]:
    """Word by word, what stands now and what the draft says."""
    return [
        {"what": str(WORDS.get(word, word)), "old": _said(old, word), "new": _said(new, word)}
        for word in drafting.changed(old, new)
    ]


def _said(each: Indicator, word: str) -> str:
    """A word of a definition, as people read it."""
    if word in ("name", "definition", "numerator", "denominator"):
        texts = getattr(each, word) or {}
        return " / ".join(texts[code] for code in ("es", "en") if code in texts)
    if word in ("select", "part", "of"):
        return next((said for label, said in cells(each) if label == str(WORDS[word])), _("Todo"))
    named: dict[str, str] = {
        "domain": _domain(each.domain),
        "measure": words.of(words.MEASURES, each.measure), "unit": words.of(words.UNITS, each.unit),
        "basis": words.of(words.BASES, each.basis), "direction": words.of(words.DIRECTIONS, each.direction),
        "bands": words.dimension(each.dimension) if each.dimension else "",
        "disaggregations": ", ".join(words.dimension(name) for name in each.disaggregations),
        "source": ", ".join(words.of(words.SOURCES, code) for code in each.source),
        "public": each.public or "", "unit_cost": str(each.unit_cost or ""),
        "over": ", ".join(_domain(domains()[name]) for name in each.over),
    }  # fmt: skip
    return named.get(word) or _("Nada")


def _domain(domain: Domain) -> str:
    return domain.label_en if language() == "en" else domain.label_es


def _row(one: Tried, new: Indicator) -> dict[str, Any]:
    """A period of the table."""
    difference = one.difference
    return {
        "period": present.period(one.period, one.until),
        "old": _value(one.old), "new": _value(one.new),
        "difference": "" if difference is None else _signed(difference),
        "status": _status(one, difference), "is_same": difference == 0 and not one.missing,
    }  # fmt: skip


def _value(figure: Any) -> str:
    if figure is None:
        return _("No corresponde")
    return present.number(figure.value) if figure.value is not None else present.no_value(figure.status.value)


def _signed(value: Decimal) -> str:
    return f"{'+' if value > 0 else '−' if value < 0 else ''}{present.number(abs(value))}"


def _status(one: Tried, difference: Decimal | None) -> str:
    if one.missing:
        return _("Sus tablas no se publicaron")
    if one.new is not None and one.new.value is None:
        return _("No puede darse")
    if difference is None:
        return _("Nueva") if one.new is not None and one.is_comparable else _("No se comparan")
    return _("Cambia") if difference else _("Igual")


def _sentence(tried: Sequence[Tried], old: Indicator, new: Indicator) -> str:
    """What changes, in one sentence."""
    if not drafting.changed(old, new):
        return _("El borrador dice lo mismo que la versión en vigor.")
    if not drafting.changes_figures(old, new):
        return _("Cambian las palabras; ninguna cifra puede cambiar.")
    if not tried:
        return _("El país aún no ha publicado ningún periodo: no hay con qué probarla.")
    if all(one.missing or one.new is None for one in tried):
        return _("Necesita la tabla %(cube)s, que nunca se publicó: se calculará desde la primera publicación que la tenga.", cube=new.cube)  # fmt: skip
    compared = [one.difference for one in tried if one.difference is not None]
    if not compared:
        return _("Las cifras de antes y de ahora no se comparan: miden cosas distintas.")
    moved = [each for each in compared if each]
    if not moved:
        return ngettext(
            "En %(num)s periodo publicado la cifra queda igual.",
            "En los %(num)s periodos publicados la cifra queda igual.",
            len(compared),
        )
    return _(
        "De %(all)s periodos publicados, en %(n)s cambia la cifra: la diferencia va de %(least)s a %(most)s.",
        all=len(compared), n=len(moved), least=_signed(min(compared)), most=_signed(max(compared)),
    )  # fmt: skip


@blueprint.post("/indicators/drafts/<uuid:definition_id>/propose")
@needs(MAKE_RELEASE)
@commits
def propose(definition_id: UUID) -> ResponseReturnValue:
    """Put a draft before the approver."""
    form = ProposeForm()
    drafts.draft(access.current(), definition_id)
    try:
        service.propose(
            definition_id,
            month=form.valid_from.data or "",
            reason=form.reason.data or "",
            by=access.current(),
        )
    except Refused as error:
        if error.status != 422:
            raise
        session.rollback()
        form.refused(error)
        return _page(definition_id, form, NoteForm(), error.status)
    flash(_("La versión espera a otra persona, que la publica o la devuelve."), "good")
    return redirect(url_for("publication.definition", definition_id=definition_id))


@blueprint.post("/indicators/drafts/<uuid:definition_id>/take-back")
@needs(MAKE_RELEASE)
@commits
def take_back(definition_id: UUID) -> ResponseReturnValue:
    """Back to a draft."""
    drafts.draft(access.current(), definition_id)
    service.take_back(definition_id, by=access.current())
    flash(_("La versión vuelve a ser un borrador."), "info")
    return redirect(url_for("publication.definition", definition_id=definition_id))


@blueprint.post("/indicators/drafts/<uuid:definition_id>/publish")
@needs(DECIDE_RELEASE)
@commits
def publish(definition_id: UUID) -> ResponseReturnValue:
    """Publish: later months count by it."""
    drafts.draft(access.current(), definition_id)
    try:
        row = service.publish(definition_id, by=access.current())
    except Refused as error:
        if error.status != 422:
            raise
        session.rollback()
        note = NoteForm()
        note.form_errors.append(str(error))
        return _page(definition_id, ProposeForm(), note, error.status)
    flash(
        _("La versión %(n)s está publicada y vale desde %(month)s.", n=row.number, month=present.period(f"{row.valid_from:%Y-%m}")),
        "good",
    )  # fmt: skip
    return redirect(url_for("indicators.show", code=row.code))


@blueprint.post("/indicators/drafts/<uuid:definition_id>/return")
@needs(DECIDE_RELEASE)
@commits
def return_definition(definition_id: UUID) -> ResponseReturnValue:
    """Return it to the stewards, saying what to mend."""
    form = NoteForm()
    drafts.draft(access.current(), definition_id)
    try:
        service.send_back(definition_id, form.note.data or "", by=access.current())
    except Refused as error:
        if error.status != 422:
            raise
        session.rollback()
        form.refused(error)
        return _page(definition_id, ProposeForm(), form, error.status)
    flash(_("La versión se devolvió a quien la propuso."), "info")
    return redirect(url_for("publication.definition", definition_id=definition_id))
