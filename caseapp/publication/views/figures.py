"""Released figures, read through role `figures` and through nothing else: what a commission sees is what an
export holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import access, pages, reference
from caseapp.core.access import needs
from caseapp.core.db import connect
from caseapp.core.errors import NotYours
from caseapp.core.i18n import _, _l
from caseapp.indicators import catalogue, versions
from caseapp.publication import downloads, present, queries, revised, series, telling
from caseapp.publication.access import READ_FIGURES, READ_REGION, countries_as, may_read_country
from caseapp.publication.downloads import Download
from caseapp.publication.editions import EDITION_COLUMNS, Editions, editions
from caseapp.publication.of_registers import reading
from caseapp.publication.package import FIGURES
from caseapp.publication.queries import Offered, kind_of
from caseapp.publication.views import blueprint

#: The end of an address that gives a page's table as a file, and what each is called.
FORM = '<any("csv", "xlsx", "hxl"):form>'
FORMS = ((downloads.CSV, "CSV"), (downloads.XLSX, "XLSX"), (downloads.HXL, "CSV + HXL"))

pages.nav(20, _l("Cifras"), "publication.own", READ_FIGURES)
pages.nav(30, _l("Región"), "publication.region", READ_REGION)


def pillars() -> list[str]:
    """The pillars that have an indicator."""
    return sorted({indicator.pillar for indicator in catalogue.all()})


@blueprint.get("/figures")
@needs(READ_FIGURES)
def own() -> ResponseReturnValue:
    """The first pillar of one's own country; for the region its countries side by side."""
    who = access.current()
    if "REGIONAL_ANALYST" in who.roles:
        return redirect(url_for("publication.region"))
    country = countries_as(who, *READ_FIGURES.roles)[0]
    return redirect(url_for("publication.figures", iso3=country, pillar=pillars()[0]))


def asked(iso3: str, pillar: str) -> tuple[str, str]:
    """The country and pillar of the address, if the reader may know of them."""
    if pillar not in pillars():
        raise NotYours
    return may_ask(iso3), pillar


def may_ask(iso3: str) -> str:
    """The country of the address, if the reader may know of it. Raises NotYours."""
    if not may_read_country(access.current(), iso3):
        raise NotYours
    return iso3


def _chosen(offered: Sequence[Offered]) -> Offered | None:
    """The period of `?period=`, or the newest."""
    wanted = request.args.get("period")
    if wanted:
        return next((one for one in offered if one.period == wanted), None)
    return offered[0] if offered else None


@blueprint.get("/figures/<iso3>/<pillar>")
@needs(READ_FIGURES)
def figures(iso3: str, pillar: str) -> ResponseReturnValue:
    """The figures of a pillar in a period: value, definition, coverage, what is protected, breakdowns."""
    country, pillar = asked(iso3, pillar)
    with connect("figures_read") as connection:
        offered = queries.offered(connection, country)
        chosen = _chosen(offered)
        known = editions(connection, country)
        cards, covered = _cards(connection, chosen, pillar, known) if chosen else ([], None)
        told = reading.lines(connection, [country])
    return render_template(
        "publication/figures.html",
        page_title=_("%(pillar)s, %(country)s", pillar=present.pillar(pillar), country=reference.country_label(country)),
        country=country, pillar=pillar, pillars=[(code, present.pillar(code)) for code in pillars()],
        offered=[(one.period, present.period(one.period, one.release_period)) for one in offered], chosen=chosen, cards=cards,
        coverage=present.coverage(covered), words=present, counted=telling.counted,
        deviation=telling.deviation(kind_of(chosen.period)) if chosen else "",
        forms=[(words, url_for("publication.download", iso3=country, pillar=pillar, form=form, period=chosen.period if chosen else None)) for form, words in FORMS],
        period_words=present.period(chosen.period, chosen.release_period) if chosen else "", asked=request.args.get("period"),
        notices=_notices(chosen, known), apart=_apart(cards, chosen), registers=_of_registers(told, pillar, chosen), cut_off=reading.cut_off(),
        register_forms=[(words, url_for("publication.registers", iso3=country, form=form)) for form, words in FORMS],
    )  # fmt: skip


def _of_registers(told: Sequence[reading.Line], pillar: str, chosen: Offered | None) -> list[reading.Line]:
    """What is told of institutions at the end of the period, or of the last month that is kept before it; where none is,
    of the newest: each line names its month."""
    mine = [line for line in told if line.indicator.startswith(f"{pillar}-")]
    until = reading.last_month(chosen.period) if chosen else None
    return reading.newest(mine, until) or reading.newest(mine)


@blueprint.get(f"/figures/<iso3>/registers.{FORM}")
@needs(READ_FIGURES)
def registers(iso3: str, form: str) -> ResponseReturnValue:
    """Every kept figure of registers of institutions."""
    country = may_ask(iso3)
    with connect("figures_read") as connection:
        rows = [line.row for line in reading.lines(connection, [country])]
    notes = [(_("País"), reference.country_label(country)), (_("Protección"), reading.protected())]
    name = f"registers-{country}"
    return downloads.answer(Download(name, reading.COLUMNS, rows, notes, (_("Datos"), _("Notas"))), form)


def _notices(chosen: Offered | None, known: Editions) -> list[revised.Notice]:
    """The revisions that the period rests on, and those that it has not taken yet."""
    if chosen is None:
        return []
    taken, awaits = (find(chosen.period, chosen.release_id) for find in (known.taken, known.awaited))
    return revised.notices(chosen.period, taken, awaits)


def _apart(cards: Sequence[Any], chosen: Offered | None) -> list[str]:
    """Once for the page: why figures are not compared with the period before."""
    before = present.period_before(chosen.period) if chosen else None
    reasons = sorted({card.apart for card in cards if card.apart})
    return [revised.apart(one, present.period(before)) for one in reasons] if before else []


def _cards(connection: Any, chosen: Offered, pillar: str, known: Editions) -> tuple[list[Any], Any]:
    """The cards of a period, with the change from the one before where both rest on the same ground."""
    rows = queries.figures(connection, [chosen.release_id], [chosen.period], pillar, whole=True)
    covered = queries.coverage_of(connection, [chosen.release_id])
    made_by = versions.of(connection, chosen.country).all(versions.last_day(chosen.release_period))
    codes = [one.code for one in made_by if one.pillar == pillar]
    told = series.series(connection, chosen.country, codes, until=chosen.release_period, known=known)
    own = {code: series.of_kind(each, kind_of(chosen.period), chosen.period) for code, each in told.items()}
    cards = present.cards(rows, {one.code: one for one in made_by}, own)
    return cards, covered.get((chosen.release_id, chosen.period))


@blueprint.get(f"/figures/<iso3>/<pillar>.{FORM}")
@needs(READ_FIGURES)
def download(iso3: str, pillar: str, form: str) -> ResponseReturnValue:
    """Exactly the figures of the page, in the columns of `figures.csv`."""
    country, pillar = asked(iso3, pillar)
    with connect("figures_read") as connection:
        chosen = _chosen(queries.offered(connection, country))
        known = editions(connection, country)
        rows = (
            queries.figures(connection, [chosen.release_id], [chosen.period], pillar, whole=True)
            if chosen
            else []
        )
        covered = queries.coverage_of(connection, [chosen.release_id]) if chosen else {}
    name = f"figures-{country}-{pillar}-{chosen.period if chosen else 'none'}"
    notes = [
        (_("Pilar"), present.pillar(pillar)), (_("País"), reference.country_label(country)),
        (_("Periodo"), present.period(chosen.period, chosen.release_period) if chosen else ""),
        (_("Cobertura"), present.coverage(covered.get((chosen.release_id, chosen.period)) if chosen else None)),
        (_("Protección"), present.protected(5)),
        (_("Desviación"), telling.deviation(kind_of(chosen.period)) if chosen else ""),
        (_("Publicación"), _release(chosen, known)), *revised.notes(_notices(chosen, known)),
    ]  # fmt: skip
    lines = [{column: getattr(row, column) for column in FIGURES} | known.columns(row) for row in rows]
    made = Download(name, [*FIGURES, *EDITION_COLUMNS], lines, notes, (_("Datos"), _("Notas")))
    return downloads.answer(made, form)


def _release(chosen: Offered | None, known: Editions) -> str:
    own = known.of(chosen.release_id) if chosen else None
    return own.name if own else ""
