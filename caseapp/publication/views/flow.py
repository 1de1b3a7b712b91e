"""From arrival to solution, and needs that nobody had room for: two pages over the pillars, from released tables alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import reference
from caseapp.core.access import needs
from caseapp.core.db import connect
from caseapp.core.i18n import _, language
from caseapp.indicators import versions, words
from caseapp.indicators.catalogue import Indicator
from caseapp.publication import downloads, flow, present, revised, series, telling, unmet
from caseapp.publication.access import READ_FIGURES
from caseapp.publication.downloads import Download
from caseapp.publication.editions import editions
from caseapp.publication.findings import DEVIATION
from caseapp.publication.flow import Step
from caseapp.publication.queries import KINDS, kind_of
from caseapp.publication.series import Told
from caseapp.publication.unmet import Service
from caseapp.publication.views import blueprint
from caseapp.publication.views.figures import FORM, FORMS, may_ask

#: What stands over the services: needs and referrals as indicators.
UNMET = ("P2-02", "P2-03", "P2-05")
FLOW_COLUMNS = (
    "stage",
    "indicator",
    "measure",
    "unit",
    "period",
    "place",
    "numerator",
    "denominator",
    "value",
    "status",
)
UNMET_COLUMNS = (
    "sector",
    "period",
    "place",
    "due",
    "no_capacity",
    "declined",
    "lapsed",
    "completed",
    "value",
)


class Country:
    """What both pages read: the series of their indicators, the definitions, the periods, the one asked for."""

    def __init__(self, iso3: str, codes: Sequence[str], connection: Any) -> None:
        self.iso3 = may_ask(iso3)
        self.editions = editions(connection, self.iso3)
        self.told = series.series(connection, self.iso3, codes, known=self.editions)
        known = versions.of(connection, self.iso3)
        self.known: Mapping[str, Indicator] = {one.code: one for one in known.all() if one.code in codes}
        releases = {
            one.period: one.release_period for rows in self.told.values() for one in rows if one.is_published
        }
        self.periods = sorted(
            releases, key=lambda one: (releases[one], -KINDS.index(kind_of(one))), reverse=True
        )
        self.releases = releases
        self.period = self._chosen()

    def _chosen(self) -> str | None:
        """The period asked for, or the newest quarter (stocks are quarterly), or the newest period."""
        wanted = request.args.get("period")
        if wanted:
            return wanted if wanted in self.releases else None
        quarters = [one for one in self.periods if kind_of(one) == "QUARTER"]
        return next(iter(quarters or self.periods), None)

    def words(self, period: str) -> str:
        return present.period(period, self.releases[period])

    @property
    def notices(self) -> list[revised.Notice]:
        """The revisions that the period rests on, and those that it has not taken yet."""
        every = (one for rows in self.told.values() for one in rows if one.period == self.period)
        release = next((one.release_id for one in every), None)
        if release is None or self.period is None:
            return []
        taken, awaits = (find(self.period, release) for find in (self.editions.taken, self.editions.awaited))
        return revised.notices(self.period, taken, awaits)

    @property
    def coverage(self) -> str:
        """Coverage is of the sites: the same for every indicator of a period."""
        found = (one for rows in self.told.values() for one in rows if one.period == self.period)
        return present.coverage(next((one for one in found if one.expected is not None), None))

    def page(self, template: str, title: str, endpoint: str, **more: Any) -> str:
        """What both templates are given."""
        return render_template(
            template, page_title=title, country=self.iso3, country_name=reference.country_label(self.iso3),
            period=self.period, offered=[(one, self.words(one)) for one in self.periods], asked=request.args.get("period"),
            period_words=self.words(self.period) if self.period else "", coverage=self.coverage, words=present,
            deviation=telling.deviation(kind_of(self.period)) if self.period else "", notices=self.notices,
            forms=[(label, url_for(f"{endpoint}_download", iso3=self.iso3, form=form, period=self.period)) for form, label in FORMS],
            **more,
        )  # fmt: skip

    def notes(self, title: str, lines: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        return [
            (_("Tabla"), title), (_("País"), reference.country_label(self.iso3)),
            (_("Periodo"), self.words(self.period) if self.period else ""), (_("Cobertura"), self.coverage),
            (_("Protección"), present.protected(5)),
            (_("Desviación"), telling.deviation(kind_of(self.period)) if self.period else ""), *lines,
            *revised.notes(self.notices),
        ]  # fmt: skip


# -- flow ---------------------------------------------------------------------------------------------
@blueprint.get("/figures/<iso3>/flow")
@needs(READ_FIGURES)
def flow_of(iso3: str) -> ResponseReturnValue:
    """The stages in a period, with medians and, where both numbers are of the same people, who did not go on."""
    with connect("figures_read") as connection:
        here = Country(iso3, flow.CODES, connection)
    steps = flow.steps(here.told, here.period) if here.period else []
    title = _("De la llegada a la solución, %(country)s", country=reference.country_label(here.iso3))
    return here.page(
        "publication/flow.html", title, "publication.flow", steps=[_step(here, one) for one in steps]
    )


def _step(here: Country, step: Step) -> dict[str, Any]:
    return {
        "name": str(step.stage.name), "apart": str(step.stage.apart) if step.stage.apart else "",
        "counted": _figure(here, step.counted, step.stage.counts), "share": _figure(here, step.share, step.stage.share),
        "lasts": _figure(here, step.lasts, step.stage.lasts), "beside": _figure(here, step.beside, step.stage.beside),
        "of": present.number(step.entered) if step.share and not step.stage.counts else "",
        "went": present.number(step.share.numerator) if step.share else "", "share_of": present.number(step.share.denominator) if step.share else "",
        "lost": present.number(step.lost), "width": _width(step),
        "below": (here.known[step.stage.share].denominator or {}).get(language(), "") if step.stage.share in here.known else "",
    }  # fmt: skip


def _width(step: Step) -> int:
    """Of a bar of 100, how much went on."""
    if step.share is None or not step.share.denominator or step.share.numerator is None:
        return 0
    return min(100, round(100 * step.share.numerator / step.share.denominator))


def _figure(here: Country, told: Told | None, code: str) -> dict[str, Any] | None:
    """An indicator of a stage: its name, its value in words, its page; None where the stage has none."""
    indicator = here.known.get(code)
    if indicator is None:
        return None
    shown = told is not None and told.is_published
    return {
        "name": indicator.name[language()], "is_published": shown,
        "value": telling.value(indicator, told.value) if told is not None and shown else _none(told),
        "href": url_for("publication.indicator", iso3=here.iso3, pillar=indicator.pillar, code=code, period=here.period if told else None),
    }  # fmt: skip


def _none(told: Told | None) -> str:
    return present.no_value(told.status) if told is not None else _("No se da en este periodo")


@blueprint.get(f"/figures/<iso3>/flow.{FORM}")
@needs(READ_FIGURES)
def flow_download(iso3: str, form: str) -> ResponseReturnValue:
    """The figures of the stages, one row for each."""
    with connect("figures_read") as connection:
        here = Country(iso3, flow.CODES, connection)
    rows = []
    for step in flow.steps(here.told, here.period) if here.period else []:
        for one in (step.counted, step.share, step.lasts, step.beside):
            if one is not None:
                row = {name: getattr(one, name) for name in FLOW_COLUMNS if hasattr(one, name)}
                rows.append(row | {"stage": step.stage.code, "place": here.iso3})
    notes = here.notes(
        _("De la llegada a la solución"),
        [(str(one.name), str(one.apart)) for one in flow.STAGES if one.apart],
    )
    made = Download(
        f"flow-{here.iso3}-{here.period or 'none'}", FLOW_COLUMNS, rows, notes, (_("Datos"), _("Notas"))
    )
    return downloads.answer(made, form)


# -- unmet need ---------------------------------------------------------------------------------------
def _unmet(iso3: str) -> tuple[Country, list[Service]]:
    with connect("figures_read") as connection:
        here = Country(iso3, UNMET, connection)
        found = unmet.services(connection, here.iso3, here.period) if here.period else []
    return here, found


@blueprint.get("/figures/<iso3>/unmet")
@needs(READ_FIGURES)
def unmet_of(iso3: str) -> ResponseReturnValue:
    """Needs answered, and referrals declined for lack of room, by service."""
    here, found = _unmet(iso3)
    title = _("Necesidades sin respuesta, %(country)s", country=reference.country_label(here.iso3))
    told = {code: next((one for one in here.told[code] if one.period == here.period), None) for code in UNMET}
    return here.page(
        "publication/unmet.html", title, "publication.unmet", figures=[_figure(here, told[code], code) for code in UNMET],
        rows=[_row(one) for one in found], finding=_finding(here, found),
    )  # fmt: skip


def _row(one: Service) -> dict[str, str]:
    counts = {
        name: present.number(getattr(one, name))
        for name in ("due", "no_capacity", "declined", "lapsed", "completed")
    }
    share = f"{present.number(one.share)} %" if one.share is not None else _("No se ofrece")
    return {"sector": words.label("sector", one.code), "share": share, **counts}


def _finding(here: Country, found: Sequence[Service]) -> str:
    """Which service declines most for lack of room, if the deviation allows to say so."""
    deviation = max(DEVIATION[kind_of(here.period)], 15) if here.period else 0
    if len(found) > 1 and found[0].no_capacity - found[1].no_capacity > 2 * deviation:
        return _(
            "Por falta de lugar se rechazan sobre todo referencias de %(service)s (%(n)s)",
            service=words.label("sector", found[0].code), n=present.number(found[0].no_capacity),
        )  # fmt: skip
    return _("Referencias por servicio: ninguna diferencia que la protección permita afirmar")


@blueprint.get(f"/figures/<iso3>/unmet.{FORM}")
@needs(READ_FIGURES)
def unmet_download(iso3: str, form: str) -> ResponseReturnValue:
    """The table of services."""
    here, found = _unmet(iso3)
    rows = [
        {
            "sector": one.code, "period": here.period, "place": here.iso3, "due": one.due, "no_capacity": one.no_capacity,
            "declined": one.declined, "lapsed": one.lapsed, "completed": one.completed, "value": one.share,
        }
        for one in found
    ]  # fmt: skip
    notes = here.notes(
        _("Referencias por servicio"),
        [(_("Valor"), _("Por ciento de las que debían respuesta, no aceptadas por falta de lugar"))],
    )
    made = Download(
        f"unmet-{here.iso3}-{here.period or 'none'}", UNMET_COLUMNS, rows, notes, (_("Datos"), _("Notas"))
    )
    return downloads.answer(made, form)
