"""What may be done with an asylum claim.

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
    sentence = _l("Esta fecha es anterior a la presentación de la solicitud.")
    field = "on"


def may_lodge(country: str, nationalities: Collection[str], has_open: bool, on: date, today: date) -> None:
    """Raises NationalAtHome, ClaimOpen or DateInFuture. `country` and nationalities are ISO alpha-3."""
    if country in nationalities:
        raise NationalAtHome
    if has_open:
        raise ClaimOpen
    if on > today:
        raise DateInFuture


def may_end(is_open: bool, lodged_on: date, on: date, today: date) -> None:
    """Whether a decision or closure on a day is possible. Raises ClaimEnded, DateInFuture or DateBefore."""
    if not is_open:
        raise ClaimEnded
    if on > today:
        raise DateInFuture
    if on < lodged_on:
        raise DateBefore


def population_after(outcome: str) -> str | None:
    """The protection situation that a decision gives, if any."""
    return {"RECOGNISED": "REFUGEE", "COMPLEMENTARY": "COMPLEMENTARY"}.get(outcome)
