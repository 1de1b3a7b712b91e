"""Forms: shape and format of input, no decisions. Refusals of a verb land beside their field."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import g, has_app_context
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField, SelectMultipleField
from wtforms.validators import InputRequired, StopValidation, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from caseapp.core import reference
from caseapp.core.errors import Refused
from caseapp.core.i18n import _, _l


class Form(FlaskForm):  # type: ignore[misc]
    """Base of all forms. Messages of WTForms itself come from its own catalogues."""

    #: Templates write `{{ form.csrf_token }}`; where the check is off (some tests) it is nothing.
    csrf_token: Any = ""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        def get_translations(self, form: Any) -> Any:
            from wtforms.i18n import get_translations

            from caseapp.core.i18n import language

            return get_translations([language()])

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether the form is filled in as it asks; not, where a rule has already refused what it says
        (`core.commits`): the sentence then stands in the form, and the page is drawn with what was typed."""
        if not has_app_context():
            return bool(super().validate(extra_validators))
        refusal = g.pop("refusal_to_tell", None)
        g.form_was_read = True
        good = bool(super().validate(extra_validators))
        if refusal is None:
            return good
        self.refused(refusal)
        return False

    def refused(self, error: Refused) -> None:
        """Put a refusal's sentence beside its field, or on top of the form. Nothing typed is lost."""
        field = self._fields.get(error.field or "")
        if field is not None:
            field.errors = [*field.errors, str(error)]
        else:
            self.form_errors.append(str(error))


class VersionedForm(Form):
    """A form on a record that two people may edit: carries the version that was read."""

    version = HiddenField()

    def read_version(self) -> int | None:
        try:
            return int(self.version.data)
        except (TypeError, ValueError):
            return None


class Filled(InputRequired):  # type: ignore[misc]
    """Something was sent, and not blanks alone."""

    def __call__(self, form: Any, field: Any) -> None:
        super().__call__(form, field)
        if isinstance(field.data, str) and not field.data.strip():
            raise StopValidation(str(self.message))


def required(message: Any = None) -> Filled:
    """A field that must be filled in; `message` says so in the user's language."""
    return Filled(message or _l("Complete este dato."))


class CodeField(SelectField):  # type: ignore[misc]
    """A choice from a reference list; the empty choice is "" with its own words."""

    def __init__(
        self,
        label: Any = None,
        *,
        list_name: str,
        only: Iterable[str] | Callable[[], Iterable[str]] | None = None,
        blank: Any | None = _l("Elija…"),
        **kwargs: Any,
    ) -> None:
        self.list_name, self.only, self.blank = list_name, only, blank
        if blank is not None:
            # Where a page does not show the field, nothing was chosen; that is not a wrong choice.
            kwargs.setdefault("default", "")
        super().__init__(label, choices=self._choices, **kwargs)

    def _choices(self) -> list[tuple[str, str]]:
        found = list(reference.choices(self.list_name))
        if self.only is not None:
            wanted = list(self.only() if callable(self.only) else self.only)
            found = [(c, t) for c, t in found if c in wanted]
        return found if self.blank is None else [("", str(self.blank)), *found]


class CheckField(SelectMultipleField):  # type: ignore[misc]
    """Several answers, each with its box."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def not_in_future(today: Callable[[], Any]) -> Callable[[Any, Any], None]:
    """A date that is not after the site's today."""

    def check(form: Any, field: Any) -> None:
        if field.data is not None and field.data > today():
            raise ValidationError(_("Esta fecha aún no llega. Escriba una fecha de hoy o anterior."))

    return check
