"""Forms of referrals: shape and format, no decisions."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from wtforms import (
    BooleanField,
    DateField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Length, Optional

from caseapp.core import reference
from caseapp.core.forms import CheckField, CodeField, Form, VersionedForm, required
from caseapp.core.i18n import _, _l
from caseapp.people.rules.waiver import BASES
from caseapp.referral.rules import RECORDED_BY_SENDER

WORDS = [Length(max=2000)]


class NewForm(Form):
    """A referral about to be prepared; the kind of service was chosen before."""

    members = CheckField(_l("A quiénes"), validators=[required(_l("Elija al menos a una persona."))])
    to_team = RadioField(_l("A qué entidad"), validators=[required(_l("Elija la entidad que recibe."))])
    priority = RadioField(
        _l("Para cuándo se necesita la respuesta"), validators=[required(_l("Elija la prioridad."))]
    )
    first_night = DateField(_l("Primera noche"), validators=[Optional()])
    last_night = DateField(_l("Última noche"), validators=[Optional()])
    items = CheckField(_l("Qué verá la entidad de cada persona"))
    message = TextAreaField(_l("Mensaje"), validators=WORDS)
    basis = CodeField(
        _l("Base legal para quien no ha dado su consentimiento"), list_name="no_consent_basis", only=BASES,
        blank=_l("Ninguna: todas las personas consintieron"),
    )  # fmt: skip
    basis_reason = StringField(_l("En qué consiste"), validators=WORDS)


class AcceptForm(VersionedForm):
    reason = CodeField(
        _l("Por qué no a las demás"), list_name="decline_reason",
        only=lambda: [c.code for c in reference.codes("decline_reason") if "S" not in c.flags],
    )  # fmt: skip


class DeclineForm(VersionedForm):
    reason = RadioField(_l("Motivo"), validators=[required(_l("Elija un motivo de la lista."))])
    unlocks = StringField(_l("Qué lo haría posible"), validators=WORDS)
    unlocks_on = DateField(_l("A partir de qué fecha"), validators=[Optional()])


class AskForm(VersionedForm):
    question = TextAreaField(
        _l("Qué necesita saber"), validators=[required(_l("Escriba su pregunta.")), *WORDS]
    )
    stops_clock = BooleanField(_l("Sin esta respuesta no puedo decidir (el plazo se detiene)"))


class ReplyForm(VersionedForm):
    reply = TextAreaField(_l("Respuesta"), validators=[required(_l("Escriba la respuesta.")), *WORDS])


class ReasonForm(VersionedForm):
    """One reason of a list, given when it is made."""

    reason = SelectField(_l("Motivo"), validators=[required(_l("Elija un motivo de la lista."))])

    def offer(self, list_name: str) -> ReasonForm:
        self.reason.choices = [
            ("", str(_l("Elija…"))),
            *((c.code, c.label()) for c in reference.codes(list_name)),
        ]
        return self


class RecordForm(VersionedForm):
    """An answer given outside the system, written down by the sender."""

    answer = RadioField(_l("Qué respondieron"), validators=[required(_l("Elija la respuesta."))])
    channel = CodeField(
        _l("Cómo respondieron"), list_name="answer_channel", only=RECORDED_BY_SENDER, validators=[required()]
    )
    answered_by_name = StringField(
        _l("Nombre de quien respondió"), validators=[required(_l("Escriba el nombre.")), Length(max=200)]
    )
    reason = CodeField(
        _l("Motivo, si no aceptaron"), list_name="decline_reason",
        only=lambda: [c.code for c in reference.codes("decline_reason") if "S" not in c.flags],
    )  # fmt: skip


class WhoForm(Form):
    """Who looks for a place, and for which nights; also the act that holds and refers."""

    members = CheckField(_l("A quiénes"), validators=[required(_l("Elija al menos a una persona."))])
    first_night = DateField(_l("Primera noche"), validators=[required(_l("Escriba la primera noche."))])
    last_night = DateField(_l("Última noche"), validators=[required(_l("Escriba la última noche."))])
    priority = SelectField(_l("Para cuándo se necesita la respuesta"))

    def chosen(self) -> list[UUID]:
        """The case ids that were chosen, of those that were offered."""
        return [UUID(value) for value in self.members.data or () if value in dict(self.members.choices)]

    def asks_well(self) -> bool:
        """Whether there is somebody and some nights to ask about; what is wrong stands beside its field."""
        first, last = self.first_night.data, self.last_night.data
        if not self.chosen():
            self.members.errors = [*self.members.errors, _("Elija al menos a una persona.")]
        elif first is None or last is None or not first <= last <= first + timedelta(days=366):
            self.last_night.errors = [
                *self.last_night.errors,
                _("Escriba la primera y la última noche, en orden."),
            ]
        else:
            return True
        return False
