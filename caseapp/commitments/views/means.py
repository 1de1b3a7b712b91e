"""What a commitment wants to reach, beside what is published of it, and what it costs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.commitments import forms, linked, present, queries
from caseapp.commitments.access import EDIT
from caseapp.commitments.models import Commitment
from caseapp.commitments.service import keeping
from caseapp.commitments.views import blueprint
from caseapp.commitments.views.answering import answered, form_page, kept, url_of
from caseapp.core import access
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.i18n import _
from caseapp.publication import present as published


def targets(row: Commitment) -> list[dict[str, Any]]:
    """A commitment's targets, each with what its country published for that period and until when. A published figure is
    protected, so that nothing is said about a target being reached."""
    rows = queries.targets(row.id)
    known, names = linked.published(row.country, rows), linked.indicators()
    return [_target(one, known.get((one.indicator, one.period)), names, row) for one in rows]


def _target(one: Any, line: Any, names: dict[str, str], row: Commitment) -> dict[str, Any]:
    unit = " %" if line is not None and line.unit == "PERCENT" else ""
    return {
        "id": one.id, "indicator": f"{one.indicator} {names.get(one.indicator, '')}", "period": published.period(one.period),
        "target": published.number(one.target), "value": "" if line is None else f"{published.number(line.value)}{unit}",
        "until": "" if line is None else published.period(line.until),
        "href": "" if line is None else url_for("publication.indicator", iso3=row.country, pillar=one.indicator[:2], code=one.indicator, period=one.period),
    }  # fmt: skip


def costs(row: Commitment) -> list[dict[str, str]]:
    """What a commitment costs by year and currency."""
    return [
        {
            "year": str(one.year), "currency": one.currency, "budgeted": present.money(one.budgeted),
            "funded": present.money(one.funded), "gap": present.money(one.gap), "source": one.source,
        }
        for one in queries.costs(row.id)
    ]  # fmt: skip


@blueprint.route("/commitments/<uuid:commitment_id>/target", methods=["GET", "POST"])
@needs(EDIT)
@commits
def target(commitment_id: UUID) -> ResponseReturnValue:
    """Say what an indicator is to reach."""
    row, form = kept(commitment_id), forms.TargetForm()

    def page(status: int = 200) -> ResponseReturnValue:
        return form_page(
            _("Meta de %(code)s", code=row.code), form, url_of(row), action=_("Guardar"), status=status
        )

    if request.method == "GET":
        return page()
    return answered(
        form,
        lambda: keeping.set_target(
            row.id, indicator=form.indicator.data, period=form.period.data, target=form.target.data, by=access.current()
        ),
        page, lambda _made: url_of(row),
    )  # fmt: skip


@blueprint.route("/commitments/<uuid:commitment_id>/cost", methods=["GET", "POST"])
@needs(EDIT)
@commits
def cost(commitment_id: UUID) -> ResponseReturnValue:
    """Say what it costs in a year; the gap is computed."""
    row, form = kept(commitment_id), forms.CostForm()

    def page(status: int = 200) -> ResponseReturnValue:
        return form_page(
            _("Costo de %(code)s", code=row.code), form, url_of(row), action=_("Guardar"), status=status,
            lead=_("La brecha se calcula. Lo que se escriba para el mismo año y moneda reemplaza lo anterior."),
        )  # fmt: skip

    if request.method == "GET":
        return page()
    return answered(
        form,
        lambda: keeping.cost(
            row.id, year=form.year.data, currency=form.currency.data, budgeted=form.budgeted.data, funded=form.funded.data,
            source=form.source.data, by=access.current(),
        ),
        page, lambda _made: url_of(row),
    )  # fmt: skip


@blueprint.post("/commitments/targets/<uuid:target_id>/remove")
@needs(EDIT)
@commits
def remove_target(target_id: UUID) -> ResponseReturnValue:
    """A target that was written by mistake goes; what it said stays in the history."""
    row = keeping.remove_target(target_id, by=access.current())
    flash(_("La meta se quitó. Lo que decía queda en la historia."), "info")
    return redirect(url_of(row))
