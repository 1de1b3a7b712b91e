"""Proposals for a night, made a step at a time so that their page shows how far they are, and sent line by line."""

from __future__ import annotations

from uuid import UUID

from caseapp.core import access, clock
from caseapp.core.db import engine, session
from caseapp.core.errors import Refused
from caseapp.referral.placement import service
from caseapp.referral.placement.models import Placement, PlacementLine
from workers.app import app


@app.task(name="workers.placement.work", principal="placement")
def work() -> int:
    """Make the proposal that waits longest, or send the lines of one that was reviewed; how many lines were sent."""
    found = service.take_next()
    session.commit()
    if found is None:
        return 0
    if found.state == "BOOKING":
        return _send(found.id)
    _make(found.id)
    return 0


def _make(placement_id: UUID) -> None:
    def told(step: str) -> None:
        found = session.get_one(Placement, placement_id)
        found.step, found.beat_at = step, clock.real_now()
        session.commit()

    try:
        service.make(session.get_one(Placement, placement_id), told)
    except Exception as error:
        session.rollback()
        service.fail(session.get_one(Placement, placement_id), type(error).__name__)
    session.commit()


def _send(placement_id: UUID) -> int:
    """Each line by itself, under the policies of the team that sent the household."""
    sent = 0
    while (line := service.next_line(session.get_one(Placement, placement_id))) is not None:
        found = session.get_one(Placement, placement_id)
        line_id, night = line.id, found.night
        session.commit()
        done: tuple[UUID, int] | None = None
        reason = ""
        try:
            who = service.in_the_name_of(line, found.booked_by_id)
            session.remove()
            session(bind=engine("app"))
            with access.acting_as(who):
                done = service.send_line(line, night)
                session.commit()
        except Refused as refusal:
            session.rollback()
            reason = type(refusal).__name__
        session.remove()
        service.note(session.get_one(PlacementLine, line_id), done, reason)
        session.commit()
        sent += done is not None
    session.commit()
    return sent
