"""When a site's month is signed, and what a signature is about: decisions on plain values."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l

MONTHS = 12
#: A site signs by this day of the following month; later it is late.
DUE_DAY = 5
#: How many past months a team's page offers.
SHOWN = 6

#: What a team counts of a month, in the order of the page. What is sealed is counted nowhere.
KINDS = (
    "person.registered", "screening.completed", "claim.lodged", "referral.sent", "referral.accepted",
    "referral.declined", "stay.started", "stay.ended",
)  # fmt: skip
#: Kinds that are never sealed: what of these comes after a signature is told to the team again, and to the steward
#: as a yes or no (`months_confirmed`, migration `site_month`).
TOLD = ("person.registered", "screening.completed", "stay.started", "stay.ended")


class MonthNotOver(Refused):
    """A month is signed after its last day."""

    sentence = _l("Este mes aún no termina. Se firma después de su último día.")


class NoteUnknown(Refused):
    """A remark is one of the list."""

    sentence = _l("Elija una observación de la lista, o ninguna.")
    field = "note"


def is_month(text: str) -> bool:
    """Whether a text is a month such as `2025-09`."""
    year, dash, month = text[:4], text[4:5], text[5:]
    return (
        dash == "-" and len(month) == 2 and (year + month).isdecimal() and year.isascii()
        and 1 <= int(month) <= MONTHS
    )  # fmt: skip


def first_day(month: str) -> date:
    """The first day of a month."""
    return date(int(month[:4]), int(month[5:]), 1)


def day_after(month: str) -> date:
    """The first day of the month after."""
    return (first_day(month) + timedelta(days=31)).replace(day=1)


def due_on(month: str) -> date:
    """The last day on which a site signs its month in time."""
    return day_after(month).replace(day=DUE_DAY)


def is_late(month: str, today: date) -> bool:
    """Whether an unsigned month is late."""
    return today > due_on(month)


def last_full(today: date, how_many: int = 1) -> list[str]:
    """The last months that are over, the newest first."""
    found: list[str] = []
    day = today.replace(day=1)
    for _month in range(how_many):
        day = (day - timedelta(days=1)).replace(day=1)
        found.append(f"{day:%Y-%m}")
    return found


def may_sign(month: str, *, today: date, note: str | None, notes: Collection[str]) -> None:
    """Refuse a signature for a month that is not over, or with a remark that is not of the list (`month_note`)."""
    if day_after(month) > today:
        raise MonthNotOver
    if note is not None and note not in notes:
        raise NoteUnknown
