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
    such as «respuesta»."""
    now = clock.now()
    state = rules.state_of(start, due, now, paused=paused, met=met)
    for_what = what or _("plazo")
    words = {
        "met": _("%(what)s a tiempo", what=for_what),
        "paused": _("%(what)s en pausa", what=for_what),
        "late": _("%(what)s con %(time)s de retraso", what=for_what, time=pages.duration(now - due)),
    }
    text = words.get(state) or _("%(what)s en %(time)s", what=for_what, time=pages.duration(due - now))
    return {
        "text": text,
        "at_iso": due.isoformat(timespec="minutes"),
        "at_text": pages.hour(due, timezone),
        "state": state,
        "rule": rule,
    }
