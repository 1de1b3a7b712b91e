"""A clock as the `clock` component takes it: words, moment, state and the rule."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from caseapp.core import clock, pages
from caseapp.core.i18n import _
from caseapp.deadline import rules


def clock_shown(
    due: datetime,
    timezone: str,
    *,
    start: datetime | None = None,
    paused: bool = False,
    met: bool = False,
    rule: str = "",
    what: str = "",
) -> dict[str, Any]:
    """`{text, at_iso, at_text, state, rule}` for a deadline (UTC) in a site's zone. `what` is what is awaited,
    such as «respuesta»; where the page says that beside it, nothing."""
    now = clock.now()
    state = rules.state_of(start, due, now, paused=paused, met=met)
    left = pages.duration(due - now)
    if what:
        words = {
            "met": _("%(what)s a tiempo", what=what),
            "paused": _("%(what)s en pausa", what=what),
            "late": _("%(what)s con %(time)s de retraso", what=what, time=left),
        }
        text = words.get(state) or _("%(what)s en %(time)s", what=what, time=left)
    else:
        words = {"met": _("a tiempo"), "paused": _("en pausa"), "late": _("%(time)s de retraso", time=left)}
        text = words.get(state) or _("vence en %(time)s", time=left)
    return {
        "text": text,
        "at_iso": due.isoformat(timespec="minutes"),
        "at_text": pages.hour(due, timezone),
        "state": state,
        "rule": rule,
    }
