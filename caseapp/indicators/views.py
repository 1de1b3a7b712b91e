"""The catalogue of indicators, read by whoever reads figures. No number stands here."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from caseapp.core import clock, reference
from caseapp.core.access import needs
from caseapp.core.i18n import _, _l, language
from caseapp.core.pages import nav
from caseapp.indicators import catalogue
from caseapp.indicators.access import READ_CATALOGUE

blueprint = Blueprint("indicators", __name__)
nav(60, _l("Indicadores"), "indicators.index", READ_CATALOGUE)

DIRECTIONS = {
    "up": _l("Mejor cuanto más alto"),
    "down": _l("Mejor cuanto más bajo"),
    "context": _l("Ni mejor ni peor: contexto"),
}
DIMENSIONS = {
    "sex": _l("sexo"),
    "age_band": _l("edad"),
    "origin": _l("origen"),
    "household_type": _l("tipo de hogar"),
    "site": _l("sede"),
    "sector": _l("servicio"),
    "pathway": _l("vía"),
}


@blueprint.get("/indicators")
@needs(READ_CATALOGUE)
def index() -> ResponseReturnValue:
    """Every indicator in force, by pillar, with its definition, what is above and below the line, and its source."""
    shown = catalogue.all(clock.today())
    pillars = [
        (code, reference.label("mirps_pillar", code), [each for each in shown if each.pillar == code])
        for code in sorted({each.pillar for each in shown})
    ]
    return render_template(
        "indicators/index.html", page_title=_("Indicadores"), pillars=pillars, words=words, rows=rows
    )


def words(texts: dict[str, str]) -> str:
    """A text of the catalogue in the reader's language."""
    return texts[language()]


def rows(each: catalogue.Indicator) -> list[dict[str, str]]:
    """What the page says of an indicator, line by line."""
    said = [(_("Se cuenta"), words(dict(each.numerator)))]
    if each.denominator:
        said.append((_("Entre"), words(dict(each.denominator))))
    said += [
        (_("Desglose"), ", ".join(str(DIMENSIONS[name]) for name in each.disaggregations) or _("Ninguno")),
        (_("Grupo más pequeño que puede conocerse"), str(each.smallest_cell)),
        (_("Sentido"), str(DIRECTIONS[each.direction])),
        (_("Hechos del expediente"), ", ".join(each.kinds)),
        (_("Versión"), _("%(n)s, desde %(day)s", n=each.version, day=each.valid_from.isoformat())),
        (_("Fuente"), ", ".join(each.source)),
    ]
    return [{"label": label, "value": value} for label, value in said]
