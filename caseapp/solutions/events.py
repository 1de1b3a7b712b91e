"""The event kinds of solutions."""

from __future__ import annotations

from caseapp.core.journal import kind

PLANNED = kind("solution.planned")
STEPPED = kind("solution.step")
HELD = kind("solution.held")
FAILED = kind("solution.failed")
DEPARTED = kind("departure.confirmed")
PTA_DEPARTED = kind("pta.departed")
