"""Whether a service is open at a moment, and when it opens next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

#: How far ahead the next opening is looked for, beyond the last closure.
LOOK_AHEAD = 8


class Hours(NamedTuple):
    """Opening on a weekday (ISO: Monday is 1); one that closes before it opens goes on past midnight."""

    weekday: int
    opens: time
    closes: time


class Closure(NamedTuple):
    """Days on which a service is closed, both ends included."""

    first_day: date
    last_day: date
    reason: str


@dataclass(frozen=True)
class Timetable:
    """When a service works: always, or by weekday; its closures; and the days between which it is offered at all."""

    always_open: bool = False
    hours: tuple[Hours, ...] = ()
    closures: tuple[Closure, ...] = ()
    offered_from: date | None = None
    offered_to: date | None = None


@dataclass(frozen=True)
class Opening:
    """OPEN (until, None: day and night) · CLOSED (opens_at, None: not known; the closure's reason) · UNKNOWN (no
    hours are kept) · NOT_YET (opens_at) · ENDED (ended_on)."""

    state: str
    until: datetime | None = None
    opens_at: datetime | None = None
    reason: str | None = None
    ended_on: date | None = None


def opening(table: Timetable, local: datetime) -> Opening:
    """How a service stands at a moment in its site's zone (an aware datetime)."""
    today = local.date()
    if table.offered_to is not None and table.offered_to < today:
        return Opening("ENDED", ended_on=table.offered_to)
    if table.offered_from is not None and today < table.offered_from:
        begins = datetime.combine(table.offered_from, time(), local.tzinfo)
        return Opening("NOT_YET", opens_at=begins)
    closed = _closed_on(table, today)
    if not table.always_open and not table.hours:
        return Opening("CLOSED", reason=closed.reason) if closed else Opening("UNKNOWN")
    for start, end in _turns(table, local):
        if start <= local < end:
            return Opening("OPEN", until=None if table.always_open else end)
        if start > local:
            return Opening("CLOSED", opens_at=start, reason=closed.reason if closed else None)
    return Opening("CLOSED", reason=closed.reason if closed else None)


def _closed_on(table: Timetable, day: date) -> Closure | None:
    return next((c for c in table.closures if c.first_day <= day <= c.last_day), None)


def _turns(table: Timetable, local: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The turns from yesterday's on, in order, without those that begin on a closed day or after the last day."""
    last = max([local.date(), *(c.last_day for c in table.closures)]) + timedelta(days=LOOK_AHEAD)
    day = local.date() - timedelta(days=1)
    while day <= last:
        if not _closed_on(table, day) and (table.offered_to is None or day <= table.offered_to):
            yield from _turns_of(table, day, local)
        day += timedelta(days=1)


def _turns_of(table: Timetable, day: date, local: datetime) -> Iterator[tuple[datetime, datetime]]:
    def at(on: date, clock: time) -> datetime:
        return datetime.combine(on, clock, local.tzinfo)

    if table.always_open:
        yield at(day, time()), at(day + timedelta(days=1), time())
        return
    for turn in sorted(h for h in table.hours if h.weekday == day.isoweekday()):
        ends_on = day if turn.opens < turn.closes else day + timedelta(days=1)
        yield at(day, turn.opens), at(ends_on, turn.closes)
