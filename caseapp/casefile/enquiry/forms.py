"""Forms of enquiries: write one down in seconds; link it."""

from __future__ import annotations

from wtforms import BooleanField, RadioField, StringField, TextAreaField
from wtforms.validators import Length

from caseapp.casefile.enquiry.rules import ASKED_BY, CHANNELS, PAPERS
from caseapp.core import reference
from caseapp.core.forms import CodeField, Form, VersionedForm, required
from caseapp.core.i18n import _l


class LogForm(Form):
    asked_by = RadioField(
        _l("Quién preguntó"),
        choices=lambda: [(c, t) for c, t in reference.choices("enquiry_by") if c in ASKED_BY],
        validators=[required(_l("Elija quién preguntó."))],
    )
    about = StringField(
        _l("Por quién preguntaron"),
        validators=[required(_l("Escriba por quién preguntaron, como lo dijeron.")), Length(max=300)],
    )
    channel = CodeField(
        _l("Cómo"), list_name="enquiry_channel", only=CHANNELS, blank=None, default="GATE"
    )  # fmt: skip
    paper = CodeField(
        _l("Qué papel mostró"), list_name="enquiry_paper", only=PAPERS, blank=None, default="NONE"
    )
    remark = TextAreaField(_l("Algo más"), validators=[Length(max=2000)])


class LinkForm(VersionedForm):
    number = StringField(
        _l("Número del expediente"),
        validators=[required(_l("Escriba el número del expediente.")), Length(max=20)],
    )
    answered = BooleanField(_l("Se respondió, con consentimiento de la persona"))
