"""How a person may be reached without harm, and the attempts made."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.core.i18n import _
from caseapp.people import queries, service
from caseapp.people.access import EDIT
from caseapp.people.forms import AttemptForm, ContactForm, set_options
from caseapp.people.models import Contact, ContactAttempt
from caseapp.people.views import blueprint
from caseapp.people.views.owned import Opened, opened, viewed


@blueprint.get("/cases/<number>/contact")
@needs(EDIT)
@records_view
def contact(number: str) -> ResponseReturnValue:
    """The ways that hold, and the forms."""
    file = opened(number)
    viewed(file)
    return _page(file, ContactForm(), AttemptForm())


@blueprint.post("/cases/<number>/contact")
@needs(EDIT)
@commits
def change_contact(number: str) -> ResponseReturnValue:
    """Add a way, or end one (`verb` is `end-<id>`)."""
    file = opened(number)
    verb = request.form.get("verb", "add")
    if verb.startswith("end-"):
        service.end_contact(file.case, _contact(file, verb.removeprefix("end-")), on=file.on)
    else:
        form = ContactForm()
        if not form.validate():
            return _page(file, form, AttemptForm(None)), 422
        if not any((form.number.data, form.via.data)):
            form.number.errors = [_("Escriba un teléfono, o por medio de quién.")]
            return _page(file, form, AttemptForm(None)), 422
        service.set_contact(file.case, form.contact(), on=file.on)
    flash(_("Contacto guardado."), "good")
    return redirect(url_for("people.contact", number=file.case.number))


@blueprint.post("/cases/<number>/contact/attempts")
@needs(EDIT)
@commits
def record_attempt(number: str) -> ResponseReturnValue:
    """One attempt to reach the person."""
    file = opened(number)
    form = AttemptForm()
    set_options(form, {"contact": _options(file)})
    if not form.validate():
        return _page(file, ContactForm(None), form), 422
    used = _contact(file, form.contact.data) if form.contact.data else None
    service.record_attempt(
        file.case, channel=form.channel.data, result=form.result.data, on=file.on, contact=used
    )
    flash(_("Intento anotado."), "good")
    return redirect(url_for("people.contact", number=file.case.number))


def _contact(file: Opened, contact_id: str) -> Contact:
    try:
        wanted = UUID(contact_id)
    except ValueError:
        raise NotYours from None
    found = next((c for c in queries.contacts_of(file.case.id) if c.id == wanted), None)
    if found is None:
        raise NotYours
    return found


def _options(file: Opened) -> list[tuple[str, str]]:
    return [(str(c.id), c.number or c.via or "") for c in queries.contacts_of(file.case.id)]


def _page(file: Opened, form: Any, attempt: Any) -> str:
    set_options(attempt, {"contact": _options(file)})
    attempts = session.scalars(
        sa.select(ContactAttempt)
        .where(ContactAttempt.case_id == file.case.id)
        .order_by(ContactAttempt.at.desc())
    )
    return render_template(
        "people/contact.html",
        page_title=_("Contacto seguro de %(name)s", name=file.name),
        number=file.case.number,
        contacts=[_row(c) for c in queries.contacts_of(file.case.id)],
        attempts=[
            {
                "at": a.at,
                "channel": reference.label("contact_attempt_channel", a.channel),
                "result": reference.label("contact_attempt_result", a.result),
            }
            for a in attempts
        ],
        form=form,
        attempt=attempt,
    )


def _row(c: Contact) -> dict[str, Any]:
    whose = c.whose or ""
    owner = (
        reference.label("contact_phone_owner", whose)
        if reference.known("contact_phone_owner", whose)
        else whose
    )
    return {
        "id": c.id,
        "rule": reference.label("contact_rule", c.rule),
        "facts": " · ".join(p for p in (c.number or "", owner, c.via or "", c.hours or "") if p),
        "code_word": c.code_word or "",
        "language": reference.language_label(c.language) if c.language else "",
    }
