"""The catalogue: every indicator by pillar, and one page for each with its versions. No number stands here."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from caseapp.core import access, clock, pages, reference
from caseapp.core.access import needs
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.core.i18n import _, _l, language
from caseapp.core.pages import nav
from caseapp.indicators import catalogue, versions, words
from caseapp.indicators.access import DRAFT, NATIONAL, READ_CATALOGUE, countries_as
from caseapp.indicators.catalogue import Indicator
from caseapp.indicators.cubes import domains, numbers
from caseapp.indicators.drafts import queries
from caseapp.indicators.models import Definition, State
from caseapp.indicators.views import blueprint

nav(60, _l("Indicadores"), "indicators.index", READ_CATALOGUE)

STATES = {
    State.DRAFT.value: (_l("Borrador"), "info"),
    State.AWAITING_APPROVAL.value: (_l("Espera a otra persona"), "warning"),
}


def own_country() -> str:
    """The reader's country, or the one asked for among several; none for whoever reads for the region, who counts by
    what all countries share."""
    own = countries_as(access.current(), *NATIONAL)
    asked = request.values.get("country", "")
    return asked if asked in own else next(iter(own), "")


@blueprint.get("/indicators")
@needs(READ_CATALOGUE)
def index() -> ResponseReturnValue:
    """Every indicator in force by pillar, found by a word of its name, its definition or its code."""
    who, asked = access.current(), " ".join(request.args.get("q", "").split())
    known = versions.of(session.connection(), own_country())
    shown = [each for each in known.all(clock.today()) if _is_about(each, asked)]
    pillars = [
        (code, reference.label("mirps_pillar", code), [each for each in shown if each.pillar == code])
        for code in sorted({each.pillar for each in shown})
    ]
    return render_template(
        "indicators/index.html", page_title=_("Indicadores"), pillars=pillars, text=text, asked=asked,
        drafts=[_draft_row(row, known) for row in queries.open_drafts(who)], words=words,
        own={each.code for each in shown if _is_own(each)},
    )  # fmt: skip


def _is_about(each: Indicator, asked: str) -> bool:
    held = (each.code, *each.name.values(), *each.definition.values())
    return all(any(word in one.casefold() for one in held) for word in asked.casefold().split())


def _is_own(each: Indicator) -> bool:
    """Whether the country counts by a version of its own."""
    return each.version != catalogue.get(each.code).version


def _draft_row(row: Definition, known: versions.Catalogue) -> dict[str, Any]:
    label, kind = STATES[row.state]
    return {
        "id": row.id, "code": row.code, "name": text(row.entry["name"]), "state": str(label), "kind": kind,
        "country": reference.country_label(row.country), "since": pages.since(row.written_at), "at": row.written_at,
    }  # fmt: skip


def text(texts: Any) -> str:
    """A text of the catalogue in the reader's language."""
    return str(texts.get(language(), ""))


@blueprint.get("/indicators/<code>")
@needs(READ_CATALOGUE)
def show(code: str) -> ResponseReturnValue:
    """One indicator: what it means, what is counted, its versions, and what is being drafted."""
    who, country = access.current(), own_country()
    known = versions.of(session.connection(), country)
    try:
        history = known.history(code)
    except LookupError:
        raise NotYours from None
    today = clock.today()
    now = next((one.indicator for one in history if one.indicator.in_force(today)), history[-1].indicator)
    return render_template(
        "indicators/show.html", page_title=text(now.name), each=now, text=text, rows=rows(now),
        pillar=reference.label("mirps_pillar", now.pillar), versions=_told(code, country),
        drafts=[_draft_row(row, known) for row in queries.open_drafts(who, code)], country=country,
        country_name=reference.country_label(country) if country else "",
        others=[(one, reference.country_label(one)) for one in countries_as(who, *NATIONAL) if one != country],
        may_draft=who.may(DRAFT) and country in countries_as(who, *DRAFT.roles),
    )  # fmt: skip


def _told(code: str, country: str) -> list[dict[str, str]]:
    """Every version that a country published, and the one that came with the program. Who: by role, not by name."""
    shipped = catalogue.get(code)
    told = [
        {
            "number": str(one.number), "country": reference.country_label(one.country),
            "from": pages.day(one.valid_from), "to": pages.day(one.valid_to) or _("sigue"), "why": one.reason,
            "who": _("La redactó quien administra los datos y la aprobó quien aprueba las publicaciones, el %(day)s.", day=pages.day(one.decided_at.date())),
        }
        for one in queries.published(code)
    ]  # fmt: skip
    ended = pages.day(shipped.valid_to) or _("sigue donde ningún país tiene otra")
    return [
        *told,
        {
            "number": str(shipped.version), "country": _("Todos los países"), "from": pages.day(shipped.valid_from),
            "to": ended, "why": _("Definición común del marco."), "who": _("Viene con el programa."),
        },
    ]  # fmt: skip


def rows(each: Indicator) -> list[dict[str, str]]:
    """What the page says of an indicator, line by line."""
    said = [(_("Se cuenta"), text(each.numerator))]
    if each.denominator:
        said.append((_("Entre"), text(each.denominator)))
    said += [
        (_("Medida"), f"{words.of(words.MEASURES, each.measure)} · {words.of(words.UNITS, each.unit)}"),
        (_("Base"), words.of(words.BASES, each.basis)),
        (_("Conjunto de hechos"), each.domain.label_en if language() == "en" else each.domain.label_es),
        *cells(each),
        (_("Desglose"), ", ".join(words.dimension(name) for name in each.disaggregations) or _("Ninguno")),
        (
            _("Grupo más pequeño que puede conocerse"),
            _("%(k)s personas: debajo, la cifra va protegida", k=each.smallest_cell),
        ),
        (_("Sentido"), words.of(words.DIRECTIONS, each.direction)),
        (_("Fuente"), ", ".join(words.of(words.SOURCES, code) for code in each.source)),
        (_("Versión"), _("%(n)s, desde el %(day)s", n=each.version, day=pages.day(each.valid_from))),
        (_("Hechos del expediente"), ", ".join(each.kinds)),
    ]
    return [{"label": label, "value": value} for label, value in said]


def cells(each: Indicator) -> list[tuple[str, str]]:
    """Which cells count, in words."""
    found = [(_("Solo cuentan"), words.selection(each.select))] if each.select else []
    if each.measure == "RATE":
        found.append((_("Arriba"), words.selection(each.part) or _("Todo")))
        below = "" if isinstance(each.of, str) else (words.selection(each.of) or _("Todo"))
        if each.public:
            number = numbers()[each.public]
            below = number.label_en if language() == "en" else number.label_es
        found.append((_("Abajo"), below))
    if each.over:
        named = (domains()[name] for name in each.over)
        found[-1] = (
            _("Abajo"),
            ", ".join(one.label_en if language() == "en" else one.label_es for one in named),
        )
    if each.unit_cost is not None:
        found.append((_("Costo por unidad"), f"{each.unit_cost} {each.unit}"))
    return found
