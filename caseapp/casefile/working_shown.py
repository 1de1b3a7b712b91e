"""The daily work on a file as its page shows it: the plan, what is due next, and the ways to each page. Words of tasks
and notes stand on their own pages."""

from __future__ import annotations

from typing import Any

from flask import url_for

from caseapp.casefile.queries.file import CodeRow, File
from caseapp.core import reference
from caseapp.core.i18n import _
from caseapp.core.pages import day
from caseapp.people import present

#: How many of the next tasks the file shows.
NEXT = 3


def work_shown(file: File) -> dict[str, Any]:
    """The plan in a line, the next tasks, and links."""
    number = file.glance.case.number
    tasks = sorted(file.of("task"), key=lambda t: (t.day, t.id))
    plan = next(iter(file.of("case_plan")), None)
    return {
        "plan": _plan(plan, file) if plan else None,
        "tasks": [_task(t, file) for t in tasks[:NEXT]],
        "more": max(0, len(tasks) - NEXT),
        "links": [
            {"label": words, "href": url_for(f"casefile.{endpoint}", number=number)}
            for endpoint, words in (
                ("plan", _("Plan")), ("tasks", _("Tareas")), ("notes", _("Notas")), ("alerts", _("Alertas")),
                ("handover", _("Traspaso")),
            )
        ]
        + _of_a_child(file),
    }  # fmt: skip


def _of_a_child(file: File) -> list[dict[str, str]]:
    """The way to a child's best interests, from every child's file alike."""
    if not present.is_child(file.glance.person, file.glance.on):
        return []
    href = url_for("protection.best_interests", number=file.glance.case.number)
    return [{"label": _("Interés superior"), "href": href}]


def _plan(row: CodeRow, file: File) -> dict[str, Any]:
    late = row.ended is not None and row.ended < file.glance.on
    return {
        "state": _("Aprobado") if row.a == "ACTIVE" else _("Espera aprobación"),
        "kind": "good" if row.a == "ACTIVE" else "warning",
        "agreed": day(row.day),
        "review": day(row.ended),
        "late": late,
    }


def _task(row: CodeRow, file: File) -> dict[str, Any]:
    return {
        "kind": reference.label("task_kind", row.a or "OTHER"),
        "due": day(row.day),
        "late": row.day is not None and row.day < file.glance.on,
    }
