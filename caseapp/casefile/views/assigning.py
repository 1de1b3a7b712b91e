"""`/casework/assign`: a supervisor gives somebody's files to another, and prints the pack that goes with them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.queries import timezone_of
from caseapp.casefile import service
from caseapp.casefile.access import ASSIGN
from caseapp.casefile.forms import AssignForm
from caseapp.casefile.queries import assigning
from caseapp.casefile.queries.today import names_of
from caseapp.casefile.views import blueprint
from caseapp.core import access, audit, clock, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.i18n import _, ngettext
from caseapp.core.pages import day, moment
from caseapp.core.trying import tried
from caseapp.people import present

NOBODY = "none"
DESTROY_AFTER = timedelta(days=7)


@blueprint.get("/casework/assign")
@needs(ASSIGN)
@records_view
def assign() -> ResponseReturnValue:
    """Who holds how many files; with `?holder=` somebody's files."""
    audit.record("viewed", "casework", None)
    return _page()


@blueprint.post("/casework/assign")
@needs(ASSIGN)
@commits
def assign_files() -> ResponseReturnValue:
    """Give the chosen files to somebody: all of them, or none."""
    form = AssignForm()
    chosen = request.form.getlist("cases")
    form.cases.choices = [(number, number) for number in chosen]
    form.to.choices = _workers()

    def verb() -> None:
        service.assign(chosen, to=UUID(form.to.data))

    done = ngettext("%(num)s expediente reasignado.", "%(num)s expedientes reasignados.", len(set(chosen)))
    return tried(
        form, verb, again=lambda: _page(form), done=done, to=url_for("casefile.assign", holder=request.form.get("holder", ""))
    )  # fmt: skip


def _workers() -> list[tuple[str, str]]:
    rows = [h for h in assigning.holders(access.current()) if h.id and h.active]
    return [("", _("Elija…")), *((str(h.id), h.name) for h in rows)]


def _asked() -> UUID | str | None:
    """Whose files were asked for: somebody's, nobody's (None), or none asked for ("")."""
    asked = request.values.get("holder", "")
    if asked == NOBODY:
        return None
    try:
        return UUID(asked)
    except ValueError:
        return ""


def _page(form: Any = None) -> str:
    who, asked = access.current(), _asked()
    holders = assigning.holders(who)
    held = assigning.files_of(who, asked) if not isinstance(asked, str) else []
    names = names_of([h.case.id for h in held])
    chosen = set(form.cases.data or ()) if form is not None else set()
    if form is None:
        form = AssignForm(None)
        form.to.choices = [("", _("Elija…")), *((str(h.id), h.name) for h in holders if h.id and h.active)]
    return render_template(
        "casefile/assign.html",
        page_title=_("Asignar expedientes"),
        holders=[_holder(h) for h in holders],
        asked=request.values.get("holder", ""),
        open=not isinstance(asked, str),
        pack=url_for("casefile.handover_pack", user_id=asked) if isinstance(asked, UUID) else None,
        files=[_file(h, names, chosen) for h in held],
        form=form,
    )


def _holder(row: assigning.Holder) -> dict[str, Any]:
    return {
        "name": row.name if row.id else _("Nadie los lleva"),
        "files": ngettext("%(num)s expediente abierto", "%(num)s expedientes abiertos", row.files),
        "gone": row.id is not None and not row.active,
        "href": url_for("casefile.assign", holder=str(row.id) if row.id else NOBODY) if row.files else None,
    }


def _file(row: assigning.Held, names: dict[UUID, str], chosen: set[str]) -> dict[str, Any]:
    return {
        "number": row.case.number,
        "name": names.get(row.case.id) or _("Sin nombre conocido"),
        "href": url_for("casefile.show", number=row.case.number),
        "tasks": ngettext("%(num)s tarea", "%(num)s tareas", row.tasks) if row.tasks else "",
        "next": _("la próxima para el %(day)s", day=day(row.next_on)) if row.next_on else "",
        "chosen": row.case.number in chosen,
    }


@blueprint.get("/casework/pack/<uuid:user_id>")
@needs(ASSIGN)
@records_view
def handover_pack(user_id: UUID) -> ResponseReturnValue:
    """On paper: each of somebody's files with what is open in it. Nothing sealed, no need, no claim."""
    who = access.current()
    worker = assigning.worker_of(who, user_id)
    audit.record("viewed", "casework", worker.id, "PACK")
    pack = assigning.pack_of(who, worker.id)
    zone = timezone_of(who.teams_as("SUPERVISOR")[0])
    now = clock.now()
    return render_template(
        "casefile/pack.html",
        page_title=_("Entrega de expedientes"),
        worker=worker.name,
        files=[_packed(f, pack, zone) for f in pack.files],
        printed_at=moment(now, zone),
        destroy_by=day((now + DESTROY_AFTER).date()),
        back_url=url_for("casefile.assign", holder=str(worker.id)),
    )


def _packed(row: assigning.Held, pack: assigning.Pack, zone: str) -> dict[str, Any]:
    case, summary = row.case, pack.people.get(row.case.id)
    today = clock.today(zone)
    tasks = pack.tasks.get(case.id, [])
    return {
        "number": case.number,
        "name": (summary.called or summary.name) if summary else "",
        "age": present.age_text(summary, today) if summary else "",
        "plan": day(pack.plans.get(case.id)),
        "alerts": [
            f"{reference.label('alert', code)}: {reference.text('alert', code, 'what_to_do')}"
            for code in pack.alerts.get(case.id, [])
        ],
        "clocks": [
            f"{reference.label('clock', c.rule)}, {moment(c.due_at, zone)}" for c in pack.clocks.get(case.id, [])
        ],
        "tasks": [
            {"words": t.words or reference.label("task_kind", t.kind), "due": day(t.due_on), "late": t.due_on < today}
            for t in tasks
        ],
    }  # fmt: skip
