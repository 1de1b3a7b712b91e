"""What a history is made of: acts with their moments, and the days of one site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from caseapp.core import clock


@dataclass(frozen=True)
class Act:
    """One thing that somebody did. `who` are members of the family by number; `ref` ties acts about one
    referral, plan or copy together; `on` is the day it took effect where that is not the day of `at`."""

    at: datetime
    verb: str
    who: tuple[int, ...] = ()
    ref: str = ""
    on: date | None = None
    args: Mapping[str, Any] = field(default_factory=dict)


class Days:
    """The days of one site: local hours become UTC moments, in the order in which things are told."""

    def __init__(self, timezone: str, random: Random) -> None:
        self.timezone = timezone
        self.random = random

    def at(self, day: date, first_hour: int, last_hour: int) -> datetime:
        """A moment of a local day between two hours."""
        minute = self.random.randrange((last_hour - first_hour) * 60)
        return clock.at(day, first_hour + minute // 60, minute % 60, self.timezone)

    def after(self, moment: datetime, minutes: int) -> datetime:
        """A little later."""
        return moment + timedelta(minutes=minutes + self.random.randrange(max(1, minutes // 3)))

    def day_of(self, moment: datetime) -> date:
        """The local date of a moment."""
        return clock.local(moment, self.timezone).date()

    def later_day(self, moment: datetime, days: int) -> datetime:
        """Some days later, in the hours of an office; never before `moment`."""
        found = self.at(self.day_of(moment) + timedelta(days=days), 8, 17)
        return found if found > moment else self.after(moment, 15)


def edge(today: date) -> datetime:
    """The end of what has happened: the first moment that the demo's clock can show on `today`."""
    return datetime(today.year, today.month, today.day, tzinfo=UTC)


def told(acts: list[Act], until: datetime) -> list[Act]:
    """The acts in order of time, without those that have not happened yet."""
    return sorted((a for a in acts if a.at < until), key=lambda a: a.at)
