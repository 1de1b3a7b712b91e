"""The event kinds of screening, and of a child's best interests."""

from __future__ import annotations

from caseapp.core.journal import kind

STARTED = kind("screening.started")
COMPLETED = kind("screening.completed")
UNFINISHED = kind("screening.unfinished")
ASSESSED = kind("assessment.completed")
OUTCOME = kind("screening.outcome")
BIA_COMPLETED = kind("bia.completed")

# Its tables are known with the events.
from caseapp.protection.best_interests import models as _best_interests  # noqa: E402, F401
