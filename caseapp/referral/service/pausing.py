"""The receiver's clock stands still while it truly needs the sender's answer: once, and for a time that the priority
gives (`pause_hours` of the clock rules); an IMMEDIATE one never."""

from __future__ import annotations

from datetime import timedelta

from caseapp.core import clock
from caseapp.referral import errors, rules
from caseapp.referral.models import Referral

#: What stands still.
MOMENTS = ("remind_at", "due_at", "told_at", "lapse_at")


def hours_to_pause(found: Referral) -> int | None:
    """For how many hours the receiver may stop the clock now; None: it may not, or has done so already."""
    if found.pause_ends_at is not None:
        return None
    return rules.pause_hours(found.priority, clock.now().date(), found.country)


def pause(found: Referral) -> None:
    """Stop the clock. Raises `ClockGoesOn` where it may not be stopped (again)."""
    hours = hours_to_pause(found)
    if hours is None:
        raise errors.ClockGoesOn
    found.paused_at = clock.now()
    found.pause_ends_at = found.paused_at + timedelta(hours=hours)


def resume(found: Referral) -> None:
    """A clock that stood still goes on with the time that it had left; another is left alone."""
    if found.paused_at is None or found.pause_ends_at is None:
        return
    stood = rules.stood(found.paused_at, found.pause_ends_at, clock.now())
    for name in MOMENTS:
        moment = getattr(found, name)
        if moment is not None:
            setattr(found, name, moment + stood)
    found.paused_at = None
