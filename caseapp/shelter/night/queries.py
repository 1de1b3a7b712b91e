"""Tonight at one shelter, and the roll of its nights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from caseapp.accounts.models import Team
from caseapp.core import crypto
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.shelter import queries, rules
from caseapp.shelter.models import GIVEN, Place, Stay, StayEndPair, StayState, Unit
from caseapp.shelter.night import rules as night_rules
from caseapp.shelter.night.models import Presence

#: How far back an absence is followed.
LOOK_BACK = timedelta(days=14)


@dataclass(frozen=True)
class FreeUnit:
    """What is free tonight in a unit: how many places of each kind, of how many, and until when the first stays
    free. Traits are the unit's and its free places' own, so that what is free is counted jointly."""

    unit: Unit
    kinds: Counter[str]
    places: int
    traits: tuple[str, ...]
    until: date | None


@dataclass(frozen=True)
class Tonight:
    """Tonight at one shelter, by the night and not by the calendar: at 02:10 it is what it was at 23:50.

    `overdue_in`: expected on an earlier night, neither in nor written off. `leaving`: this is their last night.
    `overdue_out`: their last night is past and nobody recorded that they left. `absent`: missing tonight, with how
    many nights (`away`). `arrived`: came in tonight; they are among the present. `arriving`: expected tomorrow.
    In the morning, while last night still runs, `coming` is the night for which whoever arrives gets a bed: they are
    expected already, and `count` and `free` are that night's.
    The gate, which sees no dates, has all who are in together."""

    night: date
    coming: date
    expected: list[Stay]
    overdue_in: list[Stay]
    present: list[Stay]
    absent: list[Stay]
    leaving: list[Stay]
    overdue_out: list[Stay]
    arriving: list[Stay]
    to_agree: list[Stay]
    to_review: list[Stay]
    arrived: frozenset[UUID]
    seen: frozenset[UUID]
    away: dict[UUID, int]
    alerts: dict[UUID, tuple[str, ...]]
    count: queries.Night
    free: list[FreeUnit] = field(default_factory=list)


def tonight(team: Team, *, whole: bool) -> Tonight:
    """Tonight at a shelter team's site, in as many statements whatever the number of people. `whole` adds what a
    coordinator decides; the gate does not see it."""
    assert team.site is not None
    night, coming = queries.tonight_at(team.site), queries.night_to_book(team.site)
    rows = list(session.scalars(_held(team.id, coming + timedelta(days=1 if whole else 0))))
    to_review = list(session.scalars(_to_review(team.id))) if whole else []
    crypto.load_keys([s.case_id for s in [*rows, *to_review]])
    counted = queries.occupancy(team.id, coming, coming, tonight=night)
    inside = [s for s in rows if s.state == StayState.IN]
    booked = [s for s in rows if s.state == StayState.BOOKED]
    marks = _marks_at(team.id, night)
    missing = {s.id for s in inside if marks.get(s.id, {}).get(night) == "ABSENT"}
    there = [s for s in inside if s.id not in missing]
    return Tonight(
        night,
        coming,
        [s for s in booked if night <= s.first_night <= coming],
        [s for s in booked if s.first_night < night],
        [s for s in there if s.last_night > night] if whole else there,
        [s for s in inside if s.id in missing],
        [s for s in there if s.last_night == night],
        [s for s in there if s.last_night < night],
        [s for s in booked if s.first_night > coming],
        [s for s in inside if s.proposed_by_id is not None] if whole else [],
        to_review,
        frozenset(s.id for s in inside if night <= queries.night_came(team.site, s) <= coming),
        frozenset(s.id for s in inside if marks.get(s.id, {}).get(night) == "SEEN"),
        {s.id: night_rules.nights_away(marks.get(s.id, {}), night) for s in inside},
        alerts_at(team.id),
        counted[0] if counted else queries.Night(coming, 0, 0, 0, 0, 0),
        free_by_unit(team.id, coming, night) if whole else [],
    )


def _held(team_id: UUID, until: date) -> sa.Select[Any]:
    return (
        sa.select(Stay)
        .where(Stay.team_id == team_id, Stay.state.in_(GIVEN), Stay.first_night <= until)
        .options(joinedload(Stay.place), joinedload(Stay.unit))
        .order_by(Stay.first_night, Stay.unit_id, Stay.place_id)
    )


def held_on(team: Team, night: date) -> list[Stay]:
    """Who was expected or in on a night and still is, for the paper of a night that is over: nobody who came after it."""
    assert team.site is not None
    rows = list(session.scalars(_held(team.id, night)))
    crypto.load_keys([s.case_id for s in rows])
    site = team.site
    return [s for s in rows if s.state == StayState.BOOKED or queries.night_came(site, s) <= night]


def _to_review(team_id: UUID) -> sa.Select[Any]:
    return (
        sa.select(Stay)
        .join(StayEndPair, sa.and_(StayEndPair.reason == Stay.end_reason, StayEndPair.destination == Stay.end_destination))
        .where(Stay.team_id == team_id, Stay.state == StayState.ENDED, StayEndPair.needs_review, Stay.reviewed_by_id.is_(None))
        .options(joinedload(Stay.place), joinedload(Stay.unit))
        .order_by(Stay.left_at.desc())
        .limit(25)
    )  # fmt: skip


def _marks_at(team_id: UUID, night: date) -> dict[UUID, dict[date, str]]:
    rows = session.execute(
        sa.select(Presence.stay_id, Presence.night, Presence.state).where(
            Presence.team_id == team_id, Presence.night > night - LOOK_BACK, Presence.night <= night
        )
    )
    return _by_stay((row[0], row[1], row[2]) for row in rows)


def marks_of(stay_ids: Sequence[UUID], night: date) -> dict[UUID, dict[date, str]]:
    """By stay: what was found on its nights up to this one."""
    rows = session.execute(
        sa.select(Presence.stay_id, Presence.night, Presence.state).where(
            Presence.stay_id.in_(stay_ids), Presence.night <= night
        )
    )
    return _by_stay((row[0], row[1], row[2]) for row in rows)


def _by_stay(rows: Iterable[tuple[UUID, date, str]]) -> dict[UUID, dict[date, str]]:
    found: dict[UUID, dict[date, str]] = {}
    for stay_id, night, state in rows:
        found.setdefault(stay_id, {})[night] = state
    return found


def alerts_at(team_id: UUID) -> dict[UUID, tuple[str, ...]]:
    """By case: the alerts for the site of whoever sleeps here, which the gate may know (a definer function gives
    codes only; nothing for a team that is not the principal's)."""
    rows = session.execute(sa.text("SELECT case_id, code FROM alerts_of_the_house(:team)"), {"team": team_id})
    found: dict[UUID, list[str]] = {}
    for case_id, code in rows:
        found.setdefault(case_id, []).append(code)
    return {case_id: tuple(codes) for case_id, codes in found.items()}


def free_by_unit(team_id: UUID, night: date, running: date) -> list[FreeUnit]:
    """What is free on a night, unit by unit (two statements); surge is told by its kind and is over capacity.
    `running`: the night that it is now."""
    free = {f.place_id: f for f in queries.free_places([team_id], night, night, tonight=running)}
    units: dict[UUID, list[tuple[Place, Unit]]] = {}
    for place, unit in queries.places_of(team_id, night):
        units.setdefault(unit.id, []).append((place, unit))
    found = []
    for rows in units.values():
        open_ = [place for place, _unit in rows if place.id in free]
        if not open_:
            continue
        unit = rows[0][1]
        ends = [d for p in open_ if (d := free[p.id].until) is not None]
        traits = set().union(*(rules.answered(unit.traits, p.traits, p.kind) for p in open_)) - {"COT"}
        found.append(
            FreeUnit(
                unit, Counter(p.kind for p in open_), len(rows), tuple(sorted(traits)),
                min(ends) if ends else None,
            )
        )  # fmt: skip
    return found


@dataclass(frozen=True)
class RollNight:
    """A night of the history: how many were found, how many were missing."""

    night: date
    seen: int
    absent: int


def history(team_id: UUID, principal: Principal, until: date, nights: int = 14) -> list[RollNight]:
    """The rolls of the last nights at a shelter of the principal's, the newest first."""
    here = sa.func.count().filter(Presence.state == "SEEN")
    away = sa.func.count().filter(Presence.state == "ABSENT")
    rows = session.execute(
        sa.select(Presence.night, here, away)
        .where(
            Presence.team_id == team_id, Presence.team_id.in_(principal.site_teams),
            Presence.night <= until, Presence.night > until - timedelta(days=nights),
        )
        .group_by(Presence.night)
        .order_by(Presence.night.desc())
    )  # fmt: skip
    return [RollNight(*row) for row in rows]


def nights_of(stay: Stay) -> list[Presence]:
    """The roll of one stay, night by night."""
    return list(
        session.scalars(sa.select(Presence).where(Presence.stay_id == stay.id).order_by(Presence.night))
    )
