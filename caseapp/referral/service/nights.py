"""The nights asked, as they were and as they were changed: by the sender while it waits, by the receiver with a yes."""

from __future__ import annotations

from datetime import date

from caseapp.core import access, clock, reference
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.referral import errors, events, queries, rules
from caseapp.referral.kinds import GIVES_PLACES
from caseapp.referral.models import Referral, ReferralNights
from caseapp.referral.service.steps import notice, tell_journal
from caseapp.shelter import service as shelter

#: States in which the sender may still change what is asked; after a yes the stay is changed instead.
STILL_ASKED = ("DRAFT", "SENT", "INFO_ASKED")


def change_nights(found: Referral, first_night: date, last_night: date, reason: str) -> None:
    """Ask for other nights (list `nights_change_reason`); the original, who and why are kept, and the receiver is told.
    The clock runs on. Raises `NotNow`, `NightsMissing`, `NightsSame`, `ReasonNotKnown`."""
    if rules.SENDER not in queries.party_of(found, access.current()):
        raise NotYours
    if found.state not in STILL_ASKED or found.first_night is None or found.last_night is None:
        raise errors.NotNow
    if last_night < first_night:
        raise errors.NightsMissing
    if (first_night, last_night) == (found.first_night, found.last_night):
        raise errors.NightsSame
    if not reference.known("nights_change_reason", reason) or reason == "RECEIVER_OFFERED":
        raise errors.ReasonNotKnown
    write_nights(found, first_night, last_night, reason, rules.SENDER)
    if found.state != "DRAFT":
        tell_journal(events.INFO_GIVEN, found, rules.SENDER, code="NIGHTS_CHANGED")
        notice(found, "NIGHTS_CHANGED", found.to_team_id)
        _hold_instead(found, first_night, last_night)
    session.flush()


def _hold_instead(found: Referral, first_night: date, last_night: date) -> None:
    """Places that the shelter holds while it answers are held for the new nights."""
    shelter.release_holds(found.id)
    if found.kind in GIVES_PLACES:
        shelter.hold_on_send(
            [m.case_id for m in found.members], team_id=found.to_team_id, first_night=first_night,
            last_night=last_night, priority=found.priority, referral_id=found.id,
        )  # fmt: skip


def write_nights(found: Referral, first_night: date, last_night: date, reason: str, party: str) -> None:
    """Change the nights of a referral and keep what they were."""
    if found.first_night is None or found.last_night is None:
        raise errors.NightsMissing
    session.add(
        ReferralNights(
            referral_id=found.id, at=clock.now(), party=party, actor=access.current().name,
            changed_by_id=access.current().user_id, first_before=found.first_night, last_before=found.last_night,
            first_after=first_night, last_after=last_night, reason=reason,
        )
    )  # fmt: skip
    found.first_night, found.last_night = first_night, last_night
