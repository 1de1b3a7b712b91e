"""Who receives what is referred to an entry of the directory. One that no team of ours offers gets a team that stands for it,
made by the database when somebody first prepares a referral to it (decision 0380)."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from caseapp.accounts.models import Team
from caseapp.core.db import session, uuid7
from caseapp.core.errors import refusal_of
from caseapp.referral.models import Referral


def receiver_of(service_id: UUID) -> Team:
    """The team that offers the entry, or the one that stands for it, made if it is the first time. Raises
    ReceiverDoesNotOffer where nobody can be referred to it."""
    asked = sa.text("SELECT receiver_of_service(:service, :id)")
    try:
        with session.begin_nested():
            team_id = session.scalar(asked, {"service": service_id, "id": uuid7()})
    except IntegrityError as error:
        refusal = refusal_of(error)
        if refusal is None:
            raise
        raise refusal from error
    return session.get_one(Team, team_id, populate_existing=True)


def to_whoever_offers_it_now(found: Referral) -> None:
    """A draft to an entry that a team of ours has come to offer since goes to that team."""
    entry = found.to_team.stands_for_id
    if entry is None:
        return
    now = receiver_of(entry)
    if now.id != found.to_team_id:
        found.to_team_id, found.to_team = now.id, now
        session.flush()
