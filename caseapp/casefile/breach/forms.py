"""Form of a data breach."""

from __future__ import annotations

from wtforms import FormField, TextAreaField
from wtforms.validators import Length

from caseapp.casefile.breach.rules import KINDS
from caseapp.core.forms import CodeField, Form, required
from caseapp.core.i18n import _l
from caseapp.people.inputs import DatePart, WholeField


class BreachForm(Form):
    kind = CodeField(
        _l("Qué fue"), list_name="breach_kind", only=KINDS, validators=[required(_l("Elija qué fue."))]
    )  # fmt: skip
    on = FormField(DatePart)
    persons = WholeField(_l("Cuántas personas, más o menos"), example="12")
    what = TextAreaField(
        _l("Qué pasó"), validators=[required(_l("Escriba qué pasó, sin nombres.")), Length(max=4000)]
    )
