"""Which services answer which needs: what the case file shows beside a need. The narrower code comes first; a
need without a line of its own is answered as its category is."""

from __future__ import annotations

from collections.abc import Mapping

_BY_CODE: Mapping[str, frozenset[str]] = {
    "LP-BN": frozenset({"SHELTER", "SAFE_SHELTER", "FOOD", "RELIEF_ITEMS", "CASH"}),
    "LP-ND": frozenset({"DOCUMENTATION", "LEGAL", "ASYLUM_AUTHORITY"}),
    "LP-NA": frozenset({"SOCIAL_REGISTRY", "HEALTH", "EDUCATION"}),
    "SM-MI": frozenset({"MHPSS", "HEALTH"}),
    "SM-AD": frozenset({"MHPSS", "HEALTH"}),
    "WR-LC": frozenset({"HEALTH", "RELIEF_ITEMS", "FOOD"}),
    "CR-NE": frozenset({"EDUCATION"}),
    "CR-SE": frozenset({"EDUCATION", "DISABILITY"}),
}
_BY_CATEGORY: Mapping[str, frozenset[str]] = {
    "CR": frozenset({"CHILD_PROTECTION", "EDUCATION"}),
    "SC": frozenset({"CHILD_PROTECTION"}),
    "WR": frozenset({"SHELTER", "SAFE_SHELTER", "SOCIAL_REGISTRY", "CASH"}),
    "ER": frozenset({"SHELTER", "HEALTH", "SOCIAL_REGISTRY"}),
    "SP": frozenset({"SHELTER", "SOCIAL_REGISTRY", "CASH"}),
    "DS": frozenset({"DISABILITY", "HEALTH"}),
    "SM": frozenset({"HEALTH"}),
    "FU": frozenset({"FAMILY_TRACING"}),
    "LP": frozenset({"LEGAL", "ASYLUM_AUTHORITY"}),
    "TR": frozenset({"MHPSS", "HEALTH"}),
    "SV": frozenset({"GBV", "MHPSS", "HEALTH"}),
}


def services_for(code: str, category: str) -> frozenset[str]:
    """Codes of the list `service_kind` that answer a need."""
    return _BY_CODE.get(code) or _BY_CATEGORY.get(category, frozenset())
