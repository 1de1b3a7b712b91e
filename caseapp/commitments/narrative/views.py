"""Narratives: the board of a country and year, and one part with its text, its versions and who reads it next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape

from caseapp.commitments.access import NARRATE, READ, may_read, may_write, read_by
from caseapp.commitments.narrative import queries, rules, service
from caseapp.commitments.narrative.forms import NarrativeForm, ReturnForm
from caseapp.commitments.narrative.models import NarrativeVersion
from caseapp.commitments.narrative.service import Place
from caseapp.commitments.rules import REGION
from caseapp.commitments.views import blueprint
from caseapp.core import access, clock, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, NotYours, Refused
from caseapp.core.i18n import _, _l, language
from caseapp.core.pages import day, nav
from caseapp.publication import present as figures

nav(45, _l("Relatos"), "commitments.narratives", READ)

TAGS = {"DRAFT": "info", "WAITING": "warning", "APPROVED": "good", "RETURNED": "urgent"}
FIRST_YEAR = 2017


def part_label(part: str) -> str:
    return {"ACHIEVEMENTS": _("Logros"), "CHALLENGES": _("Desafíos"), "PRIORITIES": _("Prioridades")}[part]


def state_label(state: str) -> str:
    return {
        "DRAFT": _("borrador"), "WAITING": _("espera lectura"), "APPROVED": _("aprobado"), "RETURNED": _("devuelto"),
    }[state]  # fmt: skip


def country_label(code: str) -> str:
    return _("La región") if code == REGION else reference.country_label(code)


def pillar_label(pillar: int) -> str:
    return f"{pillar}. {reference.label('mirps_pillar', f'P{pillar}')}"


# -- the board ----------------------------------------------------------------------------------------
@blueprint.get("/narratives")
@needs(READ)
def narratives() -> ResponseReturnValue:
    """What is told of each pillar of a country and year, and where somebody has to write or read."""
    who = access.current()
    mine = read_by(who)
    countries = [c for c in (*reference.mirps_countries(), REGION) if mine is None or c in mine]
    country = request.args.get("country") or countries[0]
    year = _year(request.args.get("year"))
    if country not in countries:
        raise NotYours
    rows = queries.newest(session, country, year)
    told = queries.told(session, list(rows.values()))
    return render_template(
        "commitments/narratives.html",
        page_title=_("Relatos: %(country)s, %(year)s", country=country_label(country), year=year),
        country=country,
        year=year,
        countries=[(c, country_label(c)) for c in countries],
        years=range(clock.today().year, FIRST_YEAR - 1, -1),
        pillars=[
            {
                "label": pillar_label(pillar),
                "parts": [_card(Place(country, year, pillar, part), rows.get((pillar, part)), told) for part in rules.PARTS],
            }
            for pillar in range(1, 6)
        ],
        may_write=may_write(who, country),
        report=None if country == REGION and mine is not None
        else url_for("commitments.annual", country="regional" if country == REGION else country, year=year),
    )  # fmt: skip


def _year(text: str | None) -> int:
    try:
        year = int(text or clock.today().year)
    except ValueError:
        return clock.today().year
    return year if FIRST_YEAR <= year <= clock.today().year else clock.today().year


def _card(place: Place, row: NarrativeVersion | None, told: Any) -> dict[str, Any]:
    """A part of the board: what stands there, its state, and whether a figure in it has changed."""
    href = url_for(
        "commitments.narrative", country=place.country, year=place.year, pillar=place.pillar, part=place.part
    )
    if row is None:
        return {"label": part_label(place.part), "href": href, "text": "", "state": None, "changed": 0}
    one = told[row.id]
    text = " ".join(rules.told(_text(row), lambda quote: _plain(one, quote)))
    return {
        "label": part_label(place.part), "href": href, "text": text[:220] + ("…" if len(text) > 220 else ""),
        "state": state_label(row.state), "kind": TAGS[row.state], "changed": len(one.changed),
    }  # fmt: skip


def _text(row: NarrativeVersion) -> str:
    return row.text_es if language() == "es" else row.text_en


def _plain(one: queries.Told, quote: rules.Quote) -> str:
    """A quoted figure as words: its value today with its unit."""
    figure = one.figures.get(quote)
    if figure is None:
        return _("[sin cifra publicada]")
    value = figures.number(figure.value)
    return f"{value} %" if figure.unit == "PERCENT" else value


# -- one part -----------------------------------------------------------------------------------------
def _place(country: str, year: int, pillar: int, part: str) -> Place:
    if not may_read(access.current(), country) or pillar not in range(1, 6) or part not in rules.PARTS:
        raise NotYours
    if not FIRST_YEAR <= year <= clock.today().year or country not in (*reference.mirps_countries(), REGION):
        raise NotYours
    return Place(country, year, pillar, part)


ADDRESS = "/narratives/<country>/<int:year>/<int:pillar>/<part>"


@blueprint.get(ADDRESS)
@needs(READ)
def narrative(country: str, year: int, pillar: int, part: str) -> ResponseReturnValue:
    """The text of a part, every version of it, and what comes next."""
    place = _place(country, year, pillar, part)
    form = NarrativeForm()
    found = service.versions(place)
    if found and not form.is_submitted():
        form.text_es.data, form.text_en.data = found[0].text_es, found[0].text_en
    return _page(place, found, form, ReturnForm(formdata=None))


@blueprint.post(ADDRESS)
@needs(NARRATE)
@commits
def write_narrative(country: str, year: int, pillar: int, part: str) -> ResponseReturnValue:
    """Keep a draft, or send it to another reader."""
    place, form = _place(country, year, pillar, part), NarrativeForm()
    if not may_write(access.current(), country):
        raise NotYours
    found = service.versions(place)
    sends = request.form.get("do") == "send"
    if form.validate():
        try:
            with session.begin_nested():
                _unchanged(form, found)
                service.save(place, {"es": form.text_es.data, "en": form.text_en.data}, sends=sends)
        except Refused as error:
            form.refused(error)
            return _page(place, found, form, ReturnForm(formdata=None), error.status)
        flash(_("Enviado: lo lee otra persona.") if sends else _("Borrador guardado."), "good")
        return redirect(
            url_for("commitments.narrative", country=country, year=year, pillar=pillar, part=part)
        )
    return _page(place, found, form, ReturnForm(formdata=None), 422)


def _unchanged(form: NarrativeForm | ReturnForm, found: Sequence[NarrativeVersion]) -> None:
    """Nobody saved another text since the form was read. Raises `ChangedMeanwhile`."""
    if form.read_version() not in (None, _stamp(found)):
        raise ChangedMeanwhile


def _stamp(found: Sequence[NarrativeVersion]) -> int:
    """Another number for every saving of every version."""
    return found[0].number * 10_000 + found[0].version if found else 0


@blueprint.post(f"{ADDRESS}/<any(approve, return):decision>")
@needs(NARRATE)
@commits
def decide_narrative(country: str, year: int, pillar: int, part: str, decision: str) -> ResponseReturnValue:
    """Another person approves the text that waits, or returns it with what is to be changed."""
    place, form = _place(country, year, pillar, part), ReturnForm()
    if not may_write(access.current(), country):
        raise NotYours
    found = service.versions(place)
    waiting = next((v for v in found if v.state == "WAITING"), None)
    if waiting is None:
        abort(404)
    try:
        with session.begin_nested():
            _unchanged(form, found)
            service.decide(waiting, agrees=decision == "approve", reason=form.reason.data or "")
    except Refused as error:
        form.refused(error)
        shown = NarrativeForm(formdata=None, text_es=waiting.text_es, text_en=waiting.text_en)
        return _page(place, service.versions(place), shown, form, error.status)
    flash(_("Aprobado.") if decision == "approve" else _("Devuelto a quien lo escribió."), "good")
    return redirect(url_for("commitments.narrative", country=country, year=year, pillar=pillar, part=part))


def _page(
    place: Place, found: Sequence[NarrativeVersion], form: NarrativeForm, back: ReturnForm, status: int = 200
) -> ResponseReturnValue:
    who = access.current()
    told = queries.told(session, found)
    current = next((v for v in found if v.state == "APPROVED"), None)
    waiting = next((v for v in found if v.state == "WAITING"), None)
    form.version.data = back.version.data = str(_stamp(found))
    writes = may_write(who, place.country)
    html = render_template(
        "commitments/narrative.html",
        page_title=f"{part_label(place.part)}: {country_label(place.country)}, {place.year}",
        place=place,
        pillar=pillar_label(place.pillar),
        board=url_for("commitments.narratives", country=place.country, year=place.year),
        current=_shown(told[current.id]) if current else None,
        waiting=_shown(told[waiting.id]) if waiting else None,
        may_decide=writes and waiting is not None and waiting.author_id != who.user_id,
        own=waiting is not None and waiting.author_id == who.user_id,
        returned=found[0].reason if found and found[0].state == "RETURNED" else None,
        form=form if writes and waiting is None else None,
        back=back,
        example=_example(place),
        versions=[
            {"number": str(v.number), "state": state_label(v.state), "on": day(v.made_at.date())} for v in found
        ],
    )  # fmt: skip
    return html, status


def _example(place: Place) -> str:
    country = "MEX" if place.country == REGION else place.country
    return rules.Quote(f"P{min(place.pillar, 4)}-01", str(place.year), country).code


def _shown(one: queries.Told) -> dict[str, Any]:
    """A version for the page: paragraphs whose figures are links, and the figures that have changed."""
    changed = {q.quote for q in one.changed}

    def says(quote: rules.Quote) -> str:
        return f"\x00{quote.indicator} {quote.period} {quote.country}\x00"

    def linked(words: str) -> Markup:
        parts = words.split("\x00")
        return Markup("").join(
            _figure_link(one, rules.Quote(*part.split(" ")), changed) if n % 2 else escape(part)
            for n, part in enumerate(parts)
        )

    return {
        "paragraphs": [linked(p) for p in rules.told(_text(one.version), says)],
        "on": day((one.version.decided_at or one.version.made_at).date()),
        "changed": [
            _("%(code)s: decía %(then)s, ahora %(now)s", code=f"{q.quote.indicator} {q.quote.period}",
              then=figures.number(q.then), now=figures.number(q.now) or _("no se ofrece"))
            for q in one.changed
        ],
    }  # fmt: skip


def _figure_link(one: queries.Told, quote: rules.Quote, changed: set[rules.Quote]) -> Markup:
    """The value today, as a link to the released figures it stands in."""
    href = url_for("publication.figures", iso3=quote.country, pillar=quote.indicator[:2], period=quote.period)
    mark = Markup(' <span class="tag tag-warning">{}</span>').format(_("cambió")) if quote in changed else ""
    return Markup('<a href="{}">{}</a>{}').format(href, _plain(one, quote), mark)
