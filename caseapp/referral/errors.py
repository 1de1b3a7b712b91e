"""Refusals of referrals."""

from __future__ import annotations

from caseapp.core.errors import Refused, says
from caseapp.core.i18n import _l


class NotNow(Refused):
    """The state machine does not allow it: somebody else answered, or it ended."""

    sentence = _l("La referencia ya cambió de estado. Actualice la página y revise qué se puede hacer.")
    status = 409


class NobodyChosen(Refused):
    sentence = _l("Elija al menos a una persona.")
    field = "members"


class ConsentMissing(Refused):
    sentence = _l("Falta el consentimiento de una persona para esta referencia. Pregúntele a solas.")
    field = "members"


class ReadingClosed(Refused):
    """A consent ran out after it was sent: the receiver sees nobody until it is given anew."""

    sentence = _l(
        "El consentimiento de una persona venció y su equipo ya no la ve. Pida a quien envía que le pregunte de nuevo."
    )


class ReceiverNotAllowed(Refused):
    """A consulate, a place of custody, or a team abroad."""

    sentence = _l("No se refieren personas a esta entidad.")
    field = "to_team"


class ReceiverDoesNotOffer(Refused):
    sentence = _l("Esa entidad no ofrece este servicio. Elija otra.")
    field = "to_team"


class NightsMissing(Refused):
    sentence = _l("Escriba la primera y la última noche, en orden.")
    field = "first_night"


class ReasonNotKnown(Refused):
    sentence = _l("Elija un motivo de la lista.")
    field = "reason"


class AlreadyAsked(Refused):
    """The same people were already asked of the same team for the same service."""

    sentence = _l("Estas personas ya tienen una referencia abierta a esa entidad para este servicio.")
    field = "to_team"


class NameMissing(Refused):
    sentence = _l("Escriba el nombre de quien respondió.")
    field = "answered_by_name"


class CaseClosed(Refused):
    sentence = _l("El expediente está cerrado. Ábralo antes de referir.")


class PlacesMissing(Refused):
    sentence = _l("Elija un lugar para cada persona que recibe.")
    field = "places"


class OfferChanged(Refused):
    """What a site could give when the page was read is not what it can give now."""

    sentence = _l("Lo que ofrecía esta sede cambió mientras decidía. Revise de nuevo las opciones.")
    status = 409


says("referral_transition", NotNow)
says("ck_referral_not_to_itself", ReceiverNotAllowed)
says("ck_referral_nights_whole", NightsMissing)
