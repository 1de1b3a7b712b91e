"""The annual report as a page and as a PDF, for whoever reads the country's narratives."""

from __future__ import annotations

from typing import Any

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.commitments.access import READ, may_read, read_by
from caseapp.commitments.annual import content, gathering, paper
from caseapp.commitments.annual.content import Known
from caseapp.commitments.annual.parts import Part
from caseapp.commitments.views import blueprint
from caseapp.core import access, clock, reference
from caseapp.core.access import needs
from caseapp.core.errors import NotYours, Refused
from caseapp.core.i18n import _, language


@blueprint.get("/reports/annual")
@needs(READ)
def annual_reports() -> ResponseReturnValue:
    """One's own country's report of this year."""
    mine = read_by(access.current())
    own = next((c for c in reference.mirps_countries() if mine and c in mine), gathering.REGIONAL)
    return redirect(url_for("commitments.annual", country=own, year=clock.today().year))


def may_see(country: str) -> bool:
    """A commission sees its own country's report; the region's shows every country's figures, scores and costs, and so
    is for whoever reads them all (as `/figures/region` is)."""
    who = access.current()
    return read_by(who) is None if country == gathering.REGIONAL else may_read(who, country)


def _known(country: str, year: int) -> Known:
    if not may_see(country):
        raise NotYours
    try:
        with gathering.reading() as reader:
            return gathering.known(reader, year, country)
    except Refused:
        raise NotYours from None


@blueprint.get("/reports/annual/<country>/<int:year>")
@needs(READ)
def annual(country: str, year: int) -> ResponseReturnValue:
    """The report as a page: the same parts as the PDF."""
    made = content.report(_known(country, year))
    places = [(c, reference.country_label(c)) for c in reference.mirps_countries() if may_see(c)]
    if may_see(gathering.REGIONAL):
        places.append((gathering.REGIONAL, _("La región")))
    return render_template(
        "commitments/annual.html",
        page_title=made.title,
        report=made,
        as_table=as_table,
        country=country,
        year=year,
        countries=places,
        years=range(clock.today().year, gathering.FIRST_YEAR - 1, -1),
    )


def as_table(part: Part) -> dict[str, Any]:
    """A table or the matrix as `data_table` takes it."""
    labels = [(c.label, c.number) for c in part.columns] or [(label, False) for label in part.head]
    columns = [
        {"key": str(n), "label": label, "number": number, "head": n == 0}
        for n, (label, number) in enumerate(labels)
    ]
    return {"columns": columns, "rows": [{str(n): cell for n, cell in enumerate(row)} for row in part.rows]}


@blueprint.get("/reports/annual/<country>/<int:year>.pdf")
@needs(READ)
def annual_pdf(country: str, year: int) -> ResponseReturnValue:
    """The report on paper, in the reader's language."""
    written = paper.pdf(content.report(_known(country, year)))
    name = f"annual-{country}-{year}-{language()}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(written, mimetype="application/pdf", headers=headers)


@blueprint.get("/reports/annual/go")
@needs(READ)
def annual_go() -> ResponseReturnValue:
    """From the choice of a country and year to its address."""
    country = request.args.get("country", gathering.REGIONAL)
    try:
        year = int(request.args.get("year", ""))
        gathering.must_exist(year, country)
    except (ValueError, Refused):
        return redirect(url_for("commitments.annual_reports"))
    return redirect(url_for("commitments.annual", country=country, year=year))
