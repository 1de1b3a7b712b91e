"""From rooms and people to booleans: which resources there are, and which options each party has.

Each option was asked of `rules.why_not` and of the places, here and once more when it is booked; the solver learns
that it exists and nothing else. In a room that several households share, adults are placed, and children alone
where a unit is theirs: a family with children there would shut it for everybody else, which a person may decide and
a program does not.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations
from typing import Any
from uuid import UUID

from caseapp.shelter import rules
from caseapp.shelter.allocation.problem import Clash, Option, Party, Problem
from caseapp.shelter.who.fitting import Bay, Seating, divided, fits
from caseapp.shelter.who.ranking import Seekers, Spot, km_between, needs_leave, strangers_to

#: Where one of two points is not known, the distance counts as this.
FAR_KM = 1000


@dataclass(frozen=True)
class Waits:
    """Seekers in the queue of a night: `urgency` 0 is the most urgent class, `came` the order of asking."""

    seekers: Seekers
    urgency: int
    came: int
    last_night: date
    nights: int = 1  # how many they ask for, the night of the placement included


@dataclass(frozen=True)
class Resource:
    """What a resource of the problem stands for: rooms that are alike (`bays`, each one household), beds of one kind
    (`beds`) in a shared room, or how many children may sleep in a bedroom (`children`)."""

    spot: Spot
    bays: tuple[Bay, ...]
    beds: int | None
    capacity: int
    children: bool = False


Way = tuple[Seating, ...]


@dataclass(frozen=True)
class Offered:
    """The problem, what its resources are, and for each option of each party where everybody would sleep."""

    problem: Problem
    resources: tuple[Resource, ...]
    ways: tuple[tuple[Way, ...], ...]


@dataclass(frozen=True)
class Apart:
    """Two parties of the queue that are not put into one room, or not at one site. Why is known to nobody here."""

    one: int
    other: int
    site: bool


def offered(waiting: Sequence[Waits], spots: Sequence[Spot], apart: Sequence[Apart] = ()) -> Offered:
    """The problem of a night: parties in the order given, which must be that of their rank."""
    resources: list[Resource] = []
    barred = frozenset[UUID]().union(*(w.seekers.barred for w in waiting))
    at: list[_Site] = [_site(n, spot, resources, barred) for n, spot in enumerate(spots)]
    memory: dict[Any, Any] = {}
    each = [_options(w, at, memory) for w in waiting]
    parties = tuple(
        Party(len(w.seekers.guests), w.urgency, w.came, tuple(options))
        for w, options in zip(waiting, each, strict=True)
    )
    ways = tuple(tuple(options.values()) for options in each)
    clashes = (*_kept_apart(parties, resources, apart), *_girls_and_boys(waiting, parties, resources))
    return Offered(Problem(parties, tuple(r.capacity for r in resources), clashes), tuple(resources), ways)


def _kept_apart(
    parties: Sequence[Party], resources: Sequence[Resource], apart: Sequence[Apart]
) -> Iterator[Clash]:
    shared = {r: found.bays[0].unit_id for r, found in enumerate(resources) if found.beds is not None}
    for pair in apart:
        where = [defaultdict[Any, set[int]](set), defaultdict[Any, set[int]](set)]
        for side, n in zip(where, (pair.one, pair.other), strict=True):
            for o, option in enumerate(parties[n].options):
                rooms = {shared[r] for r, _amount in option.uses if r in shared}
                for place in {option.site} if pair.site else rooms:
                    side[place].add(o)
        for place in where[0].keys() & where[1].keys():
            yield Clash(pair.one, frozenset(where[0][place]), pair.other, frozenset(where[1][place]))


def _girls_and_boys(
    waiting: Sequence[Waits], parties: Sequence[Party], resources: Sequence[Resource]
) -> Iterator[Clash]:
    """In a bedroom of children who are there without family, either girls or boys."""
    there: dict[int, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for n, party in enumerate(parties):
        for o, option in enumerate(party.options):
            for r, _amount in option.uses:
                if resources[r].children:
                    there[r][n].add(o)
    safe = {n: frozenset(g.safe_in for g in w.seekers.guests) for n, w in enumerate(waiting)}
    for several in there.values():
        for one, other in combinations(several, 2):
            if safe[one] != safe[other]:
                yield Clash(one, frozenset(several[one]), other, frozenset(several[other]))


def settled(found: Offered, chosen: Sequence[int | None]) -> dict[int, Way]:
    """Where everybody of each party with a place sleeps: of rooms that are alike each party gets one of its own."""
    rooms = {r.bays[0].unit_id: list(r.bays) for r in found.resources if r.beds is None and not r.children}
    placed: dict[int, Way] = {}
    for n, option in enumerate(chosen):
        if option is not None:
            placed[n] = tuple(
                replace(s, bay=rooms[s.bay.unit_id].pop(0)) if s.bay.one_household else s
                for s in found.ways[n][option]
            )
    return placed


@dataclass(frozen=True)
class _Site:
    """A site's resources: `rooms` by one of the rooms that are alike, `shared` with a resource for each kind of bed."""

    index: int
    spot: Spot
    rooms: tuple[tuple[Bay, int], ...]
    shared: tuple[tuple[Bay, tuple[int, ...]], ...]
    number: Mapping[UUID, int | tuple[int, ...]]
    bedroom: Mapping[UUID, tuple[int, int]]  # of children: its resource, and how many more children


def _site(index: int, spot: Spot, resources: list[Resource], barred: frozenset[UUID]) -> _Site:
    alike: dict[Any, list[Bay]] = defaultdict(list)
    shared: list[tuple[Bay, tuple[int, ...]]] = []
    number: dict[UUID, int | tuple[int, ...]] = {}
    bedroom: dict[UUID, tuple[int, int]] = {}
    for bay in spot.bays:
        if bay.own:
            continue
        if bay.one_household:
            # A room that is not for somebody is like no other.
            own = bay.unit_id if bay.unit_id in barred else None
            alike[bay.takes, bay.child_licence, bay.traits, bay.beds, own].append(bay)
            continue
        numbers = tuple(range(len(resources), len(resources) + len(bay.beds)))
        resources.extend(Resource(spot, (bay,), i, beds.count) for i, beds in enumerate(bay.beds))
        shared.append((bay, numbers))
        number[bay.unit_id] = numbers
        if bay.takes == "CHILDREN":
            more = max(0, rules.CHILDREN_PER_ROOM - bay.children)
            bedroom[bay.unit_id] = (len(resources), more)
            resources.append(Resource(spot, (bay,), None, more, children=True))
    rooms = []
    for several in alike.values():
        rooms.append((several[0], len(resources)))
        number.update(dict.fromkeys((b.unit_id for b in several), len(resources)))
        resources.append(Resource(spot, tuple(several), None, len(several)))
    return _Site(index, spot, tuple(rooms), tuple(shared), number, bedroom)


def _options(wait: Waits, sites: Sequence[_Site], memory: dict[Any, Any]) -> dict[Option, Way]:
    seekers = wait.seekers
    found: dict[Option, Way] = {}
    kind = (_kind_of(seekers.guests), seekers.barred)
    for site in sites:
        if needs_leave(seekers, site.spot):
            continue
        if site.spot.longest is not None and wait.nights > site.spot.longest:
            continue
        km = km_between(seekers, site.spot)
        km, strange = FAR_KM if km is None else km, strangers_to(seekers, site.spot)
        for way in _ways(seekers.guests, kind, site, memory):
            short = any(s.until is not None and s.until <= wait.last_night for s in way)
            rooms = len({s.bay.unit_id for s in way})
            option = Option(_uses(way, site, seekers.guests), site.index, rooms - 1 + short, km, strange)
            found.setdefault(option, way)
    return found


def _uses(
    seatings: Sequence[Seating], site: _Site, guests: Sequence[rules.Guest]
) -> tuple[tuple[int, int], ...]:
    uses: Counter[int] = Counter()
    for seating in seatings:
        number = site.number[seating.bay.unit_id]
        if seating.bay.unit_id in site.bedroom:
            resource, more = site.bedroom[seating.bay.unit_id]
            alike = {g.safe_in for g in guests} in ({"WOMEN"}, {"MEN"})
            # A brother and a sister, or more of one household than may share: nobody joins them.
            uses[resource] += min(len(seating.beds), more) if alike else more
        if isinstance(number, int):
            uses[number] += 1
        else:
            uses.update(number[i] for i in seating.beds.values())
    return tuple(sorted(uses.items()))


def _kind_of(guests: Sequence[rules.Guest]) -> Any:
    """People who are alike to the rules about rooms have the same ways (positions instead of ids)."""
    place = {g.case_id: n for n, g in enumerate(guests)}

    def among(ids: frozenset[UUID]) -> tuple[int, ...]:
        return tuple(sorted(place[i] for i in ids if i in place))

    return tuple(
        (
            g.child,
            g.safe_in,
            g.requirements,
            among(g.related),
            among(g.guardians),
            among(g.partners),
            bool(g.partners),
        )
        for g in guests
    )


def _ways(
    guests: tuple[rules.Guest, ...], kind: Any, site: _Site, memory: dict[Any, Any]
) -> list[tuple[Seating, ...]]:
    """The ways in which a site can take these people: in one room, in one shared room, or apart."""
    key = (kind, site.spot.team_id)
    if key not in memory:
        memory[key] = _asked(guests, _without(site, kind[1]), memory, kind)
    here = {n: g.case_id for n, g in enumerate(guests)}
    return [
        tuple(replace(s, beds={here[n]: i for n, i in s.beds.items()}) for s in way)  # type: ignore[index, misc]
        for way in memory[key]
    ]


def _without(site: _Site, barred: frozenset[UUID]) -> _Site:
    """A site without the rooms that are not for a party."""
    if not barred:
        return site
    rooms = tuple(each for each in site.rooms if each[0].unit_id not in barred)
    shared = tuple(each for each in site.shared if each[0].unit_id not in barred)
    return replace(site, rooms=rooms, shared=shared)


def _asked(guests: tuple[rules.Guest, ...], site: _Site, memory: dict[Any, Any], kind: Any) -> list[Any]:
    ways: list[tuple[Seating, ...]] = []
    for bay, _number in site.rooms:
        seating = _fits(guests, bay, memory, kind)
        if seating is not None:
            ways.append((seating,))
    open_to = [bay for bay, _n in site.shared if may_share(guests, bay)]
    for bay in open_to:
        ways += [(seating,) for seating in _in_shared(guests, bay)]
    if len(guests) > 1:
        apart = divided(guests, [b for b, _n in site.rooms] + [b for b, _n in site.shared if _grown(guests)])
        if apart and len(apart) > 1 and all(b.bay.one_household or _only_adults(b, guests) for b in apart):
            ways.append(tuple(apart))
    place = {g.case_id: n for n, g in enumerate(guests)}
    return [tuple(replace(s, beds={place[c]: i for c, i in s.beds.items()}) for s in way) for way in ways]  # type: ignore[misc]


def _fits(guests: tuple[rules.Guest, ...], bay: Bay, memory: dict[Any, Any], kind: Any) -> Seating | None:
    key = (
        kind,
        bay.takes,
        bay.child_licence,
        bay.traits,
        tuple((b.kind, b.traits, min(b.count, len(guests))) for b in bay.beds),
    )
    if key not in memory:
        memory[key] = (fits(guests, bay), guests)
    seating, asked = memory[key]
    if seating is None:
        return None
    mine = dict(zip((g.case_id for g in asked), (g.case_id for g in guests), strict=True))
    return replace(seating, bay=bay, beds={mine[c]: i for c, i in seating.beds.items()})


def _grown(guests: Sequence[rules.Guest]) -> bool:
    return any(not g.child for g in guests)


def _only_adults(seating: Seating, guests: Sequence[rules.Guest]) -> bool:
    return not any(g.child for g in guests if g.case_id in seating.beds)


def may_share(guests: Sequence[rules.Guest], bay: Bay) -> bool:
    """Whether a program may put these people into a room that others share."""
    if any(g.child for g in guests):
        return bay.takes == "CHILDREN" and all(g.child and not g.partners for g in guests)
    return bay.takes != "CHILDREN"


def _in_shared(guests: Sequence[rules.Guest], bay: Bay) -> list[Seating]:
    """All in one shared room: in the fittest beds, and in each one kind of bed that does for all."""
    first = fits(guests, bay)
    if first is None:
        return []
    found = [first]
    for i, beds in enumerate(bay.beds):
        if set(first.beds.values()) == {i}:
            continue
        others = tuple(replace(b, count=b.count if n == i else 0) for n, b in enumerate(bay.beds))
        seating = fits(guests, replace(bay, beds=others)) if beds.count >= len(guests) else None
        if seating is not None:
            found.append(replace(seating, bay=bay))
    return found
