"""The entries of a register that somebody may see, and what a new one is checked against."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.accounts.queries import timezone_of
from caseapp.core import clock, reference
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.core.errors import NotPermitted, NotYours
from caseapp.places.models import Site
from caseapp.programme.access import KEEP
from caseapp.programme.models import JointProject, NetworkCapacity, Participation, ProgrammeEnrolment
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


def codes_of(rows: Iterable[Row], *, named: bool = False) -> dict[UUID, str]:
    """The codes of the projects (also of those withdrawn since) or the sites that entries name; of sites with their names,
    if they are asked for."""
    kept = list(rows)
    projects = {row.project_id for row in kept if isinstance(row, Participation | ProgrammeEnrolment)}
    sites = {row.site_id for row in kept if isinstance(row, NetworkCapacity)}
    found: dict[UUID, str] = {}
    for table, ids in ((JointProject, projects), (Site, sites)):
        if ids:
            code = Site.code + " · " + Site.name if named and table is Site else table.code
            asked = sa.select(table.id, code.label("code")).where(table.id.in_(ids))
            found |= {row.id: row.code for row in session.execute(asked)}
    return found


def shelters(team: Team) -> list[Site]:
    """The shelters of the country's directory that stand, by code; of safe houses nothing is said."""
    return list(
        session.scalars(
            sa.select(Site)
            .where(
                Site.country == team.country,
                Site.kind.in_(("SHELTER", "RECEPTION_CENTRE")),
                sa.or_(Site.closed_on.is_(None), Site.closed_on > clock.today(timezone_of(team.id))),
            )
            .order_by(Site.code)
        )
    )


def told_by_themselves(team: Team) -> set[UUID]:
    """Sites of the country whose places are kept in Acogida: nobody types their beds."""
    return set(
        session.scalars(sa.text("SELECT sites_with_places(:country)").bindparams(country=team.country))
    )


def known_of(team: Team) -> Known:
    """What an entry of the team is checked against."""
    divisions = [each.pcode for each in reference.admin1(team.country)]
    below = [each.pcode for division in divisions for each in reference.admin2(division)]
    standing, sites, own = projects(team), shelters(team), told_by_themselves(team)
    return Known(
        today=clock.today(timezone_of(team.id)),
        places=frozenset(divisions),
        municipalities=frozenset(below or divisions),
        services=frozenset(each.code for each in reference.codes("service_kind")),
        projects={each.code: (each.starts_on, each.ends_on) for each in standing},
        programmes=frozenset(each.code for each in standing if each.kind == "PROGRAMME"),
        sites=frozenset(each.code for each in sites),
        told_by_themselves=frozenset(each.code for each in sites if each.id in own),
    )
