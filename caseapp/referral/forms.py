"""Forms of referrals: shape and format, no decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import request
from wtforms import (
    BooleanField,
    DateField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Length, NumberRange, Optional

from caseapp.core import reference
from caseapp.core.forms import CheckField, CodeField, Form, VersionedForm, required
from caseapp.core.i18n import _, _l
from caseapp.people.inputs import bases_offered
from caseapp.referral import kinds
from caseapp.referral.rules import RECORDED_BY_SENDER, unlocking

WORDS = [Length(max=2000)]


def _hours() -> list[tuple[str, str]]:
    """By when somebody must be seen (`kinds.health.CHOICES`)."""
    return [
        ("", _("Sin plazo de horas")), ("TODAY", _("En 24 horas")), ("THREE_DAYS", _("En 72 horas")),
        ("WINDOW_72", _("Dentro de las 72 horas de lo que pasó")),
        ("WINDOW_120", _("Dentro de las 120 horas de lo que pasó")),
    ]  # fmt: skip


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
    seen_within = SelectField(_l("Antes de cuándo debe ser atendida"), choices=_hours, default="")
    hours_gone = IntegerField(_l("Cuántas horas pasaron ya"), validators=[Optional(), NumberRange(0, 999)])
    because_of = SelectField(_l("Depende de otra referencia"), default="")
    basis = CodeField(
        _l("Base legal para quien no ha dado su consentimiento"), list_name="no_consent_basis",
        only=bases_offered,
        blank=_l("Ninguna: todas las personas consintieron"),
    )  # fmt: skip
    basis_reason = StringField(_l("En qué consiste"), validators=WORDS)


class AcceptForm(VersionedForm):
    reason = CodeField(
        _l("Por qué no a las demás"), list_name="decline_reason",
        only=lambda: unlocking.reasons(gives_places=True, with_child=True, outside=True, part=True),
    )  # fmt: skip


class DeclineForm(VersionedForm):
    """A no: the reason, and of what would make it possible only what that reason asks (`ask`)."""

    reason = RadioField(_l("Motivo"), validators=[required(_l("Elija un motivo de la lista."))])
    unlocks_code = RadioField(_l("Qué lo haría posible"), validators=[Optional()])
    unlocks_on = DateField(_l("A partir de qué fecha"), validators=[Optional()])
    unlocks_hour = IntegerField(_l("Desde qué hora (0 a 23)"), validators=[Optional()])
    unlocks = StringField(_l("Con más detalle"), validators=WORDS)

    def ask(
        self, reasons: Iterable[str], rules: Callable[[], list[tuple[str, str]]] | None = None
    ) -> DeclineForm:
        """Offer these reasons, and the answers of the one that was chosen; the fields it does not ask are gone. `rules`: of a
        NOT_ELIGIBLE, those that the entry asked publishes."""
        labels = {c.code: c.label() for c in reference.codes("decline_reason")}
        self.reason.choices = [(r, labels[r]) for r in reasons]
        if self.reason.data not in dict(self.reason.choices):
            return self
        asked = unlocking.ASKED[self.reason.data]
        list_name = "placement_requirement" if asked.group == "TRAIT" else unlocking.LIST
        self.unlocks_code.choices = [
            (c, reference.label(list_name, c)) for c in unlocking.codes_of(self.reason.data)
        ]
        if asked.group == "RULE" and rules is not None:
            self.unlocks_code.choices = rules()
        words = reference.code("decline_reason", self.reason.data).text("unlocks")
        for name, field in (("code", "unlocks_code"), ("on", "unlocks_on"), ("words", "unlocks")):
            if name in asked.fields and words:
                self[field].label.text = words
                break
        for name in ("code", "on", "hour", "words"):
            field = "unlocks" if name == "words" else f"unlocks_{name}"
            if name not in asked.fields:
                del self[field]
        return self

    def said(self) -> dict[str, Any]:
        """What was said, as the verb takes it; a day that was sent with one tap (`quick`) stands for the typed one."""
        names = ("unlocks_code", "unlocks_on", "unlocks_hour", "unlocks")
        given = {name: self[name].data for name in names if name in self}
        if "unlocks_on" in given and request.form.get("quick"):
            with suppress(ValueError):
                given["unlocks_on"] = date.fromisoformat(request.form["quick"])
        return {**given, "unlocks": given.get("unlocks") or ""}


class NightsForm(VersionedForm):
    """Other nights than those that were asked."""

    first_night = DateField(_l("Primera noche"), validators=[required()])
    last_night = DateField(_l("Última noche"), validators=[required()])
    reason = CodeField(
        _l("Por qué cambian"), list_name="nights_change_reason", validators=[required(_l("Elija un motivo de la lista."))],
        only=lambda: [c.code for c in reference.codes("nights_change_reason") if c.group == "SENDER"],
    )  # fmt: skip


class ReviewForm(VersionedForm):
    """A second person's look at a reason."""

    outcome = RadioField(_l("Qué decide"), validators=[required(_l("Elija la respuesta."))])


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


class OutcomeForm(ReasonForm):
    """The result of a service, and what came of it where the kind tells that back."""

    outcome = SelectField(_l("En qué quedó"), validators=[Optional()])

    def tell(self, kind: str) -> OutcomeForm:
        """Offer what this kind may tell; a kind without such words is not asked."""
        self.offer("service_result")
        self.reason.label.text = str(_l("Resultado"))
        known = kinds.of(kind).outcomes
        if known:
            self.outcome.choices = [
                ("", str(_l("No se realizó o no corresponde"))),
                *((c, reference.label("service_outcome", c)) for c in known),
            ]
        else:
            del self.outcome
        return self

    def said(self) -> str:
        return self.outcome.data or "" if "outcome" in self else ""


class ToldForm(VersionedForm):
    """How something was told outside the system, written down by the sender."""

    channel = CodeField(
        _l("Cómo respondieron"), list_name="answer_channel", only=RECORDED_BY_SENDER, validators=[required()]
    )


class RecordForm(ToldForm):
    """An answer given outside the system: who gave it, and by telephone that it was read back."""

    answered_by_name = StringField(
        _l("Nombre de quien respondió"), validators=[required(_l("Escriba el nombre.")), Length(max=200)]
    )
    read_back = BooleanField(_l("Leí la respuesta de vuelta y la confirmaron"))


class RecordDeclineForm(DeclineForm, RecordForm):
    """A no that was given outside the system."""


class RecordResultForm(OutcomeForm, ToldForm):
    """A result that was told outside the system."""


class GuestForm(Form):
    """Who answers on a one-time page. It has no cookie to be misused, so no token against that."""

    class Meta(Form.Meta):
        csrf = False

    answered_by_name = StringField(
        _l("Su nombre"), validators=[required(_l("Escriba su nombre.")), Length(max=200)]
    )


class GuestAcceptForm(GuestForm):
    """A yes on a one-time page, perhaps to some of them only."""

    reason = SelectField(
        _l("Si no recibe a todas: por qué no a las demás"), validators=[Optional()], default=""
    )

    def ask(self, reasons: list[tuple[str, str]]) -> GuestAcceptForm:
        self.reason.choices = [("", str(_l("Elija…"))), *reasons]
        return self


class GuestDeclineForm(DeclineForm, GuestForm):
    """A no on a one-time page."""

    class Meta(Form.Meta):
        csrf = False


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
