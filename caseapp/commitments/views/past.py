"""What a commitment said before it was changed, and the cooperation that is tied to it, as its page shows them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from caseapp.commitments import forms, present, queries
from caseapp.core import pages, reference
from caseapp.core.i18n import _


def changes(commitment_id: UUID) -> list[dict[str, Any]]:
    """Each change: when, by whom, and what was written until then, the newest first."""
    return [
        {
            "day": pages.day(line.row.changed_at.date()), "by": line.by or _("Sistema"),
            "said": _SAID[line.row.part](line.row.said),
        }
        for line in queries.past(commitment_id)
    ]  # fmt: skip


def _text(said: dict[str, Any]) -> list[dict[str, str]]:
    return [{"label": _label(name), "value": _value(name, value)} for name, value in said.items()]


def _label(name: str) -> str:
    return str(forms.TextForm.said(name))


def _value(name: str, value: Any) -> str:
    if name == "pillar":
        return present.pillar(value)
    if name == "commitment_class":
        return reference.label("commitment_class", value)
    return "; ".join(value) if isinstance(value, list) else str(value or "—")


def _target(said: dict[str, Any]) -> list[dict[str, str]]:
    return [
        {
            "label": _("Meta"),
            "value": f"{said['indicator']}, {said['period']}: {Decimal(said['target']).normalize():f}",
        }
    ]


def _cost(said: dict[str, Any]) -> list[dict[str, str]]:
    value = _(
        "%(year)s: %(budgeted)s presupuestado, %(funded)s financiado (%(currency)s). Fuente: %(source)s.",
        year=said["year"], budgeted=present.money(Decimal(said["budgeted"])), funded=present.money(Decimal(said["funded"])),
        currency=said["currency"], source=said["source"],
    )  # fmt: skip
    return [{"label": _("Costo"), "value": value}]


_SAID = {"TEXT": _text, "TARGET": _target, "COST": _cost}


def cooperation(commitment_id: UUID) -> list[dict[str, str]]:
    """Pledges and action points that name the commitment."""
    return [
        {
            "what": one.what, "who": one.who, "day": pages.day(one.day),
            "state": _("Recibido %(received)s de %(pledged)s %(currency)s", received=present.money(one.received), pledged=present.money(one.pledged), currency=one.currency)
            if one.currency else (_("Hecho") if one.is_done else _("Abierto")),
        }
        for one in queries.cooperation_for(commitment_id)
    ]  # fmt: skip
