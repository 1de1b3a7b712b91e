"""Custody: what must be asked on the first day, who leaves a migratory station before whom, and how it ends.

The order is the one that the first MIRPS report states for the tripartite mechanism (Mexico, "in prioritized order":
single-parent families, families, single women, LGBTI people, single men). It ranks *exits from migratory stations*
of asylum-seekers, never protection. Since 11 January 2021 no child may be held in Mexico (VOCABULARY A9, rule 1):
the ranks of families end the day before, and a household with a child in custody has no place in any queue: it is an
alarm.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l

STATES = ("HELD", "EXIT_ASKED", "RELEASED")
AUTHORITIES = ("MIGRATION_AUTHORITY", "POLICE", "NATIONAL_GUARD", "PROSECUTOR", "PENITENTIARY")
BASES = ("NOT_TOLD", "ENTRY_OR_STAY", "IDENTITY_CHECK", "REMOVAL_PROCEDURE", "CRIMINAL_PROCEDURE")
SAFEGUARDS = (
    "TOLD_OF_ASYLUM", "INTERPRETER", "LAWYER", "DOCTOR", "PHONE_CALL", "UNHCR_ACCESS", "NO_CONSULAR_CONTACT",
    "CHILD_AUTHORITY_CALLED",
)  # fmt: skip
CHILD_AUTHORITY_CALLED = "CHILD_AUTHORITY_CALLED"
ANSWERS = ("YES", "NO", "NOT_ASKED")
EXITS = (
    "TRIPARTITE", "COURT", "BAIL_OR_MEASURE", "TIME_LIMIT", "STATUS_GIVEN", "CHILD_TRANSFER", "VOLUNTARY_RETURN",
    "REMOVED", "ESCAPED", "DIED",
)  # fmt: skip
#: Exits that a second person looks at (flag R of the list).
REVIEWED = frozenset({"REMOVED", "DIED"})
#: After these nobody is met again at 72 hours and 30 days.
NOT_FOLLOWED = frozenset({"REMOVED", "DIED"})
FOLLOW_UPS: Mapping[str, str] = {"FIRST": "CUSTODY_FOLLOW_UP_FIRST", "SECOND": "CUSTODY_FOLLOW_UP_SECOND"}
FOLLOW_UP_OUTCOMES = ("AT_SHELTER", "SIGNED_IN", "MOVED_WITH_LEAVE", "NOT_FOUND", "RE_DETAINED")
RANKS = ("SINGLE_PARENT_FAMILIES", "FAMILIES", "SINGLE_WOMEN", "LGBTI_PEOPLE", "SINGLE_MEN")
FAMILY_RANKS = frozenset({"SINGLE_PARENT_FAMILIES", "FAMILIES"})
#: The first day on which no child may be held, and no family ranked.
NO_CHILD_HELD_FROM = date(2021, 1, 11)
ORDER_OUTCOMES = ("ORDER_KEPT", "ORDER_DEPARTED", "NOT_IN_ORDER")
DEPARTURE_REASONS = (
    "COURT_ORDER", "TIME_LIMIT", "HEALTH", "SAFETY", "PLACE_SUITS_ONE", "OTHER_CHOSE_TO_WAIT", "AUTHORITY_DECIDED", "OTHER",
)  # fmt: skip
#: An exit may be agreed so many days ahead.
AGREED_DAYS = 60


class CustodyOpen(Refused):
    sentence = _l("Ya hay una custodia abierta. Anote primero cómo terminó.")


class NotHeld(Refused):
    sentence = _l("Esta custodia ya terminó, o su salida espera una segunda persona.")


class SinceInFuture(Refused):
    sentence = _l("Esta hora aún no llega.")
    field = "since"


class HourInFuture(Refused):
    sentence = _l("Esta hora aún no llega.")
    field = "at"


class HourBefore(Refused):
    sentence = _l("Esta hora es anterior a la custodia.")
    field = "at"


class PlaceMissing(Refused):
    sentence = _l("Elija la estación o el estado en que está.")
    field = "place"


class DateInFuture(Refused):
    sentence = _l("Esta fecha aún no llega.")
    field = "on"


class DateBefore(Refused):
    sentence = _l("Esta fecha es anterior a la custodia.")
    field = "on"


class DatePast(Refused):
    sentence = _l("Acuerde una fecha de hoy en adelante.")
    field = "agreed_on"


class DateTooFar(Refused):
    sentence = _l("Acuerde una fecha dentro de los próximos 60 días.")
    field = "agreed_on"


class NotFromStation(Refused):
    sentence = _l("El mecanismo tripartito es para salir de una estación migratoria.")
    field = "exit_code"


class NotAChild(Refused):
    sentence = _l("El traslado a la autoridad de niñez es para niñas, niños y adolescentes.")
    field = "exit_code"


class ChildRanked(Refused):
    """What the database says where a rank would be written for a child."""

    sentence = _l("Una niña, un niño o adolescente no tiene lugar en el orden de salida.")
    field = "exit_code"


class ReturnNotConsented(Refused):
    sentence = _l(
        "El retorno es voluntario solo con consentimiento vigente, dado a solas y con asesoría legal. Anótelo antes."
    )
    field = "exit_code"


class DepartureReasonMissing(Refused):
    sentence = _l("Otras personas estaban antes en el orden. Elija por qué sale primero.")
    field = "departure_reason"


class NoteMissing(Refused):
    sentence = _l("Escriba el motivo en pocas palabras.")
    field = "departure_note"


class OwnExit(Refused):
    sentence = _l("Nadie confirma la salida que anotó. La decide otra persona de supervisión.")


class NothingAsked(Refused):
    sentence = _l("No hay una salida por confirmar.")


class NoDeparture(Refused):
    sentence = _l("Esta salida no se apartó del orden, o ya se revisó.")


class OwnDeparture(Refused):
    sentence = _l("Nadie revisa la salida que anotó. La revisa otra persona de supervisión.")


class NotFollowed(Refused):
    sentence = _l("A esta salida no le corresponde seguimiento, o ya se anotó.")


# -- opening and the first day ------------------------------------------------------------------------
def may_open(has_open: bool, since_in_future: bool, placed: bool) -> None:
    """One custody is open at a time; it began and is somewhere. Raises CustodyOpen, SinceInFuture, PlaceMissing."""
    if has_open:
        raise CustodyOpen
    if since_in_future:
        raise SinceInFuture
    if not placed:
        raise PlaceMissing


def asked_of(child: bool) -> tuple[str, ...]:
    """The safeguards of the first day; the child authority is called for a child, and first of all."""
    rest = tuple(s for s in SAFEGUARDS if s != CHILD_AUTHORITY_CALLED)
    return (CHILD_AUTHORITY_CALLED, *rest) if child else rest


def missing(answers: Mapping[str, str], child: bool) -> tuple[str, ...]:
    """What nobody has asked yet: an answer NOT_ASKED is none, and nothing is taken for a no."""
    return tuple(s for s in asked_of(child) if answers.get(s, "NOT_ASKED") == "NOT_ASKED")


def refused(answers: Mapping[str, str], child: bool) -> tuple[str, ...]:
    """Safeguards that were asked about and not given."""
    return tuple(s for s in asked_of(child) if answers.get(s) == "NO")


def child_clock(was: bool, child: bool, called: bool) -> str | None:
    """What becomes of the clock of the call to the child authority when somebody held begins to be protected as a
    child (START, unless it was called already), or no longer is (CANCEL)."""
    if was == child:
        return None
    if not child:
        return "CANCEL"
    return None if called else "START"


# -- the order of exit --------------------------------------------------------------------------------
@dataclass(frozen=True)
class Standing:
    """What the order looks at. `child_held`: the person, or somebody of their household in custody with them, is a
    child; `household_type` as VOCABULARY A4; `lgbti` comes from sealed data that the person gave."""

    station: bool = True
    asylum: bool = True
    child_held: bool = False
    household_type: str = "ADULT_ALONE"
    woman: bool = False
    lgbti: bool = False


@dataclass(frozen=True)
class Placement:
    """Where somebody stands: ALARM (a child is held), RANKED (with the rank) or OUTSIDE (of the mechanism, and
    why: NOT_STATION, NOT_ASYLUM)."""

    kind: str
    rank: str | None = None
    why: str | None = None


def place_in_order(facts: Standing, ranks: Sequence[str]) -> Placement:
    """Where a person stands by the ranks in force that day (`tripartite_exit_rank`, in the list's order).

    A child alone is never ranked. A family is ranked only while the ranks of families hold. Adults who travel
    together without a child are ranked as the persons they are once families are no longer ranked. Whoever fits no
    other rank stands with the last one, never behind it.
    """
    families = FAMILY_RANKS.issubset(ranks)
    if facts.child_held and (not families or facts.household_type == "CHILD_UNACCOMPANIED"):
        return Placement("ALARM")
    if not facts.station:
        return Placement("OUTSIDE", why="NOT_STATION")
    if not facts.asylum:
        return Placement("OUTSIDE", why="NOT_ASYLUM")
    return Placement("RANKED", rank=next((r for r in ranks if _fits(facts, r)), ranks[-1]))


def _fits(facts: Standing, rank: str) -> bool:
    match rank:
        case "SINGLE_PARENT_FAMILIES":
            return facts.household_type == "SINGLE_PARENT_FAMILY"
        case "FAMILIES":
            return facts.household_type in ("FAMILY", "CHILD_SEPARATED", "ADULTS_GROUP")
        case "SINGLE_WOMEN":
            return facts.woman
        case "LGBTI_PEOPLE":
            return facts.lgbti
        case _:
            return True


def order_key(rank: str, since: date) -> tuple[int, date]:
    """By rank, and within it by days held, the longest first."""
    return RANKS.index(rank), since


Id = TypeVar("Id")


@dataclass(frozen=True)
class InQueue:
    """Somebody ranked and waiting. `party` is the household (or the case of whoever is alone); `agreed_on` the day
    on which they leave, where it is agreed."""

    id: object
    party: object
    rank: str
    since: date
    agreed_on: date | None = None


def passed_over(queue: Collection[InQueue], leaving: InQueue, on: date, today: date) -> tuple[InQueue, ...]:
    """Who stood before in the lawful order on the day of an exit and stays, in that order (`queue`: as it was that day).
    Those of the same household are not passed over, nor those who leave by the same day. An agreed day that is over
    excuses nothing: whoever it was agreed for is still held. Nobody is passed over before they were held."""
    mine = order_key(leaving.rank, leaving.since)
    before = [
        q
        for q in queue
        if q.id != leaving.id
        and q.party != leaving.party
        and q.since <= on
        and order_key(q.rank, q.since) < mine
        and not (q.agreed_on is not None and today <= q.agreed_on <= on)
    ]
    return tuple(sorted(before, key=lambda q: order_key(q.rank, q.since)))


def order_outcome(exit_code: str, ranked: bool, passed: bool) -> str:
    """Whether an exit kept the order: ORDER_KEPT, ORDER_DEPARTED, or NOT_IN_ORDER where no order speaks of it."""
    if exit_code != "TRIPARTITE" or not ranked:
        return "NOT_IN_ORDER"
    return "ORDER_DEPARTED" if passed else "ORDER_KEPT"


# -- leaving ------------------------------------------------------------------------------------------
def may_agree(state: str, on: date, today: date) -> None:
    """A day of exit is agreed ahead. Raises NotHeld, DatePast, DateTooFar."""
    if state != "HELD":
        raise NotHeld
    if on < today:
        raise DatePast
    if on > today + timedelta(days=AGREED_DAYS):
        raise DateTooFar


@dataclass(frozen=True)
class Exit:
    """An exit that somebody records, as plain values."""

    code: str
    on: date
    station: bool
    child: bool
    return_consented: bool = False
    passed: bool = False
    departure_reason: str | None = None
    departure_note: str | None = None


def may_release(state: str, since: date, today: date, leaving: Exit) -> None:
    """Raises NotHeld, DateInFuture, DateBefore, NotFromStation, NotAChild, ReturnNotConsented,
    DepartureReasonMissing, NoteMissing."""
    if state != "HELD":
        raise NotHeld
    if leaving.on > today:
        raise DateInFuture
    if leaving.on < since:
        raise DateBefore
    if leaving.code == "TRIPARTITE" and not leaving.station:
        raise NotFromStation
    if leaving.code == "CHILD_TRANSFER" and not leaving.child:
        raise NotAChild
    if leaving.code == "VOLUNTARY_RETURN" and not leaving.return_consented:
        raise ReturnNotConsented
    if leaving.code == "TRIPARTITE" and leaving.passed:
        if leaving.departure_reason not in DEPARTURE_REASONS:
            raise DepartureReasonMissing
        if leaving.departure_reason == "OTHER" and not leaving.departure_note:
            raise NoteMissing


def needs_second_person(exit_code: str) -> bool:
    """A removal and a death are confirmed by somebody else."""
    return exit_code in REVIEWED


def may_decide(state: str, own: bool) -> None:
    """Raises NothingAsked, OwnExit."""
    if state != "EXIT_ASKED":
        raise NothingAsked
    if own:
        raise OwnExit


def may_review(order: str | None, reviewed: bool, own: bool) -> None:
    """A departure from the order is looked at once, by somebody who did not record it. Raises NoDeparture,
    OwnDeparture."""
    if order != "ORDER_DEPARTED" or reviewed:
        raise NoDeparture
    if own:
        raise OwnDeparture


def may_follow_up(
    state: str,
    exit_code: str | None,
    done: Collection[str],
    step: str,
    exit_on: date | None,
    on: date,
    today: date,
) -> None:
    """Raises NotFollowed, DateInFuture, DateBefore."""
    if state != "RELEASED" or exit_code in NOT_FOLLOWED or step not in FOLLOW_UPS or step in done:
        raise NotFollowed
    if on > today:
        raise DateInFuture
    if exit_on is not None and on < exit_on:
        raise DateBefore(sentence=_l("Esta fecha es anterior a la salida."))
