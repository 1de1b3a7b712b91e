"""Consents as keys: what each person opened, to whom, until when; record and withdraw."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import access, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import NotYours, Refused
from caseapp.core.i18n import _
from caseapp.core.pages import day
from caseapp.people import present, queries, rules, service
from caseapp.people.access import EDIT
from caseapp.people.forms import ConsentForm
from caseapp.people.models import Consent
from caseapp.people.views import blueprint
from caseapp.people.views.owned import Opened, opened, viewed

KINDS = {"GIVEN": "good"}
KEPT = ("given_by", "alone", "form", "language", "interpreter")


@blueprint.get("/cases/<number>/consents")
@needs(EDIT)
@records_view
def consents(number: str) -> ResponseReturnValue:
    """What this person answered, and the form that records an answer."""
    file = opened(number)
    viewed(file)
    child = present.is_child(file.person, file.on)
    kept = {name: request.args[name] for name in KEPT if name in request.args}
    return _page(file, ConsentForm(data={"given_by": "" if child else "SELF", **kept}))


@blueprint.post("/cases/<number>/consents")
@needs(EDIT)
@commits
def record_consent(number: str) -> ResponseReturnValue:
    """Record one answer. An adult's is the adult's own."""
    file = opened(number)
    form = ConsentForm()
    if not form.validate():
        return _page(file, form), 422
    try:
        with session.begin_nested():
            row = service.record_consent(
                file.case, file.person, form.consent(_answering(form, file)), on=file.on
            )
    except ValueError:
        form.legal_advice_on.form.day.errors = [
            _("Revise las fechas: escriba día, mes y año, por ejemplo 07 03 2025.")
        ]
        return _page(file, form), 422
    except Refused as error:
        dates = {"legal_advice_on": form.legal_advice_on.form.day, "expires_on": form.expires_on.form.day}
        if error.field in dates:
            dates[error.field].errors = [str(error)]
        else:
            form.refused(error)
        return _page(file, form), 422
    flash(_("Respuesta anotada."), "good")
    for words in _warnings(file, row):
        flash(words, "warning")
    # The same talk goes on with the next purpose: how it is held is not asked again.
    kept = {name: form[name].data for name in KEPT if form[name].data}
    return redirect(url_for("people.consents", number=file.case.number, **kept))


def _answering(form: ConsentForm, file: Opened) -> UUID | None:
    """The file of the parent or guardian who answers for a child."""
    typed = (form.given_by_number.data or "").strip()
    if not typed:
        return None
    try:
        return queries.case_by_number(typed, access.current()).id
    except NotYours:
        raise Refused(_("No se encontró ese expediente."), field="given_by_number") from None


def _warnings(file: Opened, row: Consent) -> list[str]:
    known = rules.age_range(queries.birth_of(file.person), file.on)
    said = {
        "NOT_ALONE": _("Esta persona no respondió a solas. Vuelva a preguntarle cuando esté sola."),
        "FAMILY_INTERPRETS": _("Interpretó un familiar. Vuelva a preguntar con otra persona intérprete."),
        "CARER_NOT_PROVEN": _(
            "No consta que quien respondió sea su madre, padre o tutor. Anote el vínculo y cómo consta."
        ),
        "ASSENT_NOT_ASKED": _("Pregunte también a la niña o al niño y anote su asentimiento."),
    }
    found = rules.consent_warnings(
        adult=row.adult,
        alone=row.alone,
        interpreter=row.interpreter,
        age=known[0] if known else None,
        given_by=row.given_by,
        carer_proven=row.given_by_case_id is not None
        and queries.is_carer(row.given_by_case_id, file.case.id),
    )
    return [said[w] for w in found]


@blueprint.get("/cases/<number>/consents/<uuid:consent_id>/withdraw")
@needs(EDIT)
@records_view
def withdraw(number: str, consent_id: UUID) -> ResponseReturnValue:
    """What will happen when this consent is taken back."""
    file = opened(number)
    viewed(file)
    row = _consent(file, consent_id)
    return render_template(
        "layout/confirm.html",
        page_title=_(
            "Retirar consentimiento: %(purpose)s", purpose=reference.label("consent_purpose", row.purpose)
        ),
        happens=[
            _("Desde ahora no se comparte nada más para este propósito."),
            _("Lo que ya se hizo no se deshace; lo pendiente se detiene."),
            _("Retirarlo no cambia el lugar de la persona en ninguna lista ni su alojamiento."),
        ],
        confirm_label=_("Retirar consentimiento"),
        back_url=url_for("people.consents", number=file.case.number),
    )


@blueprint.post("/cases/<number>/consents/<uuid:consent_id>/withdraw")
@needs(EDIT)
@commits
def withdraw_consent(number: str, consent_id: UUID) -> ResponseReturnValue:
    """The person takes it back."""
    file = opened(number)
    service.withdraw_consent(file.case, _consent(file, consent_id), on=file.on)
    flash(_("Consentimiento retirado."), "good")
    return redirect(url_for("people.consents", number=file.case.number))


def _consent(file: Opened, consent_id: UUID) -> Consent:
    row = session.scalars(
        sa.select(Consent).where(Consent.id == consent_id, Consent.case_id == file.case.id).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotYours
    return row


def _key(row: Consent, file: Opened) -> dict[str, Any]:
    ended = row.expires_on is not None and row.expires_on < file.on
    state = "EXPIRED" if row.state == "GIVEN" and ended else row.state
    return {
        "purpose": reference.label("consent_purpose", row.purpose),
        "who": _who(row, file),
        "state": reference.label("consent_state", state),
        "kind": KINDS.get(state, "neutral"),
        "given_to": reference.country_label(row.recipient_country) if row.recipient_country else "",
        "until": _until(row, state, file.on),
        "form_of": reference.label("consent_form", row.form) if row.form else "",
        "withdraw_href": url_for("people.withdraw", number=file.case.number, consent_id=row.id)
        if state == "GIVEN"
        else None,
    }


def _who(row: Consent, file: Opened) -> str:
    by = reference.label("consent_given_by", row.given_by)
    return file.name if row.given_by == "SELF" else f"{file.name} ({by})"


def _until(row: Consent, state: str, on: date) -> str:
    if state == "GIVEN" and row.expires_on:
        return _("hasta el %(day)s", day=day(row.expires_on))
    return _("preguntado el %(day)s", day=day(row.asked_on))


def _page(file: Opened, form: Any) -> str:
    return render_template(
        "people/consents.html",
        page_title=_("Consentimientos de %(name)s", name=file.name),
        number=file.case.number,
        child=present.is_child(file.person, file.on),
        keys=[_key(row, file) for row in queries.consents_of(file.case.id)],
        form=form,
        others=_other_adults(file),
    )


def _other_adults(file: Opened) -> list[dict[str, str]]:
    """The other adults of the family, each of whom answers alone."""
    household = queries.household_of(file.case.id)
    parts = queries.members_of(household) if household is not None else []
    return [
        {
            "name": present.name_of(p.person),
            "href": url_for("people.consents", number=p.case.number),
        }
        for p in parts
        if p.case.id != file.case.id and not present.is_child(p.person, file.on)
    ]
