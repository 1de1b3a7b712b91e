"""The form under a month: shape only."""

from __future__ import annotations

from wtforms import HiddenField

from caseapp.core.forms import CodeField, Form
from caseapp.core.i18n import _l


class SignForm(Form):
    """A remark, if there is one, and the signature that was seen."""

    note = CodeField(_l("Observación"), list_name="month_note", blank=_l("Ninguna"))
    after = HiddenField()

    def seen(self) -> int:
        """The number of the signature that the signer has seen; −1 if what was sent is no number."""
        text = str(self.after.data or "")
        return int(text) if text.isascii() and text.isdecimal() else -1
