"""Records that may be one person: the queue, the decision, uniting by hand and undoing it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import access
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import NotPermitted, NotYours, Refused
from caseapp.core.i18n import _
from caseapp.core.pages import paged
from caseapp.people import present, queries, service
from caseapp.people.access import DECIDE_DUPLICATE
from caseapp.people.forms import MergeForm
from caseapp.people.models import Case, DuplicateCandidate, Person
from caseapp.people.views import blueprint
from caseapp.people.views.owned import opened, viewed


@blueprint.get("/duplicates")
@needs(DECIDE_DUPLICATE)
def duplicates() -> ResponseReturnValue:
    """Pairs that wait for a decision, the likeliest first."""
    page = paged(queries.open_duplicates(access.current()))
    lines = queries.summary_of([i for row in page.rows for i in (row.case_id, row.other_case_id)])
    return render_template(
        "people/duplicates.html",
        page_title=_("Posibles duplicados"),
        page=page,
        pairs=[_pair(row, lines) for row in page.rows if {row.case_id, row.other_case_id} <= set(lines)],
    )


def _pair(row: DuplicateCandidate, lines: dict[UUID, queries.Summary]) -> dict[str, Any]:
    from caseapp.core import clock

    on = clock.today()

    def side(case_id: UUID) -> dict[str, str]:
        line = lines[case_id]
        return {"name": line.name, "age": present.age_text(line, on), "number": line.number}

    return {"id": row.id, "score": row.score, "sides": [side(row.case_id), side(row.other_case_id)]}


@blueprint.post("/duplicates/<uuid:candidate_id>")
@needs(DECIDE_DUPLICATE)
@commits
def decide_duplicate(candidate_id: UUID) -> ResponseReturnValue:
    """Same person (the records are united) or not the same."""
    row = session.scalars(
        queries.open_duplicates(access.current())
        .where(DuplicateCandidate.id == candidate_id)
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise NotYours
    decision = request.form.get("decision", "")
    if decision not in ("SAME", "NOT_SAME"):
        raise Refused(_("Diga si es la misma persona o no."))
    newer = session.get_one(Case, row.other_case_id)
    older = session.get_one(Case, row.case_id)
    if not {newer.team_id, older.team_id} <= set(access.current().teams_as(*DECIDE_DUPLICATE.roles)):
        raise NotPermitted
    service.decide_candidate(row, decision, on=queries.today_of(older))
    flash(_("Registros unidos.") if decision == "SAME" else _("Anotado: son personas distintas."), "good")
    return redirect(url_for("people.duplicates"))


@blueprint.get("/cases/<number>/merge")
@needs(DECIDE_DUPLICATE)
@records_view
def merge(number: str) -> ResponseReturnValue:
    """Unite this record with the one kept; undo."""
    viewed(opened(number))
    return _page(number, MergeForm())


@blueprint.post("/cases/<number>/merge")
@needs(DECIDE_DUPLICATE)
@commits
def unite(number: str) -> ResponseReturnValue:
    """This record points to the one that is kept."""
    file = opened(number)
    form = MergeForm()
    if not form.validate():
        return _page(number, form), 422
    try:
        kept = queries.owned_case(form.number.data, access.current(), DECIDE_DUPLICATE)
        with session.begin_nested():
            service.merge(file.case, kept, on=file.on)
    except NotYours:
        form.refused(Refused(_("No se encontró ese expediente entre los de su equipo."), field="number"))
        return _page(number, form), 422
    except Refused as error:
        form.refused(Refused(str(error), field="number"))
        return _page(number, form), 422
    flash(_("Registros unidos."), "good")
    return redirect(url_for("people.merge", number=kept.number))


@blueprint.post("/cases/<number>/unmerge")
@needs(DECIDE_DUPLICATE)
@commits
def separate(number: str) -> ResponseReturnValue:
    """Undo: the record stands for itself again."""
    file = opened(number)
    service.unmerge(file.case, on=file.on)
    flash(_("Registros separados; cada uno conserva lo suyo."), "good")
    return redirect(url_for("people.merge", number=file.case.number))


def _page(number: str, form: Any) -> str:
    file = opened(number)
    into = session.get(Person, file.person.merged_into_id) if file.person.merged_into_id else None
    others = queries.merged_into(file.person.id)
    wanted = [p.case_id for p in (*others, *([into] if into else []))]
    lines = queries.summary_of(wanted)
    return render_template(
        "people/merge.html",
        page_title=_("Unir registros de %(name)s", name=file.name),
        number=file.case.number,
        into=lines.get(into.case_id) if into else None,
        others=[lines[p.case_id] for p in others if p.case_id in lines],
        form=form,
    )


def waiting(principal: access.Principal) -> int:
    """How many pairs wait for this principal (for the day's page)."""
    asked = queries.open_duplicates(principal).order_by(None).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(asked)) or 0
