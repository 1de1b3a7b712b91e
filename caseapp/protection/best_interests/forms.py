"""Forms of a best-interests assessment: shape and format of input, no decisions."""

from __future__ import annotations

from typing import Any

from wtforms import DateField, FieldList, FormField, RadioField, StringField, TextAreaField
from wtforms.validators import Length, Optional

from caseapp.core import reference
from caseapp.core.forms import CodeField, Form, VersionedForm, required
from caseapp.core.i18n import _l
from caseapp.people.inputs import Part
from caseapp.protection.best_interests.rules import STOP_REASONS, Action, Conclusion

#: Rows for recommended actions; more are tasks, or needs, of their own.
ACTIONS = 3
WORDS = [Length(max=4000, message=_l("Son demasiadas palabras: a lo más 4000 letras."))]


class OpenForm(Form):
    kind = RadioField(
        _l("Qué evaluación"), choices=lambda: reference.choices("best_interests_kind"), default="BIA"
    )


class ActionPart(Part):
    """A recommended action; one without words was not filled in."""

    words = StringField(_l("Qué se hace"), validators=[Length(max=300)])
    due_on = DateField(_l("Para qué día"), validators=[Optional()])
    need = CodeField(_l("Necesidad que muestra"), list_name="need_code", blank=_l("Ninguna nueva"))


class ConcludeForm(VersionedForm):
    assessed_on = DateField(
        _l("Qué día se hizo"), validators=[required(_l("Escriba qué día se hizo la evaluación."))]
    )
    took_part = TextAreaField(
        _l("Quiénes participaron"), validators=[required(_l("Escriba quiénes participaron.")), *WORDS],
        description=_l("Por ejemplo: la niña, su tía, la tutora y la intérprete de la oficina."),
    )  # fmt: skip
    views_heard = RadioField(
        _l("¿Se escuchó a la niña o el niño?"), choices=lambda: reference.choices("yes_no"),
        validators=[required(_l("Indique si se escuchó a la niña o el niño."))],
    )  # fmt: skip
    views = TextAreaField(
        _l("Qué dijo, con sus palabras"), description=_l("Si no se le escuchó, escriba por qué."),
        validators=[required(_l("Escriba qué dijo la niña o el niño o, si no se le escuchó, por qué.")), *WORDS],
    )  # fmt: skip
    findings = TextAreaField(
        _l("A qué llegó la evaluación"), validators=[required(_l("Escriba a qué llegó la evaluación.")), *WORDS],
        description=_l("Su seguridad, su familia, con quién está bien, su salud y su escuela, y qué le conviene."),
    )  # fmt: skip
    actions = FieldList(FormField(ActionPart), min_entries=ACTIONS, max_entries=ACTIONS)
    review_on = DateField(_l("Cuándo se revisa"), validators=[required(_l("Escriba cuándo se revisa."))])

    def told(self) -> Conclusion:
        """What was filled in, as the rules take it."""
        rows: list[Any] = [entry.form for entry in self.actions]
        return Conclusion(
            self.assessed_on.data, self.took_part.data or "", self.views_heard.data or "", self.views.data or "",
            self.findings.data or "", self.review_on.data,
            [
                Action(row.words.data or "", row.due_on.data, row.need.data or "")
                for row in rows
                if (row.words.data or "").strip() or row.due_on.data or row.need.data
            ],
        )  # fmt: skip


class DecideForm(VersionedForm):
    decision = RadioField(
        _l("Decisión"),
        choices=lambda: [("APPROVED", _l("Aprobar")), ("SENT_BACK", _l("Todavía no: falta algo"))],
        validators=[required(_l("Elija una decisión."))],
    )
    remark = TextAreaField(_l("Qué falta"), validators=WORDS)


class StopForm(VersionedForm):
    reason = CodeField(
        _l("Por qué ya no sigue"), list_name="best_interests_stop_reason", only=STOP_REASONS,
        validators=[required(_l("Elija por qué ya no sigue."))],
    )  # fmt: skip
