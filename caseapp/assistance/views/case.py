"""`/cases/<number>/deliveries`: the log of what a person and their family were given. What belongs to a sealed need or
referral stands on a page of its own, for those who hold the file."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.assistance import queries, rules, service
from caseapp.assistance.access import READ, WRITE
from caseapp.assistance.forms import DeliverForm, WithdrawForm
from caseapp.assistance.models import Delivery
from caseapp.assistance.offering import referral_lines
from caseapp.assistance.present import facts, state, title
from caseapp.assistance.views import blueprint
from caseapp.core import access, audit, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.core.i18n import _
from caseapp.core.pages import paged
from caseapp.core.trying import tried
from caseapp.people import present
from caseapp.people import queries as people
from caseapp.people.inputs import date_data
from caseapp.people.models import Case


@blueprint.get("/cases/<number>/deliveries")
@needs(READ)
@records_view
def show(number: str) -> ResponseReturnValue:
    """The log, and the form for the next entry."""
    case = people.owned_case(number, access.current(), READ)
    audit.record("viewed", "case", case.id)
    return _page(case)


@blueprint.get("/cases/<number>/private/deliveries")
@needs(READ)
@records_view
def private(number: str) -> ResponseReturnValue:
    """What was given for a reserved need or referral, for those who hold the file."""
    case = people.owned_case(number, access.current(), READ)
    audit.record("viewed", "case", case.id, "PRIVATE")
    return _page(case, sealed=True)


@blueprint.post("/cases/<number>/deliveries")
@needs(WRITE)
@commits
def deliver(number: str) -> ResponseReturnValue:
    """Write down one act for those who are ticked."""
    case = people.owned_case(number, access.current(), WRITE)
    sealed = request.form.get("private") == "1"
    family = _family(case, sealed)
    form = _offering(DeliverForm(), family, case, sealed)

    def verb() -> list[Delivery]:
        return service.deliver(
            [one for one, _name in family if one.number in form.who.data], sector=form.sector.data, on=_day(form),
            provider_class=form.provider_class.data or None, provider_team_id=_id(form.provider.data),
            item=form.item.data or None, result=form.result.data, quantity=_pieces(form),
            mechanism=form.mechanism.data or None, amount=form.amount.number, language=form.language.data or None,
            education=form.education.data or None, need_id=_id(form.need.data), referral_id=_id(form.referral.data),
            again_reason=form.again_reason.data or None, sealed=sealed,
        )  # fmt: skip

    return tried(form, verb, again=lambda: _page(case, form, sealed=sealed), done=said, to=_to(case, sealed))


def said(made: list[Delivery]) -> str:
    """The sentence after an act."""
    return _("Entrega anotada.") if len(made) == 1 else _("Entregas anotadas.")


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None


def _pieces(form: DeliverForm) -> int:
    return 1 if not form.quantity.data else (form.quantity.number or 0)


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
    return tried(
        form, lambda: service.withdraw(case, row, reason=form.reason.data),
        again=lambda: _page(case, withdrawing=(row.id, form), sealed=row.sealed),
        done=_("Entrega anulada."), to=_to(case, row.sealed),
    )  # fmt: skip


def _prefix(row_id: UUID) -> str:
    return f"row-{row_id.hex}-"


def _to(case: Case, sealed: bool) -> str:
    return url_for("assistance.private" if sealed else "assistance.show", number=case.number)


def _family(case: Case, sealed: bool = False) -> list[tuple[Case, str]]:
    """This person, then those of the household whose open file the same team holds; a sealed matter is one's own."""
    own = (case, present.name_of(people.person_of(case)))
    household = None if sealed else people.household_of(case.id)
    parts = people.members_of(household) if household is not None else []
    others = [
        (p.case, present.name_of(p.person))
        for p in parts
        if p.case.id != case.id and p.case.team_id == case.team_id and p.case.status != "CLOSED"
    ]
    return [own, *others]


def _offering(form: DeliverForm, family: list[tuple[Case, str]], case: Case, sealed: bool) -> DeliverForm:
    names = {one.id: name for one, name in family}
    form.who.choices = [(one.number, name) for one, name in family]
    form.provider.choices = {
        "": _("Otra entidad, fuera del sistema"),
        **{str(team_id): name for team_id, name in queries.providers(case.country)},
    }
    form.need.choices = {
        "": _("Ninguna en particular"),
        **{
            str(n.id): f"{reference.label('need_code', n.code)} ({names[n.case_id]})"
            for n in queries.needs_to_answer(list(names), sealed=sealed)
        },
    }
    form.referral.choices = {
        "": _("Ninguna"),
        **{str(line.id): line.label for line in referral_lines(names, sealed=sealed)},
    }
    return form


def _page(
    case: Case,
    form: DeliverForm | None = None,
    *,
    withdrawing: tuple[UUID, WithdrawForm] | None = None,
    sealed: bool = False,
) -> str:
    if form is None:
        data = {
            "who": [case.number], "on": date_data(people.today_of(case)), "result": "DELIVERED_FULL",
            "private": "1" if sealed else "", "quantity": "1",
        }  # fmt: skip
        form = _offering(DeliverForm(None, data=data), _family(case, sealed), case, sealed)
    page = paged(queries.of_case(case.id, sealed=sealed))
    asked = dict([withdrawing] if withdrawing else [])
    names = {str(key): name for key, name in dict(form.provider.choices).items()}
    return render_template(
        "assistance/show.html", page_title=_("Entregas reservadas") if sealed else _("Servicios y entregas"),
        number=case.number, form=form, pages=page, private=sealed,
        wrong=[f for f in (form, *asked.values()) if f.errors or f.form_errors],
        rows=[_row(row, names, asked.get(row.id)) for row in page.rows],
    )  # fmt: skip


def _row(row: Delivery, names: dict[str, str], form: WithdrawForm | None) -> dict[str, Any]:
    words, kind = state(row)
    return {
        "id": row.id, "title": title(row), "state": words, "kind": kind,
        "facts": facts(row, provider=names.get(str(row.provider_team_id))),
        "form": None if row.withdrawn_on else form or WithdrawForm(None, prefix=_prefix(row.id)),
    }  # fmt: skip
