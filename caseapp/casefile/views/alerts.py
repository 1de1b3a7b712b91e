"""`/cases/<number>/alerts`: what must not be missed, with what to do; raise one, look at it again, resolve it. Sealed
ones stand on a page of their own, led to from the private page."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from caseapp.casefile import minding, queries, service
from caseapp.casefile.access import WORK
from caseapp.casefile.forms import AlertForm, DateWrong, ResolveForm, ReviewAlertForm, day_of
from caseapp.casefile.models import CaseAlert
from caseapp.casefile.queries import work
from caseapp.casefile.service.alerting import review_days
from caseapp.casefile.views import blueprint
from caseapp.casefile.views.rows import row_of
from caseapp.core import access, audit, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.i18n import _
from caseapp.core.pages import day
from caseapp.core.trying import tried
from caseapp.people import present
from caseapp.people import queries as people
from caseapp.people.inputs import date_data
from caseapp.people.models import Case

NEW = "alert-"


@blueprint.get("/cases/<number>/alerts")
@needs(WORK)
@records_view
def alerts(number: str) -> ResponseReturnValue:
    """The alerts of a file that may stand on a screen."""
    case = people.owned_case(number, access.current(), WORK)
    audit.record("viewed", "case", case.id)
    return _page(case)


@blueprint.get("/cases/<number>/private/alerts")
@needs(WORK)
@records_view
def private_alerts(number: str) -> ResponseReturnValue:
    """The sealed ones, for those who hold the file."""
    case = people.owned_case(number, access.current(), WORK)
    audit.record("viewed", "case", case.id, "PRIVATE")
    return _page(case, sealed=True)


@blueprint.post("/cases/<number>/alerts")
@needs(WORK)
@commits
def raise_alert(number: str) -> ResponseReturnValue:
    """Raise an alert with what is known."""
    case = people.owned_case(number, access.current(), WORK)
    form = AlertForm(prefix=NEW)

    def verb() -> None:
        service.raise_alert(case, code=form.code.data, words=form.words.data or "")

    return tried(
        form, verb, again=lambda: _page(case, raising=form), done=_("Alerta activada."), to=_to(case, False)
    )


@blueprint.post("/cases/<number>/alerts/<uuid:alert_id>/review")
@needs(WORK)
@commits
def review_alert(number: str, alert_id: UUID) -> ResponseReturnValue:
    """It still holds, and is looked at again by another day."""
    case = people.owned_case(number, access.current(), WORK)
    row: CaseAlert = row_of(CaseAlert, alert_id, case.id)
    form, sealed = ReviewAlertForm(), _is_sealed(row)

    def verb() -> None:
        review_on = day_of(form, "review_on")
        if review_on is None:
            raise DateWrong(field="review_on")
        service.review_alert(case, row, review_on=review_on, version=form.read_version())

    return tried(
        form, verb, again=lambda: _page(case, wrong=form, sealed=sealed), done=_("Revisión anotada."), to=_to(case, sealed)
    )  # fmt: skip


@blueprint.post("/cases/<number>/alerts/<uuid:alert_id>/resolve")
@needs(WORK)
@commits
def resolve_alert(number: str, alert_id: UUID) -> ResponseReturnValue:
    """It holds no longer."""
    case = people.owned_case(number, access.current(), WORK)
    row: CaseAlert = row_of(CaseAlert, alert_id, case.id)
    form, sealed = ResolveForm(), _is_sealed(row)

    def verb() -> None:
        service.resolve_alert(case, row, outcome=form.outcome.data, version=form.read_version())

    return tried(
        form, verb, again=lambda: _page(case, wrong=form, sealed=sealed), done=_("Alerta resuelta."), to=_to(case, sealed)
    )  # fmt: skip


def _is_sealed(row: CaseAlert) -> bool:
    return "S" in reference.code("alert", row.code).flags


def _to(case: Case, sealed: bool) -> str:
    return url_for("casefile.private_alerts" if sealed else "casefile.alerts", number=case.number)


def _page(case: Case, *, sealed: bool = False, raising: Any = None, wrong: Any = None) -> str:
    told = [t for t in work.alerts_of(case.id) if _is_sealed(t.alert) is sealed]
    raised = {t.alert.code for t in told if t.alert.resolved_on is None}
    today = people.today_of(case)
    file = queries.file_of(queries.open_file(case.number, access.current()), access.current())
    by_rule = minding.sealed_by_rule(file) if sealed else minding.alerts_of(file)[0]
    return render_template(
        "casefile/alerts.html",
        page_title=_("Alertas de %(name)s", name=present.name_of(people.person_of(case))),
        number=case.number,
        private=sealed,
        guardian=url_for("protection.guardian", number=case.number)
        if present.is_child(people.person_of(case), today) and not sealed
        else None,
        by_rule=[a for a in by_rule if a["code"] not in raised],
        open=[_row(t, today) for t in told if t.alert.resolved_on is None],
        over=[_row(t, today) for t in told if t.alert.resolved_on is not None],
        raising=raising or AlertForm(None, prefix=NEW),
        wrong=wrong,
    )


def _row(told: work.ToldAlert, today: date) -> dict[str, Any]:
    row = told.alert
    review = ReviewAlertForm(
        None,
        data={"version": row.version, "review_on": date_data(today + timedelta(days=review_days(row.code)))},
    )
    resolve = ResolveForm(None, data={"version": row.version})
    for form in (review, resolve):
        for field in form:
            field.id = f"{field.id}-{row.id}"
            field.label.field_id = field.id
    for part in review.review_on.form:
        part.id = f"{part.id}-{row.id}"
        part.label.field_id = part.id
    return {
        "id": row.id,
        "label": reference.label("alert", row.code),
        "todo": reference.text("alert", row.code, "what_to_do"),
        "kind": minding.ALERT_KIND.get(reference.group_of("alert", row.code) or "", "info"),
        "words": row.words or "",
        "by": told.by or _("Acogida"),
        "raised": day(row.raised_on),
        "review": day(row.review_on),
        "late": row.resolved_on is None and row.review_on < today,
        "resolved": day(row.resolved_on),
        "outcome": reference.label("alert_outcome", row.outcome) if row.outcome else "",
        "reviewing": review,
        "resolving": resolve,
    }
