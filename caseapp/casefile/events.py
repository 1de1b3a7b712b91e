"""The event kinds of a whole file."""

from __future__ import annotations

from caseapp.core.journal import kind

CLOSED = kind("case.closed")
REOPENED = kind("case.reopened")
APPROVAL_ASKED = kind("approval.asked")
APPROVAL_GIVEN = kind("approval.given")

# The topics of the file's own packages are handled there; they are known once this module is.
from caseapp.casefile.glass import events as _glass  # noqa: E402, F401
