"""Refusals of legal aid."""

from __future__ import annotations

from caseapp.core.errors import Refused, says
from caseapp.core.i18n import _l


class ConflictUnchecked(Refused):
    """Nobody is read or taken on before it is known that there is no conflict of interest."""

    sentence = _l("Primero compruebe si hay conflicto de intereses.")
    status = 409


class TooManyChecks(Refused):
    sentence = _l(
        "Su equipo ya hizo las comprobaciones de hoy. Inténtelo mañana o responda que no es posible."
    )
    status = 429


class NotRepresenting(Refused):
    """Somebody is represented whom the provider took on, and by one lawyer at a time."""

    sentence = _l("Solo se nombra representante de una persona aceptada, y una sola representación a la vez.")
    field = "person"
    status = 409


class DateWrong(Refused):
    sentence = _l(
        "Revise las fechas: primero se asigna, después se firma el poder, y el poder dice hasta cuándo vale."
    )


class NobodyRepresents(Refused):
    """Told back only where it is written who represents, or that a power is in force."""

    sentence = _l("Anote antes quién la representa y, si firmó, hasta cuándo vale el poder.")
    field = "outcome"


says("referral_legal_checked", ConflictUnchecked)
says("legal_mandate_of_accepted", NotRepresenting)
says("uq_legal_mandate_current", NotRepresenting)
says("ck_legal_mandate_dates_in_order", DateWrong)
says("referral_tells_of_lawyer", NobodyRepresents)
