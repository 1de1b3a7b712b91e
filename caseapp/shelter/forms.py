"""Forms of the shelter: shape and format, no decisions."""

from __future__ import annotations

from wtforms import BooleanField, DateField, DateTimeLocalField, IntegerField, RadioField, SelectField
from wtforms.validators import NumberRange, Optional

from caseapp.core.forms import CheckField, CodeField, Form, required
from caseapp.core.i18n import _l


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


#: How long a shelter may declare that it holds places, in minutes; 0: it holds none.
HOLD_MINUTES = (0, 15, 30, 45, 60, 120, 240, 720, 1440, 2880, 4320)


class HoldsForm(Form):
    """How long places are held while the shelter answers, by priority."""

    immediate = SelectField(_l("Referencia inmediata"), coerce=int)
    emergency = SelectField(_l("Emergencia"), coerce=int)
    urgent = SelectField(_l("Urgente"), coerce=int)
    normal = SelectField(_l("Normal"), coerce=int)
