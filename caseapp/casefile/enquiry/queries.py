"""Enquiries that a person may read: of their teams, of their site, those passed on to the country's supervisors,
and those about files their team holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import Team, User
from caseapp.casefile.enquiry.models import Enquiry
from caseapp.core import clock, crypto
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.people.models import Case

READERS = ("SHELTER_COORDINATOR", "CASEWORKER", "SUPERVISOR")


def visible_to(principal: Principal) -> sa.Select[Enquiry]:
    """Enquiries, as the policy of their table says it again."""
    grants = [g for g in principal.grants if g.role in READERS]
    watching = [g for g in grants if g.role == "SUPERVISOR"]
    held = sa.select(Case.id).where(Case.team_id.in_([g.team_id for g in watching]))
    return sa.select(Enquiry).where(
        sa.or_(
            Enquiry.team_id.in_([g.team_id for g in grants]),
            Enquiry.site_id.in_([g.site_id for g in watching if g.site_id]),
            sa.and_(Enquiry.passed_at.is_not(None), Enquiry.country.in_([g.country for g in watching])),
            Enquiry.about_case_id.in_(held),
        )
    )


def newest(principal: Principal) -> sa.Select[Enquiry]:
    return visible_to(principal).order_by(Enquiry.id.desc())


def one(enquiry_id: UUID, principal: Principal, *, lock: bool = False) -> Enquiry:
    """One enquiry; NotYours (404) if it is not theirs to read."""
    asked = visible_to(principal).where(Enquiry.id == enquiry_id)
    if lock:
        asked = asked.with_for_update(of=Enquiry).execution_options(populate_existing=True)
    found = session.scalars(asked).one_or_none()
    if found is None:
        raise NotYours
    return found


@dataclass(frozen=True)
class Line:
    """An enquiry as a list shows it."""

    enquiry: Enquiry
    team: str
    by: str
    number: str | None


def lines_of(enquiries: Sequence[Enquiry]) -> list[Line]:
    """With the names of team and colleague, and the number of a linked file that the reader's team holds (two
    statements, with the keys)."""
    if not enquiries:
        return []
    ids = [e.id for e in enquiries]
    rows: Sequence[Any] = session.execute(
        sa.select(Enquiry, Team.name, User.name, Case.number)
        .join(Team, Team.id == Enquiry.team_id)
        .join(User, User.id == Enquiry.logged_by_id)
        .outerjoin(Case, Case.id == Enquiry.about_case_id)
        .where(Enquiry.id.in_(ids))
        .order_by(Enquiry.id.desc())
    ).all()
    crypto.load_keys(ids)
    return [Line(*row) for row in rows]


def own_of_today(principal: Principal, limit: int = 5) -> Sequence[Enquiry]:
    """What this person wrote in the last twelve hours, without reading any text of it."""
    return session.scalars(
        sa.select(Enquiry)
        .where(
            Enquiry.logged_by_id == principal.user_id,
            Enquiry.team_id.in_([g.team_id for g in principal.grants]),
            Enquiry.at > clock.now() - timedelta(hours=12),
        )
        .order_by(Enquiry.id.desc())
        .limit(limit)
    ).all()
