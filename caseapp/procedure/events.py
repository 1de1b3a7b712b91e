"""The event kinds of the asylum procedure."""

from __future__ import annotations

from caseapp.core.journal import kind

LODGED = kind("claim.lodged")
DECIDED = kind("decision.made")
CLOSED = kind("claim.closed")
