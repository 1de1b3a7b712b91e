"""Refusals of waiting lists."""

from __future__ import annotations

from caseapp.core.errors import Refused, says
from caseapp.core.i18n import _l


class NotWaitingNow(Refused):
    """Somebody else offered, sent or took it off the list."""

    sentence = _l("La lista de espera cambió. Revise cómo está ahora.")
    status = 409


class AlreadyOnTheList(Refused):
    sentence = _l("Ya están en la lista de espera de esta entidad para este servicio.")
    field = "kind"


class NothingToWaitFor(Refused):
    """The referral is neither a draft nor declined, lapsed or accepted and not given: it has its own clock."""

    sentence = _l("Esta referencia todavía espera respuesta: no hace falta la lista de espera.")
    status = 409


class PassedOverWithoutReason(Refused):
    sentence = _l("Diga por qué el cupo no se ofrece a quienes están antes.")
    field = "reason"


says("uq_waiting_entry_open", AlreadyOnTheList)
