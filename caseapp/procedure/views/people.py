"""Who is in a claim: a birth, a marriage, a separation or a death change that, and not the claim."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import render_template, request
from flask.typing import ResponseReturnValue

from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.errors import NotYours
from caseapp.core.i18n import _
from caseapp.people import present
from caseapp.people import queries as people
from caseapp.people.inputs import date_data
from caseapp.people.models import Case
from caseapp.procedure import queries, service
from caseapp.procedure.access import WRITE
from caseapp.procedure.forms import JoinForm, LeaveClaimForm
from caseapp.procedure.models import Claim
from caseapp.procedure.views import blueprint
from caseapp.procedure.views.steps import claim_of
from caseapp.procedure.views.trying import claim_href, tried

JOIN, LEAVE = "join-", "leave-"


@blueprint.get("/cases/<number>/claim/<uuid:claim_id>/people")
@needs(WRITE)
@commits
def members(number: str, claim_id: UUID) -> ResponseReturnValue:
    """Who is in the claim, and who may join it."""
    case, row = claim_of(number, claim_id)
    return _page(case, row)


@blueprint.post("/cases/<number>/claim/<uuid:claim_id>/people")
@needs(WRITE)
@commits
def change_members(number: str, claim_id: UUID) -> ResponseReturnValue:
    """Somebody joins or leaves."""
    case, row = claim_of(number, claim_id)
    joins = request.form.get("verb") != "leave"
    form = _joining(case) if joins else _leaving(row)

    def verb(on: date) -> None:
        if joins:
            found = next(
                (c for c, _p in queries.household_beside(case) if str(c.id) == form.person.data), None
            )
            if found is None:
                raise NotYours
            service.join(row, found, on=on, version=form.read_version())
        else:
            who = next(p.case for p in _now_in(row) if str(p.case.id) == form.person.data)
            service.leave(row, who, on=on, reason=form.reason.data, version=form.read_version())

    def again() -> str:
        return _page(case, row, **{"joining" if joins else "leaving": form})

    return tried(form, verb, again, _("Cambio anotado."), claim_href(case, sealed=row.sealed))


def _now_in(row: Claim) -> list[queries.InClaim]:
    return [p for p in queries.applicants_of([row.id])[row.id] if p.applicant.left_on is None]


def _joining(case: Case, data: dict[str, object] | None = None) -> JoinForm:
    beside = [(str(found.id), present.name_of(person)) for found, person in queries.household_beside(case)]
    form = JoinForm(None, data=data, prefix=JOIN) if data else JoinForm(prefix=JOIN)
    return form.offer(beside)


def _leaving(row: Claim, data: dict[str, object] | None = None) -> LeaveClaimForm:
    inside = [
        (str(p.case.id), present.name_of(p.person)) for p in _now_in(row) if p.applicant.role == "DERIVATIVE"
    ]
    form = LeaveClaimForm(None, data=data, prefix=LEAVE) if data else LeaveClaimForm(prefix=LEAVE)
    return form.offer(inside)


def _page(
    case: Case, row: Claim, *, joining: JoinForm | None = None, leaving: LeaveClaimForm | None = None
) -> str:
    if row.sealed:
        raise NotYours
    first: dict[str, object] = {"on": date_data(people.today_of(case)), "version": row.version}
    forms = {"join": joining or _joining(case, first), "leave": leaving or _leaving(row, first)}
    for form in forms.values():
        form.version.data = row.version
    return render_template(
        "procedure/people.html",
        page_title=_("Quiénes van en la solicitud"),
        number=case.number,
        back=claim_href(case, sealed=False),
        joining=forms["join"],
        leaving=forms["leave"],
    )
