"""Forms of narratives: shape only."""

from __future__ import annotations

from wtforms import TextAreaField
from wtforms.validators import Length

from caseapp.core.forms import VersionedForm, required
from caseapp.core.i18n import _l


class NarrativeForm(VersionedForm):
    """A text in both languages."""

    text_es = TextAreaField(
        _l("En español"),
        validators=[required(_l("Escriba el texto en español."))],
        render_kw={"rows": 12, "lang": "es"},
    )
    text_en = TextAreaField(
        _l("En inglés"),
        validators=[required(_l("Escriba el texto en inglés."))],
        render_kw={"rows": 12, "lang": "en"},
    )


class ReturnForm(VersionedForm):
    """What is to be changed."""

    reason = TextAreaField(_l("Qué hay que cambiar"), validators=[Length(max=1000)], render_kw={"rows": 3})
