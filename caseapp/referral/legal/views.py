"""Pages of legal aid: the check for conflicts, who represents, and their power of attorney."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.queries import timezone_of
from caseapp.core import access, clock
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.db import session
from caseapp.core.errors import NotYours, Refused
from caseapp.core.i18n import _
from caseapp.referral import kinds, present, queries
from caseapp.referral import service as referral
from caseapp.referral.access import ANSWER, READ
from caseapp.referral.legal import present as shown
from caseapp.referral.legal import rules, service
from caseapp.referral.legal.forms import LawyerForm, PowerForm
from caseapp.referral.models import Referral
from caseapp.referral.views import blueprint
from caseapp.referral.views.one import page
from caseapp.referral.views.verbs import conflict, opened


@blueprint.post("/referrals/<number>/conflict")
@needs(ANSWER)
@commits
def check_conflict(number: str) -> ResponseReturnValue:
    """Sí or no, never whom. With a conflict the referral is declined in the same act, in the word that means nothing."""
    found = opened(number)
    try:
        with session.begin_nested():
            verdict = service.check(found)
            if verdict == rules.CONFLICT and found.state in ("SENT", "INFO_ASKED"):
                referral.decline(found, rules.SHOWN_AS)
    except Refused as error:
        session.refresh(found)
        return page(found, str(error)), error.status
    if verdict == rules.CONFLICT:
        flash(
            _(
                "Hay conflicto: su equipo no puede representarles. Se respondió «no es posible ofrecerlo aquí»."
            ),
            "warning",
        )
    else:
        flash(_("No hay conflicto. Ya puede leer quiénes son y responder."), "good")
    return redirect(url_for("referral.show", number=found.number))


def _legal(number: str) -> Referral:
    """A referral for legal aid whose representation is written down by the acting party."""
    found = opened(number)
    if not kinds.of(found.kind).blind or not service.writes(found, queries.party_of(found, access.current())):
        raise NotYours
    return found


@blueprint.route("/referrals/<number>/lawyers", methods=["GET", "POST"])
@needs(READ)
@commits
def lawyers(number: str) -> ResponseReturnValue:
    """Who represents each person, by name; and one more."""
    found = _legal(number)
    today = clock.today(timezone_of(found.to_team_id))
    form = LawyerForm(data={"assigned_on": today})
    people = present.seen_by_receiver(found.kind, found.items, found.members, today)
    names = {p.case_id: p.name for p in people}
    current = {m.case_id for m in service.mandates_of(found) if m.ended_on is None}
    free = [
        (str(m.case_id), names[m.case_id])
        for m in found.members
        if m.outcome == "ACCEPTED" and m.case_id in names and m.case_id not in current
    ]
    form.person.choices = free
    if len(free) == 1 and not form.person.data:
        form.person.data = free[0][0]
    if request.method == "POST" and form.validate():
        try:
            with session.begin_nested():
                service.assign(
                    found, UUID(form.person.data), form.lawyer.data, form.assigned_on.data,
                    form.power_on.data, form.power_until.data,
                )  # fmt: skip
            flash(_("Anotado: quién la representa."), "good")
            return redirect(url_for("referral.lawyers", number=found.number))
        except Refused as error:
            form.refused(error)
    html = render_template(
        "referral/legal/lawyers.html", page_title=_("Representación legal"), found=found, form=form, free=bool(free),
        rows=shown.lines(found, names), back_url=url_for("referral.show", number=found.number),
    )  # fmt: skip
    return html, 422 if request.method == "POST" else 200


@blueprint.route("/referrals/<number>/lawyers/<uuid:mandate_id>", methods=["GET", "POST"])
@needs(READ)
@commits
def power(number: str, mandate_id: UUID) -> ResponseReturnValue:
    """The power of attorney is signed, renewed, or somebody represents the person no longer."""
    found = _legal(number)
    row = service.mandate(found, mandate_id)
    form = PowerForm(power_on=row.power_on, power_until=row.power_until)
    if request.method == "POST" and form.validate():
        if form.read_version() not in (None, row.version):
            return conflict(found, form, _("Representación legal"))
        try:
            with session.begin_nested():
                if form.ended_on.data:
                    service.end_mandate(found, row, form.ended_on.data)
                else:
                    service.give_power(found, row, form.power_on.data, form.power_until.data)
            flash(_("Guardado."), "good")
            return redirect(url_for("referral.lawyers", number=found.number))
        except Refused as error:
            session.refresh(row)
            form.refused(error)
    form.version.data = row.version
    html = render_template(
        "referral/form.html", page_title=_("Poder de %(name)s", name=row.lawyer), found=found, form=form,
        label=_("Guardar"), lead=_("Escriba las dos fechas del poder, o el día en que dejó de representarla."),
        happens=[], quote="", kind="primary", along=[], hidden={}, back_url=url_for("referral.lawyers", number=found.number),
    )  # fmt: skip
    return html, 422 if request.method == "POST" else 200
