"""Two people who are kept apart: read and written by those named in the matter."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import RadioField, StringField

from caseapp.accounts.queries import user_of_email
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
        _l("Número del otro expediente"), validators=[required(_l("Escriba el número del expediente."))]
    )
    reach = RadioField(_l("Hasta dónde"), default="SITE")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reach.choices = [("SITE", _("No en la misma sede")), ("UNIT", _("No en el mismo cuarto"))]


class HolderForm(Form):
    """Who else is named in the matter."""

    email = StringField(_l("Correo de la otra persona"), validators=[required(_l("Escriba un correo."))])


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
    rows: list[dict[str, Any]] = [
        {
            "id": str(row.id),
            "reach": dict(form.reach.choices)[row.reach],
            "since": day(row.since.date()),
            "ended": day(row.ended_at.date()) if row.ended_at else "",
            "holders": len(row.holders),
        }
        for row in verbs.separations_of(file.case)
    ]
    return render_template(
        "people/separation.html",
        page_title=_("Separación de seguridad: %(name)s", name=file.name),
        number=file.case.number,
        form=form,
        holder=holder,
        rows=rows,
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
                verbs.keep_apart(file.case, form.other.data, form.reach.data)
        except Refused as error:
            form.refused(error)
        else:
            flash(_("Anotado. Solo lo ven las personas nombradas aquí."), "good")
            return redirect(url_for("people.separation", number=number))
    return _page(file, form, HolderForm(formdata=None)), 422


@blueprint.post("/cases/<number>/separation/<uuid:separation_id>/holders")
@needs(SEPARATE)
@commits
def name_holder(number: str, separation_id: UUID) -> ResponseReturnValue:
    """Name another supervisor in the matter."""
    file, form = _opened(number), HolderForm()
    found = _one(file.case, separation_id)
    user = user_of_email(form.email.data or "") if form.validate() else None
    if user is None:
        form.email.errors = [*form.email.errors, _("No hay una cuenta con ese correo.")]
        return _page(file, SeparationForm(formdata=None), form), 422
    verbs.name_holder(found, user.id)
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
