"""Holidays of each country, as rules with dates of validity: on which days nobody works.

A rule is a date of every year (`09-16`), one date (`2024-10-01`), a weekday of a month (`02-MON#1`, the first Monday of
February; `10-WED#1+1`, the day after the first Wednesday of October) or a distance from Easter Sunday (`EASTER-2`).
`moves` says where a holiday goes: SUNDAY one that falls on a Sunday is also kept on the Monday; NEAR from Tuesday or
Wednesday to the Monday before, from Thursday to Sunday to the Monday after; BELIZE from Tuesday to Thursday to the
Monday before, from Friday or Sunday to the Monday after.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import cache
from typing import NamedTuple

from caseapp.core.reference.source import ROOT, ReferenceInvalid, rows_of

MOVES = ("", "SUNDAY", "NEAR", "BELIZE")
_WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_OF_MONTH = re.compile(rf"(\d\d)-({'|'.join(_WEEKDAYS)})#([1-5])(?:\+(\d))?")
_EASTER = re.compile(r"EASTER([+-]\d+)")
_YEARLY = re.compile(r"(\d\d)-(\d\d)")


class Holiday(NamedTuple):
    """A rule by which a country keeps a holiday, while it is in force."""

    country: str
    rule: str
    moves: str
    label_es: str
    label_en: str
    valid_from: date
    valid_to: date | None
    source: str

    def kept_in(self, year: int) -> date | None:
        """The day on which it is kept in a year, if it is in force on the day that the rule names."""
        day = _named(self.rule, year)
        if day is None or day < self.valid_from or (self.valid_to is not None and day > self.valid_to):
            return None
        return _moved(day, self.moves)


@cache
def holidays() -> tuple[Holiday, ...]:
    """Every rule; raises ReferenceInvalid at the first that cannot be read."""
    found = []
    for line, row in enumerate(rows_of("holidays.csv"), start=2):
        ends = row["valid_to"]
        try:
            made = Holiday(
                row["country"], row["rule"], row["moves"], row["label_es"], row["label_en"],
                date.fromisoformat(row["valid_from"]), date.fromisoformat(ends) if ends else None, row["source"],
            )  # fmt: skip
            _named(made.rule, made.valid_from.year)
            sane = made.moves in MOVES and all((made.label_es, made.label_en, made.source))
        except ValueError:
            sane = False
        if not sane:
            raise ReferenceInvalid(
                ROOT / "holidays.csv", line, f"holiday {row['rule']!r} of {row['country']} is not complete"
            )
        found.append(made)
    return tuple(found)


@cache
def holidays_in(country: str, year: int) -> frozenset[date]:
    """The days of a year on which a country (ISO alpha-3) keeps a holiday; none for one that the file lacks."""
    # A holiday moved out of its year is still kept.
    return frozenset(
        day
        for each in holidays()
        if each.country == country
        for named_in in (year - 1, year, year + 1)
        if (day := each.kept_in(named_in)) is not None and day.year == year
    )


def _named(rule: str, year: int) -> date | None:
    """The day that a rule names in a year. Raises ValueError for what is no rule."""
    if found := _YEARLY.fullmatch(rule):
        return date(year, int(found[1]), int(found[2]))
    if found := _OF_MONTH.fullmatch(rule):
        month, weekday, which, more = int(found[1]), _WEEKDAYS.index(found[2]), int(found[3]), found[4]
        first = date(year, month, 1)
        ahead = (weekday - first.weekday()) % 7 + 7 * (which - 1) + int(more or 0)
        return first + timedelta(days=ahead)
    if found := _EASTER.fullmatch(rule):
        return easter(year) + timedelta(days=int(found[1]))
    once = date.fromisoformat(rule)
    return once if once.year == year else None


def _moved(day: date, moves: str) -> date:
    weekday = day.weekday()
    before, after = day - timedelta(days=weekday), day + timedelta(days=7 - weekday)
    if moves == "SUNDAY":
        return after if weekday == 6 else day
    if moves == "NEAR":
        return day if weekday == 0 else before if weekday in (1, 2) else after
    if moves == "BELIZE":
        return before if weekday in (1, 2, 3) else after if weekday in (4, 6) else day
    return day


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous computus, as J.-M. Oudin wrote it)."""
    century = year // 100
    golden = year % 19
    k = (century - 17) // 25
    i = (century - century // 4 - (century - k) // 3 + 19 * golden + 15) % 30
    i -= (i // 28) * (1 - (i // 28) * (29 // (i + 1)) * ((21 - golden) // 11))
    j = (year + year // 4 + i + 2 - century + century // 4) % 7
    month = 3 + (i - j + 40) // 44
    return date(year, month, i - j + 28 - 31 * (month // 4))
