"""`/deliveries/count`: meals and items by number. Nobody's name is on this page, nor asked for."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.models import Team
from caseapp.assistance import queries, service
from caseapp.assistance.access import COUNT
from caseapp.assistance.forms import CountForm
from caseapp.assistance.models import ItemTally
from caseapp.assistance.views import blueprint
from caseapp.core import access, clock, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.db import session
from caseapp.core.errors import NotPermitted, NotYours
from caseapp.core.i18n import _
from caseapp.core.pages import day, paged
from caseapp.core.trying import tried
from caseapp.places.models import Site


@blueprint.get("/deliveries/count")
@needs(COUNT)
def tally() -> ResponseReturnValue:
    """The empty count, and the last counts of the team."""
    form = CountForm()
    _desk(form)
    return _page(form)


@blueprint.post("/deliveries/count")
@needs(COUNT)
@commits
def count() -> ResponseReturnValue:
    """Note the count of today."""
    form = CountForm()
    team, site = _desk(form)

    def verb() -> ItemTally:
        return service.count(
            team, item=form.item.data, number=form.number.number, on=clock.today(site.timezone)
        )

    return tried(
        form,
        verb,
        again=lambda: _page(form),
        done=_("Conteo guardado."),
        to=url_for("assistance.tally"),
    )


@blueprint.post("/deliveries/count/<uuid:tally_id>/withdraw")
@needs(COUNT)
@commits
def withdraw_count(tally_id: UUID) -> ResponseReturnValue:
    """The count was a mistake."""
    row = session.scalars(
        queries.tallies(access.current().teams_as(*COUNT.roles))
        .where(ItemTally.id == tally_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotYours
    service.withdraw_count(row)
    flash(_("Conteo anulado."), "good")
    return redirect(url_for("assistance.tally"))


def _desk(form: CountForm) -> tuple[Team, Site]:
    desks = queries.teams_of(access.current(), COUNT)
    if not desks:
        raise NotPermitted
    form.team.choices = [(team.code, team.name) for team, _site in desks]
    chosen = next((d for d in desks if d[0].code == form.team.data), desks[0])
    form.team.data = chosen[0].code
    return chosen


def _page(form: CountForm) -> str:
    page = paged(queries.tallies(access.current().teams_as(*COUNT.roles)))
    return render_template(
        "assistance/count.html", page_title=_("Contar entregas"), form=form, several_teams=len(form.team.choices) > 1,
        wrong=[form] if form.errors or form.form_errors else [], pages=page, rows=[_row(row) for row in page.rows],
    )  # fmt: skip


def _row(row: ItemTally) -> dict[str, Any]:
    return {
        "id": row.id, "label": reference.label("counted_item", row.item), "number": row.number, "on": day(row.counted_on),
        "withdrawn": row.withdrawn_at is not None,
    }  # fmt: skip
