"""Search, and the list of the team's files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.core import access, clock, reference
from caseapp.core.access import needs
from caseapp.core.db import session
from caseapp.core.i18n import _
from caseapp.core.pages import PAGE_SIZE, Page, asked_page
from caseapp.people import keys, present, queries, service
from caseapp.people.access import EDIT, SEARCH
from caseapp.people.models import Case
from caseapp.people.queries import Summary
from caseapp.people.views import blueprint

STATUSES = ("OPEN", "CLOSED", "ALL")


@blueprint.get("/people")
@needs(SEARCH)
def search() -> ResponseReturnValue:
    """With `q` whoever is found; without it the team's files, the latest first. Filters: status, mine."""
    q = request.args.get("q", "").strip()[:200]
    status = request.args.get("status", "ALL" if q else "OPEN")
    status = status if status in STATUSES else "OPEN"
    mine = request.args.get("mine") == "1"
    found = _find(q, status, mine) if q else None
    page = None if q else _files(status, mine)
    return render_template(
        "people/search.html",
        page_title=_("Personas"),
        q=q,
        status=status,
        mine=mine,
        found=found,
        rows=found.rows if found else _rows(page.rows) if page else [],
        page=page,
        active=_active(q, status, mine),
        may_register=access.current().may(_above("reception.register")) if q else False,
        may_import=access.current().may(_above("reception.import")),
        columns=_columns(bool(q)),
    )


def _above(name: str) -> access.Permission:
    # The permission is an area's above this one; only its name is known here.
    return access.permissions()[name]


class _Results:
    def __init__(self, rows: list[dict[str, Any]], too_general: bool) -> None:
        self.rows, self.too_general = rows, too_general


def _find(q: str, status: str, mine: bool) -> _Results:
    found = service.search(q, access.current(), on=clock.today())
    keep = (
        set(_matching([h.summary.case_id for h in found.hits], status, mine))
        if status != "ALL" or mine
        else None
    )
    seen = _seen(hit.summary for hit in found.hits)
    rows = [
        {
            **_row(hit.summary, seen),
            "why": " · ".join(reference.label("match_reason", str(r)) for r in hit.reasons[:3]),
            "also": hit.also,
        }
        for hit in found.hits
        if keep is None or hit.summary.case_id in keep
    ]
    return _Results(rows, found.too_general)


def _filtered(select: sa.Select[Any], status: str, mine: bool) -> sa.Select[Any]:
    if status != "ALL":
        select = select.where(Case.status == status)
    if mine:
        select = select.where(Case.assigned_to_id == access.current().user_id)
    return select


def _matching(ids: list[Any], status: str, mine: bool) -> list[Any]:
    if not ids:
        return []
    select = sa.select(Case.id).where(Case.id.in_(ids))
    return list(session.scalars(_filtered(select, status, mine)))


def _files(status: str, mine: bool) -> Page:
    """A page of the files that the user's teams own or read: four statements whatever their number."""
    ids = _filtered(queries.visible_to(access.current()).with_only_columns(Case.id), status, mine)
    number = asked_page()
    total = session.scalar(sa.select(sa.func.count()).select_from(ids.subquery())) or 0
    asked = (
        ids.order_by(Case.opened_on.desc(), Case.id.desc()).limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE)
    )
    shown = list(session.scalars(asked))
    lines = queries.summary_of(shown)
    return Page([lines[i] for i in shown if i in lines], number, PAGE_SIZE, total)


def _seen(lines: Iterable[Summary]) -> dict[UUID, frozenset[str] | None]:
    """What is shown of files that other teams hold (no statement where there are none)."""
    own = set(access.current().teams_as(*EDIT.roles))
    others = [line.case_id for line in lines if line.team_id not in own]
    return keys.items_shown(others, access.current()) if others else {}


def _rows(lines: Sequence[Summary]) -> list[dict[str, Any]]:
    seen = _seen(lines)
    return [_row(line, seen) for line in lines]


def _row(line: Summary, seen: Mapping[UUID, frozenset[str] | None]) -> dict[str, Any]:
    on, items = clock.today(), seen.get(line.case_id)
    whole, aged = items is None or "NAME" in items, items is None or "AGE" in items
    name = line.name if whole else line.called or line.name.split(" ")[0]
    return {
        "name": name or _("Sin nombre conocido"),
        "called": line.called if line.called and line.called not in name else "",
        "age": present.age_text(line, on) if aged else "",
        "number": line.number,
        "household": line.household or "",
        "opened": line.opened_on,
        "closed": line.status != "OPEN",
        "why": "",
        "also": "",
    }


def _columns(searching: bool) -> list[dict[str, Any]]:
    columns: list[dict[str, Any]] = [
        {"key": "name", "label": _("Nombre"), "head": True},
        {"key": "age", "label": _("Edad")},
        {"key": "number", "label": _("Expediente")},
        {"key": "household", "label": _("Familia")},
        {"key": "opened", "label": _("Abierto")},
    ]
    if searching:
        columns.append({"key": "why", "label": _("Por qué aparece")})
    return columns


def _active(q: str, status: str, mine: bool) -> list[dict[str, str]]:
    """The filters in use as words, each with the link that removes it."""
    words = {"OPEN": _("Expedientes abiertos"), "CLOSED": _("Expedientes cerrados")}
    found = []
    if status in words:
        found.append({"label": words[status], "remove_href": _link(q, "ALL", mine)})
    if mine:
        found.append({"label": _("Asignados a mí"), "remove_href": _link(q, status, False)})
    return found


def _link(q: str, status: str, mine: bool) -> str:
    given: dict[str, Any] = {"status": status}
    if q:
        given["q"] = q
    if mine:
        given["mine"] = 1
    return url_for("people.search", **given)
