"""What custody asks for today: children held, before everything else, and what a second person decides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import url_for

from caseapp.casefile.minding import lower
from caseapp.core import clock, reference
from caseapp.core.access import Principal
from caseapp.core.i18n import _
from caseapp.core.pages import since
from caseapp.custody.present import refer_child
from caseapp.custody.queries import ToDo, children_told_to
from caseapp.people import present as people_present
from caseapp.people.models import Case


def parts(found: Sequence[ToDo], names: dict[UUID, str]) -> list[dict[str, Any]]:
    """The lists that have rows: children in custody, exits to confirm, departures from the order."""
    titles = {
        "CHILD": ("children-held", _("Niñez en detención"), _child),
        "EXIT": ("custody-exits", _("Salidas de custodia por confirmar"), _exit),
        "ORDER": ("custody-order", _("Salidas fuera del orden"), _order),
    }
    return [
        {"id": id, "title": title, "rows": rows, "nothing": ""}
        for what, (id, title, row) in titles.items()
        if (rows := [row(one, names) for one in found if one.what == what])
    ]


def told(who: Principal, timezone: str) -> dict[str, Any]:
    """For a child authority: children in custody of whom it was told."""
    here = url_for("custody.children")
    rows = [
        {
            "who": people_present.name_of(one.person), "href": here, "why": one.place, "since": since(one.custody.since_at),
            "since_iso": one.custody.since_at.isoformat(timespec="minutes"), "next": _("Ver"), "next_href": here,
            "clock": None,
            "tag": {"label": people_present.age_text(one.person, clock.today(timezone)), "kind": "urgent"},
        }
        for one in children_told_to(who)
    ]  # fmt: skip
    return {
        "id": "children-held",
        "title": _("Niñez en detención"),
        "rows": rows,
        "nothing": _("No se le ha avisado de nadie."),
    }


def _row(
    case: Case, names: dict[UUID, str], why: str, when: datetime, verb: str, href: str, tag: Any = None
) -> dict[str, Any]:
    when = min(when, clock.now())
    return {
        "who": names.get(case.id) or _("Sin nombre conocido"), "href": url_for("custody.show", number=case.number),
        "why": why, "since": since(when), "since_iso": when.isoformat(timespec="minutes"), "next": verb,
        "next_href": href, "clock": None, "tag": tag,
    }  # fmt: skip


def _child(one: ToDo, names: dict[UUID, str]) -> dict[str, Any]:
    here = url_for("custody.show", number=one.case.number)
    if one.code == "YES":
        tag = {"label": _("La autoridad de niñez fue llamada"), "kind": "info"}
        verb, href = _("Ver"), here
    else:
        tag = {"label": _("Llame ya a la autoridad de niñez"), "kind": "urgent"}
        verb, href = _("Referir ya"), refer_child(one.case.number) or here
    return _row(one.case, names, _("No puede estar en una estación migratoria"), one.at, verb, href, tag)


def _exit(one: ToDo, names: dict[UUID, str]) -> dict[str, Any]:
    why = lower(reference.label("custody_exit", one.code or "REMOVED"))
    href = url_for("custody.decide", number=one.case.number, custody_id=one.id)
    return _row(one.case, names, _("Salida por confirmar: %(how)s", how=why), one.at, _("Decidir"), href)


def _order(one: ToDo, names: dict[UUID, str]) -> dict[str, Any]:
    why = reference.label("custody_departure_reason", one.code or "OTHER")
    return _row(one.case, names, why, one.at, _("Revisar"), url_for("custody.departures"))
