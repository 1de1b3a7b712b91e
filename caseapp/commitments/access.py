"""Who keeps commitments. A commission keeps its own country's, the regional secretariat the region's; it reads all.
Whoever proposes a score never confirms it (rules.py, constraint)."""

from __future__ import annotations

from caseapp.commitments.rules import REGION
from caseapp.core.access import Principal, permission

READ = permission(
    "commitments.read", "COMMISSION_ANALYST", "DATA_STEWARD", "RELEASE_APPROVER", "REGIONAL_ANALYST"
)
EDIT = permission("commitments.edit", "COMMISSION_ANALYST", "DATA_STEWARD", "REGIONAL_ANALYST")
REVIEW = permission("commitments.review", "DATA_STEWARD", "RELEASE_APPROVER", "REGIONAL_ANALYST")
#: Write narratives, and approve those of another.
NARRATE = permission(
    "commitments.narrate", "COMMISSION_ANALYST", "DATA_STEWARD", "RELEASE_APPROVER", "REGIONAL_ANALYST"
)
NATIONAL = ("COMMISSION_ANALYST", "DATA_STEWARD", "RELEASE_APPROVER")


def written_by(who: Principal) -> tuple[str, ...]:
    """The countries whose commitments somebody keeps; REG for the regional secretariat."""
    own = {grant.country for grant in who.grants if grant.role in NATIONAL}
    return tuple(sorted(own | ({REGION} if "REGIONAL_ANALYST" in who.roles else set())))


def read_by(who: Principal) -> tuple[str, ...] | None:
    """The countries whose commitments somebody reads, with the region's; None: all of them."""
    if "REGIONAL_ANALYST" in who.roles or who.kind == "system":
        return None
    return (*written_by(who), REGION)


def may_read(who: Principal, country: str) -> bool:
    """Whether somebody reads what a country (or the region, REG) keeps."""
    found = read_by(who)
    return found is None or country in found


def may_write(who: Principal, country: str) -> bool:
    """Whether somebody keeps what a country (or the region, REG) keeps."""
    return country in written_by(who)
