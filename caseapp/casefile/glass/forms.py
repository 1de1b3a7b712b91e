"""Forms of exceptional access: ask, review."""

from __future__ import annotations

from wtforms import RadioField, StringField, TextAreaField
from wtforms.validators import Length

from caseapp.casefile.glass.rules import OUTCOMES, REASONS
from caseapp.core import reference
from caseapp.core.forms import CodeField, Form, VersionedForm, required
from caseapp.core.i18n import _l


class BreakForm(Form):
    number = StringField(
        _l("Número del expediente"),
        validators=[required(_l("Escriba el número del expediente.")), Length(max=20)],
    )
    reason = CodeField(
        _l("Por qué ahora"), list_name="glass_reason", only=REASONS, validators=[required(_l("Elija por qué."))]
    )  # fmt: skip
    note = TextAreaField(
        _l("Qué pasa y por qué no puede esperar"),
        validators=[required(_l("Escriba en una frase qué pasa y por qué no puede esperar.")), Length(max=2000)],
    )  # fmt: skip


class ReviewForm(VersionedForm):
    outcome = RadioField(
        _l("Resultado de la revisión"),
        choices=lambda: [(o, reference.label("glass_outcome", o)) for o in OUTCOMES],
        validators=[required(_l("Elija un resultado."))],
    )
