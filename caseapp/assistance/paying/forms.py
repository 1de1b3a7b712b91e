"""Forms of asking, deciding and paying."""

from __future__ import annotations

from wtforms import FormField, RadioField, SelectField

from caseapp.assistance.paying import rules
from caseapp.core.forms import CheckField, CodeField, Form, VersionedForm, required
from caseapp.core.i18n import _, _l
from caseapp.people.inputs import DatePart, WholeField


class AskForm(Form):
    """For each adult who is ticked, who is the payee: nobody is ticked beforehand."""

    who = CheckField(
        _l("Quién la recibe y cobra"), choices=[], validators=[required(_l("Marque a cada persona adulta que la recibe."))]
    )  # fmt: skip
    team = SelectField(
        _l("Equipo que la provee"), choices={}, validators=[required(_l("Elija el equipo."))], default=""
    )
    item = CodeField(
        _l("Qué se pide"), list_name="assistance_kind", validators=[required(_l("Elija qué se pide."))]
    )
    amount = WholeField(_l("Cantidad en dólares, a cada persona"), example="120")
    mechanism = CodeField(_l("Medio del efectivo"), list_name="cash_mechanism")
    until = FormField(DatePart)


class DecideForm(VersionedForm):
    decision = RadioField(
        _l("Decisión"), choices=lambda: [("APPROVED", _("Aprobar")), ("REFUSED", _("Denegar"))],
        validators=[required(_l("Elija una opción."))],
    )  # fmt: skip
    refusal = CodeField(_l("Si se deniega, por qué"), list_name="assistance_refusal")


class PlanForm(Form):
    amount = WholeField(_l("Cantidad en dólares"), example="60")
    planned = FormField(DatePart)


class MoveForm(VersionedForm):
    """The next step of a payment; which ones there are depends on its state."""

    to = RadioField(_l("Qué pasó"), choices=[], validators=[required(_l("Elija una opción."))])
    failure = CodeField(_l("Si falló, por qué"), list_name="payment_failure", only=rules.FAILURES)


class StepForm(VersionedForm):
    """A step that has nothing to fill in."""
