"""The event kinds of the registers."""

from __future__ import annotations

from caseapp.core.journal import kind

ATTENDED = kind("training.attended")
TOOK_PART = kind("project.participation")
WITHDRAWN = kind("event.withdrawn")
