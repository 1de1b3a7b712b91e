"""Who reads the catalogue of indicators and who drafts a definition. Counts that are not released are shown to
nobody here."""

from __future__ import annotations

from caseapp.core.access import Principal, permission

READ_CATALOGUE = permission(
    "indicators.read",
    "DATA_STEWARD", "RELEASE_APPROVER", "COMMISSION_ANALYST", "REGIONAL_ANALYST",
)  # fmt: skip
DRAFT = permission("indicators.draft", "DATA_STEWARD")
#: Roles of one country; who reads for the region counts by the definitions that all countries share.
NATIONAL = ("DATA_STEWARD", "RELEASE_APPROVER", "COMMISSION_ANALYST")


def countries_as(who: Principal, *roles: str) -> tuple[str, ...]:
    """The countries in whose teams somebody holds one of these roles."""
    return tuple(sorted({grant.country for grant in who.grants if grant.role in roles}))
