"""Keep two people apart. Written by one person for those whom the matter names; outside it nothing shows that it is
there: no event, no alert, no count, and a place that is not offered for it reads like any other.

A file of another team is bound when that team agrees. Until then its number is only what somebody typed: the answer
is the same whether there is such a file or not, and no place is refused for it, so that nobody learns from a number
whether somebody is known here, nor from the places that are refused where they sleep
(docs/decisions/0280-both-teams-keep-two-people-apart.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.queries import users_of
from caseapp.core import access, audit, clock
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.people import rules
from caseapp.people.access import SEPARATE
from caseapp.people.models import Case, SafetySeparation
from caseapp.people.refusals import NoSuchHolder, NumberMistyped, NumberNotFound


@dataclass(frozen=True)
class Asked:
    """A team of the country asks that somebody of ours be kept apart from somebody of theirs, whom it does not name."""

    id: UUID
    case_id: UUID
    number: str
    reach: str
    since: datetime
    by_name: str
    team_name: str


@dataclass(frozen=True)
class Near:
    """Two who are to be kept apart have beds that bring them together from `first_night` on; `case_id` is ours."""

    id: UUID
    case_id: UUID
    number: str
    reach: str
    since: datetime
    first_night: date


def keep_apart(case: Case, other_number: str, reach: str) -> SafetySeparation:
    """These two are not to be placed at one site (`reach` SITE) or in one room (UNIT): from now on if the other file is
    of a team in which the acting user may say so, otherwise from when its team agrees. Raises `NumberMistyped`, and
    `NumberNotFound` for the person's own number; never says whether another team's file exists."""
    who, number = access.current(), other_number.strip().upper()
    if who.user_id is None:
        raise NotYours
    if not rules.is_number(number):
        raise NumberMistyped
    if number == case.number:
        raise NumberNotFound
    ours = sa.select(Case.id).where(
        Case.number == number, Case.erased_at.is_(None), Case.team_id.in_(who.teams_as(*SEPARATE.roles))
    )
    other, at = session.scalar(ours), clock.now()
    row = SafetySeparation(
        case_id=case.id, other_case_id=other, other_number=None if other else number, reach=reach, since=at,
        agreed_at=at if other else None, agreed_by_id=who.user_id if other else None, set_by_id=who.user_id,
        holders=[who.user_id],
    )  # fmt: skip
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


def asked_of_us() -> list[Asked]:
    """What other teams of the country ask of files that the acting user may answer for, the oldest first."""
    return to_do()[1]


def near_each_other() -> list[Near]:
    """Of the matters that name the acting user, those where beds bring the two together already: nothing moves by
    itself, so whoever is named sees to it."""
    return to_do()[0]


def to_do() -> tuple[list[Near], list[Asked]]:
    """Both, in one statement."""
    asked = sa.text(
        "SELECT id, case_id, number, reach, since, first_night, NULL AS by_name, NULL AS team_name "
        "FROM separations_near(:today, :now) UNION ALL "
        "SELECT id, case_id, number, reach, since, NULL, by_name, team_name FROM separations_asked(:today)"
    )
    near, wanted = [], []
    for row in session.execute(asked, {"today": clock.today(), "now": clock.now()}):
        same = (row.id, row.case_id, row.number, row.reach, row.since)
        if row.first_night:
            near.append(Near(*same, row.first_night))
        else:
            wanted.append(Asked(*same, row.by_name, row.team_name))
    return near, sorted(wanted, key=lambda one: one.since)


def answer(asked_id: UUID, *, agrees: bool) -> None:
    """Agree, and the two are kept apart from now on; or leave it, which whoever asked is not told. Raises `NotYours`
    where nobody asks this of the acting user."""
    answered = session.scalar(
        sa.text("SELECT separation_answer(:id, :agrees, :today, :now)"),
        {"id": asked_id, "agrees": agrees, "today": clock.today(), "now": clock.now()},
    )
    if answered is None:
        raise NotYours
    audit.record("agreed" if agrees else "left", "safety_separation", asked_id)
    session.expire_all()


def name_holder(row: SafetySeparation, email: str, teams: Sequence[UUID]) -> None:
    """Another user is named in the matter, so that it does not leave with one person: somebody who may keep people
    apart in one of these teams. Raises `NoSuchHolder`."""
    wanted = email.strip().lower()
    found = next((u for team in teams for u in users_of(team, *SEPARATE.roles) if u.email == wanted), None)
    if found is None:
        raise NoSuchHolder
    row.holders = sorted({*row.holders, found.id})
    audit.record("named", "safety_separation", row.id)
    session.flush()


def end_separation(row: SafetySeparation) -> None:
    """It is not needed any more."""
    row.ended_at = row.ended_at or clock.now()
    audit.record("ended", "safety_separation", row.id)
    session.flush()
