"""The one place that knows what time it is.

`now()` is UTC; business dates are a site's local dates. In the demo the clock runs with an offset
(`ACOGIDA_CLOCK_OFFSET_SECONDS`); with `ACOGIDA_NOW` it stands still, which tests rely on.
Sessions, second factors, one-time links and rate limits use real time (`real_now`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from config.settings import settings

_held: ContextVar[datetime | None] = ContextVar("held_clock", default=None)


def real_now() -> datetime:
    """The wall's time, UTC, whatever the business clock says."""
    return datetime.now(UTC)


def now() -> datetime:
    """The business time, UTC, aware."""
    held = _held.get()
    if held is not None:
        return held
    fixed = settings().frozen_now
    if fixed is not None:
        return fixed
    return real_now() + timedelta(seconds=settings().clock_offset_seconds)


def today(timezone: str = "UTC") -> date:
    """The business date in an IANA time zone (a site's local date)."""
    return local(now(), timezone).date()


def local(moment: datetime, timezone: str) -> datetime:
    """A UTC moment in an IANA time zone."""
    return moment.astimezone(ZoneInfo(timezone))


def at(day: date, hour: int, minute: int, timezone: str) -> datetime:
    """The UTC moment of a local wall time."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(timezone)).astimezone(UTC)


@contextmanager
def held_at(moment: datetime) -> Iterator[None]:
    """Hold the business clock at `moment` (aware) for a block: tests, and the demo's histories."""
    token = _held.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _held.reset(token)
