"""Who makes, decides and reads releases. Making and deciding are never one person's (rules.py, constraint)."""

from __future__ import annotations

from caseapp.core.access import Principal, permission

SEE_RELEASES = permission("publication.releases", "DATA_STEWARD", "RELEASE_APPROVER")
MAKE_RELEASE = permission("publication.make", "DATA_STEWARD")
DECIDE_RELEASE = permission("publication.decide", "RELEASE_APPROVER")
GIVE_KEYS = permission("publication.keys", "DATA_STEWARD")
READ_FIGURES = permission(
    "publication.read", "COMMISSION_ANALYST", "REGIONAL_ANALYST", "DATA_STEWARD", "RELEASE_APPROVER"
)
READ_REGION = permission("publication.region", "REGIONAL_ANALYST")


def countries_as(who: Principal, *roles: str) -> tuple[str, ...]:
    """The countries in whose teams somebody holds one of these roles."""
    return tuple(sorted({grant.country for grant in who.grants if grant.role in roles}))


def may_read_country(who: Principal, country: str) -> bool:
    """Regional analysts read every country's released figures; everybody else their own country's."""
    if "REGIONAL_ANALYST" in who.roles:
        return True
    return country in countries_as(who, *READ_FIGURES.roles)
