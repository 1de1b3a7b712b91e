"""Decisions about arrivals."""

from __future__ import annotations

from datetime import date, timedelta

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l

#: An arrival is written when the person is at the desk; an older date is a slip of the pen.
LONGEST_AGO = timedelta(days=366 * 10)


class ArrivalImpossible(Refused):
    """In the future, or so long ago that the year must be wrong."""

    sentence = _l("Revise la fecha de llegada: debe ser hoy o antes.")
    field = "arrived_on"


def may_arrive(arrived_on: date, today: date) -> None:
    """Refuse an arrival after the site's today or more than ten years ago."""
    if arrived_on > today or today - arrived_on > LONGEST_AGO:
        raise ArrivalImpossible
