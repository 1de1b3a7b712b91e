"""Forms of the shelter: shape and format, no decisions."""

from __future__ import annotations

from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    DecimalField,
    IntegerField,
    RadioField,
    SelectField,
)
from wtforms.validators import InputRequired, NumberRange, Optional

from caseapp.core.forms import CheckField, CodeField, Form, required
from caseapp.core.i18n import _l

#: Destinations that somebody plans for.
PLANNED = (
    "OTHER_SHELTER", "RENTED", "FAMILY_FRIENDS", "HOST_FAMILY", "STATE_CHILD_CARE", "OTHER_STATE",
    "THIRD_COUNTRY_REGULAR", "COUNTRY_OF_ORIGIN_VOLUNTARY", "UNKNOWN",
)  # fmt: skip


class DepartureForm(Form):
    """Where the person went; the reason was chosen before."""

    destination = RadioField(_l("¿Adónde va?"), validators=[required(_l("Elija adónde va."))])
    others = CheckField(_l("¿Quiénes de su familia salen también?"))
    confirmed = BooleanField(_l("El destino confirmó que llegó o que la espera"))
    at = DateTimeLocalField(_l("Hora de salida"), validators=[Optional()], format="%Y-%m-%dT%H:%M")


class MoveForm(Form):
    reason = CodeField(_l("Motivo"), list_name="stay_move_reason", validators=[required()])


class ExtendForm(Form):
    last_night = DateField(_l("Última noche"), validators=[required(_l("Escriba la última noche."))])
    reason = CodeField(
        _l("Por qué se queda más noches"), list_name="stay_extension_reason", validators=[Optional()]
    )


class PlanForm(Form):
    """Where the person means to go, and when that is looked at again."""

    destination = CodeField(
        _l("Adónde piensa ir"),
        list_name="stay_destination",
        only=PLANNED,
        validators=[required(_l("Elija adónde."))],
    )
    review_on = DateField(_l("Se revisa el"), validators=[required(_l("Escriba una fecha."))])


class CancelForm(Form):
    reason = CodeField(_l("Motivo"), list_name="stay_cancel_reason", validators=[required()])


class SurgeForm(Form):
    count = IntegerField(_l("Cuántas plazas"), validators=[required(), NumberRange(1, 200)])
    reason = CodeField(_l("Motivo"), list_name="surge_reason", validators=[required()])
    closes_on = DateField(_l("Última noche en que se usan"), validators=[required(_l("Escriba una fecha."))])


class OutForm(Form):
    reason = CodeField(_l("Motivo"), list_name="place_out_reason", validators=[required()])
    first_night = DateField(_l("Desde la noche del"), validators=[required(_l("Escriba una fecha."))])
    last_night = DateField(_l("Hasta la noche del"), validators=[Optional()])
    despite = BooleanField(_l("No se puede dormir ahí aunque haya personas con este lugar; las moveremos"))


class WordForm(Form):
    """The daily word, prefilled with what the screen shows."""

    free = IntegerField(_l("Lugares libres esta noche"), validators=[InputRequired(), NumberRange(0, 5000)])
    out = IntegerField(_l("Fuera de servicio"), validators=[InputRequired(), NumberRange(0, 5000)])
    leaving = IntegerField(_l("Por quedar libres hoy"), validators=[InputRequired(), NumberRange(0, 5000)])


class UnitForm(Form):
    """How large a unit is and how long it stands empty between two parties."""

    area_m2 = DecimalField(_l("Metros cuadrados"), validators=[Optional(), NumberRange(1, 5000)])
    turnaround_nights = IntegerField(
        _l("Noches vacías entre una familia y la siguiente"), validators=[InputRequired(), NumberRange(0, 14)]
    )


class InspectionForm(Form):
    """Somebody looked at a unit."""

    outcome = CodeField(_l("Resultado"), list_name="inspection_outcome", validators=[required()])
    inspected_on = DateField(_l("Fecha de la inspección"), validators=[required(_l("Escriba una fecha."))])
    next_due_on = DateField(_l("Próxima inspección"), validators=[Optional()])


class LimitsForm(Form):
    """The longest stay, and a licence for children with its dates."""

    max_nights = IntegerField(_l("Estancia máxima, en noches"), validators=[Optional(), NumberRange(1, 366)])
    valid_from = DateField(_l("Nueva licencia para niñez sin familia, desde el"), validators=[Optional()])
    valid_to = DateField(_l("Vigente hasta el"), validators=[Optional()])


#: How long a shelter may declare that it holds places, in minutes; 0: it holds none.
HOLD_MINUTES = (0, 15, 30, 45, 60, 120, 240, 720, 1440, 2880, 4320)


class HoldsForm(Form):
    """How long places are held while the shelter answers, by priority."""

    immediate = SelectField(_l("Referencia inmediata"), coerce=int)
    emergency = SelectField(_l("Emergencia"), coerce=int)
    urgent = SelectField(_l("Urgente"), coerce=int)
    normal = SelectField(_l("Normal"), coerce=int)
