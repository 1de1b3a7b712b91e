"""Shape and format of what is typed into the pages of accounts."""

from __future__ import annotations

from typing import Any

from wtforms import HiddenField, PasswordField, RadioField, SelectField, StringField
from wtforms.validators import Length, Regexp, ValidationError

from caseapp.core.forms import CodeField, Form, required
from caseapp.core.i18n import _, _l


def _bare_code(value: str | None) -> str | None:
    return "".join((value or "").split()) or None


class SignInForm(Form):
    email = StringField(_l("Correo electrónico"), [required(_l("Escriba su correo.")), Length(max=254)])
    password = PasswordField(_l("Contraseña"), [required(_l("Escriba su contraseña.")), Length(max=512)])
    next = HiddenField()


class CodeForm(Form):
    code = StringField(
        _l("Código de seis cifras"),
        [
            required(_l("Escriba el código.")),
            Regexp(r"^\d{6}$", message=_l("Escriba las seis cifras del código.")),
        ],
        filters=[_bare_code],
    )
    next = HiddenField()


class UnlockForm(Form):
    password = PasswordField(_l("Contraseña"), [required(_l("Escriba su contraseña.")), Length(max=512)])


class NewPasswordForm(Form):
    """A new password, typed twice."""

    password = PasswordField(
        _l("Contraseña nueva"),
        [required(_l("Escriba la contraseña nueva.")), Length(max=512)],
        description=_l("Al menos 12 caracteres. Varias palabras seguidas son fáciles de recordar."),
    )
    repeat = PasswordField(_l("Contraseña nueva, otra vez"), [required(_l("Escríbala otra vez."))])

    def validate_repeat(self, field: Any) -> None:
        if field.data != self.password.data:
            raise ValidationError(_("Las dos contraseñas no son iguales. Escríbalas de nuevo."))


class ChangePasswordForm(NewPasswordForm):
    current = PasswordField(
        _l("Contraseña actual"), [required(_l("Escriba su contraseña actual.")), Length(max=512)]
    )


class LanguageForm(Form):
    language = RadioField(_l("Idioma"), choices={"es": "Español", "en": "English"})


class RoleForm(Form):
    """A role in a team; the teams are those that the administrator looks after."""

    team = SelectField(_l("Equipo"), [required(_l("Elija el equipo."))])
    role = CodeField(_l("Función"), list_name="role", validators=[required(_l("Elija la función."))])


class UserForm(RoleForm):
    name = StringField(_l("Nombre"), [required(_l("Escriba el nombre.")), Length(max=120)])
    email = StringField(
        _l("Correo electrónico"),
        [
            required(_l("Escriba el correo.")),
            Length(max=254),
            Regexp(
                r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
                message=_l("Escriba un correo completo, por ejemplo ana@ejemplo.org."),
            ),
        ],
        filters=[lambda value: (value or "").strip() or None],
    )
    language = RadioField(_l("Idioma"), choices={"es": "Español", "en": "English"}, default="es")


class SearchForm(Form):
    """A filter sent with GET."""

    class Meta(Form.Meta):
        csrf = False

    q = StringField(_l("Nombre o correo"), [Length(max=100)])


#: Words of the groups of acts (`rules.ACT_KINDS`).
ACT_WORDS: dict[str, Any] = {
    "LOOKS": _l("Miró"), "EXCEPTIONAL": _l("Acceso excepcional"), "APPROVALS": _l("Decidió o aprobó"),
    "EXPORTS": _l("Exportó o imprimió"), "ERASURES": _l("Borró o retuvo"), "ACCOUNTS": _l("Cambió una cuenta"),
    "SIGN_IN": _l("Entró o salió"),
}  # fmt: skip


class AuditForm(SearchForm):
    q = None
    kind = SelectField(
        _l("Qué hizo"), choices=lambda: [("", _("Cualquier acto")), *ACT_WORDS.items()], default=""
    )  # fmt: skip
    actor = StringField(_l("Quién (correo)"), [Length(max=254)])
    subject_id = StringField(_l("Registro (identificador)"), [Length(max=36)])
