"""Pages of the registers: what was entered, a form, a correction, and a file."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.models import Team
from caseapp.core import access, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.db import session
from caseapp.core.errors import Refused
from caseapp.core.i18n import _, _l, language
from caseapp.core.pages import nav, paged
from caseapp.programme import importing, present, queries, rules, service
from caseapp.programme.access import KEEP
from caseapp.programme.forms import FORMS, MOST_MEGABYTES, EntryForm, ImportForm, filled

blueprint = Blueprint("programme", __name__)
nav(60, _l("Registros"), "programme.index", KEEP)
KIND = f"<any({', '.join(rules.KINDS)}):kind>"
SHOWN_ERRORS = 100


@blueprint.get("/registers")
@needs(KEEP)
def index() -> ResponseReturnValue:
    """The registers."""
    found = [(present.TITLES[kind], url_for("programme.show", kind=kind)) for kind in rules.KINDS]
    return render_template("programme/index.html", page_title=_("Registros sin expediente"), registers=found)


@blueprint.get(f"/registers/{KIND}")
@needs(KEEP)
def show(kind: str) -> ResponseReturnValue:
    """The entries of a register, the newest first."""
    page = paged(queries.entries(kind, access.current()))
    codes = queries.codes_of(page.rows, named=True)
    return render_template(
        "programme/register.html",
        page_title=present.TITLES[kind],
        kind=kind,
        new_label=present.NEW[kind],
        lead=present.lead(kind, _own_shelters() if kind == "capacity" else 0),
        page=page,
        rows=[present.shown(kind, row, codes) for row in page.rows],
    )


def _own_shelters() -> int:
    """How many shelters of the country tell their beds by themselves."""
    return len(queries.told_by_themselves(queries.team_of(access.current())))


def _form(kind: str, team: Team, **data: str) -> EntryForm:
    form = FORMS[kind](None, data=data) if data else FORMS[kind]()
    return filled(form, _choices(kind, team))


def _choices(kind: str, team: Team) -> dict[str, list[tuple[str, str]]]:
    """The choices of a register that depend on the team, by field."""
    if kind == "trainings":
        return {"place": [(each.pcode, each.name) for each in reference.admin1(team.country)]}
    if kind == "capacity":
        own = queries.told_by_themselves(team)
        shelters = [site for site in queries.shelters(team) if site.id not in own]
        return {"site": [(site.code, f"{site.code} · {site.name}") for site in shelters]}
    english = language() == "en"
    wanted = [p for p in queries.projects(team) if kind != "enrolments" or p.kind == "PROGRAMME"]
    return {"project": [(p.code, f"{p.code} · {p.name_en if english else p.name_es}") for p in wanted]}


@blueprint.get(f"/registers/{KIND}/new")
@needs(KEEP)
def new(kind: str) -> ResponseReturnValue:
    """An empty form."""
    return _page(kind, _form(kind, queries.team_of(access.current())))


@blueprint.post(f"/registers/{KIND}/new")
@needs(KEEP)
@commits
def enter(kind: str) -> ResponseReturnValue:
    """Put an entry into a register."""
    team = queries.team_of(access.current())
    form = _form(kind, team)
    values = _read(kind, form, team)
    if values is None:
        return _page(kind, form), 422
    try:
        service.enter(kind, values, team=team)
    except Refused as refusal:
        form.refused(refusal)
        return _page(kind, form), refusal.status
    flash(_("Anotado."), "good")
    return redirect(url_for("programme.show", kind=kind))


def _read(kind: str, form: EntryForm, team: Team) -> dict[str, Any] | None:
    valid = form.validate()
    values, wrong = rules.read(kind, form.typed(), queries.known_of(team))
    form.tell(wrong)
    return values if valid and not wrong else None


def _page(kind: str, form: EntryForm, *, correcting: UUID | None = None, withdrawn: bool = False) -> str:
    return render_template(
        "programme/entry.html",
        page_title=_("Corregir o anular lo anotado") if correcting else present.NEW[kind],
        register=present.TITLES[kind],
        kind=kind,
        form=form,
        fields=[form[column.name] for column in rules.COLUMNS[kind]],
        optional={column.name for column in rules.COLUMNS[kind] if column.optional},
        correcting=correcting,
        withdrawn=withdrawn,
    )


@blueprint.get(f"/registers/{KIND}/<uuid:entry_id>")
@needs(KEEP)
def correct(kind: str, entry_id: UUID) -> ResponseReturnValue:
    """An entry in its form, to be corrected or withdrawn."""
    row = queries.locked(kind, entry_id, access.current())
    team = session.get_one(Team, row.team_id)
    codes = queries.codes_of([row])
    form = _form(kind, team, **present.typed_of(kind, row, codes))
    return _page(kind, form, correcting=row.id, withdrawn=row.withdrawn_at is not None)


@blueprint.post(f"/registers/{KIND}/<uuid:entry_id>")
@needs(KEEP)
@commits
def put_right(kind: str, entry_id: UUID) -> ResponseReturnValue:
    """The entry is withdrawn and another stands in its place."""
    row = queries.locked(kind, entry_id, access.current())
    team = session.get_one(Team, row.team_id)
    form = _form(kind, team)
    values = _read(kind, form, team)
    if values is None:
        return _page(kind, form, correcting=entry_id), 422
    try:
        with session.begin_nested():
            service.correct(kind, row, values, team=team)
    except Refused as refusal:
        form.refused(refusal)
        return _page(kind, form, correcting=entry_id), refusal.status
    flash(_("Corregido: lo anterior quedó anulado."), "good")
    return redirect(url_for("programme.show", kind=kind))


@blueprint.post(f"/registers/{KIND}/<uuid:entry_id>/withdraw")
@needs(KEEP)
@commits
def withdraw(kind: str, entry_id: UUID) -> ResponseReturnValue:
    """The entry was a mistake."""
    row = queries.locked(kind, entry_id, access.current())
    service.withdraw(row, team=session.get_one(Team, row.team_id))
    flash(_("Anulado."), "good")
    return redirect(url_for("programme.show", kind=kind))


@blueprint.get(f"/registers/{KIND}/import")
@needs(KEEP)
def import_file(kind: str) -> ResponseReturnValue:
    """Choose a file."""
    return _import_page(kind, ImportForm())


@blueprint.post(f"/registers/{KIND}/import")
@needs(KEEP)
@commits
def take_in(kind: str) -> ResponseReturnValue:
    """Read a file into a register, or only check it. Nothing is entered while a row is wrong."""
    form = ImportForm()
    valid, content = form.validate(), form.content()
    if not valid or content is None:
        return _import_page(kind, form), 422
    team = queries.team_of(access.current())
    try:
        report = importing.take_in(kind, io.BytesIO(content), team=team, dry_run=bool(form.dry_run.data))
    except Refused as refusal:
        form.refused(refusal)
        return _import_page(kind, form), refusal.status
    return _import_page(kind, form, report), 422 if report.errors else 200


def _import_page(kind: str, form: ImportForm, report: importing.Report | None = None) -> str:
    errors = report.errors if report else []
    return render_template(
        "programme/import.html",
        page_title=_("Traer un archivo"),
        register=present.TITLES[kind],
        kind=kind,
        form=form,
        most=MOST_MEGABYTES,
        columns=rules.COLUMNS[kind],
        report=report,
        dry_run=bool(form.dry_run.data),
        wrong_rows=len({row for row, _wrong in errors}),
        errors=[
            {"row": row, "column": wrong.column, "reason": str(wrong.sentence)}
            for row, wrong in errors[:SHOWN_ERRORS]
        ],
    )
