"""Forms of waiting lists."""

from __future__ import annotations

from caseapp.core import reference
from caseapp.core.forms import CheckField, CodeField, Form, VersionedForm, required
from caseapp.core.i18n import _l
from caseapp.referral.waiting import rules


class JoinForm(Form):
    """What only the sender knows of those who wait."""

    told = CheckField(_l("Qué se cumple hoy"))

    def offer(self, kind: str) -> JoinForm:
        codes = [c for c in rules.criteria_of(kind) if c in rules.TOLD]
        self.told.choices = [(c, reference.label("waiting_criterion", c)) for c in codes]
        return self


class OfferForm(VersionedForm):
    """The reason is one for everybody who stands before; whoever differs is offered first."""

    reason = CodeField(
        _l("Por qué no se ofrece a quienes están antes"), list_name="waiting_passed_reason", only=rules.PASSED_REASONS,
        blank=_l("Elija…"),
    )  # fmt: skip


class LeaveForm(VersionedForm):
    reason = CodeField(
        _l("Motivo"), list_name="withdraw_reason", blank=_l("Elija…"),
        validators=[required(_l("Elija un motivo de la lista."))],
    )  # fmt: skip
