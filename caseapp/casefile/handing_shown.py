"""Hand-overs in words: the same lines for the offering side's preview and for the receiver."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import url_for

from caseapp.casefile.models import Handover
from caseapp.core import reference
from caseapp.core.i18n import _
from caseapp.core.pages import day
from caseapp.people import present

KIND = {
    "PREPARED": "warning", "OFFERED": "info", "ACCEPTED": "good", "DECLINED": "neutral", "WITHDRAWN": "neutral",
    "LAPSED": "warning",
}  # fmt: skip


def minimum(sex: str, age_band: str, languages: Iterable[str], requirements: Iterable[str]) -> dict[str, str]:
    """What a receiver sees of a person before the answer: no name, no number, no need."""
    one = {"F": _("Mujer o niña"), "M": _("Hombre o niño")}.get(sex, _("Sexo no indicado"))
    who = [
        one,
        _("%(band)s años", band=reference.label("age_band", age_band)),
    ]
    return {
        "who": ", ".join(who),
        "languages": present.languages_text(list(languages)),
        "requirements": ", ".join(reference.label("placement_requirement", r) for r in requirements),
    }


def offer_row(made: Handover) -> dict[str, Any]:
    """An offer as either side's page begins: where from, where to, when, how it stands."""
    reason = ""
    if made.decline_reason:
        reason = reference.outside_label("decline_reason", made.decline_reason) or ""
    elif made.withdraw_reason:
        reason = reference.label("withdraw_reason", made.withdraw_reason)
    return {
        "id": made.id,
        "from": made.from_team.name,
        "to": made.to_team.name,
        "kind": reference.label("handover_kind", made.kind),
        "state": reference.label("handover_state", made.state),
        "tag": KIND[made.state],
        "arrives": day(made.arrives_on),
        "reason": reason,
        "prepared": day(made.prepared_at.date()),
        "people": [minimum(m.sex, m.age_band, m.languages, m.requirements) for m in made.members],
        "href": url_for("casefile.handover_offer", handover_id=made.id) if made.offered_at else None,
    }


def after_yes() -> list[str]:
    """What comes with a file once it is accepted, for the preview."""
    return [
        _("Nombres, contacto seguro, documentos y consentimientos"),
        _("Necesidades, entrevistas, solicitud de asilo y plan de solución que no son reservados"),
        _("El plan con sus metas, las tareas por hacer, las alertas y las notas del equipo"),
        _("Las referencias sin terminar y todo lo que ha pasado"),
    ]


def stays_behind() -> list[str]:
    """What never comes, or only to a holder: said of every offer, so that it says nothing of this one."""
    return [
        _("Las notas de supervisión"),
        _("Lo reservado, salvo que se nombre a quien lo recibe"),
    ]
