"""Forms of publication: shape only."""

from __future__ import annotations

from wtforms import StringField, TextAreaField
from wtforms.validators import Length

from caseapp.core.forms import CodeField, Form, required
from caseapp.core.i18n import _l


class MakeForm(Form):
    """Which month of which country is asked for."""

    country = StringField(_l("País"), validators=[required(), Length(3, 3)])
    period = StringField(_l("Mes"), validators=[required(), Length(7, 7)])
    unconfirmed_code = CodeField(
        _l("Por qué se publica sin esperar a las sedes que faltan"), list_name="unconfirmed_reason"
    )


class ReviseForm(Form):
    """Why a released month is counted again."""

    code = CodeField(_l("Motivo"), list_name="revision_reason", validators=[required()])
    reason = TextAreaField(_l("El motivo, en una frase"), validators=[required(), Length(max=300)])


class ReturnForm(Form):
    """Why a release goes back."""

    reason = TextAreaField(_l("Por qué se devuelve"), validators=[Length(max=1000)])
