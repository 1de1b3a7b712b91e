"""Correct what is known of a person; what the person says of their gender, asked alone."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template
from flask.typing import ResponseReturnValue

from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, Refused
from caseapp.core.i18n import _
from caseapp.people import service
from caseapp.people.access import EDIT
from caseapp.people.forms import GenderForm, PersonForm, details_in_words
from caseapp.people.service import PersonDetails
from caseapp.people.views import blueprint
from caseapp.people.views.owned import Opened, opened, viewed


@blueprint.get("/cases/<number>/person")
@needs(EDIT)
@records_view
def person(number: str) -> ResponseReturnValue:
    """What is known, to correct."""
    file = opened(number)
    viewed(file)
    form = PersonForm(
        data=PersonForm.filled_from(service.details_of(file.person), file.person.version, file.on)
    )
    return _page(file, form)


@blueprint.post("/cases/<number>/person")
@needs(EDIT)
@commits
def save_person(number: str) -> ResponseReturnValue:
    """Save the corrections, or show both versions if somebody else saved first."""
    file = opened(number, lock=True)
    form = PersonForm()
    saved = service.details_of(file.person)
    try:
        if not form.validate():
            return _page(file, form), 422
        details = form.details(file.on, saved)
        with session.begin_nested():
            service.correct_person(
                file.case, file.person, details, version=form.read_version() or 0, on=file.on
            )
    except ChangedMeanwhile as conflict:
        return _both(file, form, saved, details, conflict)
    except Refused as error:
        _beside(form, error)
        return _page(file, form), error.status
    flash(_("Datos guardados."), "good")
    return redirect(f"/cases/{file.case.number}")


def _both(
    file: Opened, form: PersonForm, saved: PersonDetails, typed: PersonDetails, conflict: ChangedMeanwhile
) -> ResponseReturnValue:
    """Nothing typed is lost: the form stands as typed, on the present version, with both beside each other."""
    form.version.data = file.person.version
    now, mine = details_in_words(saved, file.on), details_in_words(typed, file.on)
    rows = [{"label": label, "yours": mine[label] or "—", "saved": now[label] or "—"} for label in now]
    return _page(file, form, str(conflict), rows), conflict.status


def _beside(form: PersonForm, error: Refused) -> None:
    names, birth = form.names.form, form.birth.form
    place = {
        "given_names": names.given_names,
        "birth": birth.wrong_part(),
    }
    field = place.get(error.field or "")
    if field is None:
        form.refused(error if error.field in form else Refused(str(error)))
    else:
        field.errors = [*field.errors, str(error)]


def _page(file: Opened, form: Any, conflict: str = "", rows: list[dict[str, str]] | None = None) -> str:
    return render_template(
        "people/person.html",
        page_title=_("Corregir datos de %(name)s", name=file.name),
        number=file.case.number,
        form=form,
        conflict=conflict,
        rows=rows or [],
    )


@blueprint.get("/cases/<number>/gender")
@needs(EDIT)
@records_view
def gender(number: str) -> ResponseReturnValue:
    """Only alone, only if the person wishes."""
    file = opened(number)
    viewed(file)
    form = GenderForm(
        data={"gender_self": file.person.gender_self or "NOT_ASKED", "version": file.person.version}
    )
    return _gender(file, form)


@blueprint.post("/cases/<number>/gender")
@needs(EDIT)
@commits
def save_gender(number: str) -> ResponseReturnValue:
    """Keep it, encrypted; it is in no list, event or figure."""
    file = opened(number, lock=True)
    form = GenderForm()
    if not form.validate():
        return _gender(file, form), 422
    if form.read_version() != file.person.version:
        form.refused(ChangedMeanwhile())
        form.version.data = file.person.version
        return _gender(file, form), 409
    service.set_gender_self(file.person, form.gender_self.data)
    flash(_("Datos guardados."), "good")
    return redirect(f"/cases/{file.case.number}")


def _gender(file: Opened, form: Any) -> str:
    return render_template(
        "people/gender.html",
        page_title=_("Cómo se identifica %(name)s", name=file.name),
        number=file.case.number,
        form=form,
    )
