"""A delivery in words."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from caseapp.assistance import rules
from caseapp.assistance.models import Delivery
from caseapp.assistance.paying.models import Assistance, Payment
from caseapp.core import reference
from caseapp.core.i18n import _, ngettext
from caseapp.core.pages import day


def title(row: Delivery) -> str:
    """What it was: the item, or the service."""
    return (
        reference.label("assistance_kind", row.item)
        if row.item
        else reference.label("service_kind", row.sector)
    )


def state(row: Delivery) -> tuple[str, str]:
    """The result, or that it was withdrawn, and the kind of its tag."""
    if row.withdrawn_on:
        return _("Anulada"), "neutral"
    return reference.label("service_result", row.result), (
        "good" if row.result in rules.DELIVERED else "neutral"
    )


def facts(row: Delivery, *, dated: bool = True, provider: str | None = None) -> list[str]:
    """Everything else of a row, in words."""
    by = reference.label("provider_class", row.provider_class)
    found = [day(row.delivered_on) if dated else "", f"{provider} ({by})" if provider else by]
    if row.item:
        found.append(reference.label("service_kind", row.sector))
    if row.quantity > 1:
        found.append(ngettext("%(num)s pieza", "%(num)s piezas", row.quantity))
    if row.mechanism:
        found.append(reference.label("cash_mechanism", row.mechanism))
    if row.amount:
        found.append(_("%(amount)s dólares", amount=row.amount))
    if row.language:
        found.append(
            _(
                "se le informó de sus derechos en %(language)s",
                language=reference.language_label(row.language),
            )
        )
    if row.education:
        found.append(reference.label("education_step", row.education))
    if row.again_reason:
        again = reference.label("delivery_again_reason", row.again_reason)
        found.append(_("otra vez: %(reason)s", reason=again))
    if row.withdrawn_reason:
        found.append(reference.label("delivery_withdrawn_reason", row.withdrawn_reason))
    return [fact for fact in found if fact]


# -- what was asked for -------------------------------------------------------------------------------
def request_title(row: Assistance) -> str:
    """What was asked for, with the sum."""
    what = reference.label("assistance_kind", row.item)
    return _("%(what)s, %(amount)s dólares", what=what, amount=row.amount) if row.amount else what


def request_state(row: Assistance) -> tuple[str, str]:
    """How it stands, and the kind of its tag."""
    if row.delivered_on:
        return _("Entregada"), "good"
    if row.decision is None:
        return _("Espera decisión"), "warning"
    kind = {"APPROVED": "info", "REFUSED": "neutral", "APPEALED": "warning"}[row.decision]
    return reference.label("assistance_decision", row.decision), kind


def request_facts(
    row: Assistance,
    *,
    users: dict[UUID, str] | None = None,
    teams: dict[UUID, str] | None = None,
    payments: Sequence[Payment] = (),
) -> list[str]:
    """Who asked and when, the means, until when, why not, and how the payments stand."""
    users, teams = users or {}, teams or {}
    by = ", ".join(w for w in (users.get(row.asked_by_id), teams.get(row.from_team_id)) if w)
    found = [
        _("pedida el %(day)s por %(who)s", day=day(row.asked_on), who=by)
        if by
        else _("pedida el %(day)s", day=day(row.asked_on)),
        _("a más tardar el %(day)s", day=day(row.until_on)),
    ]
    if row.mechanism:
        found.append(reference.label("cash_mechanism", row.mechanism))
    if row.refusal:
        found.append(reference.label("assistance_refusal", row.refusal))
    if row.appealed_on:
        found.append(_("se pidió revisión el %(day)s", day=day(row.appealed_on)))
    if row.decided_on:
        found.append(_("decidida el %(day)s", day=day(row.decided_on)))
    if row.delivered_on:
        found.append(_("entregada el %(day)s", day=day(row.delivered_on)))
    found += [
        _(
            "pago de %(amount)s: %(state)s",
            amount=one.amount,
            state=reference.label("payment_state", one.state),
        )
        for one in payments
    ]
    return found


def payment_facts(row: Payment) -> list[str]:
    """When it was planned and last moved, by what means, and why it failed."""
    found = [_("programado para el %(day)s", day=day(row.planned_on)), _("al %(day)s", day=day(row.moved_on))]
    if row.mechanism:
        found.append(reference.label("cash_mechanism", row.mechanism))
    if row.collected_on:
        found.append(_("cobrado el %(day)s", day=day(row.collected_on)))
    if row.failure:
        found.append(reference.label("payment_failure", row.failure))
    return found
