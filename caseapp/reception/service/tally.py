"""Count those who arrive without asking anybody's name, and take out of the count whoever registers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.core import access, clock, journal
from caseapp.core.db import session
from caseapp.core.journal import CaseEvent
from caseapp.people.events import WITHDRAWN
from caseapp.people.service import Registered
from caseapp.places.models import Site
from caseapp.reception.events import RECEIVED
from caseapp.reception.models import Arrival, ArrivalTally
from caseapp.reception.rules import tally as rules


@dataclass(frozen=True, slots=True)
class NewTally:
    """Who arrived together: numbers by «age band/sex», the local day and hour, the P-code, one origin if known."""

    counts: rules.Counts
    on: date
    hour: int | None = None
    place: str | None = None
    origin: str | None = None


def count(new: NewTally, *, team: Team) -> ArrivalTally:
    """Note an arrival without names. Writes persons.received for each cell. Raises NobodyCounted, TooManyCounted,
    CountedImpossible, HourImpossible."""
    assert team.site_id is not None
    site = session.get_one(Site, team.site_id)
    filled = rules.may_count(new.counts, new.on, new.hour, clock.local(clock.now(), site.timezone))
    row = ArrivalTally(
        team_id=team.id, site_id=team.site_id, country=team.country, arrived_on=new.on, hour=new.hour,
        place=new.place, origin=new.origin, counts=filled, people=sum(filled.values()), registered={},
        registered_people=0, made_at=clock.now(), made_by_id=access.current().user_id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    for cell, number in filled.items():
        _tell(row, cell, number)
    session.flush()
    return row


def _tell(row: ArrivalTally, cell: str, number: int) -> None:
    band, sex = cell.split("/")
    journal.append(
        RECEIVED, country=row.country, on=row.arrived_on, site_id=row.site_id, team_id=row.team_id,
        subject_id=row.id, code=cell, number=number, place=row.place, age_band=band, sex=sex, origin=row.origin,
    )  # fmt: skip


def register_out_of(row: ArrivalTally, made: Registered) -> None:
    """Those who were just registered were among the counted: they leave the count, by −1 in their cell, for they
    count themselves now. Raises NobodyLeft, TallyWithdrawn. Lock the row first (`locked`)."""
    if row.withdrawn_at is not None:
        raise rules.TallyWithdrawn
    new = session.scalars(
        sa.select(Arrival).where(Arrival.case_id.in_([c.id for c in made.cases]), Arrival.tally_id.is_(None))
    ).all()
    codes = {case.id: held for case, held in zip(made.cases, made.codes, strict=True)}
    registered = dict(row.registered)
    for arrival in new:
        held = codes[arrival.case_id]
        cell = rules.cell_of(held["age_band"], held["sex"], row.counts, registered)
        registered[cell] = registered.get(cell, 0) + 1
        arrival.tally_id = row.id
        _tell(row, cell, -1)
    row.registered, row.registered_people = registered, sum(registered.values())
    session.flush()


def withdraw(row: ArrivalTally, *, reason: str = "ERROR") -> None:
    """The count was a mistake: each of its entries is withdrawn, and whoever registered out of it simply counts as
    registered. Writes event.withdrawn. Raises TallyWithdrawn."""
    if row.withdrawn_at is not None:
        raise rules.TallyWithdrawn
    told = session.scalars(
        sa.select(CaseEvent.id).where(CaseEvent.subject_id == row.id, CaseEvent.kind == RECEIVED.name)
    ).all()
    for event_id in told:
        journal.append(
            WITHDRAWN, country=row.country, on=row.arrived_on, site_id=row.site_id, team_id=row.team_id,
            subject_id=row.id, withdraws_id=event_id, reason=reason,
        )  # fmt: skip
    row.withdrawn_at = clock.now()
    session.flush()


def locked(tally_id: UUID, team_ids: Iterable[UUID]) -> ArrivalTally | None:
    """A count of one of these teams, locked and read afresh."""
    return session.scalars(
        sa.select(ArrivalTally)
        .where(ArrivalTally.id == tally_id, ArrivalTally.team_id.in_(list(team_ids)))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
