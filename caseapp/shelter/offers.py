"""Which rooms can take these people, with reasons in words: what the accept page and the move page show.

An offer is a whole arrangement, a place for each person, and passes the one function `rules.why_not`. What
cannot be offered is not shown as an option and its reason is never told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from caseapp.core import reference
from caseapp.core.i18n import _, ngettext
from caseapp.core.pages import day
from caseapp.places.models import Site
from caseapp.shelter import queries, rules, spots
from caseapp.shelter.models import Stay
from caseapp.shelter.spots import Spot

MOST = 12


@dataclass(frozen=True)
class Offer:
    """A place for each person (case id → place id), and what is said of it."""

    places: Mapping[UUID, UUID]
    label: str
    detail: str
    reasons: tuple[str, ...]
    missing: int
    lacks: str = ""
    kept: bool = False  # held for these people already

    @property
    def value(self) -> str:
        return ",".join(f"{case}:{place}" for case, place in sorted(self.places.items()))


def read_arrangement(value: str) -> dict[UUID, UUID]:
    """What `Offer.value` says; empty for anything else."""
    try:
        pairs = [pair.split(":", 1) for pair in value.split(",") if pair]
        return {UUID(case): UUID(place) for case, place in pairs}
    except ValueError:
        return {}


@dataclass(frozen=True)
class _Room:
    """A unit with its free places; every place says what the unit is."""

    unit: Spot
    room: rules.Room
    free: tuple[Spot, ...]
    already: tuple[rules.Guest, ...]
    until: date | None
    held: frozenset[UUID] = frozenset()  # places that are held for these people
    emergency: bool = False  # for children without family where no licensed place is free


def for_people(
    team_id: UUID,
    case_ids: Sequence[UUID],
    first: date,
    last: date,
    site: Site,
    *,
    stays: Sequence[Stay] = (),
    referral_id: UUID | None = None,
    emergency: bool = False,
    tonight: date | None = None,
) -> list[Offer]:
    """Arrangements for these people at a shelter from `first` to `last`, the best first: rooms that take all of
    them, and where none does, one divided among rooms. `stays`: they are here already and move; `referral_id`: what is held for it is theirs;
    `emergency`: see `rules.why_not`; `tonight`: whoever should have left before that night and is still in has the bed
    (the running night). Nothing for more nights than the shelter gives; who is here already moves on with theirs."""
    if not stays and rules.too_long(first, last, queries.max_nights(team_id)):
        return []
    tonight = tonight or queries.tonight_at(site)
    people = queries.persons_to_place(case_ids, first)
    guests = [people[c].guest for c in case_ids if c in people]
    for stay in stays:
        if stay.case_id not in people:
            guests.append(queries.kept_guest(stay))
    if len(guests) != len(case_ids) or not guests:
        return []
    rooms = _rooms(team_id, guests, first, last, tonight, site, {s.case_id for s in stays}, referral_id)
    if emergency:
        rooms = [replace(room, emergency=True) for room in rooms]
    whole = [offer for room in rooms if (offer := _whole(room, guests, last))]
    if not whole and len(guests) > 1 and not emergency:
        divided = _divided(rooms, guests, last)
        whole = [divided] if divided else []
    return sorted(whole, key=lambda o: (not o.kept, o.missing, len(o.reasons), o.label))[:MOST]


def _rooms(
    team_id: UUID,
    guests: Sequence[rules.Guest],
    first: date,
    last: date,
    tonight: date,
    site: Site,
    moving: set[UUID],
    referral_id: UUID | None,
) -> list[_Room]:
    """Rooms with free places, and who is in them (a constant number of statements)."""
    party = guests[0].party if len({g.party for g in guests}) == 1 else None
    free = queries.free_places([team_id], first, last, tonight=tonight, party=party, referral_id=referral_id)
    until = {f.place_id: f.until for f in free}
    units: dict[UUID, list[Spot]] = {}
    for spot in spots.spots(until).values():
        units.setdefault(spot.unit_id, []).append(spot)
    held = queries.places_held_for(referral_id) if referral_id is not None else frozenset()
    there = spots.company(units, guests, first, last, tonight, ours=spots.ours(team_id))
    apart = spots.parted((g.case_id for g in guests), units, first, last, tonight)
    licence = spots.child_licence(site, first, last)
    found = []
    for unit_id, places in units.items():
        unit = places[0]
        if unit_id in apart:
            continue
        ends = [d for p in places if (d := until[p.place_id]) is not None]
        already = tuple(g for g in there.get(unit_id, ()) if g.case_id not in moving)
        room = rules.Room(unit.takes, unit.one_household, licence)
        found.append(_Room(unit, room, tuple(places), already, min(ends) if ends else None, held))
    return found


def _seat(room: _Room, guests: Iterable[rules.Guest]) -> dict[UUID, UUID] | None:
    """A place for each guest in the room, those who need most first; None if they do not fit."""
    left = list(room.free)
    seated: dict[UUID, UUID] = {}
    for guest in sorted(
        guests, key=lambda g: (-len(g.requirements & rules.MUST), "COT" not in g.requirements, not g.child)
    ):
        fitting = [
            p
            for p in left
            if rules.fits_kind(guest.child, guest.requirements, p.kind)
            and not rules.lacks(guest.requirements, p.answers)
        ]
        if not fitting:
            return None
        best = min(
            fitting,
            key=lambda p: (
                p.place_id not in room.held,
                p.kind == "SURGE",
                (p.kind == "COT") != ("COT" in guest.requirements),
                p.kind == "MAT",
            ),
        )
        left.remove(best)
        seated[guest.case_id] = best.place_id
    return seated


def _whole(room: _Room, guests: Sequence[rules.Guest], last: date) -> Offer | None:
    if rules.why_not(guests, room.room, room.already, emergency=room.emergency):
        return None
    seated = _seat(room, guests)
    return None if seated is None else _offer([(room, guests, seated)], last)


def _divided(rooms: Sequence[_Room], guests: Sequence[rules.Guest], last: date) -> Offer | None:
    """Children with their parents first, then the other adults, each group in the first room that takes it."""
    groups: list[list[rules.Guest]] = []
    left = list(guests)
    for child in [g for g in guests if g.child]:
        if child not in left:
            continue
        with_child = [
            g
            for g in left
            if g.case_id in child.guardians or (g.child and g.guardians & child.guardians) or g is child
        ]
        groups.append(with_child)
        left = [g for g in left if g not in with_child]
    groups += [[g] for g in left]
    taken: list[tuple[_Room, Sequence[rules.Guest], dict[UUID, UUID]]] = []
    for group in groups:
        for room in rooms:
            used = {p for _r, _g, s in taken for p in s.values()}
            mates = [g for r, gs, _s in taken if r.unit.unit_id == room.unit.unit_id for g in gs]
            rest = _Room(
                room.unit,
                room.room,
                tuple(p for p in room.free if p.place_id not in used),
                (*room.already, *mates),
                room.until,
                room.held,
            )
            if rules.why_not(group, rest.room, rest.already):
                continue
            seated = _seat(rest, group)
            if seated is not None:
                taken.append((room, group, seated))
                break
        else:
            return None
    return _offer(taken, last)


def _offer(parts: Sequence[tuple[_Room, Sequence[rules.Guest], dict[UUID, UUID]]], last: date) -> Offer:
    places: dict[UUID, UUID] = {}
    reasons: list[str] = []
    missing: set[str] = set()
    ends = [room.until for room, _g, _s in parts if room.until]
    for room, group, seated in parts:
        places |= seated
        by_id = {p.place_id: p for p in room.free}
        for guest in group:
            answers = by_id[seated[guest.case_id]].answers
            reasons += [
                reference.label("placement_requirement", r) for r in sorted(guest.requirements & answers)
            ]
            missing |= rules.misses(guest.requirements, answers)
    said = list(dict.fromkeys(reasons))
    kept = set(places.values()) <= {p for room, _g, _s in parts for p in room.held}
    if kept:
        said.insert(0, _("guardado para ellas mientras se responde"))
    if ends:
        said.append(_("libre hasta el %(day)s", day=day(min(ends))))
    labels = ", ".join(reference.label("placement_requirement", r).lower() for r in sorted(missing))
    lacks = _("no tiene: %(what)s", what=labels) if missing else ""
    count = len(places)
    detail = ngettext("%(num)s lugar", "%(num)s lugares", count)
    names = " + ".join(dict.fromkeys(room.unit.name for room, _g, _s in parts))
    if len({room.unit.unit_id for room, _g, _s in parts}) > 1:
        said.insert(0, _("en cuartos separados"))
    elif parts[0][0].unit.one_household:
        said.insert(
            0, _("cuarto sin otras personas") if count == 1 else _("todos en un cuarto, sin otras personas")
        )
    else:
        said.insert(0, _("cuarto compartido"))
    return Offer(places, names, detail, tuple(said), len(missing), lacks, kept)


def as_options(offered: Sequence[Offer], chosen: str = "") -> list[dict[str, Any]]:
    """Offers as `place_picker` takes them."""
    return [
        {
            "value": o.value,
            "label": o.label,
            "detail": o.detail,
            "reasons": o.reasons,
            "lacks": o.lacks,
            "chosen": o.value == chosen or (not chosen and i == 0),
        }
        for i, o in enumerate(offered)
    ]
