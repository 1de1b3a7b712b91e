"""The event kind of counts at arrival."""

from __future__ import annotations

from caseapp.core.journal import kind

RECEIVED = kind("persons.received")
