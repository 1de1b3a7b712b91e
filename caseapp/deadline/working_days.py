"""Which days are worked in a country, from its dated holidays."""

from __future__ import annotations

from datetime import date

from caseapp.core import reference
from caseapp.deadline.rules import Works, weekdays


def works_in(country: str) -> Works:
    """Monday to Friday, less the holidays of the country (ISO alpha-3) as they are in force that year."""

    def works(day: date) -> bool:
        return weekdays(day) and day not in reference.holidays_in(country, day.year)

    return works
