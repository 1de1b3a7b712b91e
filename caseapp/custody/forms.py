"""Forms of custody: shape and format of input, no decisions."""

from __future__ import annotations

from wtforms import DateField, DateTimeLocalField, RadioField, SelectField, StringField
from wtforms.validators import Length, Optional

from caseapp.core import reference
from caseapp.core.forms import CodeField, Form, VersionedForm, required
from caseapp.core.i18n import _l
from caseapp.custody import rules
from caseapp.people.inputs import yes_no

MINUTE = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]


class OpenForm(Form):
    authority = CodeField(
        _l("Autoridad que la tiene"), list_name="custody_authority",
        validators=[required(_l("Elija la autoridad."))],
    )  # fmt: skip
    station = SelectField(_l("Estación migratoria"), validators=[Optional()], default="")
    place = SelectField(
        _l("Estado o departamento, si no es una estación"), validators=[Optional()], default=""
    )
    since = DateTimeLocalField(
        _l("Desde cuándo"), format=MINUTE, validators=[required(_l("Escriba el día y la hora, aunque sea aproximada."))]
    )  # fmt: skip
    basis = CodeField(
        _l("Motivo que se dio"), list_name="custody_basis", validators=[required(_l("Elija el motivo."))]
    )


class SafeguardForm(VersionedForm):
    """One question for each safeguard; which are asked depends on whether the person is a child."""

    child_authority_called = RadioField(choices=yes_no, default="NOT_ASKED")
    called_team = SelectField(_l("A qué autoridad de niñez se llamó"), validators=[Optional()], default="")
    told_of_asylum = RadioField(choices=yes_no, default="NOT_ASKED")
    interpreter = RadioField(choices=yes_no, default="NOT_ASKED")
    lawyer = RadioField(choices=yes_no, default="NOT_ASKED")
    doctor = RadioField(choices=yes_no, default="NOT_ASKED")
    phone_call = RadioField(choices=yes_no, default="NOT_ASKED")
    unhcr_access = RadioField(choices=yes_no, default="NOT_ASKED")
    no_consular_contact = RadioField(choices=yes_no, default="NOT_ASKED")
    at = DateTimeLocalField(_l("A qué hora"), format=MINUTE, validators=[Optional()])

    def label_all(self) -> None:
        """Each question is called as its safeguard in the list."""
        for code in rules.SAFEGUARDS:
            self[code.lower()].label.text = reference.label("custody_safeguard", code)


class AgreeForm(VersionedForm):
    agreed_on = DateField(_l("Fecha de salida acordada"), validators=[Optional()])


class ReleaseForm(VersionedForm):
    exit_code = CodeField(
        _l("Cómo salió"), list_name="custody_exit", validators=[required(_l("Elija cómo salió."))]
    )
    on = DateField(_l("Fecha de salida"), validators=[required(_l("Escriba la fecha de salida."))])
    departure_reason = CodeField(
        _l("Por qué sale antes que quienes le preceden"), list_name="custody_departure_reason", validators=[Optional()]
    )  # fmt: skip
    departure_note = StringField(_l("Si es otro motivo, cuál"), validators=[Length(max=300)])


class FollowUpForm(Form):
    outcome = CodeField(
        _l("Qué se encontró"), list_name="custody_follow_up", validators=[required(_l("Elija qué se encontró."))]
    )  # fmt: skip
    on = DateField(_l("Fecha"), validators=[required(_l("Escriba la fecha."))])
