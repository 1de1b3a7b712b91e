"""The event kinds of custody."""

from __future__ import annotations

from caseapp.core.journal import kind

OPENED = kind("custody.opened")
SAFEGUARD = kind("custody.safeguard")
RELEASED = kind("custody.released")
FOLLOWED_UP = kind("custody.followed_up")
APPROVAL_ASKED = kind("approval.asked")
APPROVAL_GIVEN = kind("approval.given")
