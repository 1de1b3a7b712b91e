"""Time limits: from a rule held as data (`reference.clock_rule`) and a beginning to the moment it ends.

Minutes and hours are exact. Days, weeks, months and years keep the local wall time, also over a change of
clocks. Working days end with the local day. Which days are worked is a country's own knowledge: the seam is
`Works`, a function of the day; `weekdays` is what holds until holidays are entered.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

Works = Callable[[date], bool]
#: Less than this share of the whole time left: soon.
SOON = 4


class Limit(Protocol):
    """What a clock rule of the reference data tells: a number of units, or no limit (`value` None)."""

    @property
    def value(self) -> int | None: ...

    @property
    def unit(self) -> str | None: ...


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
