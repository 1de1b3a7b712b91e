"""`/cases/<number>/notes`: notes, each for whoever its level names. One outside the reader's level is not there, and
nothing counts it."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.casefile import service
from caseapp.casefile.access import WORK
from caseapp.casefile.forms import NoteForm
from caseapp.casefile.models import CaseNote
from caseapp.casefile.queries import work
from caseapp.casefile.views import blueprint
from caseapp.casefile.views.rows import row_of
from caseapp.core import access, audit, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.i18n import _
from caseapp.core.pages import day, moment
from caseapp.core.trying import tried
from caseapp.people import present
from caseapp.people import queries as people
from caseapp.people.models import Case
from caseapp.places.models import Site


@blueprint.get("/cases/<number>/notes")
@needs(WORK)
@records_view
def notes(number: str) -> ResponseReturnValue:
    """The notes that this person may read."""
    case = people.owned_case(number, access.current(), WORK)
    audit.record("viewed", "case", case.id)
    return _page(case, NoteForm(None))


@blueprint.post("/cases/<number>/notes")
@needs(WORK)
@commits
def add_note(number: str) -> ResponseReturnValue:
    """Write one."""
    case = people.owned_case(number, access.current(), WORK)
    form = NoteForm()

    def verb() -> None:
        service.add_note(case, words=form.words.data or "", level=form.level.data or "")

    return tried(
        form, verb, again=lambda: _page(case, form), done=_("Nota guardada."), to=url_for("casefile.notes", number=case.number)
    )  # fmt: skip


@blueprint.post("/cases/<number>/notes/<uuid:note_id>/mark")
@needs(WORK)
@commits
def review_mark(number: str, note_id: UUID) -> ResponseReturnValue:
    """A note was looked at again: it goes on marking the file (`keep`), or no longer."""
    case = people.owned_case(number, access.current(), WORK)
    note: CaseNote = row_of(CaseNote, note_id, case.id)
    keep = request.form.get("verb") == "keep"
    service.review_mark(case, note, keep=keep)
    flash(_("Sigue marcado.") if keep else _("Marca retirada."), "good")
    return redirect(url_for("casefile.notes", number=case.number))


def _page(case: Case, form: Any) -> str:
    zone = session.get_one(Site, case.site_id).timezone
    return render_template(
        "casefile/notes.html",
        page_title=_("Notas de %(name)s", name=present.name_of(people.person_of(case))),
        number=case.number,
        notes=[_row(t, zone, people.today_of(case)) for t in work.notes_of(case, access.current())],
        form=form,
    )


def _row(told: work.ToldNote, zone: str, today: date) -> dict[str, Any]:
    until = told.note.marks_until
    return {
        "id": told.note.id,
        "until": day(until) if until and until >= today else "",
        "words": told.note.words or "",
        "by": told.author,
        "at": moment(told.note.written_at, zone),
        "level": reference.label("note_level", told.note.level) if told.note.level != "TEAM" else "",
    }
