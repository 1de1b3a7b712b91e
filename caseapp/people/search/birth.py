"""How well two births fit, each known more or less precisely."""

from __future__ import annotations

from datetime import date

from caseapp.people.search.names import BirthKnowledge
from caseapp.people.search.reasons import Reason

Likeness = tuple[float, float, Reason]  # likeness 0 to 1, evidence as log10 of one in so many, why
_DAYS = 20_000.0  # dates that are in use, near enough: log10 is 4.3


def birth_likeness(one: BirthKnowledge, other: BirthKnowledge) -> Likeness | None:
    """Likeness, evidence and reason of two births; None when either is unknown.

    Contradiction is never total: ages are estimated and papers are wrong.
    """
    if one.date_from is None or one.date_to is None or other.date_from is None or other.date_to is None:
        return None
    if one.exact and other.exact:
        return _two_dates(one.exact, other.exact)
    days_apart = max((one.date_from - other.date_to).days, (other.date_from - one.date_to).days, 0)
    if days_apart == 0:
        return _fitting(
            max((b.date_to - b.date_from).days for b in (one, other) if b.date_to and b.date_from)
        )
    if days_apart <= 366:
        return 0.5, 0.3, Reason.BIRTH_YEAR_NEAR
    return (0.25, 0.0, Reason.BIRTH_DIFFERS) if days_apart <= 1100 else (0.0, -1.5, Reason.BIRTH_DIFFERS)


def _fitting(span: int) -> Likeness:
    if span <= 31:
        return 0.95, 2.5, Reason.SAME_BIRTH_MONTH
    if span <= 366:
        return 0.85, 1.5, Reason.SAME_BIRTH_YEAR
    return 0.7, 0.7, Reason.BIRTH_FITS


def _two_dates(one: date, other: date) -> Likeness:
    if one == other:
        # Where only the year is known the first of January is often written: such a date says less.
        return 1.0, 2.5 if (one.month, one.day) == (1, 1) else 4.3, Reason.SAME_BIRTH_DATE
    apart = abs(one.year - other.year)
    if apart == 0 and (one.month, one.day) == (other.day, other.month):
        return 0.9, 3.6, Reason.DAY_MONTH_SWAPPED
    same = (one.month == other.month) + (one.day == other.day)
    if same == 2:
        return (0.85, 2.8, Reason.BIRTH_YEAR_NEAR) if apart == 1 else _far_year(one, other)
    if apart == 0:
        return (0.75, 2.0, Reason.BIRTH_DATE_CLOSE) if same else (0.5, 1.0, Reason.SAME_BIRTH_YEAR)
    if apart <= 2:
        return 0.35, 0.0, Reason.BIRTH_YEAR_NEAR
    return 0.0, -1.5, Reason.BIRTH_DIFFERS


def _far_year(one: date, other: date) -> Likeness:
    """The same day in another year: one wrong figure (1987, 1978, 1997) or somebody else."""
    differing = sum(a != b for a, b in zip(str(one.year), str(other.year), strict=True))
    if differing == 1 or sorted(str(one.year)) == sorted(str(other.year)):
        return 0.65, 2.0, Reason.BIRTH_DATE_CLOSE
    return 0.2, 0.0, Reason.BIRTH_DIFFERS
