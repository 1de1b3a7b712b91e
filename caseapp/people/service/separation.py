"""Keep two people apart. Written by one person for those whom the matter names; outside it nothing shows that it is
there: no event, no alert, no count, and a place that is not offered for it reads like any other."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from caseapp.core import access, audit, clock
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.people.models import Case, SafetySeparation
from caseapp.people.refusals import NumberNotFound


def keep_apart(case: Case, other_number: str, reach: str) -> SafetySeparation:
    """From now on these two are not placed at one site (`reach` SITE) or in one room (UNIT). The other's file may be
    any team's: only its number is asked. Raises `NumberNotFound`."""
    who = access.current().user_id
    other = session.scalar(sa.text("SELECT case_to_separate(:n)"), {"n": other_number.strip().upper()})
    if who is None:
        raise NotYours
    if other is None or other == case.id:
        raise NumberNotFound
    row = SafetySeparation(
        case_id=case.id, other_case_id=other, reach=reach, since=clock.now(), set_by_id=who, holders=[who]
    )
    session.add(row)
    audit.record("separated", "case", case.id)
    session.flush()
    return row


def separations_of(case: Case) -> list[SafetySeparation]:
    """What of this person the acting user is named in; for everybody else there is none."""
    mine = sa.or_(SafetySeparation.case_id == case.id, SafetySeparation.other_case_id == case.id)
    return list(
        session.scalars(
            sa.select(SafetySeparation)
            .where(mine, sa.literal(access.current().user_id, sa.Uuid()) == sa.any_(SafetySeparation.holders))
            .order_by(SafetySeparation.since)
        )
    )


def name_holder(row: SafetySeparation, user_id: UUID) -> None:
    """Another user is named in the matter, so that it does not leave with one person."""
    row.holders = sorted({*row.holders, user_id})
    audit.record("named", "safety_separation", row.id)
    session.flush()


def end_separation(row: SafetySeparation) -> None:
    """It is not needed any more."""
    row.ended_at = row.ended_at or clock.now()
    audit.record("ended", "safety_separation", row.id)
    session.flush()
