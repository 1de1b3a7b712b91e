"""What figures need told and no case tells: how many caseworkers each team has."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from caseapp.accounts.models import Membership, Team, User
from caseapp.core import journal
from caseapp.core.db import session
from caseapp.core.journal import CaseEvent, kind

STAFF_COUNTED = kind("staff.counted")
ROLE = "CASEWORKER"


def count_caseworkers(on: date) -> int:
    """Write `staff.counted` for every team with a site whose number of caseworkers on a day is not what the
    journal last said up to that day; a second run writes nothing. Returns how many teams were written.

    In: a casework session (role `work`, or the owner). Denominator of P3-07.
    """
    counted = (
        sa.select(Team.id, sa.func.count(sa.distinct(User.id)))
        .outerjoin(
            Membership,
            sa.and_(
                Membership.team_id == Team.id,
                Membership.role == ROLE,
                Membership.valid_from <= on,
                sa.or_(Membership.valid_to.is_(None), Membership.valid_to > on),
            ),
        )
        .outerjoin(User, sa.and_(User.id == Membership.user_id, User.active))
        .where(Team.site_id.is_not(None))
        .group_by(Team.id)
    )
    numbers = {row[0]: int(row[1]) for row in session.execute(counted)}
    said = _said(on)
    written = 0
    for team in session.scalars(sa.select(Team).where(Team.id.in_(numbers)).order_by(Team.code)):
        if numbers[team.id] == said.get(team.id, 0):
            continue
        journal.append(
            STAFF_COUNTED, country=team.country, on=on, site_id=team.site_id, team_id=team.id, code=ROLE,
            number=numbers[team.id],
        )  # fmt: skip
        written += 1
    session.flush()
    return written


def _said(on: date) -> dict[object, int]:
    rows = session.execute(
        sa.select(CaseEvent.team_id, CaseEvent.number)
        .where(CaseEvent.kind == STAFF_COUNTED.name, CaseEvent.effective_on <= on)
        .order_by(CaseEvent.effective_on, CaseEvent.position)
    )
    # The last word of each team stands.
    return {team: number or 0 for team, number in rows}
