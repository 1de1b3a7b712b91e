"""What a revision changed, for everybody who reads the country's figures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import pages, reference
from caseapp.core.access import needs
from caseapp.core.db import connect
from caseapp.core.errors import NotYours
from caseapp.core.i18n import _, language
from caseapp.indicators import versions
from caseapp.indicators.cubes import domains
from caseapp.publication import downloads, present, revised
from caseapp.publication.access import READ_FIGURES
from caseapp.publication.downloads import Download
from caseapp.publication.editions import Edition, Editions, editions
from caseapp.publication.views import blueprint
from caseapp.publication.views.figures import FORM, FORMS, may_ask

MOST = 100
COLUMNS = ("cube", "cell", "old", "new", "revises", "reason")


_REVISION = re.compile(r"[A-Z]{3}-[0-9]{4}-[0-9]{2}-R[0-9]+")


def _asked(connection: sa.Connection, iso3: str, name: str) -> tuple[Editions, Edition | None]:
    """The revision of the address; None where it is not published. Raises NotYours: another country's, or none's name."""
    if not _REVISION.fullmatch(name) or not name.startswith(may_ask(iso3)):
        raise NotYours
    known = editions(connection, iso3)
    return known, known.named(name)


def _not_published(iso3: str) -> ResponseReturnValue:
    flash(_("Esa revisión no está publicada. Aquí están las cifras como se publicaron."), "info")
    return redirect(url_for("publication.figures", iso3=iso3, pillar="P1"))


@blueprint.get("/figures/<iso3>/revision/<name>")
@needs(READ_FIGURES)
def revision(iso3: str, name: str) -> ResponseReturnValue:
    """Why it was made, each figure that it says otherwise, a page of them at a time, and the cells behind them, the largest
    differences first."""
    with connect("figures_read") as connection:
        known, edition = _asked(connection, iso3, name)
        if edition is None:
            return _not_published(iso3)
        changed = revised.figures(connection, known, edition)
        cells = revised.cells(connection, edition)
        catalogue = versions.of(connection, iso3).all(versions.last_day(edition.period))
    names = {one.code: one for one in catalogue}
    number = pages.asked_page()
    shown = pages.Page(changed[(number - 1) * MOST : number * MOST], number, MOST, len(changed))
    largest = sorted(cells, key=lambda row: (-abs(row["new"] - row["old"]), row["cube"], row["cell"]))[:MOST]
    return render_template(
        "publication/revision.html", page_title=_("%(revision)s, %(country)s", revision=_headed(revised.name(edition)), country=reference.country_label(iso3)),
        country=iso3, country_name=reference.country_label(iso3), edition=edition, summary=_summary(edition, known),
        figures=[_figure(iso3, edition, row, names) for row in shown.rows], page=shown, many=len(cells), cells=[_cell(row) for row in largest],
        forms=[(words, url_for("publication.revision_download", iso3=iso3, name=name, form=form)) for form, words in FORMS],
        figure_forms=[(words, url_for("publication.revision_figures", iso3=iso3, name=name, form=form)) for form, words in FORMS],
    )  # fmt: skip


def _headed(words: str) -> str:
    return words[:1].upper() + words[1:]


def _summary(edition: Edition, known: Editions) -> list[dict[str, str]]:
    before = known.before(edition)
    return [
        {"label": _("Mes"), "value": present.period(edition.period)},
        {"label": _("Publicada el"), "value": revised.day(edition)},
        {"label": _("Motivo"), "value": revised.why(edition)},
        {"label": _("Corrige la publicación"), "value": before.name if before else ""},
    ]


def _figure(iso3: str, edition: Edition, row: Any, names: Mapping[str, Any]) -> dict[str, str]:
    indicator = names.get(row.indicator)

    def told(value: Any, status: str | None) -> str:
        return present.number(value) if status == "PUBLISHED" else present.no_value(status or "")

    return {
        "name": indicator.name[language()] if indicator else row.indicator, "group": revised.group(row),
        "period": present.period(row.period, edition.period),
        "old": told(row.old, row.old_status), "new": told(row.new, row.new_status),
        "href": url_for("publication.indicator", iso3=iso3, pillar=row.indicator.partition("-")[0], code=row.indicator, period=row.period),
    }  # fmt: skip


def _cell(row: Mapping[str, Any]) -> dict[str, str]:
    domain = domains().get(str(row["cube"]).partition(".")[0])
    label = {"es": domain.label_es, "en": domain.label_en}[language()] if domain else str(row["cube"])
    return {
        "domain": label, "cell": revised.cell(row),
        "old": present.number(row["old"]), "new": present.number(row["new"]),
    }  # fmt: skip


@blueprint.get(f"/figures/<iso3>/revision/<name>/figures.{FORM}")
@needs(READ_FIGURES)
def revision_figures(iso3: str, name: str, form: str) -> ResponseReturnValue:
    """Every figure that it says otherwise, what stood before and the reason."""
    with connect("figures_read") as connection:
        known, edition = _asked(connection, iso3, name)
        if edition is None:
            return _not_published(iso3)
        changed = revised.figures(connection, known, edition)
    before = known.before(edition)
    told = {"revises": before.name if before else "", "reason": f"{edition.code}: {edition.reason}"}
    rows = [{**row._mapping, **told} for row in changed]
    made = Download(
        f"revision-{name}-figures", revised.CHANGED_COLUMNS, rows, _notes(iso3, edition, _("Cifras que cambian")), (_("Datos"), _("Notas"))
    )  # fmt: skip
    return downloads.answer(made, form)


def _notes(iso3: str, edition: Edition, table: str) -> list[tuple[str, str]]:
    return [
        (_("Tabla"), table), (_("País"), reference.country_label(iso3)),
        (_("Mes"), present.period(edition.period)), (_("Publicada el"), revised.day(edition)),
        (_("Motivo"), revised.why(edition)), (_("Protección"), present.protected(5)), (_("Publicación"), edition.name),
    ]  # fmt: skip


@blueprint.get(f"/figures/<iso3>/revision/<name>.{FORM}")
@needs(READ_FIGURES)
def revision_download(iso3: str, name: str, form: str) -> ResponseReturnValue:
    """Every row of its revisions.csv."""
    with connect("figures_read") as connection:
        _known, edition = _asked(connection, iso3, name)
        if edition is None:
            return _not_published(iso3)
        rows = revised.cells(connection, edition)
    notes = _notes(iso3, edition, _("Casillas que cambian"))
    return downloads.answer(
        Download(f"revision-{name}", COLUMNS, rows, notes, (_("Datos"), _("Notas"))), form
    )
