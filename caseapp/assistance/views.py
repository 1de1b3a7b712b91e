"""`/cases/<number>/deliveries`: the log of what a person and their family were given."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from caseapp.assistance import queries, rules, service
from caseapp.assistance.access import READ, WRITE
from caseapp.assistance.forms import DeliverForm, WithdrawForm
from caseapp.assistance.models import Delivery
from caseapp.core import access, audit, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import NotYours, Refused
from caseapp.core.i18n import _
from caseapp.core.pages import day, paged
from caseapp.people import present
from caseapp.people import queries as people
from caseapp.people.inputs import date_data
from caseapp.people.models import Case

blueprint = Blueprint("assistance", __name__)


@blueprint.get("/cases/<number>/deliveries")
@needs(READ)
@records_view
def show(number: str) -> ResponseReturnValue:
    """The log, and the form for the next entry."""
    case = people.owned_case(number, access.current(), READ)
    audit.record("viewed", "case", case.id)
    return _page(case)


@blueprint.post("/cases/<number>/deliveries")
@needs(WRITE)
@commits
def deliver(number: str) -> ResponseReturnValue:
    """Write down one act for those who are ticked."""
    case = people.owned_case(number, access.current(), WRITE)
    family = _family(case)
    form = _offering(DeliverForm(), family)
    if not form.validate():
        return _page(case, form), 422
    try:
        with session.begin_nested():
            made = service.deliver(
                [one for one, _name in family if one.number in form.who.data], sector=form.sector.data, on=_day(form),
                provider_class=form.provider_class.data, item=form.item.data or None, result=form.result.data,
                mechanism=form.mechanism.data or None, amount=form.amount.number,
                need_id=UUID(form.need.data) if form.need.data else None,
                again_reason=form.again_reason.data or None,
            )  # fmt: skip
    except Refused as error:
        if error.field == "on":
            form.on.form.day.errors = [str(error)]
        else:
            form.refused(error)
        return _page(case, form), error.status
    flash(_("Entrega anotada.") if len(made) == 1 else _("Entregas anotadas."), "good")
    return redirect(url_for("assistance.show", number=case.number))


def _day(form: DeliverForm) -> date:
    try:
        found: date | None = form.on.form.value()
    except ValueError:
        found = None
    if found is None:
        raise rules.DeliveryDateWrong(_("Escriba día, mes y año, por ejemplo 07 03 2025."))
    return found


@blueprint.post("/cases/<number>/deliveries/<uuid:delivery_id>/withdraw")
@needs(WRITE)
@commits
def withdraw(number: str, delivery_id: UUID) -> ResponseReturnValue:
    """An entry was a mistake."""
    case = people.owned_case(number, access.current(), WRITE)
    row = session.scalars(
        sa.select(Delivery)
        .where(Delivery.case_id == case.id, Delivery.id == delivery_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotYours
    form = WithdrawForm(prefix=_prefix(row.id))
    if not form.validate():
        return _page(case, withdrawing=(row.id, form)), 422
    try:
        service.withdraw(case, row, reason=form.reason.data)
    except Refused as error:
        form.refused(error)
        return _page(case, withdrawing=(row.id, form)), error.status
    flash(_("Entrega anulada."), "good")
    return redirect(url_for("assistance.show", number=case.number))


def _prefix(row_id: UUID) -> str:
    return f"row-{row_id.hex}-"


def _family(case: Case) -> list[tuple[Case, str]]:
    """This person, then those of the household whose open file the same team holds."""
    household = people.household_of(case.id)
    parts = people.members_of(household) if household is not None else []
    others = [
        (p.case, present.name_of(p.person))
        for p in parts
        if p.case.id != case.id and p.case.team_id == case.team_id and p.case.status != "CLOSED"
    ]
    return [(case, present.name_of(people.person_of(case))), *others]


def _offering(form: DeliverForm, family: list[tuple[Case, str]]) -> DeliverForm:
    names = {one.id: name for one, name in family}
    form.who.choices = [(one.number, name) for one, name in family]
    form.need.choices = {
        "": _("Ninguna en particular"),
        **{
            str(n.id): f"{reference.label('need_code', n.code)} ({names[n.case_id]})"
            for n in queries.needs_to_answer(list(names))
        },
    }
    return form


def _page(
    case: Case, form: DeliverForm | None = None, *, withdrawing: tuple[UUID, WithdrawForm] | None = None
) -> str:
    if form is None:
        data = {"who": [case.number], "on": date_data(people.today_of(case)), "result": "DELIVERED_FULL"}
        form = _offering(DeliverForm(None, data=data), _family(case))
    page = paged(queries.of_case(case.id))
    asked = dict([withdrawing] if withdrawing else [])
    return render_template(
        "assistance/show.html", page_title=_("Servicios y entregas"), number=case.number, form=form, pages=page,
        wrong=[f for f in (form, *asked.values()) if f.errors or f.form_errors],
        rows=[_row(row, asked.get(row.id)) for row in page.rows],
    )  # fmt: skip


def _row(row: Delivery, form: WithdrawForm | None) -> dict[str, Any]:
    facts = [day(row.delivered_on), reference.label("provider_class", row.provider_class)]
    if row.item:
        facts.append(reference.label("service_kind", row.sector))
    if row.mechanism:
        facts.append(reference.label("cash_mechanism", row.mechanism))
    if row.amount:
        facts.append(_("%(amount)s dólares", amount=row.amount))
    if row.again_reason:
        again = reference.label("delivery_again_reason", row.again_reason)
        facts.append(_("otra vez: %(reason)s", reason=again))
    if row.withdrawn_reason:
        facts.append(reference.label("delivery_withdrawn_reason", row.withdrawn_reason))
    return {
        "id": row.id,
        "title": reference.label("assistance_kind", row.item) if row.item else reference.label("service_kind", row.sector),
        "state": _("Anulada") if row.withdrawn_on else reference.label("service_result", row.result),
        "kind": "neutral" if row.withdrawn_on or row.result not in rules.DELIVERED else "good",
        "facts": [f for f in facts if f],
        "form": None if row.withdrawn_on else form or WithdrawForm(None, prefix=_prefix(row.id)),
    }  # fmt: skip
