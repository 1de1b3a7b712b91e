"""Forms of the log: deliver, withdraw."""

from __future__ import annotations

from wtforms import FormField, SelectField

from caseapp.assistance import rules
from caseapp.core.forms import CheckField, CodeField, Form, required
from caseapp.core.i18n import _l
from caseapp.people.inputs import DatePart, WholeField


class DeliverForm(Form):
    """One act for several persons."""

    who = CheckField(_l("A quién"), choices=[], validators=[required(_l("Marque a quién se le entregó."))])
    sector = CodeField(
        _l("Servicio"), list_name="service_kind", only=rules.SECTORS, validators=[required(_l("Elija el servicio."))]
    )  # fmt: skip
    item = CodeField(_l("Qué se entregó"), list_name="assistance_kind", blank=_l("Nada: fue una atención"))
    result = CodeField(_l("Resultado"), list_name="service_result", blank=None, default="DELIVERED_FULL")
    provider_class = CodeField(
        _l("Quién lo dio"), list_name="provider_class", validators=[required(_l("Elija quién lo dio."))]
    )
    mechanism = CodeField(_l("Medio del efectivo"), list_name="cash_mechanism")
    amount = WholeField(_l("Cantidad en dólares"), example="120")
    need = SelectField(_l("Necesidad que atiende"), choices={}, default="")
    again_reason = CodeField(_l("Si se entrega otra vez, por qué"), list_name="delivery_again_reason")
    on = FormField(DatePart)


class WithdrawForm(Form):
    reason = CodeField(
        _l("Por qué se anula"), list_name="delivery_withdrawn_reason", validators=[required(_l("Elija por qué se anula."))]
    )  # fmt: skip
