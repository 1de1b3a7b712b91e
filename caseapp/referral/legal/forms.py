"""Forms of legal aid."""

from __future__ import annotations

from wtforms import DateField, RadioField, StringField
from wtforms.validators import Length, Optional

from caseapp.core.forms import Form, VersionedForm, required
from caseapp.core.i18n import _l


class LawyerForm(Form):
    """Somebody represents a person."""

    person = RadioField(_l("A quién representa"), validators=[required(_l("Elija a la persona."))])
    lawyer = StringField(
        _l("Nombre de quien la representa"), validators=[required(_l("Escriba el nombre.")), Length(max=200)]
    )
    assigned_on = DateField(_l("Desde cuándo"), validators=[required(_l("Escriba la fecha."))])
    power_on = DateField(_l("Poder firmado el (si ya firmó)"), validators=[Optional()])
    power_until = DateField(_l("El poder vale hasta"), validators=[Optional()])


class PowerForm(VersionedForm):
    """A power of attorney, or the end of a representation."""

    power_on = DateField(_l("Poder firmado el"), validators=[Optional()])
    power_until = DateField(_l("El poder vale hasta"), validators=[Optional()])
    ended_on = DateField(_l("Dejó de representarla el"), validators=[Optional()])
