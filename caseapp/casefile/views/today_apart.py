"""The part of `/today` on people who are kept apart. Sealed: it is there for whoever is asked or named, and for nobody
else, and it shows a number and no name, for the page is read over a shoulder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import url_for

from caseapp.core.access import Principal
from caseapp.core.i18n import _
from caseapp.core.pages import day
from caseapp.people.access import SEPARATE
from caseapp.people.service import separation

Row = Callable[..., dict[str, Any]]


def parts(who: Principal, row: Row) -> list[dict[str, Any]]:
    """One part or none: what other teams ask, and beds that bring two together who are to be kept apart."""
    if not who.roles & frozenset(SEPARATE.roles):
        return []
    near, asked = separation.to_do()
    rows = [*(_near(one, row) for one in near), *(_asked(one, row) for one in asked)]
    return (
        [{"id": "apart", "title": _("Separaciones de seguridad"), "rows": rows, "nothing": ""}]
        if rows
        else []
    )


def _near(one: separation.Near, row: Row) -> dict[str, Any]:
    why = _("Dos personas que no deben alojarse cerca tienen cama desde el %(day)s", day=day(one.first_night))
    return _line(one, why, _("Decidir el traslado"), row)


def _asked(one: separation.Asked, row: Row) -> dict[str, Any]:
    why = _("%(team)s pide mantenerla lejos de otra persona", team=one.team_name)
    return _line(one, why, _("Responder"), row)


def _line(one: separation.Near | separation.Asked, why: str, step: str, row: Row) -> dict[str, Any]:
    href = url_for("people.separation", number=one.number)
    return row(one.case_id, {one.case_id: one.number}, href, why, one.since, step)
