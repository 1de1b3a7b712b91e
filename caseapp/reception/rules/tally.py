"""A bus counted without names: how many of each age band and sex, and how many of them have registered since.

What figures count is `received = counted − registered of those counted + registered`: whoever registers out of a
count leaves it, so that nobody is counted twice whenever the two are linked (docs/decisions/0091).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l

BANDS = ("0-4", "5-11", "12-17", "18-59", "60+")
SEXES = ("F", "M", "O")
CELLS = tuple(f"{band}/{sex}" for band in BANDS for sex in SEXES)
#: The largest vehicle and some more; what is larger is a slip of the finger or two arrivals.
MOST = 500
LONGEST_AGO = timedelta(days=31)

Counts = Mapping[str, int]


class NobodyCounted(Refused):
    sentence = _l("Escriba al menos un número.")


class TooManyCounted(Refused):
    """More than any vehicle holds."""

    sentence = _l("Son más de %(most)s personas. Revise los números, o cuente cada llegada por separado.")


class CountedImpossible(Refused):
    """In the future, or too long ago to have been counted."""

    sentence = _l("Revise el día: debe ser hoy o del último mes.")
    field = "on"


class HourImpossible(Refused):
    sentence = _l("Escriba la hora, de 0 a 23.")
    field = "hour"


class NobodyLeft(Refused):
    """All of those counted are registered already."""

    sentence = _l("Todas las personas de ese conteo ya están registradas.")
    field = "tally"


class TallyWithdrawn(Refused):
    sentence = _l("Este conteo ya estaba anulado.")
    status = 409


def may_count(counts: Counts, on: date, hour: int | None, now: datetime) -> dict[str, int]:
    """The cells that are not empty. `now` is the site's local time. Raises what refuses them."""
    filled = {cell: counts[cell] for cell in CELLS if counts.get(cell, 0) > 0}
    if not filled:
        raise NobodyCounted
    if sum(filled.values()) > MOST:
        raise TooManyCounted(most=MOST)
    if on > now.date() or now.date() - on > LONGEST_AGO:
        raise CountedImpossible
    if hour is not None and (not 0 <= hour <= 23 or (on == now.date() and hour > now.hour)):
        raise HourImpossible
    return filled


def cell_of(age_band: str, sex: str, counts: Counts, registered: Counts) -> str:
    """The cell that somebody who registers leaves: their own while somebody is left in it, else the nearest that
    has: the same band, the same sex, any. Raises NobodyLeft."""
    left = {cell: n - registered.get(cell, 0) for cell, n in counts.items()}

    def distance(cell: str) -> tuple[int, int, int]:
        band, of_sex = cell.split("/")
        apart = abs(BANDS.index(band) - BANDS.index(age_band)) if age_band in BANDS else 0
        return apart, int(of_sex != sex), CELLS.index(cell)

    free = [cell for cell, n in left.items() if n > 0]
    if not free:
        raise NobodyLeft
    return min(free, key=distance)


def received(counts: Counts, registered: Counts) -> int:
    """How many of a count are known by the count alone."""
    return sum(counts.values()) - sum(registered.values())
