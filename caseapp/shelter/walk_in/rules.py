"""What is asked at the gate of people without a referral, and who may be taken in there (DO_NO_HARM, "A child").

The least that a bed needs: what somebody is called, about how old, where they sleep safely, what the bed must
have. A claimed bond with a child unlocks nothing here either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l
from caseapp.people.rules import Birth

#: Ages as bands, in whole years, both ends included.
BANDS: Mapping[str, tuple[int, int]] = {
    "0-4": (0, 4), "5-11": (5, 11), "12-17": (12, 17), "18-59": (18, 59), "60+": (60, 110),
}  # fmt: skip
CHILD_BANDS = frozenset({"0-4", "5-11", "12-17"})
SEXES = ("F", "M", "X", "NOT_ASKED")
#: Asked in front of others, so without the answer that is asked alone.
SAFE_IN = ("NOT_ASKED", "WOMEN", "MEN", "SEPARATE", "NO_PREFERENCE")
#: What the bed must have; everything else can wait for the morning.
REQUIREMENTS = (
    "STEP_FREE", "LOWER_BUNK", "COT", "FRIDGE_FOR_MEDICINE", "POWER_SOCKET", "STAFF_NEARBY_AT_NIGHT", "GUIDE_DOG",
)  # fmt: skip
#: What shows that the first adult is parent of the children, and what that counts for.
EVIDENCE: Mapping[str, str] = {"PARENT_DOCUMENT": "DOCUMENT", "PARENT_ALONE": "BOTH_AGREE_ALONE"}
BONDS = (*EVIDENCE, "PARENT_SAID", "NO_PARENT")
#: What each adult answers, alone if that is possible, to being registered by the desk.
ANSWERS = ("GIVEN", "REFUSED", "NOT_ASKED")


class NobodyNamed(Refused):
    sentence = _l("Escriba cómo le dicen al menos a una persona.")
    field = "members-0-name"


class ChildWithoutCarer(Refused):
    """No adult, or nothing that shows that the adult is parent or guardian: this is not decided at the gate."""

    sentence = _l(
        "Una niña o un niño no se recibe con una persona adulta que no se ha comprobado que sea su madre, padre o tutor. "
        "Acompáñele adentro y llame ya a coordinación y a la autoridad de niñez."
    )
    field = "bond"


class WatchMissing(Refused):
    """Children alone: two of the staff by name, and who of the child authority was told, when."""

    sentence = _l("Escriba a dos personas distintas del personal y con quién habló de la autoridad de niñez.")
    field = "staff"


class BondMissing(Refused):
    sentence = _l("Elija qué muestra quién cuida a las niñas y los niños.")
    field = "bond"


def birth_of(band: str, on: date) -> Birth:
    """The bounds of a birth date for an age said as a band."""
    youngest, oldest = BANDS[band]
    return Birth(
        "AGE_ESTIMATED", _years_before(on, oldest + 1) + timedelta(days=1), _years_before(on, youngest)
    )


def _years_before(on: date, years: int) -> date:
    try:
        return on.replace(year=on.year - years)
    except ValueError:  # 29 February
        return on.replace(year=on.year - years, day=28)


def may_walk_in(bands: Sequence[str], bond: str | None) -> None:
    """Raises NobodyNamed, BondMissing, ChildWithoutCarer."""
    if not bands:
        raise NobodyNamed
    children = [b for b in bands if b in CHILD_BANDS]
    if not children:
        return
    if len(children) == len(bands):
        raise ChildWithoutCarer
    if not bond:
        raise BondMissing
    if bond not in EVIDENCE:
        raise ChildWithoutCarer


def alone(bands: Sequence[str]) -> bool:
    """Children whom no adult came with: a room of their own by the emergency path, never a bed at the gate."""
    return bool(bands) and all(b in CHILD_BANDS for b in bands)


def may_watch(staff: str, second: str, authority: str) -> None:
    """Raise WatchMissing unless two different persons stay with children alone and somebody of the child authority was
    told."""
    for field, words in (("staff", staff), ("second", second), ("authority", authority)):
        if not words.strip():
            raise WatchMissing(field=field)
    if staff.strip().casefold() == second.strip().casefold():
        raise WatchMissing(field="second")


def goes_to_desk(answers: Sequence[str]) -> bool:
    """Whether the desk goes on with these people: every adult was asked and said yes. Otherwise the shelter keeps
    what a bed needs; the bed is the same (DO_NO_HARM, "Alone")."""
    return bool(answers) and all(a == "GIVEN" for a in answers)
