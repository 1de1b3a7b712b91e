"""Which places a coordinator gives a family: one room for all where there is one, apart only for adults."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from caseapp.core.db import session
from caseapp.places.models import Site
from caseapp.shelter import queries, rules
from caseapp.shelter.models import Place, Stay, Unit

Rooms = list[tuple[Unit, list[Place], list[rules.Guest]]]


def places_for(
    team_id: UUID, site: Site, case_ids: Sequence[UUID], first: date, last: date
) -> dict[UUID, UUID] | None:
    """Case id → place id for all of them on these nights, or None if the shelter cannot. The same answer for
    the same shelter, whatever the ids: rooms and places are taken in the order of their codes."""
    tonight = queries.tonight_at(site)
    people = queries.persons_to_place(case_ids, first)
    guests = [people[c].guest for c in case_ids]
    rooms = _rooms(team_id, site, guests[0].party, first, last, tonight)
    together = _together(guests, rooms, site)
    if together or any(g.child for g in guests) or len(guests) == 1:
        return together
    found: dict[UUID, UUID] = {}
    for guest in guests:
        taken = set(found.values())
        left = [(u, [p for p in places if p.id not in taken], there) for u, places, there in rooms]
        one = _together([guest], [r for r in left if not r[0].one_household], site)
        if one is None:
            return None
        found |= one
    return found


def _rooms(team_id: UUID, site: Site, party: UUID, first: date, last: date, tonight: date) -> Rooms:
    free = {f.place_id for f in queries.free_places([team_id], first, last, tonight=tonight, party=party)}
    # Families of today are written before those of last year: whoever is in now keeps the place out of the past.
    free -= set(session.scalars(sa.select(Stay.place_id).where(Stay.team_id == team_id, Stay.state == "IN")))
    by_unit: dict[UUID, tuple[Unit, list[Place]]] = {}
    for place, unit in queries.places_of(team_id, first):
        if place.id in free:
            by_unit.setdefault(unit.id, (unit, []))[1].append(place)
    there = queries.sleepers(by_unit, first, last, tonight)
    return [
        (unit, sorted(places, key=_in_order), [queries.as_guest(s, {}) for s in there.get(unit.id, [])])
        for unit, places in sorted(by_unit.values(), key=lambda held: held[0].code)
    ]


def _in_order(place: Place) -> tuple[int, str]:
    return len(place.code), place.code


def _together(guests: Sequence[rules.Guest], rooms: Rooms, site: Site) -> dict[UUID, UUID] | None:
    """The first room that takes all: the smallest that is enough, special ones last."""
    for unit, places, already in sorted(rooms, key=lambda r: _preference(guests, r[0], r[1])):
        room = rules.Room(unit.takes, unit.one_household, site.child_licence)
        if len(places) < len(guests) or rules.why_not(guests, room, already):
            continue
        fitted = _fitted(guests, unit, places)
        if fitted is not None:
            return fitted
    return None


def _preference(
    guests: Sequence[rules.Guest], unit: Unit, places: Sequence[Place]
) -> tuple[int, int, int, str]:
    wanted = frozenset().union(*(g.requirements for g in guests))
    lacking = len((wanted & rules.SHOULD) - set(unit.traits))
    special = ("FAMILIES", "WOMEN", "MEN", "CHILDREN", "ANYONE").index(unit.takes)
    if len(guests) == 1 and unit.takes == "FAMILIES":
        special = 9
    return lacking if len(guests) > 1 else 0, special, len(places) if unit.one_household else 0, unit.code


def _fitted(guests: Sequence[rules.Guest], unit: Unit, places: Sequence[Place]) -> dict[UUID, UUID] | None:
    left, found = list(places), {}
    for guest in sorted(guests, key=lambda g: "COT" not in g.requirements):
        place = next(_fitting(guest, unit, left), None)
        if place is None:
            return None
        left.remove(place)
        found[guest.case_id] = place.id
    return found


def _fitting(guest: rules.Guest, unit: Unit, places: Sequence[Place]) -> Iterator[Place]:
    for place in sorted(places, key=lambda p: p.kind == "COT" and "COT" not in guest.requirements):
        answers = rules.answered(unit.traits, place.traits, place.kind)
        if not rules.lacks(guest.requirements, answers) and rules.fits_kind(
            guest.child, guest.requirements, place.kind
        ):
            yield place
