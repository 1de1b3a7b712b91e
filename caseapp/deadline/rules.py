"""Time limits: from a rule held as data (`reference.clock_rule`) and a beginning to the moment it ends.

Minutes and hours are exact. Days, weeks, months and years keep the local wall time, also over a change of
clocks. Working days end with the local day. Which days are worked is a country's own knowledge: the seam is
`Works`, a function of the day; `weekdays` is what holds until holidays are entered.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l

Works = Callable[[date], bool]
KINDS = ("LEGAL", "PROTOCOL", "REFERRAL", "TASK", "DOCUMENT")
UNITS = ("minutes", "hours", "days", "working_days", "weeks", "months", "years")
NOTICES = ("WARNING", "LATE")
#: Why a clock stands still. Each ends with `resume`.
PAUSE_REASONS = (
    "AUTHORITY_SUSPENDED", "FORCE_MAJEURE", "INFORMATION_AWAITED", "INTERPRETER_AWAITED", "PERSON_UNAVAILABLE", "HEALTH",
)  # fmt: skip
CANCEL_REASONS = ("NO_LONGER_NEEDED", "SUBJECT_ENDED", "MOVED_AWAY", "ERROR", "FILE_CLOSED")
STATES = ("RUNNING", "PAUSED", "LATE", "MET", "CANCELLED")
OPEN = ("RUNNING", "PAUSED", "LATE")
#: verb: from which states, to which. LATE is what the sweep (or a look) makes of a clock that ran out.
TRANSITIONS: Mapping[str, tuple[frozenset[str], str]] = {
    "pause": (frozenset({"RUNNING"}), "PAUSED"),
    "resume": (frozenset({"PAUSED"}), "RUNNING"),
    "run_out": (frozenset({"RUNNING"}), "LATE"),
    "meet": (frozenset(OPEN), "MET"),
    "cancel": (frozenset(OPEN), "CANCELLED"),
    "move": (frozenset({"RUNNING", "LATE"}), "RUNNING"),
}
#: Clocks that a person may stop; the others are about a day that comes all the same, or about somebody in danger.
PAUSABLE = ("LEGAL", "PROTOCOL")
NEVER_PAUSED = frozenset({"CUSTODY_CHILD_AUTHORITY", "CUSTODY_SAFEGUARDS", "CHILD_GUARDIAN"})
#: Clocks that the closing of a file does not end: the person is owed the answer to what they ask about their own data.
PAST_CLOSING = frozenset({"SUBJECT_ACCESS", "SUBJECT_CORRECTION", "SUBJECT_ERASURE"})
#: Less than this share of the whole time left: soon.
SOON = 4


class Limit(Protocol):
    """What a clock rule of the reference data tells: a number of units, or no limit (`value` None)."""

    @property
    def value(self) -> int | None: ...

    @property
    def unit(self) -> str | None: ...


class ClockEnded(Refused):
    """The clock was met or cancelled, or does not run."""

    sentence = _l("Este plazo ya no corre.")


class ClockRuns(Refused):
    """A clock of this rule runs already for the same thing."""

    sentence = _l("Este plazo ya está corriendo.")


class DueUnknown(Refused):
    """The rule sets no length, and no date was given."""

    sentence = _l("Falta la fecha en que vence el plazo.")


class DueBeforeStart(Refused):
    sentence = _l("El plazo no puede vencer antes de empezar.")


class NotPausable(Refused):
    sentence = _l("Este plazo no se detiene.")


class ReasonUnknown(Refused):
    sentence = _l("Elija el motivo.")
    field = "reason"


def after(verb: str, state: str) -> str:
    """The state after a verb. Raises ClockEnded where the verb is not possible now."""
    before, then = TRANSITIONS[verb]
    if state not in before:
        raise ClockEnded
    return then


def pausable(kind: str, rule: str) -> bool:
    """Whether a person may stop a clock of this kind and rule."""
    return kind in PAUSABLE and rule not in NEVER_PAUSED


def due_again(kind: str, due: datetime, closed: datetime, now: datetime) -> datetime:
    """When a clock ends that the closing of its file had ended, and that goes on as the file is opened again. What a
    law or a document sets is due when it was; anything else has the time that was left, where its day has passed."""
    if due >= now or kind in ("LEGAL", "DOCUMENT"):
        return due
    return now + max(due - closed, timedelta(0))


def weekdays(day: date) -> bool:
    """Monday to Friday."""
    return day.weekday() < 5


def except_on(holidays: frozenset[date], works: Works = weekdays) -> Works:
    """The same days, less these holidays."""
    return lambda day: works(day) and day not in holidays


def due_on(limit: Limit, start: date, works: Works = weekdays) -> date | None:
    """The last day of a limit counted in days or more, from the day after `start`; None where there is no
    limit. Raises ValueError for minutes and hours."""
    if limit.value is None or limit.unit is None:
        return None
    if limit.unit == "working_days":
        return _working(start, limit.value, works)
    return _calendar(start, limit.value, limit.unit)


def due_at(limit: Limit, start: datetime, timezone: str, works: Works = weekdays) -> datetime | None:
    """The moment (UTC) at which a limit that began at `start` (aware) ends; None where there is no limit."""
    if limit.value is None or limit.unit is None:
        return None
    return moment_after(start, limit.value, limit.unit, timezone, works)


def moment_after(start: datetime, value: int, unit: str, timezone: str, works: Works = weekdays) -> datetime:
    """The moment (UTC) `value` units after `start` (aware)."""
    if unit in ("minutes", "hours"):
        return start.astimezone(UTC) + timedelta(**{unit: value})
    zone = ZoneInfo(timezone)
    local = start.astimezone(zone)
    if unit == "working_days":
        day, hour = _working(local.date(), value, works), time(23, 59, 59)
    else:
        day, hour = _calendar(local.date(), value, unit), local.time()
    return datetime.combine(day, hour, tzinfo=zone).astimezone(UTC)


def _working(start: date, value: int, works: Works) -> date:
    day = start
    while value > 0:
        day += timedelta(days=1)
        value -= works(day)
    return day


def _calendar(start: date, value: int, unit: str) -> date:
    if unit == "days":
        return start + timedelta(days=value)
    if unit == "weeks":
        return start + timedelta(weeks=value)
    if unit not in ("months", "years"):
        raise ValueError(f"{unit} is not counted in days")
    months = start.year * 12 + start.month - 1 + value * (12 if unit == "years" else 1)
    year, month = divmod(months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def state_of(
    start: datetime | None, due: datetime, now: datetime, *, paused: bool = False, met: bool = False
) -> str:
    """How a clock stands: `met`, `paused`, `late`, `soon` (less than a quarter of the time left) or `running`."""
    if met:
        return "met"
    if paused:
        return "paused"
    if now > due:
        return "late"
    whole = due - start if start is not None else timedelta(days=1)
    return "soon" if (due - now) * SOON <= whole else "running"


def end_of(day: date, timezone: str) -> datetime:
    """The last second of a local day (UTC): a limit in days that began on a date ends there."""
    return datetime.combine(day, time(23, 59, 59), tzinfo=ZoneInfo(timezone)).astimezone(UTC)


def warn_at(start: datetime, due: datetime, days_before: int | None = None) -> datetime:
    """When the holder is warned: a number of days before the end where the rule says so, else when a quarter of
    the time is left; never before the start."""
    before = timedelta(days=days_before) if days_before is not None else (due - start) / SOON
    return max(start, due - before)


def resumed(
    due: datetime, unit: str | None, paused: datetime, now: datetime, timezone: str, works: Works = weekdays
) -> datetime:
    """The end (UTC) of a limit that stood still from `paused` to `now`. Minutes and hours move by exactly that
    time; limits in days by the local days that passed, with the wall time kept; working days keep as many
    worked days before them as were left."""
    zone = ZoneInfo(timezone)
    if due <= paused:
        return due
    if unit in (None, "minutes", "hours"):
        return due + (now - paused)
    local, stopped, on = due.astimezone(zone), paused.astimezone(zone).date(), now.astimezone(zone).date()
    if unit == "working_days":
        left = sum(works(stopped + timedelta(days=n)) for n in range(1, (local.date() - stopped).days + 1))
        day = _working(on, left, works) if left else on
    else:
        day = local.date() + (on - stopped)
    return datetime.combine(day, local.time(), tzinfo=zone).astimezone(UTC)
