"""The parts of `/today` that the daily work on files asks for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import url_for

from caseapp.casefile.queries.duties import Duty
from caseapp.core import clock, reference
from caseapp.core.i18n import _, ngettext
from caseapp.core.pages import day, since


def duty_parts(
    found: Sequence[Duty], names: dict[UUID, str], timezone: str, supervisor: bool
) -> list[dict[str, Any]]:
    """Parts as the page takes them; those of hand-overs are there only when there is one."""

    def rows(what: str) -> list[dict[str, Any]]:
        return [_row(d, names, timezone) for d in found if d.what == what]

    always = [
        ("tasks", _("Tareas"), rows("task"), _("Ninguna por hacer hoy.")),
        ("reviews", _("Planes y alertas por revisar"), [*rows("plan"), *rows("alert")], _("Ninguno.")),
        *([("approvals", _("Planes, traspasos y evaluaciones por aprobar"), [*rows("approval"), *rows("assessment")], _("Ninguno."))] if supervisor else []),
        ("handovers", _("Traspasos"), [*rows("missing"), *rows("offer"), *rows("awaited")], _("Ninguno.")),
    ]  # fmt: skip
    return [
        {"id": i, "title": title, "rows": lines, "nothing": nothing} for i, title, lines, nothing in always
    ]


def _row(duty: Duty, names: dict[UUID, str], timezone: str) -> dict[str, Any]:
    href, why, step = _told(duty)
    when = duty.at or clock.at(duty.day or clock.today(timezone), 12, 0, timezone)
    late = (
        duty.what in ("task", "plan", "alert") and duty.day is not None and duty.day < clock.today(timezone)
    )
    tag = {"label": _("atrasada"), "kind": "urgent"} if late else None
    if duty.what == "missing" or duty.code == "NO_SHOW":
        tag = {"label": _("no llegó"), "kind": "urgent"}
    return {
        "who": _who(duty, names), "href": href, "why": why, "since": _since(duty, when), "next": step,
        "since_iso": when.isoformat(timespec="minutes"), "next_href": href, "clock": None, "tag": tag,
    }  # fmt: skip


def _since(duty: Duty, when: datetime) -> str:
    if duty.at is not None:
        return since(when)
    return (
        _("desde el %(day)s", day=day(duty.day))
        if duty.what in ("missing", "assessment")
        else _("para el %(day)s", day=day(duty.day))
    )


def _who(duty: Duty, names: dict[UUID, str]) -> str:
    if duty.what == "offer":
        return ngettext("%(num)s persona", "%(num)s personas", duty.count or 1)
    return (names.get(duty.case_id) if duty.case_id else None) or _("Una persona")


def _told(duty: Duty) -> tuple[str, str, str]:
    """Where the line leads, why it is there, and the next step."""
    if duty.what == "task":
        return _file("tasks", duty), reference.label("task_kind", duty.code or "OTHER"), _("Abrir tareas")
    if duty.what == "plan":
        return _file("plan", duty), _("El plan se revisa con la persona"), _("Revisar")
    if duty.what == "alert":
        return _file("alerts", duty), reference.label("alert", duty.code or ""), _("Revisar")
    if duty.what == "approval":
        page = "plan" if duty.code == "PLAN" else "handover"
        return _file(page, duty), reference.label("approval_subject", duty.code or "PLAN"), _("Decidir")
    if duty.what == "assessment":
        return (
            url_for("protection.best_interests", number=duty.number),
            _("Evaluación del interés superior"),
            _("Decidir"),
        )
    handover = duty.id if duty.what == "offer" else duty.number
    href = url_for("casefile.handover_offer", handover_id=handover)
    if duty.what == "offer":
        kind = reference.label("handover_kind", duty.code or "TEAM")
        return (
            href,
            _("%(team)s ofrece un traspaso: %(kind)s", team=duty.words, kind=kind[:1].lower() + kind[1:]),
            _("Responder"),
        )
    if duty.what == "awaited":
        return href, _("Llega de %(team)s", team=duty.words), _("Anotar llegada")
    return href, _("No llegó a %(team)s", team=duty.words), _("Ver")


def _file(page: str, duty: Duty) -> str:
    return url_for(f"casefile.{page}", number=duty.number)
