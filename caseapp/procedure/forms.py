"""Forms of the claim: lodge, decide, close."""

from __future__ import annotations

from wtforms import FormField

from caseapp.core.forms import CodeField, Form, VersionedForm, required
from caseapp.core.i18n import _l
from caseapp.people.inputs import DatePart
from caseapp.procedure.rules import APPLICATION_TYPES, CLOSURE_GROUPS, OUTCOMES


class LodgeForm(Form):
    application_type = CodeField(
        _l("Tipo de solicitud"), list_name="claim_application_type", only=APPLICATION_TYPES, blank=None
    )
    on = FormField(DatePart)


class DecideForm(VersionedForm):
    outcome = CodeField(
        _l("Resolución"),
        list_name="decision_outcome",
        only=OUTCOMES,
        validators=[required(_l("Elija la resolución."))],
    )
    on = FormField(DatePart)


class CloseForm(VersionedForm):
    reason = CodeField(
        _l("Por qué se cierra la solicitud"), list_name="claim_closure_reason", only=tuple(CLOSURE_GROUPS),
        validators=[required(_l("Elija por qué se cierra."))],
    )  # fmt: skip
    on = FormField(DatePart)
