"""The event kinds of screening."""

from __future__ import annotations

from caseapp.core.journal import kind

STARTED = kind("screening.started")
COMPLETED = kind("screening.completed")
UNFINISHED = kind("screening.unfinished")
ASSESSED = kind("assessment.completed")
OUTCOME = kind("screening.outcome")
