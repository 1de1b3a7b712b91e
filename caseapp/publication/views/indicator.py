"""One released indicator: its series, its breakdowns, what can be said of it, and the same rows to take away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import reference
from caseapp.core.access import needs
from caseapp.core.db import connect
from caseapp.core.errors import NotYours
from caseapp.core.i18n import _, language
from caseapp.indicators import versions
from caseapp.indicators.catalogue import Indicator
from caseapp.publication import beside, downloads, present, queries, revised, series, telling
from caseapp.publication.access import READ_FIGURES
from caseapp.publication.downloads import Download
from caseapp.publication.editions import EDITION_COLUMNS, Editions, editions
from caseapp.publication.findings import why_apart
from caseapp.publication.package import FIGURES
from caseapp.publication.queries import KINDS
from caseapp.publication.series import Told
from caseapp.publication.views import blueprint
from caseapp.publication.views.figures import FORM, FORMS, asked
from caseapp.publication.views.pictures import pictures_of


@dataclass(frozen=True)
class Page:
    """What an indicator's page stands on. `chosen`: the period asked for, or the newest with a figure."""

    country: str
    indicator: Indicator
    told: Sequence[Told]
    chosen: Told | None
    rows: Sequence[Any]
    revisions: Sequence[Mapping[str, Any]]
    pictures: Mapping[str, Any]
    known: Editions
    earlier: Decimal | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    other: Indicator | None = None
    told_beside: Sequence[Told] = ()

    def beside(self, period: str) -> Told | None:
        """What is never left out beside the figure of a period."""
        return next((one for one in self.told_beside if one.period == period), None)

    @property
    def kind(self) -> str:
        return self.chosen.kind if self.chosen else "MONTH"

    @property
    def notices(self) -> list[revised.Notice]:
        """The revisions that the chosen period rests on, and those that it has not taken yet."""
        if self.chosen is None:
            return []
        return revised.notices(self.chosen.period, self.chosen.taken, self.chosen.awaits)

    @property
    def difference(self) -> str:
        return revised.difference(self.chosen, self.earlier) if self.chosen else ""

    @property
    def outdated(self) -> list[str]:
        """The months that were revised after the picture of the series was drawn: it shows them as they were."""
        picture = self.pictures.get("SERIES")
        if picture is None or self.chosen is None:
            return []
        there = set(self.known.until(picture.release_id))
        later = {each.period for one in self.shown for each in one.taken if each.id not in there}
        return [present.period(month) for month in sorted(later)]

    @property
    def shown(self) -> list[Told]:
        """The series of the page: every period of the chosen one's kind, up to it."""
        return series.of_kind(self.told, self.kind, self.chosen.period if self.chosen else None)


def _read(iso3: str, pillar: str, code: str) -> Page:
    country, pillar = asked(iso3, pillar)
    with connect("figures_read") as connection:
        known, made = versions.of(connection, country), editions(connection, country)
        every = series.series(connection, country, beside.codes(code), known=made)
        told, other = every[code], beside.BESIDE.get(code)
        chosen = _chosen(told)
        rows = series.rows_of(connection, chosen.release_id, code, chosen.period) if chosen else []
        try:
            on = versions.last_day(chosen.release_period) if chosen else None
            indicator, shown_beside = known.get(code, on), known.get(other, on) if other else None
        except LookupError:
            raise NotYours from None
        if indicator.pillar != pillar:
            raise NotYours
        drawn = pictures_of(connection, chosen.release_id, code) if chosen else {}
        changed = series.revisions(connection, country, indicator.domain.name)
        earlier = revised.earlier(connection, made, chosen) if chosen else None
    return Page(
        country, indicator, told, chosen, rows, changed, drawn, made, earlier, queries.site_names(country), shown_beside,
        every[other] if other else (),
    )  # fmt: skip


def _chosen(told: Sequence[Told]) -> Told | None:
    """The period of `?period=`, or the newest month that has a figure, or the newest period."""
    wanted = request.args.get("period")
    if wanted:
        return next((one for one in told if one.period == wanted), None)
    for kind in KINDS:
        held = [one for one in told if one.kind == kind and one.is_published]
        if held:
            return held[-1]
    return told[-1] if told else None


@blueprint.get("/figures/<iso3>/<pillar>/<code>")
@needs(READ_FIGURES)
def indicator(iso3: str, pillar: str, code: str) -> ResponseReturnValue:
    """An indicator of a country: the finding, the series with its table, breakdowns, definition, coverage."""
    page = _read(iso3, pillar, code)
    one, chosen = page.indicator, page.chosen
    found = telling.breakdowns(page.rows, page.kind, chosen.definition if chosen else None)
    return render_template(
        "publication/indicator.html", page_title=one.name[language()], page=page, one=one, chosen=chosen, words=present,
        country_name=reference.country_label(page.country), pillar_name=present.pillar(pillar),
        finding=telling.series(one, page.shown), counted=telling.counted(one),
        deviation=telling.deviation(page.kind), value=telling.value(one, chosen.value) if chosen and chosen.is_published else "",
        period_words=present.period(chosen.period, chosen.release_period) if chosen else "",
        coverage=present.coverage(chosen if chosen and chosen.expected is not None else None),
        beside=telling.beside(page.other, page.beside(chosen.period)) if chosen and page.other else "",
        kinds=_kinds(page), lines=_lines(page), parts=[_part(page, each) for each in found],
        changes=_revised(page), definition=one.definition[language()],
        above=one.numerator.get(language(), ""), below=(one.denominator or {}).get(language(), ""),
        forms=[(words, url_for("publication.indicator_download", iso3=iso3, pillar=pillar, code=code, form=form,
                               period=chosen.period if chosen else None)) for form, words in FORMS],
    )  # fmt: skip


def _kinds(page: Page) -> list[dict[str, Any]]:
    """The kinds of period that have a figure, each by its newest."""
    words = {"MONTH": _("Meses"), "QUARTER": _("Trimestres"), "YEAR": _("Años"), "MIRPS": _("Año MIRPS")}
    found = []
    for kind in KINDS:
        own = series.of_kind(page.told, kind)
        if own:
            found.append({"words": words[kind], "period": own[-1].period, "current": kind == page.kind})
    return found


def _lines(page: Page) -> list[dict[str, Any]]:
    """The series as a table, the newest first; every period is a stable address."""
    return [
        {
            "period": present.period(one.period, one.release_period), "code": one.period,
            "value": present.number(one.value) if one.is_published else present.no_value(one.status),
            "numerator": present.number(one.numerator), "denominator": present.number(one.denominator),
            "beside": _beside(page, one), "coverage": f"{one.reporting} / {one.expected}" if one.expected is not None else "",
            "apart": _apart(page, one), "revised": [each.name for each in one.taken if each.period == one.period],
        }
        for one in reversed(page.shown)
    ]  # fmt: skip


def _beside(page: Page, one: Told) -> str:
    other = page.beside(one.period)
    if other is None:
        return ""
    return present.number(other.value) if other.is_published else present.no_value(other.status)


def _apart(page: Page, one: Told) -> str:
    """Why a period is not set against the chosen one."""
    if page.chosen is None or one.period == page.chosen.period:
        return ""
    reason = why_apart(one.point.ground, page.chosen.point.ground)
    return revised.apart(reason) if reason else ""


def _part(page: Page, one: telling.Breakdown) -> dict[str, Any]:
    """A breakdown: its finding and all its lines, groups of labels too."""
    held = [row for row in page.rows[1:] if _is_in(one.name, row)]
    lines = [present.line(one.name, row) for row in held]
    if one.name == "place":
        lines = [
            line | {"label": present.site(row.place, page.names)}
            for line, row in zip(lines, held, strict=True)
        ]
    return {
        "name": one.name, "by": present.breakdown(one.name),
        "finding": telling.breakdown(page.indicator, one, page.rows[0]), "lines": lines,
    }  # fmt: skip


def _is_in(name: str, row: Any) -> bool:
    if name == "place":
        return bool(row.place_level == "SITE")
    return row.place_level != "SITE" and getattr(row, name) != "T"


def _revised(page: Page) -> list[dict[str, Any]]:
    return [
        {
            "told_by": str(row["told_by"]), "cell": revised.cell(row),
            "old": present.number(row["old"]), "new": present.number(row["new"]),
        }
        for row in page.revisions
    ]  # fmt: skip


@blueprint.get(f"/figures/<iso3>/<pillar>/<code>.{FORM}")
@needs(READ_FIGURES)
def indicator_download(iso3: str, pillar: str, code: str, form: str) -> ResponseReturnValue:
    """Exactly the numbers of the page: the series, then the breakdowns of the chosen period."""
    page = _read(iso3, pillar, code)
    columns = [*FIGURES, "reporting", "expected", *EDITION_COLUMNS]
    rows = [_told_row(page, one) for one in page.shown]
    others = (page.beside(one.period) for one in page.shown)
    rows += [_told_row(page, one) for one in others if one is not None]
    rows += [
        {name: getattr(row, name) for name in FIGURES} | page.known.columns(row) for row in page.rows[1:]
    ]
    name = f"figures-{page.country}-{page.indicator.code}-{page.chosen.period if page.chosen else 'none'}"
    return downloads.answer(Download(name, columns, rows, _notes(page), (_("Datos"), _("Notas"))), form)


def _told_row(page: Page, one: Told) -> dict[str, Any]:
    """A total in the columns of `figures.csv`, with its coverage."""
    own = page.rows[0] if page.chosen and one.period == page.chosen.period and page.rows else None
    row: dict[str, Any] = dict.fromkeys(FIGURES, "T")
    row |= {
        "place_level": "COUNTRY",
        "place": page.country,
        "counted": own.counted if own else _counted(page, one),
    }
    row |= {
        name: getattr(one, name)
        for name in ("indicator", "measure", "unit", "period", "numerator", "denominator")
    }
    return row | {
        "value": one.value, "status": one.status, "cube": one.cube, "reporting": one.reporting, "expected": one.expected,
        **page.known.columns(one),
    }  # fmt: skip


def _counted(page: Page, one: Told) -> str:
    """The marker of a total is that of the chosen period: the series is of one kind."""
    return str(page.rows[0].counted) if page.rows else ""


def _notes(page: Page) -> list[tuple[str, str]]:
    one, chosen = page.indicator, page.chosen
    return [
        (_("Indicador"), f"{one.code}: {one.name[language()]}"),
        (_("País"), reference.country_label(page.country)),
        (_("Periodo"), present.period(chosen.period, chosen.release_period) if chosen else ""),
        *([(_("Junto a ella"), telling.beside(page.other, page.beside(chosen.period)))] if chosen and page.other else []),
        (_("Definición"), one.definition[language()]), (_("Versión"), str(one.version)),
        (_("Qué se cuenta"), telling.counted(one)),
        (_("Cobertura"), present.coverage(chosen if chosen and chosen.expected is not None else None)),
        (_("Protección"), present.protected(one.smallest_cell)), (_("Desviación"), telling.deviation(page.kind)),
        (_("Publicación"), chosen.release if chosen else ""), *revised.notes(page.notices, page.difference),
    ]  # fmt: skip
