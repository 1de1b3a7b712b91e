"""Who reads the catalogue of indicators. Counts that are not released are shown to nobody here."""

from __future__ import annotations

from caseapp.core.access import permission

READ_CATALOGUE = permission(
    "indicators.read",
    "DATA_STEWARD", "RELEASE_APPROVER", "COMMISSION_ANALYST", "REGIONAL_ANALYST",
)  # fmt: skip
