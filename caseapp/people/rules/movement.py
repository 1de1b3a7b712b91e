"""Whether a person may be placed in another state (VOCABULARY A9.2): who asks for asylum stays where the claim was
lodged until the authority gives leave. To leave without it can end the claim, so no place elsewhere is booked; a child
or a life at risk goes at once, and the authority that answers for it is named."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l

GROUNDS = ("CHILD_AT_RISK", "LIFE_AT_RISK")
#: A move without leave is made at once or not at all: within so many days a place may be booked on it.
EXCEPTION_DAYS = 3


class LeaveNeeded(Refused):
    sentence = _l(
        "Está en otro estado y falta el permiso de la autoridad para cambiar de estado. Anótelo antes de reservar."
    )
    field = "place"


class LeaveNotNeeded(Refused):
    sentence = _l("No hace falta permiso para ir ahí.")
    field = "to_admin1"


class ExceptionLate(Refused):
    sentence = _l("Un traslado de emergencia se anota el mismo día.")
    field = "on"


class GroundUnknown(Refused):
    sentence = _l("Sin permiso solo se traslada a quien corre riesgo: una niña o un niño, o una vida.")
    field = "ground"


class NoChildHere(Refused):
    sentence = _l("No hay niñas ni niños en esta familia. Elija el otro motivo.")
    field = "ground"


class AuthorityMissing(Refused):
    sentence = _l("Escriba qué autoridad responde: nombre, cargo e institución.")
    field = "authority"


@dataclass(frozen=True)
class Movement:
    """Where a person must stay (P-code; None: nowhere), and the states to which they may be moved all the same."""

    stays_in: str | None = None
    excepted: frozenset[str] = frozenset()


FREE = Movement()


def needs_leave(movement: Movement, to_admin1: str | None) -> bool:
    """Whether the authority's leave is missing for a place in this state. A place whose state nobody has written down
    asks for none: what is not known refuses nobody a bed. Nor does one in another country, where that authority has
    no say (the first two letters of a P-code are the country's)."""
    if movement.stays_in is None or to_admin1 is None or movement.stays_in == to_admin1:
        return False
    if movement.stays_in[:2] != to_admin1[:2]:
        return False
    return to_admin1 not in movement.excepted


def may_except(
    movement: Movement, to_admin1: str, ground: str, authority: str, *, child: bool, today: date, on: date
) -> None:
    """Whether a move without leave may be written down; `child`: the person or somebody of the household is one.
    Raises GroundUnknown, NoChildHere, AuthorityMissing, LeaveNotNeeded, ExceptionLate."""
    if not needs_leave(Movement(movement.stays_in), to_admin1):
        raise LeaveNotNeeded
    if ground not in GROUNDS:
        raise GroundUnknown
    if ground == "CHILD_AT_RISK" and not child:
        raise NoChildHere
    if not authority.strip():
        raise AuthorityMissing
    if on != today:
        raise ExceptionLate


def lacking(movements: Collection[Movement], to_admin1: str | None) -> bool:
    """Whether one of several people lacks leave for a place in this state."""
    return any(needs_leave(each, to_admin1) for each in movements)
