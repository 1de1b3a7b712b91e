"""Documents that an authority gives during the procedure: which numbers they may carry, and how long they are valid."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from stdnum.cr import cr
from stdnum.exceptions import ValidationError
from stdnum.mx import curp

from caseapp.core import reference
from caseapp.core.errors import Refused
from caseapp.core.i18n import _l
from caseapp.procedure.rules.claim import DateBefore, DateInFuture

ISSUABLE = (
    "CURP_TEMPORARY", "DIMEX", "CLAIM_CERTIFICATE", "REFUGEE_CARD", "HUMANITARIAN_CARD", "PROVISIONAL_STAY",
    "UNHCR_CERTIFICATE",
)  # fmt: skip
#: A population key is a number for life or until another takes its place: it is not renewed.
NOT_RENEWED = frozenset({"CURP_TEMPORARY"})
STATES = ("ISSUED", "RENEWED", "EXPIRED", "WITHDRAWN")
#: The clock of a document whose validity the country's own rule gives (`clocks.yml`).
VALID_BY: Mapping[str, str] = {
    "CLAIM_CERTIFICATE": "CLAIM_DOCUMENT",
    "PROVISIONAL_STAY": "PROVISIONAL_STAY",
    "REFUGEE_CARD": "REFUGEE_CARD",
}
#: The characters of a CURP that say where somebody was born: NE, abroad.
BORN_ABROAD = "NE"


class DocumentElsewhere(Refused):
    sentence = _l("Este documento no lo emite este país.")
    field = "document_type"


class CurpWrong(Refused):
    sentence = _l("La CURP no es válida: revise sus 18 caracteres, la fecha y el último dígito.")
    field = "number"


class CurpNotForeign(Refused):
    sentence = _l("La CURP temporal de quien nació en el extranjero lleva NE en las posiciones 12 y 13.")
    field = "number"


class DimexWrong(Refused):
    sentence = _l("El DIMEX tiene 11 o 12 cifras y empieza con 1.")
    field = "number"


class NumberMissing(Refused):
    sentence = _l("Escriba el número del documento.")
    field = "number"


class ValidityBefore(Refused):
    sentence = _l("El documento no puede vencer antes de emitirse.")
    field = "valid_to"


class NotRenewable(Refused):
    sentence = _l("Este documento no se renueva, o ya no es el vigente.")


def issued_in(country: str) -> tuple[str, ...]:
    """The documents that a country gives: those without a country of their own, and its own."""
    return tuple(
        code for code in ISSUABLE if reference.code("document_type", code).extra["country"] in ("", country)
    )


def checked_number(document_type: str, number: str) -> str:
    """The number as it is kept. Raises NumberMissing, CurpWrong, CurpNotForeign, DimexWrong."""
    number = number.strip()
    if document_type == "CURP_TEMPORARY":
        return _curp(number)
    if document_type == "DIMEX":
        try:
            return str(cr.validate(number))
        except ValidationError:
            raise DimexWrong from None
    if not number:
        raise NumberMissing
    return number


def _curp(number: str) -> str:
    try:
        kept = str(curp.validate(number))
    except ValidationError:
        raise CurpWrong from None
    if kept[11:13] != BORN_ABROAD:
        raise CurpNotForeign
    return kept


def may_issue(document_type: str, country: str, on: date, valid_to: date | None, today: date) -> None:
    """Raises DocumentElsewhere, DateInFuture, ValidityBefore."""
    if document_type not in issued_in(country):
        raise DocumentElsewhere
    if on > today:
        raise DateInFuture
    if valid_to is not None and valid_to < on:
        raise ValidityBefore


def may_renew(
    document_type: str, state: str, issued_on: date, on: date, valid_to: date | None, today: date
) -> None:
    """Raises NotRenewable, DateInFuture, DateBefore, ValidityBefore. What has expired may still be renewed."""
    if document_type in NOT_RENEWED or state not in ("ISSUED", "EXPIRED"):
        raise NotRenewable
    if on > today:
        raise DateInFuture
    if on < issued_on:
        raise DateBefore
    if valid_to is not None and valid_to < on:
        raise ValidityBefore
