"""Whether people fit into the free places of a room, and where families are put when no room takes them all.

Works on plain values, so that the question can be asked of the rooms of other teams without showing who is in
them: of strangers in a room only how many adults and children they are is known. Everything goes through
`rules.why_not`, the one function that a booking asks again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from caseapp.shelter import rules


@dataclass(frozen=True)
class Beds:
    """Free places of a room that are alike: kind, own traits, how many, and the night from which one is taken."""

    kind: str
    traits: frozenset[str]
    count: int
    until: date | None = None


@dataclass(frozen=True)
class Bay:
    """A room with free places. `adults` and `children`: strangers in it, the children all safe in `children_safe_in`;
    `own`: people of the party in it."""

    unit_id: UUID
    team_id: UUID
    name: str
    takes: str
    one_household: bool
    child_licence: bool
    traits: frozenset[str]
    beds: tuple[Beds, ...]
    adults: int = 0
    children: int = 0
    children_safe_in: str | None = None
    own: frozenset[UUID] = frozenset()

    @property
    def free(self) -> int:
        return sum(beds.count for beds in self.beds)

    @property
    def room(self) -> rules.Room:
        return rules.Room(self.takes, self.one_household, self.child_licence)


@dataclass(frozen=True)
class Seating:
    """Where each of the people sleeps in a room: case id → index of `Bay.beds`; and what is said of it."""

    bay: Bay
    beds: Mapping[UUID, int]
    misses: frozenset[str] = field(default=frozenset())
    answers: frozenset[str] = field(default=frozenset())

    @property
    def until(self) -> date | None:
        """The first night on which one of these places is taken again."""
        ends = [end for i in self.beds.values() if (end := self.bay.beds[i].until) is not None]
        return min(ends, default=None)

    @property
    def surge(self) -> bool:
        return any(self.bay.beds[i].kind == "SURGE" for i in self.beds.values())


def already_in(bay: Bay, kin: Mapping[UUID, rules.Guest]) -> list[rules.Guest]:
    """Who is in a room, as the rules take it: strangers without names, own people as known."""
    strangers = rules.strangers(bool(bay.adults), bay.children, bay.children_safe_in)
    unknown = UUID(int=2**64)
    return [*strangers, *(kin.get(c) or rules.Guest(c, unknown, False) for c in sorted(bay.own))]


def fits(
    guests: Sequence[rules.Guest], bay: Bay, kin: Mapping[UUID, rules.Guest] | None = None
) -> Seating | None:
    """A place for each guest in the room, or None if the rules or the places say no."""
    if len(guests) > bay.free or rules.why_not(guests, bay.room, already_in(bay, kin or {})):
        return None
    seated = _seat(guests, bay)
    if seated is None:
        return None
    answers, misses = set[str](), set[str]()
    for guest in guests:
        beds = bay.beds[seated[guest.case_id]]
        given = rules.answered(bay.traits, beds.traits, beds.kind)
        answers |= guest.requirements & given
        misses |= rules.misses(guest.requirements, given)
    return Seating(bay, seated, frozenset(misses), frozenset(answers))


def _seat(guests: Sequence[rules.Guest], bay: Bay) -> dict[UUID, int] | None:
    """Each guest a place that answers what they need (augmenting paths, so that none is missed)."""
    wishes = {guest.case_id: _wishes(guest, bay) for guest in guests}
    held: dict[int, list[UUID]] = {i: [] for i in range(len(bay.beds))}

    def seat(who: UUID, tried: set[int]) -> bool:
        for i in wishes[who]:
            if i in tried:
                continue
            tried.add(i)
            if len(held[i]) < bay.beds[i].count:
                held[i].append(who)
                return True
            for n, other in enumerate(held[i]):
                if seat(other, tried):
                    held[i][n] = who
                    return True
        return False

    for guest in sorted(guests, key=lambda g: len(wishes[g.case_id])):
        if not seat(guest.case_id, set()):
            return None
    return {who: i for i, several in held.items() for who in several}


def _wishes(guest: rules.Guest, bay: Bay) -> list[int]:
    """The kinds of beds that do for a guest, the fittest first: no overflow, a cot for whoever needs one."""
    doing = [
        i
        for i, beds in enumerate(bay.beds)
        if rules.fits_kind(guest.child, guest.requirements, beds.kind)
        and not rules.lacks(guest.requirements, rules.answered(bay.traits, beds.traits, beds.kind))
    ]
    cot = "COT" in guest.requirements

    def order(i: int) -> tuple[bool, bool, bool, int]:
        kind = bay.beds[i].kind
        return kind == "SURGE", (kind == "COT") != cot, kind == "MAT", len(bay.beds[i].traits)

    return sorted(doing, key=order)


# -- apart --------------------------------------------------------------------------------------------
Parts = tuple[tuple[rules.Guest, ...], ...]
MOST_PARTS = 10


def parts(guests: Sequence[rules.Guest]) -> list[Parts]:
    """Ways to divide people who do not fit into one room, the least divided first: the other adults by themselves;
    then the children with one guardian each, where each child has both. A child is never parted from all of its
    guardians."""
    children = [g for g in guests if g.child]
    if not children:
        return [tuple((g,) for g in guests)] if len(guests) > 1 else []
    guardians = [g for g in guests if not g.child and any(g.case_id in c.guardians for c in children)]
    others = tuple((g,) for g in guests if not g.child and g not in guardians)
    core = (*guardians, *children)
    found: list[Parts] = [(core, *others)] if others and guardians else []
    both = [g for g in guardians if all(g.case_id in c.guardians for c in children)]
    if len(both) == 2 and len(guardians) == 2 and len(children) > 1:
        for with_first in _around(len(children)):
            found.append(
                ((both[0], *children[:with_first]), (both[1], *children[with_first:]), *others)
            )  # fmt: skip
    return found[:MOST_PARTS]


def _around(count: int) -> Iterator[int]:
    """How many children go with the first guardian: half, then less equal parts."""
    yield from sorted(range(1, count), key=lambda n: (abs(2 * n - count), n))


class Matching:
    """People who look for rooms together. Rooms that are alike are asked of the rules once: of a country's thousands of
    places there are some dozens of kinds."""

    def __init__(self, guests: Sequence[rules.Guest], kin: Mapping[UUID, rules.Guest] | None = None) -> None:
        self.guests, self._kin = tuple(guests), kin or {}
        self._parts = [tuple(sorted(each, key=len, reverse=True)) for each in parts(guests)]
        self._known: dict[Any, Seating | None] = {}
        self._sites: dict[Any, tuple[tuple[int, Seating], ...] | None] = {}

    def whole(self, bay: Bay) -> Seating | None:
        """All of them in this room, or None."""
        return self._asked((), self.guests, bay, self._shape(bay), ())

    def divided(self, bays: Sequence[Bay]) -> list[Seating] | None:
        """The first way of dividing them among the rooms of one site that works: the smallest rooms that do."""
        tight = sorted(bays, key=lambda b: (not b.one_household, b.free, b.name, b.unit_id))
        shapes = tuple(self._shape(bay) for bay in tight)
        if shapes not in self._sites:
            self._sites[shapes] = self._dividing(tight, shapes)
        found = self._sites[shapes]
        return None if found is None else [_in(tight[i], seating) for i, seating in found]

    def _dividing(
        self, tight: Sequence[Bay], shapes: Sequence[Shape]
    ) -> tuple[tuple[int, Seating], ...] | None:
        alone = sorted(range(len(tight)), key=lambda i: tight[i].one_household)
        for p, partition in enumerate(self._parts):
            inside: dict[int, tuple[int, ...]] = {}  # room → groups of the partition that are in it
            seated: list[tuple[int, Seating]] = []
            for g, group in enumerate(partition):
                # Somebody alone is put in a shared room before a room of their own.
                for i in range(len(tight)) if len(group) > 1 else alone:
                    mates = inside.get(i, ())
                    here = [s for room, s in seated if room == i]
                    seating = self._asked((p, g), group, tight[i], shapes[i], mates, here)
                    if seating is not None:
                        seated.append((i, seating))
                        inside[i] = (*mates, g)
                        break
                else:
                    break
            else:
                return tuple(seated)
        return None

    def _asked(
        self, which: tuple[int, ...], group: Sequence[rules.Guest], bay: Bay, shape: Shape, mates: tuple[int, ...],
        here: Sequence[Seating] = (),
    ) -> Seating | None:  # fmt: skip
        key = (which, shape, mates)
        if key not in self._known:
            inside = [g for n in mates for g in self._parts[which[0]][n]]
            kin = {**self._kin, **{g.case_id: g for g in inside}} if inside else self._kin
            self._known[key] = fits(group, _left(bay, here), kin)
        found = self._known[key]
        return None if found is None else _in(bay, found)

    def _shape(self, bay: Bay) -> Shape:
        """What the rules and the beds of a room depend on; more places than people are as good as so many."""
        if bay.own:
            return (bay.unit_id,)
        most = len(self.guests)
        beds = tuple((b.kind, b.traits, b.count if b.count < most else most) for b in bay.beds)
        alike = bay.takes, bay.one_household, bay.child_licence, bay.traits, bool(bay.adults), bay.children
        return (*alike, bay.children_safe_in, beds)


Shape = tuple[Any, ...]


def _in(bay: Bay, seating: Seating) -> Seating:
    """The same seats in a room that is alike."""
    return seating if seating.bay is bay else Seating(bay, seating.beds, seating.misses, seating.answers)


def divided(
    guests: Sequence[rules.Guest], bays: Sequence[Bay], kin: Mapping[UUID, rules.Guest] | None = None
) -> list[Seating] | None:
    """The first way of dividing these people among the rooms of one site that works; see `Matching`."""
    return Matching(guests, kin).divided(bays)


def _left(bay: Bay, here: Sequence[Seating]) -> Bay:
    """A room after some of the party have places in it."""
    if not here:
        return bay
    taken = Counter(i for seating in here for i in seating.beds.values())
    beds = tuple(replace(b, count=b.count - taken[i]) for i, b in enumerate(bay.beds))
    return replace(bay, beds=beds, own=bay.own.union(*(seating.beds for seating in here)))
