"""Who may register a family."""

from __future__ import annotations

from caseapp.core.access import permission

REGISTER = permission("reception.register", "CASEWORKER", "SUPERVISOR")
