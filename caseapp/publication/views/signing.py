"""Which sites signed their months, as a steward and an approver read it: yes, no, late, a remark; never a count."""

from __future__ import annotations

from datetime import date
from typing import Any

from caseapp.core import clock, reference
from caseapp.core.db import session
from caseapp.core.i18n import _
from caseapp.core.pages import moment
from caseapp.publication import present, queries, rules, sites

#: A site signs by this day of the next month (the casework pages say the same to the sites).
DUE_DAY = 5
#: Months side by side.
SHOWN = 12


def checklist(country: str, period: str, timezone: str) -> list[dict[str, Any]]:
    """The sites in service in a month, those that are missing first."""
    today = clock.today(timezone)
    found = sites.months_confirmed(session.connection(), country, period, clock.now())
    rows = [_site(one, period, today, timezone) for one in found]
    return sorted(rows, key=lambda row: (row["is_confirmed"], row["site"]))


def _site(one: sites.Signing, period: str, today: date, timezone: str) -> dict[str, Any]:
    words, kind = _state(one, period, today)
    return {
        "site": one.site, "name": one.name, "is_confirmed": one.is_confirmed, "state": words, "kind": kind,
        "when": moment(one.signed_at, timezone) if one.signed_at else "",
        "note": ", ".join(reference.label("month_note", code) for code in one.notes),
    }  # fmt: skip


def _state(one: sites.Signing, period: str, today: date) -> tuple[str, str]:
    if one.is_confirmed:
        return _("Firmado"), "good"
    if not one.teams:
        return _("No tiene quien firme"), "warning"
    if one.changed:
        return _("Cambió después de firmar"), "warning"
    if today > date.fromisoformat(f"{rules.month_after(period)}-{DUE_DAY:02d}"):
        return _("Atrasado"), "urgent"
    return _("Por firmar"), "warning"


def matrix(country: str, until: str) -> dict[str, Any]:
    """Sites by month, the newest months first: whether each had signed when the month was counted."""
    rows = queries.signed_sites(country, until)
    months = sorted({row.period for row in rows}, reverse=True)[:SHOWN]
    by_site: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row.period in months:
            mark = _("Firmó") if row.status == "COMPLETE" else _("No firmó")
            by_site.setdefault(row.site, {"site": row.site})[row.period] = mark
    return {
        "columns": [{"key": month, "label": present.period(month)} for month in months],
        "rows": [{month: _("No abierta") for month in months} | line for line in by_site.values()],
    }  # fmt: skip
