"""Periods of cubes as text: a month `2025-09`, the halves of October `2025-10a` (1-26) and `2025-10b` (27-31),
a quarter `2025-Q3`.

October is cut because the MIRPS year runs from 27 October to 26 October; with the cut, both kinds of year are
sums of whole periods. Labels of one kind sort as text in the order of time.
"""

from __future__ import annotations

from datetime import date

MIRPS_SEAM = (10, 27)


def period_of(day: date) -> str:
    """The cube period that a date falls in; October in halves."""
    if day.month != MIRPS_SEAM[0]:
        return f"{day.year:04d}-{day.month:02d}"
    return f"{day.year:04d}-10{'a' if day.day < MIRPS_SEAM[1] else 'b'}"


def quarter_of(day: date) -> str:
    """The calendar quarter that a date falls in."""
    return f"{day.year:04d}-Q{(day.month + 2) // 3}"


def month(period: str) -> str:
    """The calendar month of a period (`2025-10a` → `2025-10`); a quarter is its own month."""
    return period.rstrip("ab")


def quarter(period: str) -> str:
    """The calendar quarter of a period."""
    if "Q" in period:
        return period
    return f"{period[:4]}-Q{(int(period[5:7]) + 2) // 3}"


def year(period: str) -> str:
    """The calendar year of a period."""
    return period[:4]


def mirps_year(period: str) -> str:
    """The MIRPS year of a month or half of October; a quarter or an uncut October lies in none."""
    if "Q" in period or period.endswith("-10"):
        raise ValueError(f"{period} lies in no single MIRPS year")
    starts = period[5:] in ("10b", "11", "12")
    return f"MIRPS-{int(period[:4]) + (1 if starts else 0)}"


def pieces(month_label: str) -> tuple[str, ...]:
    """The cube periods that make up a calendar month: two for October, one otherwise."""
    if month_label.endswith("-10"):
        return (month_label + "a", month_label + "b")
    return (month_label,)
