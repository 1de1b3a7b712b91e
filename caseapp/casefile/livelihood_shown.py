"""Work permit, trainings and jobs as the file's page shows them, in words."""

from __future__ import annotations

from caseapp.casefile.queries.file import File
from caseapp.core import reference
from caseapp.core.i18n import _
from caseapp.core.pages import day


def livelihood_shown(file: File) -> list[dict[str, str]]:
    """One line each, the newest of its kind first; why a job ended is not told here."""
    permits = [
        {
            "label": _("Permiso de trabajo"),
            "state": reference.label("work_permit", row.a or ""),
            "note": _("vence el %(day)s", day=day(row.ended)) if row.ended else day(row.day) or "",
        }
        for row in reversed(file.of("permit"))
    ]
    others = [
        {
            "label": reference.label(names, row.a or ""),
            "state": reference.label(states, row.b or ""),
            "note": day(row.day) or "",
        }
        for what, names, states in (
            ("training", "training_kind", "training_step"), ("job", "employment_form", "employment_step"),
        )
        for row in reversed(file.of(what))
    ]  # fmt: skip
    return [*permits, *others]
