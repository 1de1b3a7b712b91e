"""What may be said of institutions at a month's end, and when: no site is named, by no subtraction of few."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

#: Of fewer sites no share is given, nor how many they are.
FEWEST = 5
#: A share is told in steps of this many percent: finer, it would tell whose beds are missing.
STEP = 5
#: A month is counted on this day of the next: what was entered by then is in it.
CUT_OFF = 10
#: How many months back a figure that was missed is still counted.
MONTHS_BACK = 12


class Status(StrEnum):
    """Whether a share is given, and why not."""

    PUBLISHED = "PUBLISHED"
    FEW_SITES = "FEW_SITES"
    ONE_DOMINATES = "ONE_DOMINATES"


@dataclass(frozen=True)
class Counted:
    """Sites, and of the whole (beds, or sites) the part that is asked for and the largest site's."""

    facilities: int
    whole: Decimal
    part: Decimal
    largest: Decimal


@dataclass(frozen=True)
class Told:
    """What is kept of it and published: percent in steps of five; of few sites nothing."""

    status: Status
    facilities: int | None = None
    share: int | None = None


def told(counted: Counted) -> Told:
    """What may be said. Where one site holds more than half, the share would be that site's."""
    if counted.facilities < FEWEST:
        return Told(Status.FEW_SITES)
    if 2 * counted.largest > counted.whole:
        return Told(Status.ONE_DOMINATES, counted.facilities)
    steps = Decimal(100) * counted.part / counted.whole / STEP
    return Told(Status.PUBLISHED, counted.facilities, STEP * int(steps + Decimal("0.5")))


def last_day(month: str) -> date:
    """The last day of a month (`2025-10`)."""
    return date.fromordinal(date.fromisoformat(f"{after(month)}-01").toordinal() - 1)


def after(month: str) -> str:
    """The month that follows."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12}-{number % 12 + 1:02d}"


def known_until(month: str) -> datetime:
    """The cut-off of a month: what was entered before it is in the month's figures."""
    following = date.fromisoformat(f"{after(month)}-{CUT_OFF:02d}")
    return datetime(following.year, following.month, following.day, tzinfo=UTC)


def due(now: datetime) -> list[str]:
    """The months whose cut-off is past, newest first."""
    year, number = now.year, now.month
    found: list[str] = []
    while len(found) < MONTHS_BACK:
        year, number = (year, number - 1) if number > 1 else (year - 1, 12)
        month = f"{year}-{number:02d}"
        if known_until(month) <= now:
            found.append(month)
    return found
