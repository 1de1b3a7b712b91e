"""Two people who are kept apart: read and written by those named in the matter."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import RadioField, StringField

from caseapp.core import access
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import NotYours, Refused
from caseapp.core.forms import Form, required
from caseapp.core.i18n import _, _l
from caseapp.core.pages import acting_user, day, limiter
from caseapp.people import queries
from caseapp.people.access import SEPARATE
from caseapp.people.models import Case, SafetySeparation
from caseapp.people.service import separation as verbs
from caseapp.people.views import blueprint
from caseapp.people.views.owned import Opened, viewed


class SeparationForm(Form):
    """The other file by its number, and how far apart."""

    other = StringField(
        _l("Número del otro expediente"),
        description=_l("Nueve letras y cifras. Puede ser de otro equipo."),
        validators=[required(_l("Escriba el número del expediente."))],
    )
    reach = RadioField(_l("Hasta dónde"), default="SITE")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reach.choices = [("SITE", _("No en la misma sede")), ("UNIT", _("No en el mismo cuarto"))]


class HolderForm(Form):
    """Who else of the team is named in the matter."""

    email = StringField(
        _l("Correo de otra persona de su equipo"), validators=[required(_l("Escriba un correo."))]
    )


def _opened(number: str) -> Opened:
    case = queries.owned_case(number, access.current(), SEPARATE)
    file = Opened(case, queries.person_of(case), queries.today_of(case))
    viewed(file)
    return file


def _one(case: Case, separation_id: UUID) -> SafetySeparation:
    found = next((s for s in verbs.separations_of(case) if s.id == separation_id), None)
    if found is None:
        raise NotYours
    return found


def _page(file: Opened, form: SeparationForm, holder: HolderForm) -> str:
    reaches = dict(form.reach.choices)
    beds, wanted = verbs.to_do()
    near = {one.id: one for one in beds}
    rows: list[dict[str, Any]] = [
        {
            "id": str(row.id),
            "reach": reaches[row.reach],
            "since": day(row.since.date()),
            "asked": row.other_number,
            "near": day(near[row.id].first_night) if row.id in near else "",
            "ended": day(row.ended_at.date()) if row.ended_at else "",
            "holders": len(row.holders),
        }
        for row in verbs.separations_of(file.case)
    ]
    asked = [
        {"id": str(one.id), "reach": reaches[one.reach], "since": day(one.since.date()), "by": one.by_name, "team": one.team_name}
        for one in wanted
        if one.case_id == file.case.id
    ]  # fmt: skip
    return render_template(
        "people/separation.html",
        page_title=_("Separación de seguridad: %(name)s", name=file.name),
        number=file.case.number,
        form=form,
        holder=holder,
        rows=rows,
        asked=asked,
    )


@blueprint.get("/cases/<number>/separation")
@needs(SEPARATE)
@records_view
def separation(number: str) -> ResponseReturnValue:
    """What the user is named in; for everybody else the page is empty."""
    return _page(_opened(number), SeparationForm(), HolderForm())


@blueprint.post("/cases/<number>/separation")
@needs(SEPARATE)
@limiter.limit("10/hour", key_func=acting_user)
@commits
def keep_apart(number: str) -> ResponseReturnValue:
    """Keep this person and another apart from now on. Few in an hour: nobody tries numbers out."""
    file, form = _opened(number), SeparationForm()
    if form.validate():
        try:
            with session.begin_nested():
                row = verbs.keep_apart(file.case, form.other.data, form.reach.data)
        except Refused as error:
            form.refused(error)
        else:
            flash(_said(row), "good" if row.agreed_at else "warning")
            return redirect(url_for("people.separation", number=number))
    return _page(file, form, HolderForm(formdata=None)), 422


def _said(row: SafetySeparation) -> str:
    """The same of every number that is not of our own files."""
    if row.agreed_at:
        return _("Anotado: rige desde ahora. Solo lo ven las personas nombradas aquí.")
    return _(
        "Pedido. Rige cuando el equipo de ese expediente lo acepte; mientras tanto, coordine por teléfono."
    )


@blueprint.post("/cases/<number>/separation/<uuid:separation_id>/answer")
@needs(SEPARATE)
@commits
def answer_separation(number: str, separation_id: UUID) -> ResponseReturnValue:
    """What another team asks of this file: agree, or leave it."""
    file = _opened(number)
    agrees = request.form.get("agrees") == "yes"
    if not any(one.id == separation_id and one.case_id == file.case.id for one in verbs.asked_of_us()):
        raise NotYours
    verbs.answer(separation_id, agrees=agrees)
    flash(
        _("Aceptado: rige desde ahora.") if agrees else _("Anotado. Quien lo pidió no recibe aviso."), "good"
    )
    return redirect(url_for("people.separation", number=number))


@blueprint.post("/cases/<number>/separation/<uuid:separation_id>/holders")
@needs(SEPARATE)
@commits
def name_holder(number: str, separation_id: UUID) -> ResponseReturnValue:
    """Name another supervisor of the team in the matter."""
    file, form = _opened(number), HolderForm()
    found = _one(file.case, separation_id)
    if not form.validate():
        return _page(file, SeparationForm(formdata=None), form), 422
    try:
        with session.begin_nested():
            verbs.name_holder(found, form.email.data, [file.case.team_id])
    except Refused as error:
        form.refused(error)
        return _page(file, SeparationForm(formdata=None), form), 422
    flash(_("Anotado."), "good")
    return redirect(url_for("people.separation", number=number))


@blueprint.post("/cases/<number>/separation/<uuid:separation_id>/end")
@needs(SEPARATE)
@commits
def end_separation(number: str, separation_id: UUID) -> ResponseReturnValue:
    """It is not needed any more."""
    verbs.end_separation(_one(_opened(number).case, separation_id))
    flash(_("Anotado."), "good")
    return redirect(url_for("people.separation", number=number))
