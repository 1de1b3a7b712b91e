"""Forms of requests about data: ask, decide, hold."""

from __future__ import annotations

from wtforms import RadioField, TextAreaField
from wtforms.validators import Length

from caseapp.casefile.subject.rules import HOLDS, KINDS, REFUSALS, TOPICS
from caseapp.core import reference
from caseapp.core.forms import CodeField, Form, VersionedForm, required
from caseapp.core.i18n import _l


class AskForm(Form):
    kind = RadioField(
        _l("Qué pide la persona"),
        choices=lambda: [(k, reference.label("subject_request_kind", k)) for k in KINDS],
        validators=[required(_l("Elija qué pide."))],
    )
    topic = CodeField(_l("Si pide corregir: qué dato"), list_name="correction_topic", only=TOPICS)
    what = TextAreaField(_l("En sus palabras"), validators=[Length(max=4000)])


class DecideForm(VersionedForm):
    decision = RadioField(
        _l("Decisión"),
        choices=lambda: [(d, reference.label("subject_request_state", d)) for d in ("GRANTED", "PART", "REFUSED")],
        validators=[required(_l("Elija una decisión."))],
    )  # fmt: skip
    reason = CodeField(_l("Si no se concede: por qué"), list_name="subject_refusal", only=REFUSALS)
    answer = TextAreaField(_l("Qué cambió o qué se le responde"), validators=[Length(max=4000)])


class HoldForm(Form):
    hold = CodeField(
        _l("Motivo de la retención"), list_name="legal_hold", only=HOLDS, validators=[required(_l("Elija el motivo."))]
    )  # fmt: skip
