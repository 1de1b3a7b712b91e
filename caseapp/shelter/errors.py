"""Refusals of the shelter. Whatever lies behind a place that is not offered reads the same (DO_NO_HARM,
"Explanations leak"): the code stays inside the server."""

from __future__ import annotations

from caseapp.core.errors import Refused, says
from caseapp.core.i18n import _l
from caseapp.people.rules import LeaveNeeded


class CannotBeOffered(Refused):
    """The rules about rooms say no; why is shown to nobody."""

    sentence = _l("No es posible ofrecerlo aquí.")
    field = "place"


class PlaceTaken(CannotBeOffered):
    """Somebody else has it on one of these nights: the same words as any other refusal."""


class AlreadyHasPlace(Refused):
    sentence = _l("Esta persona ya tiene lugar en esas noches.")
    field = "first_night"


class HoldNotOffered(Refused):
    sentence = _l("Este albergue no guarda lugares por tanto tiempo mientras responde.")
    field = "until"


class ReasonMissing(Refused):
    sentence = _l("Diga por qué se queda más noches.")
    field = "reason"


class MaxStay(Refused):
    sentence = _l(
        "Pasa de la estancia máxima de esta sede. Elija otra última noche, o un motivo que no sea solo el deseo."
    )
    field = "last_night"


class NoEmergency(Refused):
    sentence = _l("Solo en un cuarto propio y vacío, con personal a cargo por su nombre y hora.")
    field = "place"


class OrdinaryPlaceFree(Refused):
    """The emergency path is for when no place is free that the rules allow."""

    sentence = _l("Hay un lugar de los de siempre para estas personas. Acéptelas en él.")
    field = "place"


class DateInvalid(Refused):
    sentence = _l("Revise la fecha: la primera no es futura y la segunda es posterior.")
    field = "inspected_on"


class NightsInvalid(Refused):
    sentence = _l("Escriba una última noche igual o posterior a la primera, y a lo más un año después.")
    field = "last_night"


class NotExpectedYet(Refused):
    sentence = _l("Su primera noche aún no llega. Cambie primero la reserva.")


class WrongState(Refused):
    sentence = _l("Esta estancia ya cambió. Actualice la página y revise su estado.")
    status = 422


class PairNotAllowed(Refused):
    sentence = _l("Ese motivo y ese destino no van juntos. Elija otro destino.")
    field = "destination"


class ChildNotAskedToLeave(Refused):
    sentence = _l("A una niña o un niño no se le pide salir. Hable con supervisión.")
    field = "reason"


class TooEarlyForNoShow(Refused):
    sentence = _l("Aún no es la hora en que esta sede anota que alguien no llegó.")


class SecondPersonNeeded(Refused):
    sentence = _l("Debe confirmarlo otra persona, no quien lo anotó.")


class TimeInvalid(Refused):
    sentence = _l("Escriba una hora entre el ingreso y este momento.")
    field = "at"


class CodeTaken(Refused):
    sentence = _l("Ya hay un espacio con ese código.")
    field = "code"


class ChildLeftAlone(Refused):
    sentence = _l("Una niña o un niño quedaría sin su familia en ese cuarto. Muévalos en un solo paso.")
    field = "place"


class StillHeld(Refused):
    sentence = _l("Hay personas con este lugar en esas noches. Ubíquelas primero en otro.")
    field = "place"


says("ex_stay_place_taken", PlaceTaken)
says("ck_stay_has_leave", LeaveNeeded)
says("ex_stay_room_of_one_household", PlaceTaken)
says("ex_stay_place_turned", PlaceTaken)
says("stay_in_service", PlaceTaken)
says("stay_cannot_be_offered", CannotBeOffered)
says("stay_children_together", CannotBeOffered)
says("ck_stay_extension_not_by_wish_alone", MaxStay)
says("ck_child_emergency_second_person", SecondPersonNeeded)
says("ex_stay_person_once", AlreadyHasPlace)
says("ex_stay_person_in_once", AlreadyHasPlace)
says("ex_stay_person_held_once", AlreadyHasPlace)
says("stay_held_by_policy", HoldNotOffered)
says("fk_stay_end_pair", PairNotAllowed)
says("ck_stay_nights_in_order", NightsInvalid)
says("ck_stay_second_person", SecondPersonNeeded)
says("uq_unit_team_id_code", CodeTaken)
