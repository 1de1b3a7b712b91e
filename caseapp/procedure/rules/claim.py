"""Who may claim, how a claim ends, and who belongs to it.

A national never lodges a claim in their own country (1951 Convention, article 1 A (2): outside the country of
nationality); they may be displaced or returned. A stateless person and one of unknown nationality may.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l

APPLICATION_TYPES = ("N", "R", "RA")
OUTCOMES = ("RECOGNISED", "COMPLEMENTARY", "REJECTED")
#: How somebody belongs to a claim (VOCABULARY A8). SEPARATED_OWN_CLAIM is sealed: the spouse is shown what was.
ROLES = ("PRINCIPAL", "DERIVATIVE", "SEPARATED_OWN_CLAIM")
LEADING = ("PRINCIPAL", "SEPARATED_OWN_CLAIM")
LEFT_REASONS = ("SEPARATED", "OWN_STATUS", "WITHDREW", "DIED", "ERROR")
#: Ends without a decision on the merits, and the group that indicators count.
CLOSURE_GROUPS = {
    "EXPLICIT_WITHDRAWAL": "WITHDRAWN",
    "IMPLICIT_WITHDRAWAL": "WITHDRAWN",
    "DEATH": "DEATH",
    "DEPARTED": "LOST",
    "DUPLICATE": "ADMIN",
    "OTHER_STATUS": "STATUS",
    "INADMISSIBLE": "NOT_ADMITTED",
}
REOPENING = ("RETURNED", "APPEAL", "FOUND", "ERROR_CLOSED")


class NationalAtHome(Refused):
    sentence = _l("Una persona no pide asilo en su propio país: regístrela como desplazada o retornada.")


class ClaimOpen(Refused):
    sentence = _l("Ya hay una solicitud en trámite.")


class ClaimEnded(Refused):
    sentence = _l("Esta solicitud ya terminó.")


class DateInFuture(Refused):
    sentence = _l("Esta fecha aún no llega.")
    field = "on"


class DateBefore(Refused):
    sentence = _l("Esta fecha es anterior a un paso que va antes.")
    field = "on"


class ReasonUnknown(Refused):
    sentence = _l("Elija el motivo.")
    field = "reason"


class OutcomeMissing(Refused):
    sentence = _l("Elija la resolución.")
    field = "outcome"


class AbandonmentByClock(Refused):
    """No claim is abandoned by a machine: a person writes down what the authority decided."""

    sentence = _l(
        "Ninguna solicitud se da por abandonada sola: lo anota una persona, con lo que dijo la autoridad."
    )


class NotInClaim(Refused):
    sentence = _l("Esta persona no forma parte de la solicitud.")


class PrincipalStays(Refused):
    sentence = _l("La persona solicitante principal no sale de su propia solicitud: cierre la solicitud.")


def may_lodge(country: str, nationalities: Collection[str], has_open: bool, on: date, today: date) -> None:
    """Raises NationalAtHome, ClaimOpen or DateInFuture. `country` and nationalities are ISO alpha-3."""
    may_belong(country, nationalities, has_open)
    if on > today:
        raise DateInFuture


def may_belong(country: str, nationalities: Collection[str], has_open: bool) -> None:
    """Whether a person may be part of a claim, as whoever leads it or with them. Raises NationalAtHome, ClaimOpen."""
    if country in nationalities:
        raise NationalAtHome
    if has_open:
        raise ClaimOpen


def may_leave(role: str | None, reason: str) -> None:
    """Whether somebody may be taken out of a claim. Raises NotInClaim, PrincipalStays, ReasonUnknown."""
    if role is None:
        raise NotInClaim
    if role in LEADING:
        raise PrincipalStays
    if reason not in LEFT_REASONS:
        raise ReasonUnknown


def may_close(reason: str, *, by_person: bool) -> None:
    """Whether a claim may be closed for a reason: never by a machine. Raises ReasonUnknown, AbandonmentByClock."""
    if reason not in CLOSURE_GROUPS:
        raise ReasonUnknown
    if not by_person:
        raise AbandonmentByClock


def population_after(outcome: str) -> str | None:
    """The protection situation that a decision gives, if any."""
    return {"RECOGNISED": "REFUGEE", "COMPLEMENTARY": "COMPLEMENTARY"}.get(outcome)
