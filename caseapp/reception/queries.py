"""What is asked of imports: runs and families that wait, of the principal's own desks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.core.access import Permission, Principal
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.places.models import Site
from caseapp.reception.access import COUNT, IMPORT
from caseapp.reception.models import ArrivalTally, ImportHeld, ImportProblem, ImportRun
from caseapp.reception.rules.reasons import ALIKE


def desks(who: Principal, permission: Permission) -> list[tuple[Team, Site]]:
    """The teams in which this principal holds the permission, with their sites."""
    rows = session.execute(
        sa.select(Team, Site)
        .join(Site, Site.id == Team.site_id)
        .where(Team.id.in_(who.teams_as(*permission.roles)))
        .order_by(Team.sort_key)
    ).all()
    return [(team, site) for team, site in rows]


def runs_of(who: Principal) -> sa.Select[ImportRun]:
    """Imports of this principal's desks, the last first."""
    mine = who.teams_as(*IMPORT.roles)
    return sa.select(ImportRun).where(ImportRun.team_id.in_(mine)).order_by(ImportRun.made_at.desc())


def run_of(run_id: UUID, who: Principal, *, lock: bool = False) -> ImportRun:
    """One import; NotYours (404) if it is not of this principal's desks."""
    asked = runs_of(who).where(ImportRun.id == run_id)
    found = session.scalars(asked.with_for_update() if lock else asked).one_or_none()
    if found is None:
        raise NotYours
    return found


def problems_of(run: ImportRun) -> sa.Select[ImportProblem]:
    """What is wrong, in the order of the rows."""
    return _noted(run).where(ImportProblem.reason.not_in(ALIKE))


def alike_of(run: ImportRun) -> sa.Select[ImportProblem]:
    """Whom rows may be, in the order of the rows."""
    return _noted(run).where(ImportProblem.reason.in_(ALIKE))


def _noted(run: ImportRun) -> sa.Select[ImportProblem]:
    asked = sa.select(ImportProblem).where(ImportProblem.run_id == run.id)
    return asked.order_by(ImportProblem.row, ImportProblem.id)


def waiting(who: Principal) -> sa.Select[ImportHeld]:
    """Families of lists that wait for a decision."""
    mine = who.teams_as(*IMPORT.roles)
    return (
        sa.select(ImportHeld)
        .where(ImportHeld.team_id.in_(mine), ImportHeld.decided_at.is_(None))
        .order_by(ImportHeld.made_at, ImportHeld.first_row, ImportHeld.id)
    )


def held_of(held_id: UUID, who: Principal, *, lock: bool = False) -> ImportHeld:
    """One of them, decided or not; NotYours (404) if it is not of this principal's desks."""
    asked = sa.select(ImportHeld).where(
        ImportHeld.id == held_id, ImportHeld.team_id.in_(who.teams_as(*IMPORT.roles))
    )
    found = session.scalars(asked.with_for_update() if lock else asked).one_or_none()
    if found is None:
        raise NotYours
    return found


def tallies_of(who: Principal) -> sa.Select[ArrivalTally]:
    """Counts of this principal's desks, the last first."""
    mine = who.teams_as(*COUNT.roles)
    return (
        sa.select(ArrivalTally)
        .where(ArrivalTally.team_id.in_(mine))
        .order_by(ArrivalTally.arrived_on.desc(), ArrivalTally.made_at.desc(), ArrivalTally.id)
    )


def tally_of(tally_id: UUID, who: Principal) -> ArrivalTally:
    """One of them; NotYours (404) if it is not of this principal's desks."""
    found = session.scalars(tallies_of(who).where(ArrivalTally.id == tally_id)).one_or_none()
    if found is None:
        raise NotYours
    return found


def tallies_with_somebody_left(team: Team, since: date) -> Sequence[ArrivalTally]:
    """Counts of a desk since a day out of which somebody may register still."""
    return session.scalars(
        sa.select(ArrivalTally)
        .where(
            ArrivalTally.team_id == team.id, ArrivalTally.withdrawn_at.is_(None), ArrivalTally.arrived_on >= since,
            ArrivalTally.registered_people < ArrivalTally.people,
        )
        .order_by(ArrivalTally.arrived_on.desc(), ArrivalTally.made_at.desc())
        .limit(20)
    ).all()  # fmt: skip
