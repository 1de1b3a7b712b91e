"""Dates as people write them in a spreadsheet: day before month, as precisely as known."""

from __future__ import annotations

import calendar
import re
from datetime import date
from typing import NamedTuple

_ISO_DAY = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T]00:00(?::00(?:\.0+)?)?)?")
_DAY = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})")
_ISO_MONTH = re.compile(r"(\d{4})[-/.](\d{1,2})")
_MONTH = re.compile(r"(\d{1,2})[-/. ](\d{4})")
_YEAR = re.compile(r"\d{4}")
_NAMED = re.compile(r"(\d{1,2})[-/. ](?:de )?([a-z]{3,10})\.?[-/. ](?:de )?(\d{4}|\d{2})")
#: Names of months in both languages, and what spreadsheets shorten them to.
_MONTHS = {
    short: number
    for number, names in enumerate(
        (
            "ene enero jan january", "feb febrero february", "mar marzo march", "abr abril apr april", "may mayo",
            "jun junio june", "jul julio july", "ago agosto aug august", "sep sept set septiembre setiembre september",
            "oct octubre october", "nov noviembre november", "dic diciembre dec december",
        ),
        start=1,
    )
    for short in names.split()
}  # fmt: skip
_SERIAL = re.compile(r"\d{5}")  # days since 1900: a birth of the last hundred years has five figures
_SHORT_YEAR = re.compile(r"\d{1,2}[-/. ]\d{1,2}[-/. ]\d{1,2}|\d{2}")


class Written(NamedTuple):
    """A date as precisely as written: DAY, MONTH or YEAR."""

    precision: str
    year: int
    month: int | None = None
    day: int | None = None

    def bounds(self) -> tuple[date, date]:
        """First and last day that it may be. Raises ValueError for one that does not exist."""
        if self.month is None:
            return date(self.year, 1, 1), date(self.year, 12, 31)
        if self.day is None:
            last = calendar.monthrange(self.year, self.month)[1]
            return date(self.year, self.month, 1), date(self.year, self.month, last)
        exact = date(self.year, self.month, self.day)
        return exact, exact


def understood(text: str) -> Written | str:
    """What is written, or the reason why it is not understood (DATE_IMPOSSIBLE, DATE_SERIAL, YEAR_SHORT)."""
    text = text.strip()
    if (named := _NAMED.fullmatch(text.lower())) and named[2] in _MONTHS:
        text = f"{named[1]}/{_MONTHS[named[2]]}/{named[3]}"
    found = _parsed(text)
    if found is None and _SERIAL.fullmatch(text):
        return "DATE_SERIAL"
    if found is None:
        return "YEAR_SHORT" if _SHORT_YEAR.fullmatch(text) else "DATE_IMPOSSIBLE"
    try:
        found.bounds()
    except (ValueError, calendar.IllegalMonthError):
        return "DATE_IMPOSSIBLE"
    return found


def _parsed(text: str) -> Written | None:
    if m := _ISO_DAY.fullmatch(text):
        return Written("DAY", int(m[1]), int(m[2]), int(m[3]))
    if m := _DAY.fullmatch(text):
        return Written("DAY", int(m[3]), int(m[2]), int(m[1]))
    if m := _ISO_MONTH.fullmatch(text):
        return Written("MONTH", int(m[1]), int(m[2]))
    if m := _MONTH.fullmatch(text):
        return Written("MONTH", int(m[2]), int(m[1]))
    if _YEAR.fullmatch(text):
        return Written("YEAR", int(text))
    return None
