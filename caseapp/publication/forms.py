"""Forms of publication: shape only."""

from __future__ import annotations

from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import Length

from caseapp.core.forms import CheckField, CodeField, Form, required
from caseapp.core.i18n import _, _l


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


class ProposeForm(Form):
    """From which month a definition counts, and why it changes."""

    valid_from = SelectField(_l("Vale desde"), validate_choice=False)
    reason = TextAreaField(_l("Por qué cambia"), validators=[Length(max=1000)])


class NoteForm(Form):
    """What is to be mended in a definition."""

    note = TextAreaField(_l("Qué hay que corregir"), validators=[Length(max=1000)])


class KeyForm(Form):
    """Whom a key is for, what it reads, and how long. The choices are the steward's own."""

    organisation = SelectField(_l("Organización"), validators=[required(_l("Elija la organización."))])
    name = StringField(
        _l("Para qué es"),
        validators=[required(_l("Escriba para qué es la llave.")), Length(max=80)],
        description=_l("Por ejemplo «Tablero del ministerio». No escriba nombres de personas."),
    )
    scopes = CheckField(_l("Permite leer"))
    countries = CheckField(_l("De qué países"))
    days = SelectField(
        _l("Cuánto vale"),
        choices=lambda: [
            ("30", _("30 días")),
            ("90", _("90 días")),
            ("180", _("180 días")),
            ("365", _("Un año")),
        ],
        default="90",
    )
