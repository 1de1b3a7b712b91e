"""The part of `/today` on months that wait for the signature of a team's site."""

from __future__ import annotations

from typing import Any

from flask import url_for

from caseapp.casefile.access import CONFIRM_MONTH
from caseapp.casefile.month import queries, rules
from caseapp.casefile.month.present import month_words
from caseapp.casefile.queries.today import Window
from caseapp.core import clock
from caseapp.core.access import Principal
from caseapp.core.i18n import _
from caseapp.core.pages import day, since


def parts(who: Principal, timezone: str, window: Window) -> list[dict[str, Any]]:
    """One part, or none where no month waits."""
    if not who.may(CONFIRM_MONTH):
        return []
    rows = [
        _row(one, timezone) for one in queries.to_sign(who, clock.today(timezone), window.size, window.first)
    ]
    return [{"id": "months", "title": _("Meses por firmar"), "rows": rows, "nothing": ""}] if rows else []


def _row(one: queries.ToSign, timezone: str) -> dict[str, Any]:
    href = url_for("casefile.month", team_code=one.team, period=one.month)
    late = one.signed_at is None and rules.is_late(one.month, clock.today(timezone))
    when = one.signed_at or clock.at(rules.day_after(one.month), 0, 0, timezone)
    return {
        "who": _("%(site)s, %(month)s", site=one.site, month=month_words(one.month)), "href": href,
        "why": _("Cambió desde que se firmó") if one.signed_at else _("El mes terminó y nadie lo ha firmado"),
        "since": since(when) if one.signed_at else _("para el %(day)s", day=day(rules.due_on(one.month))),
        "since_iso": when.isoformat(timespec="minutes"), "next": _("Revisar y firmar"), "next_href": href,
        "clock": None, "tag": {"label": _("atrasado"), "kind": "urgent"} if late else None,
    }  # fmt: skip
