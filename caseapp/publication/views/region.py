"""The countries side by side, from what each has released; where they cannot be compared, the page says why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import reference
from caseapp.core.access import needs
from caseapp.core.db import connect
from caseapp.core.errors import NotYours
from caseapp.core.i18n import _, language
from caseapp.indicators import catalogue
from caseapp.indicators.catalogue import Indicator
from caseapp.publication import downloads, present, queries, telling
from caseapp.publication.access import READ_REGION
from caseapp.publication.downloads import Download
from caseapp.publication.editions import EDITION_COLUMNS, Editions, editions
from caseapp.publication.queries import Offered, kind_of
from caseapp.publication.views import blueprint
from caseapp.publication.views.figures import FORM, FORMS, pillars

COLUMNS = (
    "indicator", "measure", "unit", "period", "place", "numerator", "denominator", "value", "status", "reporting", "expected",
    *EDITION_COLUMNS,
)  # fmt: skip
#: Why a country has no figure beside the others; what the releases themselves say comes from there.
NOT_RELEASED, NOT_MEASURED, OTHER_DEFINITION = "NOT_RELEASED", "NOT_MEASURED", "OTHER_DEFINITION"


@dataclass(frozen=True)
class Region:
    """What the page stands on. `coverage` by country."""

    pillar: str
    period: str
    periods: Sequence[str]
    countries: Sequence[str]
    released: Mapping[str, Offered]
    rows: Mapping[tuple[str, str], Any]
    coverage: Mapping[str, Any]
    editions: Editions

    def notes(self, indicator: Indicator, country: str) -> str:
        """Beneath a figure: whether some sites did not report, whether its months were revised."""
        row, told, found = self.rows[(indicator.code, country)], self.released[country], []
        if self.is_partial(country):
            found.append(_("parcial"))
        if self.editions.taken(self.period, told.release_id):
            found.append(_("revisado"))
        if self.editions.awaited(self.period, told.release_id, row.cube.partition(".")[0]):
            found.append(_("edición anterior"))
        return ", ".join(found)

    @property
    def indicators(self) -> list[Indicator]:
        return [one for one in catalogue.all() if one.pillar == self.pillar]

    @property
    def told(self) -> list[Indicator]:
        """The indicators that at least one country publishes in the period."""
        return [
            one
            for one in self.indicators
            if any(self.status(one, each) == "PUBLISHED" for each in self.countries)
        ]

    def status(self, indicator: Indicator, country: str) -> str:
        """PUBLISHED, or why there is nothing to set beside the others."""
        released, row = self.released.get(country), self.rows.get((indicator.code, country))
        if released is None:
            return NOT_RELEASED
        if row is None:
            return NOT_MEASURED
        versions = {entry["version"] for entry in released.definitions.get(indicator.code, ())}
        if row.status == "PUBLISHED" and versions != {indicator.version}:
            return OTHER_DEFINITION
        return str(row.status)

    def is_partial(self, country: str) -> bool:
        """Whether not every site reported."""
        row = self.coverage.get(country)
        return bool(row and row.reporting < row.expected)


def _read() -> Region:
    pillar = request.args.get("pillar", pillars()[0])
    if pillar not in pillars():
        raise NotYours
    with connect("figures_read") as connection:
        offered = queries.offered(connection)
        period = request.args.get("period") or _most_common(offered)
        there = {one.country: one for one in offered if one.period == period}
        ids = [one.release_id for one in there.values()]
        rows = queries.figures(connection, ids, [period], pillar, whole=True)
        covered = queries.coverage_of(connection, ids)
        known = editions(connection)
    return Region(
        pillar, period, sorted({one.period for one in offered}, key=_newest, reverse=True),
        sorted({one.country for one in offered}), there, {(row.indicator, row.place): row for row in rows},
        {country: covered.get((one.release_id, period)) for country, one in there.items()}, known,
    )  # fmt: skip


@blueprint.get("/figures/region")
@needs(READ_REGION)
def region() -> ResponseReturnValue:
    """One line for each indicator of a pillar, one column for each country, and the coverage of each above."""
    here = _read()
    return render_template(
        "publication/region.html", page_title=_("La región: %(pillar)s", pillar=present.pillar(here.pillar)),
        pillar=here.pillar, pillars=[(code, present.pillar(code)) for code in pillars()], period=here.period,
        offered=[(code, present.period(code)) for code in here.periods], columns=_columns(here.countries),
        rows=[_coverage(here), *(_line(here, one) for one in here.told)] if here.period else [], gaps=_gaps(here),
        deviation=telling.deviation(kind_of(here.period)) if here.period else "",
        forms=[(words, url_for("publication.region_download", form=form, pillar=here.pillar, period=here.period)) for form, words in FORMS],
    )  # fmt: skip


def _newest(period: str) -> tuple[str, str]:
    return period[-4:] if period.startswith("MIRPS") else period[:4], period


def _most_common(offered: Sequence[Offered]) -> str:
    """The period that most countries have published; of these the newest."""
    count: dict[str, int] = {}
    for one in offered:
        count[one.period] = count.get(one.period, 0) + 1
    return max(count, key=lambda period: (count[period], _newest(period)), default="")


def _columns(countries: Sequence[str]) -> list[dict[str, Any]]:
    names = [{"key": code, "label": reference.country_label(code), "number": True} for code in countries]
    return [{"key": "name", "label": _("Indicador"), "head": True}, *names]


def _coverage(here: Region) -> dict[str, Any]:
    line: dict[str, Any] = {"name": {"words": _("Cobertura")}}
    for country in here.countries:
        row = here.coverage.get(country)
        line[country] = {"words": _("%(reporting)s de %(all)s sedes", reporting=row.reporting, all=row.expected) if row else "", "is_gap": True}  # fmt: skip
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
            line[country] = {"words": _gap(status), "is_gap": True}
    return line


def _gaps(here: Region) -> list[dict[str, str]]:
    """The indicators that nobody publishes in the period, each with why: a table of gaps would hide the figures."""
    found = []
    for one in here.indicators if here.period else ():
        why = sorted({_gap(here.status(one, country)) for country in here.countries})
        if one not in here.told:
            found.append({"name": one.name[language()], "why": ", ".join(why)})
    return found


def _gap(status: str) -> str:
    words = {
        NOT_RELEASED: _("sin publicación"), NOT_MEASURED: _("no lo mide"), OTHER_DEFINITION: _("otra definición"),
    }  # fmt: skip
    return words.get(status) or present.no_value(status)


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
                    **(here.editions.columns(row) if row is not None else {}),
                }
            )  # fmt: skip
    notes = [
        (_("Tabla"), _("La región: %(pillar)s", pillar=present.pillar(here.pillar))),
        (_("Periodo"), present.period(here.period) if here.period else ""),
        (_("Los países no se suman"), _("Una persona se cuenta una vez en cada país.")),
        (_("Protección"), present.protected(5)),
    ]
    made = Download(
        f"region-{here.pillar}-{here.period or 'none'}", COLUMNS, rows, notes, (_("Datos"), _("Notas"))
    )
    return downloads.answer(made, form)
