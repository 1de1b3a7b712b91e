"""What comes with a claim in some countries: staying in the state of the office, and signing at intervals
(VOCABULARY A9). A missed signature raises an alert; it never abandons a claim."""

from __future__ import annotations

from datetime import date, timedelta

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l
from caseapp.deadline.rules import Works
from caseapp.procedure.rules.claim import DateBefore, DateInFuture

LEAVE_OUTCOMES = ("GRANTED", "REFUSED", "WITHDRAWN")
SIGNATURE_STATES = ("SIGNED", "MISSED", "EXCUSED")
DUTY_ENDS = ("DECIDED", "CLAIM_CLOSED", "LIFTED")
MOST_DAYS = 90


class LeaveOpen(Refused):
    sentence = _l("Ya se pidió un permiso que aún no se decide.")


class LeaveDecided(Refused):
    sentence = _l("Este permiso ya se decidió.")


class LeaveToSamePlace(Refused):
    sentence = _l("Elija un estado distinto de aquel en que está.")
    field = "to_admin1"


class LeaveNotNeeded(Refused):
    sentence = _l("Esta persona no tiene que quedarse en un estado.")


class OutcomeUnknown(Refused):
    sentence = _l("Elija qué se decidió.")
    field = "outcome"


class NoDuty(Refused):
    sentence = _l("Esta persona no tiene que firmar.")


#: Said where an office has set another interval from the same day on.
SET_ALREADY = _l("Desde ese día la sede ya tiene otro intervalo.")


class IntervalWrong(Refused):
    sentence = _l("El intervalo va de 1 a 90 días.")
    field = "days"


def may_ask_leave(limit: str | None, to: str, *, has_open: bool, on: date, today: date) -> None:
    """Whether leave to go to another state may be asked for. Raises LeaveNotNeeded, LeaveToSamePlace, LeaveOpen,
    DateInFuture."""
    if limit is None:
        raise LeaveNotNeeded
    if to == limit:
        raise LeaveToSamePlace
    if has_open:
        raise LeaveOpen
    if on > today:
        raise DateInFuture


def may_decide_leave(decided: bool, outcome: str, asked_on: date, on: date, today: date) -> None:
    """Raises LeaveDecided, OutcomeUnknown, DateInFuture, DateBefore."""
    if decided:
        raise LeaveDecided
    if outcome not in LEAVE_OUTCOMES:
        raise OutcomeUnknown
    if on > today:
        raise DateInFuture
    if on < asked_on:
        raise DateBefore


def may_sign(has_duty: bool, last: date, on: date, today: date) -> None:
    """Raises NoDuty, DateInFuture, DateBefore (not before the duty began or the last signature)."""
    if not has_duty:
        raise NoDuty
    if on > today:
        raise DateInFuture
    if on < last:
        raise DateBefore


def check_interval(days: int | None) -> int:
    """Raises IntervalWrong."""
    if days is None or not 1 <= days <= MOST_DAYS:
        raise IntervalWrong
    return days


def next_signature(on: date, days: int, works: Works) -> date:
    """The day by which the next signature is due: so many days later, or the next day on which the office works."""
    day = on + timedelta(days=days)
    while not works(day):
        day += timedelta(days=1)
    return day
