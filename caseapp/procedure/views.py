"""`/cases/<number>/claim`: the asylum claim as dated events. None of them closes the file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import access, audit, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, NotYours, Refused
from caseapp.core.i18n import _
from caseapp.core.pages import day
from caseapp.people import present
from caseapp.people import queries as people
from caseapp.people.inputs import date_data
from caseapp.people.models import Case
from caseapp.procedure import queries, service
from caseapp.procedure.access import READ, WRITE
from caseapp.procedure.forms import CloseForm, DecideForm, LodgeForm
from caseapp.procedure.models import Claim

blueprint = Blueprint("procedure", __name__)
#: Three forms stand on one page.
LODGE, DECIDE, CLOSE = "lodge-", "decide-", "close-"


@blueprint.get("/cases/<number>/claim")
@needs(READ)
@records_view
def claim(number: str) -> ResponseReturnValue:
    """The claims of a person, and what may be recorded now."""
    case = people.owned_case(number, access.current(), READ)
    audit.record("viewed", "case", case.id)
    return _page(case)


@blueprint.post("/cases/<number>/claim")
@needs(WRITE)
@commits
def lodge(number: str) -> ResponseReturnValue:
    """A claim was lodged."""
    case = people.owned_case(number, access.current(), WRITE)
    form = LodgeForm(prefix=LODGE)

    def verb(on: date) -> None:
        service.lodge(case, on=on, application_type=form.application_type.data)

    return _tried(case, form, verb, _("Solicitud anotada."), lodging=form)


@blueprint.post("/cases/<number>/claim/<uuid:claim_id>/decide")
@needs(WRITE)
@commits
def decide(number: str, claim_id: UUID) -> ResponseReturnValue:
    """The authority decided on the merits."""
    case = people.owned_case(number, access.current(), WRITE)
    row, form = _claim(case, claim_id), DecideForm(prefix=DECIDE)

    def verb(on: date) -> None:
        service.decide(case, row, on=on, outcome=form.outcome.data, version=form.read_version())

    return _tried(case, form, verb, _("Resolución anotada."), deciding=form)


@blueprint.post("/cases/<number>/claim/<uuid:claim_id>/close")
@needs(WRITE)
@commits
def close(number: str, claim_id: UUID) -> ResponseReturnValue:
    """The claim ended without a decision on its merits."""
    case = people.owned_case(number, access.current(), WRITE)
    row, form = _claim(case, claim_id), CloseForm(prefix=CLOSE)

    def verb(on: date) -> None:
        service.close(case, row, on=on, reason=form.reason.data, version=form.read_version())

    return _tried(case, form, verb, _("Cierre de la solicitud anotado."), closing=form)


def _tried(
    case: Case, form: Any, verb: Callable[[date], None], done: str, **forms: Any
) -> ResponseReturnValue:
    """Run a verb with the form's date; what is refused comes back beside what was typed."""
    if not form.validate():
        return _page(case, **forms), 422
    try:
        on = form.on.form.value()
        if on is None:
            raise ValueError
        with session.begin_nested():
            verb(on)
    except ValueError:
        form.on.form.day.errors = [_("Escriba día, mes y año, por ejemplo 07 03 2025.")]
        return _page(case, **forms), 422
    except Refused as error:
        _say(form, error)
        if isinstance(error, ChangedMeanwhile):
            session.expire_all()
        return _page(case, **forms), error.status
    flash(done, "good")
    return redirect(url_for("procedure.claim", number=case.number))


def _say(form: Any, error: Refused) -> None:
    if error.field == "on":
        form.on.form.day.errors = [str(error)]
    else:
        form.refused(error)


def _claim(case: Case, claim_id: UUID) -> Claim:
    row = session.scalars(
        sa.select(Claim)
        .where(Claim.id == claim_id, Claim.case_id == case.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotYours
    return row


def _page(case: Case, *, lodging: Any = None, deciding: Any = None, closing: Any = None) -> str:
    rows = queries.for_case(case.id)
    current = next((c for c in rows if c.is_open), None)
    today = {"on": date_data(people.today_of(case))}
    version = {"version": current.version} if current else {}
    deciding = deciding or DecideForm(None, data={**today, **version}, prefix=DECIDE)
    closing = closing or CloseForm(None, data={**today, **version}, prefix=CLOSE)
    for form in (deciding, closing):
        form.version.data = version.get("version")
    return render_template(
        "procedure/claim.html",
        page_title=_("Solicitud de asilo de %(name)s", name=present.name_of(people.person_of(case))),
        number=case.number,
        claims=[_row(c) for c in rows],
        current=current,
        lodging=lodging or LodgeForm(None, data=today, prefix=LODGE),
        deciding=deciding,
        closing=closing,
    )


def _row(row: Claim) -> dict[str, Any]:
    if row.outcome:
        state = reference.label("decision_outcome", row.outcome)
    elif row.closure_reason:
        state = reference.label("claim_closure_reason", row.closure_reason)
    else:
        state = _("En trámite")
    return {
        "kind": reference.label("claim_application_type", row.application_type),
        "lodged": day(row.lodged_on),
        "state": state,
        "tag": "info"
        if row.is_open
        else "good"
        if row.outcome in ("RECOGNISED", "COMPLEMENTARY")
        else "neutral",
        "ended": day(row.decided_on or row.closed_on),
    }
