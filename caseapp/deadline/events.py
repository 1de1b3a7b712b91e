"""The event kinds of clocks."""

from __future__ import annotations

from caseapp.core.journal import kind

ALERT_RAISED = kind("alert.raised")
