"""The event kinds of custody, and what an age that was corrected means for somebody held."""

from __future__ import annotations

from datetime import date

from caseapp.core.journal import kind
from caseapp.people import events as people_events
from caseapp.people.models import Case

OPENED = kind("custody.opened")
SAFEGUARD = kind("custody.safeguard")
RELEASED = kind("custody.released")
FOLLOWED_UP = kind("custody.followed_up")
APPROVAL_ASKED = kind("approval.asked")
APPROVAL_GIVEN = kind("approval.given")


def age_corrected(case: Case, on: date) -> None:
    """A birth or an age was corrected or decided: an open custody follows, in the same transaction."""
    from caseapp.custody import service

    service.follow_age(case, on)


if age_corrected not in people_events.age_corrected:
    people_events.age_corrected.append(age_corrected)
