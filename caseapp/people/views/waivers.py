"""Acting without consent: what waits for a second person, one of them whole, its review, and that the person was told."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.models import Team, User
from caseapp.core import access, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, Refused
from caseapp.core.i18n import _
from caseapp.core.pages import day, paged, since
from caseapp.people import keys, queries, service
from caseapp.people.access import EDIT, REVIEW_WAIVER
from caseapp.people.forms import ReviewForm, ToldForm
from caseapp.people.models import ConsentWaiver
from caseapp.people.views import blueprint
from caseapp.people.views.owned import Opened, opened, viewed


@blueprint.get("/waivers")
@needs(REVIEW_WAIVER)
def waivers() -> ResponseReturnValue:
    """What waits for this supervisor, the oldest first."""
    page = paged(keys.to_review(access.current()))
    lines = queries.summary_of([row.case_id for row in page.rows])
    return render_template(
        "people/waivers.html",
        page_title=_("Se actuó sin consentimiento: por revisar"),
        page=page,
        rows=[
            {
                "who": line.name or _("Sin nombre conocido"),
                "href": url_for("people.waiver", number=line.number, waiver_id=waiver.id),
                "why": _what(waiver),
                "since": since(waiver.made_at),
                "since_iso": waiver.made_at.isoformat(timespec="minutes"),
            }
            for waiver in page.rows
            if (line := lines.get(waiver.case_id)) is not None
        ],
    )


def _what(waiver: ConsentWaiver) -> str:
    purpose = reference.label("consent_purpose", waiver.purpose)
    return f"{purpose} · {reference.label('no_consent_basis', waiver.basis)}"


@blueprint.get("/cases/<number>/waivers/<uuid:waiver_id>")
@needs(EDIT)
@records_view
def waiver(number: str, waiver_id: UUID) -> ResponseReturnValue:
    """One time that somebody acted without this person's consent."""
    file = opened(number)
    viewed(file)
    found = keys.waiver_of(file.case, waiver_id)
    return _page(file, found, ReviewForm(data={"version": found.version}), ToldForm())


@blueprint.post("/cases/<number>/waivers/<uuid:waiver_id>/review")
@needs(REVIEW_WAIVER)
@commits
def review_waiver(number: str, waiver_id: UUID) -> ResponseReturnValue:
    """A second person says whether it stands."""
    case = queries.owned_case(number, access.current(), REVIEW_WAIVER)
    file = Opened(case, queries.person_of(case), queries.today_of(case))
    found, form = keys.waiver_of(case, waiver_id, lock=True), ReviewForm()
    if not form.validate():
        return _page(file, found, form, ToldForm(formdata=None)), 422
    try:
        with session.begin_nested():
            service.review_waiver(
                case,
                found,
                form.outcome.data,
                note=form.note.data or "",
                version=form.read_version(),
                on=file.on,
            )
    except ChangedMeanwhile as error:
        session.refresh(found)
        form.outcome.errors = [str(error)]
        return _page(file, found, form, ToldForm(formdata=None)), 409
    except Refused as error:
        form.refused(error)
        return _page(file, found, form, ToldForm(formdata=None)), error.status
    flash(_("Revisión anotada."), "good")
    return redirect(url_for("people.waivers"))


@blueprint.post("/cases/<number>/waivers/<uuid:waiver_id>/told")
@needs(EDIT)
@commits
def tell_waiver(number: str, waiver_id: UUID) -> ResponseReturnValue:
    """The person was told."""
    file = opened(number)
    found, form = keys.waiver_of(file.case, waiver_id, lock=True), ToldForm()
    part = form.told_on.form
    try:
        told_on = part.value()
    except ValueError:
        told_on = None
    if told_on is None:
        part.day.errors = [_("Escriba día, mes y año, por ejemplo 07 03 2025.")]
        return _page(file, found, ReviewForm(formdata=None), form), 422
    try:
        with session.begin_nested():
            service.tell_waiver(found, told_on, today=file.on)
    except Refused as error:
        part.day.errors = [str(error)]
        return _page(file, found, ReviewForm(formdata=None), form), error.status
    flash(_("Anotado: se le dijo a la persona."), "good")
    return redirect(url_for("people.waiver", number=number, waiver_id=waiver_id))


def _page(file: Opened, found: ConsentWaiver, review: ReviewForm, told: ToldForm) -> str:
    who = access.current()
    review.version.data = found.version
    may_review = (
        found.reviewed_at is None
        and found.made_by_id != who.user_id
        and file.case.team_id in who.teams_as(*REVIEW_WAIVER.roles)
    )
    return render_template(
        "people/waiver.html",
        page_title=_("Se actuó sin consentimiento de %(name)s", name=file.name),
        number=file.case.number,
        waiver_id=found.id,
        summary=_summary(found),
        review=review if may_review else None,
        own=found.made_by_id is not None and found.made_by_id == who.user_id,
        reviewed=found.reviewed_at is not None,
        told=told if found.told_on is None else None,
    )


def _summary(found: ConsentWaiver) -> list[dict[str, Any]]:
    team = session.get(Team, found.recipient_team_id) if found.recipient_team_id else None
    made = session.get(User, found.made_by_id) if found.made_by_id else None
    by = session.get(User, found.reviewed_by_id) if found.reviewed_by_id else None
    outcome = {"UPHELD": _("Se sostiene"), "NOT_UPHELD": _("No se sostiene; se cerró")}.get(
        found.outcome or "", ""
    )
    rows = [
        {"label": _("Para qué"), "value": reference.label("consent_purpose", found.purpose)},
        {"label": _("A quién"), "value": team.name if team else ""},
        {"label": _("Base legal"), "value": reference.label("no_consent_basis", found.basis)},
        {"label": reference.text("no_consent_basis", found.basis, "ask"), "value": found.reason or ""},
        {"label": _("Quién actuó"), "value": made.name if made else _("Acogida"), "note": day(found.made_on)},
        {
            "label": _("Revisión"),
            "value": outcome or _("En espera de otra persona"),
            "note": by.name if by else "",
        },
        {"label": _("Por qué"), "value": found.note or ""},
        {"label": _("Se le dijo a la persona"), "value": day(found.told_on) or _("Todavía no")},
    ]
    return [row for row in rows if row["value"]]
