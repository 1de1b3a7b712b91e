"""The events of the roll: seen, missing."""

from __future__ import annotations

from caseapp.core.journal import kind
from caseapp.shelter.night import models  # noqa: F401  (the table is known with the events)

SEEN = kind("presence.seen")
ABSENT = kind("presence.absent")
