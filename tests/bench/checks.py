"""An independent look at a night's plan: written from the rules and the rooms, not from the solver's model. It knows
who was put where, and asks again whether that may be, and whether anybody was passed over."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from caseapp.people.rules.movement import lacking
from caseapp.shelter import rules
from caseapp.shelter.allocation.offering import Apart, Waits, Way
from caseapp.shelter.who.fitting import Bay
from caseapp.shelter.who.ranking import Spot

#: Where one guest sleeps: room and kind of bed.
Place = tuple[UUID, int]


def violations(
    waiting: Sequence[Waits], spots: Sequence[Spot], placed: Mapping[int, Way], apart: Sequence[Apart] = ()
) -> list[str]:
    """Everything that is wrong with who was put where."""
    found: list[str] = []
    bays = {bay.unit_id: (bay, spot) for spot in spots for bay in spot.bays}
    inside: dict[UUID, list[rules.Guest]] = defaultdict(list)
    taken: Counter[Place] = Counter()
    for n, way in placed.items():
        guests = {g.case_id: g for g in waiting[n].seekers.guests}
        seats = [(case, s.bay.unit_id, bed) for s in way for case, bed in s.beds.items()]
        if sorted(case for case, _u, _b in seats) != sorted(guests):
            found.append(f"party {n}: not everybody has one place")
            continue
        if len({bays[unit][1].team_id for _c, unit, _b in seats}) > 1:
            found.append(f"party {n}: at two sites")
        for case, unit, bed in seats:
            bay, spot = bays[unit]
            guest, beds = guests[case], bay.beds[bed]
            answers = set(bay.traits) | set(beds.traits) | ({"COT"} if beds.kind == "COT" else set())
            if guest.requirements & rules.MUST - answers:
                found.append(f"party {n}: the place lacks what is needed")
            if beds.kind == "COT" and not (guest.child and "COT" in guest.requirements):
                found.append(f"party {n}: a cot for somebody who needs none")
            if lacking(waiting[n].seekers.movements, spot.admin1):
                found.append(f"party {n}: leave of state is missing")
            inside[unit].append(guest)
            taken[unit, bed] += 1
    for (unit, bed), count in taken.items():
        if count > bays[unit][0].beds[bed].count:
            found.append(f"room {bays[unit][0].name}: {count} in {bays[unit][0].beds[bed].count} places")
    for unit, guests_here in inside.items():
        refused = rules.why_not(guests_here, bays[unit][0].room, strangers(bays[unit][0]))
        if refused:
            found.append(f"room {bays[unit][0].name}: {refused}")
    for pair in apart:
        both = [placed[n] for n in (pair.one, pair.other) if n in placed]
        if len(both) == 2 and set.intersection(*({_near(s.bay, pair) for s in way} for way in both)):
            found.append(f"parties {pair.one} and {pair.other}: beside each other")
    return found


def _near(bay: Bay, pair: Apart) -> UUID:
    return bay.team_id if pair.site else bay.unit_id


def strangers(bay: Bay) -> list[rules.Guest]:
    """Who is in a room already, each of them."""
    nobody, safe = UUID(int=7), bay.children_safe_in or "SEPARATE"
    return [
        rules.Guest(UUID(int=n + 8), nobody, n >= bay.adults, safe) for n in range(bay.adults + bay.children)
    ]


def passed_over(
    waiting: Sequence[Waits], spots: Sequence[Spot], placed: Mapping[int, Way], apart: Sequence[Apart] = ()
) -> list[str]:
    """Parties without a place for whom a room, or beds in one room, would do if all lower ranks were gone."""
    found = []
    inside: dict[UUID, list[rules.Guest]] = defaultdict(list)
    higher: Counter[Place] = Counter()
    given: set[UUID] = set()
    for n, wait in enumerate(waiting):  # in the order of rank
        if n in placed:
            for seating in placed[n]:
                given.add(seating.bay.unit_id)
                higher.update((seating.bay.unit_id, bed) for bed in seating.beds.values())
                inside[seating.bay.unit_id] += [g for g in wait.seekers.guests if g.case_id in seating.beds]
            continue
        shut = {
            _near(s.bay, pair)
            for pair in apart
            if pair.other == n and pair.one in placed
            for s in placed[pair.one]
        }
        for spot in spots:
            if lacking(wait.seekers.movements, spot.admin1):
                continue
            for bay in spot.bays:
                if (bay.one_household and bay.unit_id in given) or shut & {bay.unit_id, bay.team_id}:
                    continue
                left = [beds.count - higher[bay.unit_id, i] for i, beds in enumerate(bay.beds)]
                if _would_do(wait.seekers.guests, bay, left, inside[bay.unit_id]):
                    found.append(f"party {n} was passed over at {spot.site_name}, room {bay.name}")
                    break
            else:
                continue
            break
    return found


def _would_do(
    guests: Sequence[rules.Guest], bay: Bay, left: Sequence[int], higher: Sequence[rules.Guest]
) -> bool:
    children = [g for g in guests if g.child]
    if not bay.one_household and children:
        if bay.takes != "CHILDREN" or len(children) < len(guests) or any(g.partners for g in guests):
            return False  # a program puts no family with children into a room that others share
    if not bay.one_household and not children and bay.takes == "CHILDREN":
        return False
    if sum(left) < len(guests) or rules.why_not(guests, bay.room, [*strangers(bay), *higher]):
        return False
    wishes = [
        [
            i
            for i, beds in enumerate(bay.beds)
            if left[i] > 0
            and not g.requirements & rules.MUST - set(bay.traits) - set(beds.traits)
            and (beds.kind != "COT" or (g.child and "COT" in g.requirements))
        ]
        for g in guests
    ]
    return _seated(sorted(wishes, key=len), list(left))


def _seated(wishes: Sequence[Sequence[int]], left: list[int]) -> bool:
    """Whether everybody finds a bed (all ways are tried)."""
    if not wishes:
        return True
    for i in wishes[0]:
        if left[i] > 0:
            left[i] -= 1
            if _seated(wishes[1:], left):
                return True
            left[i] += 1
    return False
