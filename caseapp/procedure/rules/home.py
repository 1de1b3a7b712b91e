"""The path of those who are at home: displaced inside their country, or returned to it (VOCABULARY A8). They ask for no
asylum there; they declare what they left, and are received."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l
from caseapp.procedure.rules.claim import DateInFuture

DISPLACED = frozenset({"IDP"})
RETURNED = frozenset({"RETURNEE_WITH_NEEDS", "RETURNEE_REFUGEE"})
#: How somebody came back. A deportation is never a "return" in any figure.
HOW_RETURNED = ("REMOVED", "SPONTANEOUS", "ASSISTED")
PROPERTY_KINDS = ("HOUSE", "LAND", "BUSINESS", "LIVESTOCK", "OTHER")
TENURES = ("OWNED", "TENANT", "POSSESSION", "FAMILY")
HAPPENED = ("ABANDONED", "OCCUPIED", "SOLD_UNDER_THREAT")
MEASURES = ("NONE", "ASKED", "ACTIVE")
#: From which measure to which; an authority that refuses or lifts one brings it back to none.
NEXT_MEASURE = {"NONE": ("ASKED",), "ASKED": ("ACTIVE", "NONE"), "ACTIVE": ("NONE",)}


class NotDisplaced(Refused):
    sentence = _l("Anote primero que es una persona desplazada en su país.")


class NotReturned(Refused):
    sentence = _l("Anote primero que es una persona retornada.")


class OtherCountry(Refused):
    """Displacement inside a country is inside this one."""

    sentence = _l("El lugar que dejó está en este mismo país.")
    field = "place"


class WrittenAlready(Refused):
    sentence = _l("Esto ya está anotado con esa fecha.")
    field = "on"


class MeasureOrder(Refused):
    sentence = _l("Una medida primero se solicita; después está vigente o se termina.")
    field = "measure"


class MeasureBefore(Refused):
    sentence = _l("No puede ser antes del día en que se anotó el bien.")
    field = "on"


def may_declare(populations: Collection[str], place: str, prefix: str, on: date, today: date) -> None:
    """A declaration of displacement from a place (P-code), or of a property left there; `prefix` is what the codes of the
    country begin with. Raises NotDisplaced,
    OtherCountry, DateInFuture."""
    if not DISPLACED & set(populations):
        raise NotDisplaced
    if not place.startswith(prefix):
        raise OtherCountry
    if on > today:
        raise DateInFuture


def may_receive(populations: Collection[str], on: date, today: date) -> None:
    """A reception after return. Raises NotReturned, DateInFuture."""
    if not RETURNED & set(populations):
        raise NotReturned
    if on > today:
        raise DateInFuture


def may_change_measure(before: str, to: str, registered: date, on: date, today: date) -> None:
    """Raises MeasureOrder, DateInFuture, MeasureBefore."""
    if to not in NEXT_MEASURE[before]:
        raise MeasureOrder
    if on > today:
        raise DateInFuture
    if on < registered:
        raise MeasureBefore
