"""The event kinds of assistance."""

from __future__ import annotations

from caseapp.core.journal import kind

DELIVERED = kind("service.delivered")
CASH = kind("cash.delivered")
LEGAL_SESSION = kind("legal_aid.session")
