"""Hold places and refer, in one act."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from caseapp.accounts.models import Team
from caseapp.accounts.queries import site_of
from caseapp.core.db import session
from caseapp.people.rules import LeaveNeeded
from caseapp.referral import errors, queries
from caseapp.referral.models import Referral
from caseapp.referral.service.sending import draft, send
from caseapp.shelter import queries as shelter_queries
from caseapp.shelter.errors import CannotBeOffered
from caseapp.shelter.who import queries as who


def hold_and_refer(
    case_ids: Sequence[UUID],
    *,
    from_team: Team,
    to_team_id: UUID,
    priority: str,
    first_night: date,
    last_night: date,
    rooms: int = 1,
    **values: Any,
) -> tuple[Referral, int]:
    """Send these people to a shelter that has room for them now, in at most so many rooms as the sender saw; its
    places are held while it answers, where it declares so. Returns the referral and how many places are held.
    Takes what `draft` takes besides.

    Raises `CannotBeOffered` (whatever lies behind it), `OfferChanged`, `LeaveNeeded` and as `draft` and `send`."""
    if not case_ids:
        raise errors.NobodyChosen
    if not first_night <= last_night:
        raise errors.NightsMissing
    to_team = session.get(Team, to_team_id)
    seekers = who.seekers(case_ids, site_of(from_team.id), first_night)
    if to_team is None or seekers is None:
        raise errors.ReceiverDoesNotOffer
    if queries.open_to_the_same(case_ids, to_team_id, "SHELTER"):
        raise errors.AlreadyAsked
    found = who.asked(seekers, from_team.country, first_night, last_night, teams=[to_team_id])
    if not found:
        raise CannotBeOffered
    if found[0].leave:
        raise LeaveNeeded
    if found[0].rooms > rooms:
        raise errors.OfferChanged
    places = who.places_of(found[0], first_night, last_night, who.party_of(seekers))
    made = draft(
        case_ids, from_team=from_team, to_team=to_team, kind="SHELTER", priority=priority, first_night=first_night,
        last_night=last_night, **values,
    )  # fmt: skip
    send(made, places=places)
    held = [s for s in shelter_queries.holding_for_referral(made.id) if s.state == "HELD"]
    return made, len(held)
