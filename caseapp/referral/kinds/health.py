"""Health care, where hours may decide. Clinical care after an assault has two windows, counted from what happened: seventy-two
hours for what prevents HIV, a hundred and twenty for emergency contraception (clinical management of rape, inter-agency
guidance). Other care has hours too (medicine that runs out, a dressing), and the receiver reads only by when the person
must be seen: from that nobody learns which it is. When it happened is asked to reckon the time and is not kept.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l
from caseapp.referral.kinds.kind import CARE, Kind

KINDS = (
    Kind("HEALTH", timely=True, carries=CARE),
    Kind("GBV", timely=True, carries=CARE),
    Kind("MHPSS", timely=True, carries=CARE),
    Kind("DISABILITY", carries=CARE, outcomes=("DEVICE_GIVEN", "CERTIFIED", "TREATMENT_BEGUN")),
    Kind("ADDICTION", timely=True, carries=CARE, outcomes=("TREATMENT_BEGUN",)),
)
#: What the sender chooses, and how many hours it gives from now or, for the two windows, from what happened.
FROM_NOW = {"TODAY": 24, "THREE_DAYS": 72}
WINDOWS = {"WINDOW_72": 72, "WINDOW_120": 120}
CHOICES = (*FROM_NOW, *WINDOWS)
#: At least this priority where the person must be seen within so many hours; each answers well inside the time left.
AT_LEAST = ((24, "IMMEDIATE"), (96, "EMERGENCY"), (24 * 14, "URGENT"))


class WindowPassed(Refused):
    """Care is still owed; only this window has gone."""

    sentence = _l(
        "Ese plazo ya pasó. La atención sigue siendo necesaria: elija otro plazo o refiera para hoy."
    )
    field = "hours_gone"


class HoursMissing(Refused):
    sentence = _l("Escriba cuántas horas pasaron, aunque sea aproximado.")
    field = "hours_gone"


class PriorityTooLow(Refused):
    sentence = _l("Con ese plazo la respuesta llegaría tarde. Elija una prioridad más alta.")
    field = "priority"


def be_seen_by(choice: str, hours_gone: int | None, now: datetime) -> datetime | None:
    """By when the person must be seen (an instant with zone), or None where no time was chosen. Raises HoursMissing,
    WindowPassed."""
    if choice in FROM_NOW:
        return now + timedelta(hours=FROM_NOW[choice])
    if choice not in WINDOWS:
        return None
    if hours_gone is None or hours_gone < 0:
        raise HoursMissing
    if hours_gone >= WINDOWS[choice]:
        raise WindowPassed
    return now + timedelta(hours=WINDOWS[choice] - hours_gone)


def priority_for(by: datetime, now: datetime) -> str:
    """The lowest priority whose answer still leaves time to be seen."""
    hours = (by - now).total_seconds() / 3600
    return next((priority for limit, priority in AT_LEAST if hours <= limit), "NORMAL")
