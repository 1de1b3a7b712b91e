"""Forms of the log: deliver, withdraw, quick entry at the desk, count by number."""

from __future__ import annotations

from wtforms import FormField, HiddenField, SelectField

from caseapp.assistance import rules
from caseapp.core.forms import CheckField, CodeField, Form, required
from caseapp.core.i18n import _l
from caseapp.people import present
from caseapp.people.inputs import DatePart, ListField, WholeField


class DeliverForm(Form):
    """One act for several persons."""

    private = HiddenField(default="")
    who = CheckField(_l("A quién"), choices=[], validators=[required(_l("Marque a quién se le entregó."))])
    sector = CodeField(
        _l("Servicio"), list_name="service_kind", only=rules.SECTORS, validators=[required(_l("Elija el servicio."))]
    )  # fmt: skip
    item = CodeField(_l("Qué se entregó"), list_name="assistance_kind", blank=_l("Nada: fue una atención"))
    quantity = WholeField(_l("Piezas a cada persona"), example="1", default="1")
    result = CodeField(_l("Resultado"), list_name="service_result", blank=None, default="DELIVERED_FULL")
    provider = SelectField(_l("Equipo que lo dio"), choices={}, default="")
    provider_class = CodeField(
        _l("Qué clase de entidad lo dio"), list_name="provider_class", blank=_l("La del equipo elegido")
    )
    mechanism = CodeField(_l("Medio del efectivo"), list_name="cash_mechanism")
    amount = WholeField(_l("Cantidad en dólares"), example="120")
    need = SelectField(_l("Necesidad que atiende"), choices={}, default="")
    referral = SelectField(_l("Referencia a la que responde"), choices={}, default="")
    language = ListField(
        _l("Idioma en que se le informó de sus derechos"), present.language_choices, blank=_l("No se le informó esta vez")
    )  # fmt: skip
    education = CodeField(_l("Paso de educación"), list_name="education_step", blank=_l("Ninguno"))
    again_reason = CodeField(_l("Si se entrega otra vez, por qué"), list_name="delivery_again_reason")
    on = FormField(DatePart)


class WithdrawForm(Form):
    reason = CodeField(
        _l("Por qué se anula"), list_name="delivery_withdrawn_reason", validators=[required(_l("Elija por qué se anula."))]
    )  # fmt: skip


class QuickForm(Form):
    """What the desk gives today: an item or a service in one choice, for those who are ticked."""

    number = HiddenField(default="")
    team = HiddenField(default="")
    who = CheckField(_l("A quién"), choices=[], validators=[required(_l("Marque a quién se le entregó."))])
    what = SelectField(
        _l("Qué recibe"), choices={}, validators=[required(_l("Elija qué recibe."))], default=""
    )
    quantity = WholeField(_l("Piezas a cada persona"), example="1", default="1")
    result = CodeField(_l("Resultado"), list_name="service_result", blank=None, default="DELIVERED_FULL")
    referral = SelectField(_l("Referencia a la que responde"), choices={}, default="")
    language = ListField(
        _l("Idioma en que se le informó de sus derechos"), present.language_choices, blank=_l("No se le informó esta vez")
    )  # fmt: skip
    again_reason = CodeField(_l("Si se entrega otra vez, por qué"), list_name="delivery_again_reason")


class CountForm(Form):
    """So many of an item, today."""

    team = SelectField(_l("Equipo"), choices={})
    item = CodeField(
        _l("Qué se entregó"), list_name="counted_item", validators=[required(_l("Elija qué se entregó."))]
    )
    number = WholeField(_l("Cuántos"), example="45")
