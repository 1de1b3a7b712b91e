"""The part of `/today` on the best interests of children who are alone or apart from their parents: what a child officer
has to open, conclude and look at again. What a supervisor decides on stands among the approvals (`duties`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import url_for

from caseapp.casefile.queries import today as work
from caseapp.core import clock
from caseapp.core.access import Principal
from caseapp.core.i18n import _
from caseapp.core.pages import day
from caseapp.deadline.show import clock_shown
from caseapp.protection.best_interests import queries

Row = Callable[..., dict[str, Any]]


def part(who: Principal, timezone: str, window: work.Window, row: Row) -> dict[str, Any]:
    """The officer's list."""
    lines = queries.work_of(who, clock.today(timezone), window.size, window.first)
    names = work.names_of([line.case_id for line in lines])
    return {
        "id": "best-interests",
        "title": _("Evaluar el interés superior"),
        "rows": [_line(line, names, timezone, row) for line in lines],
        "nothing": _("Nadie por evaluar."),
    }


def _line(line: queries.Line, names: dict[Any, str], timezone: str, row: Row) -> dict[str, Any]:
    on = day(line.day)
    why, step = {
        "TO_OPEN": (_("Se sabe que está sin familia o separado; nadie ha abierto la evaluación"), _("Abrir")),
        "TO_CONCLUDE": (_("Evaluación en curso"), _("Concluir")),
        "WAITS": (_("Concluida; espera a supervisión"), _("Ver")),
        "TO_REVIEW": (_("Toca evaluar otra vez"), _("Evaluar otra vez")),
    }[line.what]
    href = url_for("protection.best_interests", number=line.number)
    when = min(clock.at(line.day, 12, 0, timezone), clock.now())
    shown = clock_shown(line.due_at, timezone, start=line.began_at) if line.due_at else None
    since = _("para el %(day)s", day=on) if line.what == "TO_REVIEW" else _("desde el %(day)s", day=on)
    return row(line.case_id, names, href, why, when, step, since=since, clock=shown)
