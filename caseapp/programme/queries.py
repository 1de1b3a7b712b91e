"""The entries of a register that somebody may see, and what a new one is checked against."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.accounts.queries import timezone_of
from caseapp.core import clock, reference
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.core.errors import NotPermitted, NotYours
from caseapp.programme.access import KEEP
from caseapp.programme.models import JointProject
from caseapp.programme.rules import Known
from caseapp.programme.service import MODELS, Row


def team_of(who: Principal) -> Team:
    """The team whose registers somebody keeps: the first of theirs. Raises NotPermitted."""
    team = session.scalars(
        sa.select(Team).where(Team.id.in_(who.teams_as(*KEEP.roles))).order_by(Team.code).limit(1)
    ).one_or_none()
    if team is None:
        raise NotPermitted
    return team


def entries(kind: str, who: Principal) -> sa.Select[Any]:
    """The entries of a register, the newest first, those withdrawn among them."""
    table = MODELS[kind]
    return (
        sa.select(table)
        .where(table.team_id.in_(who.teams_as(*KEEP.roles)))
        .order_by(table.entered_at.desc(), table.id.desc())
    )


def locked(kind: str, entry_id: UUID, who: Principal) -> Row:
    """An entry, locked and read afresh. Raises NotYours."""
    table = MODELS[kind]
    row: Row | None = session.scalars(
        entries(kind, who)
        .where(table.id == entry_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotYours
    return row


def projects(team: Team) -> list[JointProject]:
    """The team's projects that stand, by code."""
    return list(
        session.scalars(
            sa.select(JointProject)
            .where(JointProject.team_id == team.id, JointProject.withdrawn_at.is_(None))
            .order_by(JointProject.code)
        )
    )


def codes_of(project_ids: set[UUID]) -> dict[UUID, str]:
    """The codes of projects, also of those withdrawn since."""
    if not project_ids:
        return {}
    rows = session.execute(
        sa.select(JointProject.id, JointProject.code).where(JointProject.id.in_(project_ids))
    )
    return {row.id: row.code for row in rows}


def known_of(team: Team) -> Known:
    """What an entry of the team is checked against."""
    divisions = [each.pcode for each in reference.admin1(team.country)]
    below = [each.pcode for division in divisions for each in reference.admin2(division)]
    return Known(
        today=clock.today(timezone_of(team.id)),
        places=frozenset(divisions),
        municipalities=frozenset(below or divisions),
        services=frozenset(each.code for each in reference.codes("service_kind")),
        projects={each.code: (each.starts_on, each.ends_on) for each in projects(team)},
    )
