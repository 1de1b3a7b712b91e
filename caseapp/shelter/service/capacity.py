"""What a shelter has: units and places, surge, places out of service, and the daily word that it is so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.core import access, clock, journal, reference
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.places.models import Site
from caseapp.shelter import errors, events, queries
from caseapp.shelter.models import Place, PlaceOut, Stay, Takes, Unit, holding
from caseapp.shelter.standing import CapacityWord


def add_unit(
    team: Team,
    *,
    code: str,
    name: str,
    takes: str,
    traits: Iterable[str] = (),
    places: Mapping[str, int],
    opened_on: date,
    one_household: bool | None = None,
) -> Unit:
    """A new room or area with its places (`{"BED": 4, "COT": 1}`), open from `opened_on`. One household at a
    time unless the unit takes women, men or children alone."""
    assert team.site_id is not None
    held = sorted(set(traits) | ({"WOMEN_ONLY"} if takes == Takes.WOMEN else set()))
    for trait in held:
        reference.code("placement_requirement", trait)
    alone = takes in (Takes.FAMILIES, Takes.ANYONE) or "FAMILY_ROOM" in held
    unit = Unit(
        site_id=team.site_id, team_id=team.id, code=code, name=name, sort_key=f"{code.casefold()} {name.casefold()}",
        takes=takes, traits=held, one_household=alone if one_household is None else one_household,
    )  # fmt: skip
    session.add(unit)
    for kind, count in places.items():
        for number in range(1, count + 1):
            session.add(
                Place(
                    unit_id=unit.id,
                    team_id=team.id,
                    code=f"{code}-{kind[0]}{number}",
                    kind=kind,
                    opened_on=opened_on,
                )
            )
    session.flush()
    _state(unit, opened_on)
    return unit


def open_surge(unit: Unit, *, count: int, reason: str, closes_on: date) -> list[Place]:
    """The acting person opens overflow places until a date, with a reason (list `surge_reason`)."""
    reference.code("surge_reason", reason)
    site = session.get_one(Site, unit.site_id)
    tonight = queries.tonight_at(site)
    if closes_on < tonight or not 1 <= count <= 200:
        raise errors.NightsInvalid(field="closes_on")
    have = session.scalar(sa.select(sa.func.count()).select_from(Place).where(Place.unit_id == unit.id)) or 0
    made = [
        Place(
            unit_id=unit.id, team_id=unit.team_id, code=f"{unit.code}-S{have + n}", kind="SURGE", opened_on=tonight,
            closed_on=closes_on, opened_by_id=access.current().user_id, surge_reason=reason,
        )
        for n in range(1, count + 1)
    ]  # fmt: skip
    session.add_all(made)
    _changed(site, unit.team_id, count, "SURGE_OPENED", reason)
    session.flush()
    return made


def take_out(
    place: Place, *, first_night: date, last_night: date | None, reason: str, despite: bool = False
) -> PlaceOut:
    """Take a place out of service for nights (list `place_out_reason`). Refused while people hold it then, unless it
    cannot be slept in all the same (`despite`): then they keep it until somebody moves them, and stand on the list of
    those to move (`queries.to_move`)."""
    reference.code("place_out_reason", reason)
    if last_night is not None and last_night < first_night:
        raise errors.NightsInvalid
    session.scalars(sa.select(Place).where(Place.id == place.id).with_for_update()).one()
    held = sa.select(Stay.id).where(
        Stay.place_id == place.id, holding(clock.now()), Stay.last_night >= first_night
    )
    if last_night is not None:
        held = held.where(Stay.first_night <= last_night)
    if not despite and session.scalars(held.limit(1)).first() is not None:
        raise errors.StillHeld
    unit = session.get_one(Unit, place.unit_id)
    row = PlaceOut(
        place_id=place.id, team_id=place.team_id, first_night=first_night, last_night=last_night, reason=reason,
        by_id=access.current().user_id,
    )  # fmt: skip
    session.add(row)
    _changed(session.get_one(Site, unit.site_id), place.team_id, 1, "OUT_OF_SERVICE", reason)
    session.flush()
    _state(unit, first_night)
    if last_night is not None:
        _state(unit, last_night + date.resolution)
    return row


def put_back(row: PlaceOut) -> None:
    """The place is in service again from tonight."""
    place = session.get_one(Place, row.place_id)
    unit = session.get_one(Unit, place.unit_id)
    site = session.get_one(Site, unit.site_id)
    tonight = queries.tonight_at(site)
    if row.first_night >= tonight:
        session.delete(row)
    else:
        row.last_night = tonight - (date.resolution)
    _changed(site, row.team_id, 1, "BACK_IN_SERVICE", None)
    session.flush()
    _state(unit, tonight)


def confirm_capacity(
    team: Team, *, free: int | None = None, out: int | None = None, leaving: int | None = None
) -> int:
    """Somebody at the shelter says how many places are free tonight, out of service, and about to be; what is not said
    is as the screen shows it. Returns the free places that were said."""
    if team.site_id is None or team.id not in access.current().site_teams:
        raise NotYours
    site = session.get_one(Site, team.site_id)
    night = queries.night_to_book(site)
    # A night on which no place is open yet has no line at all.
    shown = word_to_give(team)
    said = shown.free if free is None else free
    session.add(
        CapacityWord(
            team_id=team.id, said_at=clock.now(), night=night, free=said, out=shown.out if out is None else out,
            leaving=shown.leaving if leaving is None else leaving, shown_free=shown.free,
            by_id=access.current().user_id,
        )
    )  # fmt: skip
    journal.append(
        events.CAPACITY_CONFIRMED, country=site.country, on=clock.today(site.timezone), site_id=site.id,
        team_id=team.id, number=said, code="FREE_TONIGHT",
    )  # fmt: skip
    session.flush()
    return said


@dataclass(frozen=True)
class Word:
    """What the screen shows for tonight (in the morning: the coming night), and somebody confirms."""

    free: int
    out: int
    leaving: int


def word_to_give(team: Team) -> Word:
    """The three numbers of the daily word, prefilled."""
    assert team.site_id is not None
    site = session.get_one(Site, team.site_id)
    night, running = queries.night_to_book(site), queries.tonight_at(site)
    free = sum(found.free for found in queries.occupancy(team.id, night, night, tonight=running))
    leaving = session.scalar(
        sa.select(sa.func.count()).select_from(Stay)
        .where(Stay.team_id == team.id, Stay.state == "IN", Stay.last_night == night - date.resolution)
    )  # fmt: skip
    return Word(free, len(queries.outs_of(team.id, night)), leaving or 0)


def _changed(site: Site, team_id: UUID, number: int, code: str, reason: str | None) -> None:
    journal.append(
        events.CAPACITY_CHANGED, country=site.country, on=clock.today(site.timezone), site_id=site.id,
        team_id=team_id, number=number, code=code, reason=reason,
    )  # fmt: skip


def _state(unit: Unit, night: date) -> None:
    """The unit's places in service from a night on, as the journal tells figures (bed-nights available); overflow
    is over capacity and never part of it."""
    out = sa.exists().where(
        PlaceOut.place_id == Place.id,
        PlaceOut.first_night <= night,
        sa.or_(PlaceOut.last_night.is_(None), PlaceOut.last_night >= night),
    )
    places = session.scalar(
        sa.select(sa.func.count())
        .select_from(Place)
        .where(
            Place.unit_id == unit.id,
            Place.kind != "SURGE",
            Place.opened_on <= night,
            sa.or_(Place.closed_on.is_(None), Place.closed_on >= night),
            ~out,
        )
    )
    if unit.shut_on is not None and unit.shut_on <= night:
        places = 0
    journal.append(
        events.CAPACITY_CHANGED, country=session.get_one(Site, unit.site_id).country, on=night,
        site_id=unit.site_id, team_id=unit.team_id, subject_id=unit.id, number=places, code="PLACES",
    )  # fmt: skip
    session.flush()
