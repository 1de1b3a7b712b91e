"""The shelters of the principal's countries: beds by night, nights of stay, answers. Safe houses are on no line,
not even for their own people. The functions of the database answer only who keeps places in that country."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from caseapp.accounts.models import Team
from caseapp.core import clock
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.shelter import queries
from caseapp.shelter.queries import Night


def shelters(principal: Principal) -> list[Team]:
    """The shelters of the countries where the principal keeps places, with their sites, by name."""
    mine = sa.select(Team.country).where(Team.id.in_(principal.site_teams))
    return list(
        session.scalars(
            sa.select(Team)
            .where(Team.country.in_(mine), Team.type == "SHELTER", Team.active, Team.site_id.is_not(None))
            .options(joinedload(Team.site))
            .order_by(Team.sort_key, Team.id)
        )
    )


def nights_of(teams: Sequence[Team], first: date, nights: int) -> dict[UUID, list[Night]]:
    """Beds by shelter and night, in one statement; each shelter's tonight is its own."""
    if not teams:
        return {}
    tonights = [queries.tonight_at(t.site) for t in teams if t.site is not None]
    rows = session.execute(
        sa.text(
            "SELECT t.team, o.night, o.capacity, o.taken, o.blocked, o.surge, o.surge_taken, o.held "
            "FROM unnest(:teams, :tonights) AS t(team, tonight) "
            "CROSS JOIN LATERAL shelter_occupancy(t.team, :first, :last, t.tonight, :now) o ORDER BY o.night"
        ).bindparams(
            sa.bindparam("teams", [t.id for t in teams], type_=sa.ARRAY(sa.Uuid())),
            sa.bindparam("tonights", tonights, type_=sa.ARRAY(sa.Date())),
            sa.bindparam("first", first, type_=sa.Date()),
            sa.bindparam("last", first + timedelta(days=nights - 1), type_=sa.Date()),
            sa.bindparam("now", clock.now()),
        )
    )
    found: dict[UUID, list[Night]] = {t.id: [] for t in teams}
    for team_id, *night in rows:
        found[team_id].append(Night(*night))
    return found


@dataclass(frozen=True)
class Length:
    """How many nights people stayed who left: the middle, and what nine of ten stay at most."""

    median: float
    p90: float


def lengths(countries: Sequence[str], since: date) -> dict[UUID, Length]:
    """By shelter, where at least ten people of three households left since."""
    rows = session.execute(
        sa.text("SELECT team_id, median, p90 FROM unnest(:c) AS c(code), network_lengths(c.code, :since)").bindparams(
            sa.bindparam("c", list(countries), type_=sa.ARRAY(sa.Text())), sa.bindparam("since", since, type_=sa.Date())
        )
    )  # fmt: skip
    return {team_id: Length(float(median), float(p90)) for team_id, median, p90 in rows}


@dataclass(frozen=True)
class Answers:
    """How a shelter answered referrals: all, and those it declined by group of reasons; in steps of five."""

    answered: int
    declined: dict[str, int]


def answers(countries: Sequence[str], since: date) -> dict[UUID, Answers]:
    """By shelter, of the referrals that it answered since."""
    rows = session.execute(
        sa.text(
            "SELECT team_id, reason_group, referrals FROM unnest(:c) AS c(code), network_answers(c.code, :since) "
            "ORDER BY reason_group NULLS FIRST"
        ).bindparams(
            sa.bindparam("c", list(countries), type_=sa.ARRAY(sa.Text())), sa.bindparam("since", since, type_=sa.Date())
        )
    )  # fmt: skip
    all_of: dict[UUID, int] = {}
    declined: dict[UUID, dict[str, int]] = {}
    for team_id, group, count in rows:
        if group is None:
            all_of[team_id] = count
        else:
            declined.setdefault(team_id, {})[group] = count
    return {team: Answers(count, declined.get(team, {})) for team, count in all_of.items()}
