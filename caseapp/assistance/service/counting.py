"""What a shelter gives without asking names, by number."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.assistance import events, rules
from caseapp.assistance.models import ItemTally
from caseapp.core import access, clock, journal
from caseapp.core.db import session
from caseapp.core.journal import CaseEvent
from caseapp.people.events import WITHDRAWN
from caseapp.places.models import Site


def count(team: Team, *, item: str, number: int | None, on: date) -> ItemTally:
    """So many were handed out on a day. Writes assistance.delivered, of nobody. Raises ItemNotCounted, CountWrong,
    DeliveryDateWrong."""
    rules.check_count(item, number)
    assert number is not None and team.site_id is not None
    site = session.get_one(Site, team.site_id)
    if on > clock.today(site.timezone):
        raise rules.DeliveryDateWrong
    row = ItemTally(
        team_id=team.id, site_id=site.id, country=team.country, counted_on=on, item=item, number=number,
        made_at=clock.now(), made_by_id=access.current().user_id,
    )  # fmt: skip
    session.add(row)
    journal.append(
        events.HANDED_OUT, country=row.country, on=on, site_id=site.id, team_id=team.id, subject_id=row.id,
        sector="FOOD" if item in ("MEAL", "FOOD") else "RELIEF_ITEMS", code=item, number=number,
    )  # fmt: skip
    session.flush()
    return row


def withdraw_count(row: ItemTally) -> None:
    """The count was a mistake. Writes event.withdrawn. Raises CountWithdrawn."""
    if row.withdrawn_at is not None:
        raise rules.CountWithdrawn
    told = session.scalars(
        sa.select(CaseEvent.id).where(
            CaseEvent.subject_id == row.id, CaseEvent.kind == events.HANDED_OUT.name
        )
    ).all()
    for event_id in told:
        journal.append(
            WITHDRAWN, country=row.country, on=row.counted_on, site_id=row.site_id, team_id=row.team_id,
            subject_id=row.id, withdraws_id=event_id, reason="WRONG_ENTRY",
        )  # fmt: skip
    row.withdrawn_at = clock.now()
    session.flush()
