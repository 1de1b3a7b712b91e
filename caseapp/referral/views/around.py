"""Other nights than those asked, and a second person's look at a reason."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import access, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.db import session
from caseapp.core.errors import Refused
from caseapp.core.i18n import _
from caseapp.referral import service
from caseapp.referral.access import READ, SEND
from caseapp.referral.forms import NightsForm, ReviewForm
from caseapp.referral.queries import related
from caseapp.referral.views import blueprint
from caseapp.referral.views.one import page
from caseapp.referral.views.verbs import attempt, form_page, opened


@blueprint.route("/referrals/<number>/nights", methods=["GET", "POST"])
@needs(SEND)
@commits
def nights(number: str) -> ResponseReturnValue:
    """Ask for other nights; what was asked first stays written."""
    found, label = opened(number), _("Cambiar noches")
    form = NightsForm(first_night=found.first_night, last_night=found.last_night)
    if request.method == "POST" and form.validate():
        answer = attempt(
            found, form,
            lambda: service.change_nights(found, form.first_night.data, form.last_night.data, form.reason.data),
            label=label, words=_("Noches cambiadas."),
        )  # fmt: skip
        if answer is not None:
            return answer
    return form_page(
        found,
        form,
        label,
        label,
        happens=[_("Quien recibe ve las noches nuevas y las de antes. El plazo sigue.")],
    )


@blueprint.route("/referrals/<number>/review", methods=["GET", "POST"])
@needs(READ)
@commits
def review(number: str) -> ResponseReturnValue:
    """Look at a reason that somebody else of the team wrote down."""
    found, form, label = opened(number), ReviewForm(), _("Revisar el motivo")
    row = related.review_of(found, access.current(), lock=request.method == "POST")
    if row is None:
        flash(_("No hay motivo por revisar."), "info")
        return redirect(url_for("referral.show", number=found.number))
    form.outcome.choices = [("UPHELD", _("Se sostiene")), ("NOT_UPHELD", _("No se sostiene"))]
    if request.method == "POST" and form.validate():
        try:
            with session.begin_nested():
                service.review(row, form.outcome.data)
        except Refused as error:
            session.refresh(row)
            return page(found, str(error)), error.status
        service.read_notices(found)
        flash(_("Revisión anotada."), "good")
        return redirect(url_for("referral.show", number=found.number))
    list_name = "decline_reason" if row.what == "DECLINE" else "not_completed_reason"
    return form_page(
        found, form, label, _("Guardar revisión"), quote=reference.label(list_name, row.reason),
        happens=[_("La respuesta no cambia; supervisión ve lo que se decidió.")],
    )  # fmt: skip
