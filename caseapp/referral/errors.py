"""Refusals of referrals."""

from __future__ import annotations

from caseapp.core.errors import Refused, says
from caseapp.core.i18n import _l


class NotNow(Refused):
    """The state machine does not allow it: somebody else answered, or it ended."""

    sentence = _l("La referencia ya cambió de estado. Actualice la página y revise qué se puede hacer.")
    status = 409


class ClockGoesOn(Refused):
    """An IMMEDIATE referral, or one whose clock stood still already."""

    sentence = _l("Este plazo no se puede detener. Pregunte sin detenerlo, o responda.")
    field = "stops_clock"


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


class OutcomeMissing(Refused):
    sentence = _l("Diga también en qué quedó: quien la envió lo espera.")
    field = "outcome"


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


class NotReadBack(Refused):
    sentence = _l("Lea la respuesta de vuelta por teléfono y márquelo.")
    field = "read_back"


class CodeMissing(Refused):
    """What would make it possible: one of the answers that the reason asks for."""

    sentence = _l("Elija una respuesta de la lista.")
    field = "unlocks_code"


class RuleNotPublished(Refused):
    """NOT_ELIGIBLE names a rule that the entry asked does not publish."""

    sentence = _l(
        "Su entrada del directorio no publica esa regla. Elija una que publique, o diga que no está publicada."
    )
    field = "unlocks_code"


class DayInvalid(Refused):
    sentence = _l("Escriba un día de hoy en adelante, a un año como máximo.")
    field = "unlocks_on"


class HourInvalid(Refused):
    sentence = _l("Escriba la hora de 0 a 23, con su día.")
    field = "unlocks_hour"


class WordsMissing(Refused):
    sentence = _l("Escriba qué lo haría posible.")
    field = "unlocks"


class SaysTooMuch(Refused):
    """Something was said that this reason does not ask for."""

    sentence = _l("Este motivo no lleva más datos. Deje vacío lo demás.")


class NightsSame(Refused):
    sentence = _l("Esas son las noches que ya tiene. Escriba otras.")
    field = "first_night"


class AnotherReviews(Refused):
    """Flag R: whoever wrote it down does not look at it."""

    sentence = _l("La revisa otra persona, no quien la anotó.")


class GroundNotOurs(Refused):
    """A referral is made because of one that the same team sent for one of the same people."""

    sentence = _l("Solo puede depender de una referencia abierta de su equipo para las mismas personas.")
    field = "because_of"


class LinkNotNow(Refused):
    """A one-time page is made for a referral that waits, or whose people are on their way."""

    sentence = _l("La página solo se hace para una referencia que espera respuesta o llegada.")
    status = 409


class ReceiverAnswersHere(Refused):
    """A one-time page is for receivers without an account: others answer in the system, where places are booked."""

    sentence = _l("Esta entidad responde en el sistema, donde se reservan los lugares.")
    status = 409


class NotOnPaper(Refused):
    """Something sealed, or not sent yet, is never printed."""

    sentence = _l("Esta referencia no se imprime.")
    status = 409


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
says("team_stands_for_open_entry", ReceiverDoesNotOffer)
says("ck_referral_not_to_itself", ReceiverNotAllowed)
says("ck_referral_nights_whole", NightsMissing)
says("ck_referral_nights_something_changed", NightsSame)
says("ck_referral_protected_says_nothing", SaysTooMuch)
says("ck_referral_not_eligible_by_which_rule", CodeMissing)
says("ck_referral_unlocks_hour_of_day", HourInvalid)
says("ck_referral_telephone_read_back", NotReadBack)
says("ck_referral_page_says_who", NameMissing)
says("ck_referral_review_by_another", AnotherReviews)
says("fk_referral_because_of", GroundNotOurs)
says("referral_because_of_is_final", GroundNotOurs)
says("uq_referral_link_live", LinkNotNow)
