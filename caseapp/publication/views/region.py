"""The countries side by side, from what each has released; where they cannot be compared, the page says why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import reference
from caseapp.core.access import needs
from caseapp.core.db import connect
from caseapp.core.errors import NotYours
from caseapp.core.i18n import _, language
from caseapp.indicators.catalogue import Indicator
from caseapp.publication import downloads, present, regional, telling
from caseapp.publication.access import READ_REGION
from caseapp.publication.downloads import Download
from caseapp.publication.editions import EDITION_COLUMNS
from caseapp.publication.queries import kind_of
from caseapp.publication.regional import Region
from caseapp.publication.views import blueprint
from caseapp.publication.views.figures import FORM, FORMS, pillars

COLUMNS = (
    "indicator", "measure", "unit", "period", "place", "numerator", "denominator", "value", "status", "reporting", "expected",
    "first_month", "last_month", *EDITION_COLUMNS,
)  # fmt: skip


def _read() -> Region:
    pillar = request.args.get("pillar", pillars()[0])
    if pillar not in pillars():
        raise NotYours
    with connect("figures_read") as connection:
        return regional.read(connection, pillar, request.args.get("period", ""))


@blueprint.get("/figures/region")
@needs(READ_REGION)
def region() -> ResponseReturnValue:
    """One line for each indicator of a pillar, one column for each country, and the coverage of each above."""
    here = _read()
    return render_template(
        "publication/region.html", page_title=_("La región: %(pillar)s", pillar=present.pillar(here.pillar)),
        pillar=here.pillar, pillars=[(code, present.pillar(code)) for code in pillars()], period=here.period,
        offered=[(code, present.period(code)) for code in here.periods], columns=_columns(here.countries),
        rows=[_coverage(here), *(_line(here, one) for one in here.told)] if here.period else [], gaps=_gaps(here), is_even=here.is_even,
        deviation=telling.deviation(kind_of(here.period)) if here.period else "",
        forms=[(words, url_for("publication.region_download", form=form, pillar=here.pillar, period=here.period)) for form, words in FORMS],
    )  # fmt: skip


def _columns(countries: Sequence[str]) -> list[dict[str, Any]]:
    names = [{"key": code, "label": reference.country_label(code), "number": True} for code in countries]
    return [{"key": "name", "label": _("Indicador"), "head": True}, *names]


def _coverage(here: Region) -> dict[str, Any]:
    line: dict[str, Any] = {"name": {"words": _("Cobertura")}}
    for country in here.countries:
        row = here.coverage.get(country)
        words = (
            [_("%(reporting)s de %(all)s sedes", reporting=row.reporting, all=row.expected)] if row else []
        )
        line[country] = {"words": ", ".join([*words, *filter(None, [here.months(country)])]), "is_gap": True}
    return line


def _line(here: Region, indicator: Indicator) -> dict[str, Any]:
    line: dict[str, Any] = {"name": {"words": indicator.name[language()]}}
    for country in here.countries:
        status = here.status(indicator, country)
        if status == "PUBLISHED":
            row = here.rows[(indicator.code, country)]
            line[country] = {
                "words": f"{present.number(row.value)} {'%' if row.unit == 'PERCENT' else ''}".strip(), "is_gap": False,
                "note": here.notes(indicator, country),
                "href": url_for("publication.indicator", iso3=country, pillar=here.pillar, code=indicator.code, period=here.period),
            }  # fmt: skip
        else:
            line[country] = {"words": regional.gap(status), "is_gap": True}
    return line


def _gaps(here: Region) -> list[dict[str, str]]:
    """The indicators that nobody publishes in the period, each with why: a table of gaps would hide the figures."""
    found = []
    for one in here.indicators if here.period else ():
        why = sorted({regional.gap(here.status(one, country)) for country in here.countries})
        if one not in here.told:
            found.append({"name": one.name[language()], "why": ", ".join(why)})
    return found


@blueprint.get(f"/figures/region.{FORM}")
@needs(READ_REGION)
def region_download(form: str) -> ResponseReturnValue:
    """The table, a row for each indicator and country; a figure of another definition is left out here as there."""
    here, rows = _read(), []
    for indicator in here.indicators if here.period else ():
        for country in here.countries:
            status = here.status(indicator, country)
            row = here.rows.get((indicator.code, country)) if status == "PUBLISHED" else None
            covered = here.coverage.get(country)
            rows.append(
                {
                    "indicator": indicator.code, "measure": indicator.measure, "unit": indicator.unit,
                    "period": here.period, "place": country, "status": status,
                    **{name: getattr(row, name, None) for name in ("numerator", "denominator", "value")},
                    **{name: getattr(covered, name, None) for name in ("reporting", "expected")},
                    **dict(zip(("first_month", "last_month"), here.stretch(country) or (None, None), strict=True)),
                    **(here.editions.columns(row) if row is not None else {}),
                }
            )  # fmt: skip
    uneven = [] if here.is_even else [(_("Meses"), _("No todos los países suman los mismos meses: solo se comparan los que sí."))]  # fmt: skip
    notes = [
        (_("Tabla"), _("La región: %(pillar)s", pillar=present.pillar(here.pillar))),
        *uneven,
        (_("Periodo"), present.period(here.period) if here.period else ""),
        (_("Los países no se suman"), _("Una persona se cuenta una vez en cada país.")),
        (_("Protección"), present.protected(5)),
    ]
    made = Download(
        f"region-{here.pillar}-{here.period or 'none'}", COLUMNS, rows, notes, (_("Datos"), _("Notas"))
    )
    return downloads.answer(made, form)
