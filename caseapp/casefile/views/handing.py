"""`/cases/<number>/handover`: offer a file to another team, centre or country. First the team is chosen; then the page
shows what that team would see, before and after its yes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.models import Team
from caseapp.casefile import handing_shown, service
from caseapp.casefile.access import APPROVE, OFFER_FILE
from caseapp.casefile.forms import ApprovalForm, DateWrong, OfferForm, WithdrawForm, day_of
from caseapp.casefile.linking import linked
from caseapp.casefile.models import Handover
from caseapp.casefile.queries import handing, work
from caseapp.casefile.rules import handing as rules
from caseapp.casefile.views import blueprint
from caseapp.casefile.views.approving import DECIDE, decided
from caseapp.core import access, audit, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.errors import NotYours
from caseapp.core.i18n import _
from caseapp.core.trying import tried
from caseapp.people import present
from caseapp.people import queries as people
from caseapp.people.events import profile
from caseapp.people.inputs import date_data
from caseapp.people.models import Case


@blueprint.get("/cases/<number>/handover")
@needs(OFFER_FILE)
@records_view
def handover(number: str) -> ResponseReturnValue:
    """The offer that waits, or the way to make one (`?to=` the code of a team), and earlier ones."""
    case = people.owned_case(number, access.current(), OFFER_FILE)
    audit.record("viewed", "case", case.id)
    return _page(case)


@blueprint.post("/cases/<number>/handover")
@needs(OFFER_FILE)
@commits
def offer_handover(number: str) -> ResponseReturnValue:
    """Offer the chosen files to a team."""
    case = people.owned_case(number, access.current(), OFFER_FILE)
    to = _asked_team(case)
    form = OfferForm()
    _fill(form, case, to)

    def verb() -> None:
        if to is None:
            raise rules.NotReceiving
        arrives_on = day_of(form, "arrives_on")
        if arrives_on is None:
            raise DateWrong(field="arrives_on")
        chosen = [UUID(i) for i in form.who.data or ()]
        bases = (
            dict.fromkeys(chosen, (form.basis.data, form.basis_reason.data or "")) if form.basis.data else {}
        )
        service.offer_handover(
            case,
            service.Offer(
                chosen, to, arrives_on, bases, UUID(form.holder.data) if form.holder.data else None, form.words.data or ""
            ),
        )  # fmt: skip

    return tried(
        form, verb, again=lambda: _page(case, offering=form), done=_("Traspaso anotado."), to=_to(case)
    )


@blueprint.post("/cases/<number>/handover/<uuid:handover_id>/withdraw")
@needs(OFFER_FILE)
@commits
def withdraw_handover(number: str, handover_id: UUID) -> ResponseReturnValue:
    """The offering side takes it back."""
    case = people.owned_case(number, access.current(), OFFER_FILE)
    made = _of_case(case, handover_id)
    form = WithdrawForm()

    def verb() -> None:
        service.withdraw_handover(made, reason=form.reason.data, version=form.read_version())

    return tried(
        form, verb, again=lambda: _page(case, withdrawing=form), done=_("Traspaso retirado."), to=_to(case)
    )


@blueprint.post("/cases/<number>/handover/approval/<uuid:approval_id>")
@needs(APPROVE)
@commits
def decide_handover(number: str, approval_id: UUID) -> ResponseReturnValue:
    """A supervisor who did not prepare the offer decides whether it goes out."""
    return decided(
        number, approval_id, "HANDOVER", again=lambda case, form: _page(case, deciding=form), to=_to
    )


def _to(case: Case) -> str:
    return url_for("casefile.handover", number=case.number)


def _of_case(case: Case, handover_id: UUID) -> Handover:
    made = handing.one(handover_id, access.current(), lock=True)
    if made.from_team_id != case.team_id or case.id not in {m.case_id for m in made.members}:
        raise NotYours
    return made


def _asked_team(case: Case) -> Team | None:
    code = request.values.get("to", "")
    return next((t for t in handing.receivers(case.team_id) if t.code == code), None)


# -- the page -----------------------------------------------------------------------------------------
def _page(case: Case, *, offering: Any = None, withdrawing: Any = None, deciding: Any = None) -> str:
    who = access.current()
    made = handing.open_for(case.id)
    waits = work.open_approval(made.id) if made else None
    to = None if made else _asked_team(case)
    if to is not None and offering is None:
        offering = OfferForm(None, data={"arrives_on": date_data(people.today_of(case) + timedelta(days=2))})
        _fill(offering, case, to)
        offering.who.data = [value for value, _label in offering.who.choices]
    withdrawing = withdrawing or WithdrawForm(None)
    withdrawing.version.data = made.version if made else None
    deciding = deciding or ApprovalForm(None, prefix=DECIDE)
    deciding.version.data = waits.version if waits else None
    return render_template(
        "casefile/handover.html",
        page_title=_("Traspaso de %(name)s", name=present.name_of(people.person_of(case))),
        number=case.number,
        made=handing_shown.offer_row(made) if made else None,
        waits=waits,
        own=bool(waits and waits.asked_by_id == who.user_id),
        decides=case.team_id in who.teams_as(*APPROVE.roles),
        receivers=[] if made or to else _receivers(case),
        to=to,
        offering=offering if to else None,
        preview=_preview(case, to) if to else None,
        after_yes=handing_shown.after_yes(),
        stays_behind=handing_shown.stays_behind(),
        withdrawing=withdrawing,
        deciding=deciding,
        past=[handing_shown.offer_row(h) for h in handing.past_of(case.id)],
    )


def _receivers(case: Case) -> list[dict[str, str]]:
    return [
        {"code": t.code, "name": f"{t.name}, {reference.country_label(t.country)}"}
        for t in handing.receivers(case.team_id)
    ]


def _fill(form: OfferForm, case: Case, to: Team | None) -> None:
    today = people.today_of(case)
    form.who.choices = [
        (str(m.case.id), f"{present.name_of(m.person)}, {present.age_text(m.person, today)}")
        for m in handing.movable_with(case)
    ]
    holders = [(str(u.id), u.name) for u in handing.holders_in(to.id)] if to else []
    form.holder.choices = [("", _("Nadie: lo reservado no viaja")), *holders]


def _preview(case: Case, to: Team) -> dict[str, Any]:
    """Exactly the lines that the receiver would read, and on what each person's part rests."""
    today = people.today_of(case)
    rows = handing.movable_with(case)
    kind = rules.kind_of(to.site_id == case.site_id, to.country == case.country)
    consents = handing.consents_to([m.case.id for m in rows], rules.purpose_of(kind), to, today)
    leave = handing.lacking_leave([m.case.id for m in rows], to, today)
    return {
        "kind": reference.label("handover_kind", kind),
        "purpose": reference.label("consent_purpose", rules.purpose_of(kind)),
        "second": kind == "COUNTRY",
        "people": [_previewed(m, m.case.id in consents, m.case.id in leave, today) for m in rows],
    }


def _previewed(one: handing.Movable, consented: bool, needs_leave: bool, today: Any) -> dict[str, Any]:
    known = profile(one.person, today)
    return {
        **handing_shown.minimum(known["sex"], known["age_band"], one.languages, one.requirements),
        "name": present.name_of(one.person),
        "number": one.case.number,
        "consented": consented,
        "needs_leave": needs_leave,
        "child": present.is_child(one.person, today),
        "ask": linked("people.consents", number=one.case.number),
    }
