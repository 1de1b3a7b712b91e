"""Whether people fit into the free places of a room, and where families are put when no room takes them all.

Works on plain values, so that the question can be asked of the rooms of other teams without showing who is in
them: of strangers in a room only how many adults and children they are is known. Everything goes through
`rules.why_not`, the one function that a booking asks again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from caseapp.shelter import rules

_ADULT = rules.Guest(UUID(int=1), UUID(int=0), False)
_CHILD = rules.Guest(UUID(int=2), UUID(int=0), True)


@dataclass(frozen=True)
class Beds:
    """Free places of a room that are alike: kind, own traits, how many, and the night from which one is taken."""

    kind: str
    traits: frozenset[str]
    count: int
    until: date | None = None


@dataclass(frozen=True)
class Bay:
    """A room with free places. `adults` and `children`: strangers in it; `own`: people of the party in it."""

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
    # The rules ask whether there is a stranger, grown up or a child, not how many.
    strangers = [*([_ADULT] if bay.adults else ()), *([_CHILD] if bay.children else ())]
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


def divided(
    guests: Sequence[rules.Guest], bays: Sequence[Bay], kin: Mapping[UUID, rules.Guest] | None = None
) -> list[Seating] | None:
    """The first way of dividing these people among the rooms of one site that works: the smallest rooms that do."""
    tight = sorted(bays, key=lambda b: (not b.one_household, b.free, b.name, b.unit_id))
    for partition in parts(guests):
        taken: Counter[tuple[UUID, int]] = Counter()
        inside: dict[UUID, list[rules.Guest]] = {}
        seated: list[Seating] = []
        for group in sorted(partition, key=len, reverse=True):
            # Somebody alone is put in a shared room before a room of their own.
            order = tight if len(group) > 1 else sorted(tight, key=lambda b: b.one_household)
            for bay in order:
                left = _left(bay, taken, inside.get(bay.unit_id, ()))
                known = {**(kin or {}), **{g.case_id: g for g in inside.get(bay.unit_id, ())}}
                seating = fits(group, left, known)
                if seating is not None:
                    seated.append(Seating(bay, seating.beds, seating.misses, seating.answers))
                    taken.update((bay.unit_id, i) for i in seating.beds.values())
                    inside.setdefault(bay.unit_id, []).extend(group)
                    break
            else:
                break
        else:
            return seated
    return None


def _left(bay: Bay, taken: Mapping[tuple[UUID, int], int], inside: Sequence[rules.Guest]) -> Bay:
    """A room after some of the party have places in it."""
    if not inside:
        return bay
    beds = tuple(
        Beds(b.kind, b.traits, b.count - taken.get((bay.unit_id, i), 0), b.until)
        for i, b in enumerate(bay.beds)
    )
    own = bay.own | {g.case_id for g in inside}
    return Bay(
        bay.unit_id, bay.team_id, bay.name, bay.takes, bay.one_household, bay.child_licence, bay.traits, beds,
        bay.adults, bay.children, own,
    )  # fmt: skip
