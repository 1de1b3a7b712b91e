"""Birth as precisely as known, age and age bands.

Bands are UNHCR's 0-4, 5-11, 12-17, 18-59, 60+. A disputed age is a child until decided, and a decision
works forward only (DO_NO_HARM, "A child").
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l

ADULT = 18
OLDEST = 120


class BirthIncomplete(Refused):
    """Day, month, year or age are missing or impossible for the precision that was chosen."""

    sentence = _l("Complete la fecha de nacimiento según lo que se sabe.")
    field = "birth"


class BirthInFuture(Refused):
    sentence = _l("La fecha de nacimiento aún no llega. Revise el año.")
    field = "birth"


@dataclass(frozen=True)
class Birth:
    """What is known of a birth date: its precision and the bounds of the date (None: unknown)."""

    precision: str = "UNKNOWN"
    earliest: date | None = None
    latest: date | None = None


UNKNOWN_BIRTH = Birth()


def birth_bounds(
    precision: str,
    *,
    on: date,
    day: int | None = None,
    month: int | None = None,
    year: int | None = None,
    age: int | None = None,
) -> Birth:
    """The birth that these parts describe on the day they are said. An estimated age is taken one year either
    way, so that whoever may be a child is one. Raises BirthIncomplete or BirthInFuture."""
    try:
        birth = _bounds(precision, on, day, month, year, age)
    except (TypeError, ValueError):
        raise BirthIncomplete(sentence=_says(precision)) from None
    return check_birth(birth, on)


def _bounds(
    precision: str, on: date, day: int | None, month: int | None, year: int | None, age: int | None
) -> Birth:
    match precision:
        case "DAY":
            exact = date(_whole(year), _whole(month), _whole(day))
            return Birth(precision, exact, exact)
        case "MONTH":
            y, m = _whole(year), _whole(month)
            return Birth(precision, date(y, m, 1), date(y, m, calendar.monthrange(y, m)[1]))
        case "YEAR":
            return Birth(precision, date(_whole(year), 1, 1), date(_whole(year), 12, 31))
        case "AGE_ESTIMATED":
            years = _whole(age)
            if not 0 <= years <= OLDEST:
                raise ValueError
            return Birth(
                precision,
                _years_before(on, years + 2) + timedelta(days=1),
                min(on, _years_before(on, max(0, years - 1))),
            )
        case "UNKNOWN":
            return UNKNOWN_BIRTH
        case _:
            raise ValueError


def _whole(value: int | None) -> int:
    if value is None:
        raise ValueError
    return value


def _years_before(on: date, years: int) -> date:
    try:
        return on.replace(year=on.year - years)
    except ValueError:  # 29 February
        return on.replace(year=on.year - years, day=28)


def _says(precision: str) -> object:
    return {
        "DAY": _l("Escriba día, mes y año de nacimiento, por ejemplo 07 03 1990."),
        "MONTH": _l("Escriba mes y año de nacimiento, por ejemplo 03 1990."),
        "YEAR": _l("Escriba el año de nacimiento con cuatro cifras, por ejemplo 1990."),
        "AGE_ESTIMATED": _l("Escriba la edad estimada en años cumplidos, por ejemplo 34."),
    }.get(precision, BirthIncomplete.sentence)


def check_birth(birth: Birth, on: date) -> Birth:
    """The same birth, if it is possible on a day: not in the future, not more than 120 years ago."""
    if birth.earliest is not None and birth.earliest > on:
        raise BirthInFuture
    if birth.latest is not None and years_between(birth.latest, on) > OLDEST:
        raise BirthIncomplete(sentence=_l("Revise el año de nacimiento: la persona tendría más de 120 años."))
    return birth


def years_between(born: date, on: date) -> int:
    """Completed years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def age_range(birth: Birth, on: date) -> tuple[int, int] | None:
    """Youngest and oldest the person can be on a day, or None if nothing is known."""
    if birth.earliest is None or birth.latest is None:
        return None
    return max(0, years_between(birth.latest, on)), max(0, years_between(birth.earliest, on))


def is_child(birth: Birth, age_status: str, on: date) -> bool:
    """Whether the person is protected as a child: when in doubt, yes.

    A disputed age is a child's until decided; a decided adult is one; everybody else is a child until the
    latest day on which they can turn 18. An unknown age without a dispute is not a child's."""
    if age_status == "DISPUTED_TREATED_AS_CHILD":
        return True
    if age_status == "DECIDED_ADULT":
        return False
    known = age_range(birth, on)
    if known is None:
        return age_status == "DECIDED_CHILD"
    return known[0] < ADULT


def child_until(birth: Birth, age_status: str) -> date | None:
    """The last day on which a child by `is_child` is one. None: a dispute or a decision says it, or nothing is known."""
    if birth.latest is None or age_status in ("DISPUTED_TREATED_AS_CHILD", "DECIDED_ADULT"):
        return None
    try:
        return birth.latest.replace(year=birth.latest.year + ADULT) - timedelta(days=1)
    except ValueError:  # 29 February
        return date(birth.latest.year + ADULT, 2, 28)


def adult_if_born_by(on: date) -> date:
    """The birthday of who turns 18 on a day; whoever was born later is a child."""
    return _years_before(on, ADULT)


def age_band(birth: Birth, age_status: str, on: date) -> str:
    """The band for figures on a day: 0-4, 5-11, 12-17, 18-59, 60+ or UNKNOWN. Estimated ages count by the
    middle of what is possible; as a child or an adult always as the person is treated."""
    child = is_child(birth, age_status, on)
    known = age_range(birth, on)
    if known is None:
        return "12-17" if child else "UNKNOWN"
    middle = (known[0] + known[1]) // 2
    middle = min(middle, ADULT - 1) if child else max(middle, ADULT)
    for limit, band in ((4, "0-4"), (11, "5-11"), (17, "12-17"), (59, "18-59")):
        if middle <= limit:
            return band
    return "60+"


#: What belongs to a child under two: a cot on the mother's file helps no baby.
FOR_INFANTS = frozenset({"COT"})
INFANT_UNDER = 2


def is_infant(birth: Birth, on: date) -> bool:
    """Whether somebody may still be under two: the youngest possible age decides."""
    known = age_range(birth, on)
    return known is not None and known[0] < INFANT_UNDER


def fits_age(requirement: str, birth: Birth, on: date) -> bool:
    """Whether a placement requirement can be this person's."""
    return requirement not in FOR_INFANTS or is_infant(birth, on)
