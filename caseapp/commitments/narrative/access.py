"""Who reads and writes narratives. Approving one's own version is refused (rules.py, constraint)."""

from __future__ import annotations

from caseapp.core.access import Principal, permission

WRITERS = ("COMMISSION_ANALYST", "DATA_STEWARD", "RELEASE_APPROVER")
READ_NARRATIVES = permission("commitments.narratives", *WRITERS, "REGIONAL_ANALYST")
WRITE_NARRATIVES = permission("commitments.narrate", *WRITERS, "REGIONAL_ANALYST")
REGION = "REG"


def readable(who: Principal) -> frozenset[str] | None:
    """The countries whose narratives somebody reads; None: all."""
    if "REGIONAL_ANALYST" in who.roles:
        return None
    return frozenset({grant.country for grant in who.grants if grant.role in WRITERS} | {REGION})


def may_read(who: Principal, country: str) -> bool:
    found = readable(who)
    return found is None or country in found


def may_write(who: Principal, country: str) -> bool:
    """A commission writes its own country's, the regional secretariat the region's."""
    if country == REGION:
        return "REGIONAL_ANALYST" in who.roles
    return any(grant.country == country and grant.role in WRITERS for grant in who.grants)
