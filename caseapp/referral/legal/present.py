"""Representations as pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import url_for

from caseapp.accounts.queries import timezone_of
from caseapp.core import clock, crypto
from caseapp.core.i18n import _
from caseapp.core.pages import day
from caseapp.referral.legal import rules, service
from caseapp.referral.models import Referral


def lines(found: Referral, names: Mapping[UUID, str] | None = None) -> list[dict[str, Any]]:
    """Who represents whom, since when, and how the power stands today. `names`: of the people, where they are shown."""
    mandates = service.mandates_of(found)
    crypto.load_keys(m.case_id for m in mandates)
    on = clock.today(timezone_of(found.to_team_id))
    words = {
        rules.NO_POWER: (_("sin poder firmado"), "neutral"), rules.POWER: (_("con poder"), "good"),
        rules.EXPIRED: (_("el poder venció"), "urgent"), rules.ENDED: (_("ya no la representa"), "neutral"),
    }  # fmt: skip
    shown = []
    for one in mandates:
        stands = rules.stands(one.power_until, one.ended_on, on)
        state, kind = words[stands]
        facts = [
            (names or {}).get(one.case_id, ""), _("desde el %(day)s", day=day(one.assigned_on)),
            _("poder hasta el %(day)s", day=day(one.power_until)) if one.power_until else "",
        ]  # fmt: skip
        shown.append(
            {
                "lawyer": one.lawyer, "facts": " · ".join(f for f in facts if f), "state": state, "kind": kind,
                "href": None if stands == rules.ENDED else url_for("referral.power", number=found.number, mandate_id=one.id),
            }
        )  # fmt: skip
    return shown
