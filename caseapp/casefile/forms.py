"""Forms of closing and opening again."""

from __future__ import annotations

from wtforms import RadioField

from caseapp.casefile.rules import REASONS, REOPENING
from caseapp.core.forms import CodeField, VersionedForm, required
from caseapp.core.i18n import _l


class CloseForm(VersionedForm):
    reason = CodeField(
        _l("Motivo de cierre"), list_name="case_closure_reason", only=REASONS, validators=[required(_l("Elija el motivo de cierre."))]
    )  # fmt: skip


class ReopenForm(VersionedForm):
    reason = CodeField(
        _l("Por qué se abre de nuevo"), list_name="reopen_reason", only=REOPENING, validators=[required(_l("Elija por qué se abre de nuevo."))]
    )  # fmt: skip


class DecideForm(VersionedForm):
    decision = RadioField(
        _l("Decisión"),
        choices=lambda: [("APPROVED", _l("Aprobar y cerrar el expediente")), ("REFUSED", _l("No aprobar; el expediente sigue abierto"))],
        validators=[required(_l("Elija una decisión."))],
    )  # fmt: skip
