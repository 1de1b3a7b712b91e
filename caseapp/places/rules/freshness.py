"""How old the last confirmation of an entry is. Beds age apart (the shelter's own confirmation)."""

from __future__ import annotations

from datetime import datetime, timedelta

from caseapp.core import reference

#: Codes of the list `freshness`, the best first.
STATES = ("CONFIRMED", "AGEING", "STALE", "NEVER")
OUT_OF_DATE = frozenset({"STALE", "NEVER"})


def freshness(kind: str, confirmed_at: datetime | None, moment: datetime) -> str:
    """CONFIRMED, AGEING, STALE or NEVER, by the thresholds of the kind's group (`directory.yml`)."""
    if confirmed_at is None:
        return "NEVER"
    rule, age = reference.freshness_rule(kind), moment - confirmed_at
    if age >= timedelta(days=rule.stale_after):
        return "STALE"
    return "AGEING" if age >= timedelta(days=rule.ageing_after) else "CONFIRMED"


def stale_before(kind: str, moment: datetime) -> datetime:
    """An entry of this kind that was last confirmed at this moment or before is stale."""
    return moment - timedelta(days=reference.freshness_rule(kind).stale_after)
