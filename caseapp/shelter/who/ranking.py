"""Which site comes first for these people, by rules that are declared and said in words.

The order is lexicographic: a later rule speaks only where all earlier ones are silent, and no number adds them up
(docs/decisions/0150). A consent that was refused has no voice in any of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import asin, cos, radians, sin, sqrt
from typing import Any
from uuid import UUID

from caseapp.people.rules.movement import Movement, lacking
from caseapp.shelter import rules
from caseapp.shelter.who.fitting import Bay, Matching, Seating

#: The rules, the first that tells two sites apart decides.
ORDER = ("LEAVE", "TOGETHER", "HAS", "OVERFLOW", "SPARES", "LANGUAGE", "CONFIRMED", "DISTANCE", "NIGHTS")
FRESH = timedelta(hours=24)
EARTH_KM = 6371.0
#: Spoken at every site of the region; whoever speaks it is understood everywhere.
EVERYWHERE = {"BLZ": "eng"}


@dataclass(frozen=True)
class Spot:
    """A site that takes people in, with its rooms that have free places."""

    team_id: UUID
    site_id: UUID
    site_name: str
    country: str
    admin1: str | None
    latitude: float | None
    longitude: float | None
    languages: frozenset[str]
    confirmed_at: datetime | None
    bays: tuple[Bay, ...] = ()
    longest: int | None = None  # nights that it gives at most

    @property
    def spoken(self) -> frozenset[str]:
        """What is spoken there: what its service says, and the country's own language."""
        return self.languages | {EVERYWHERE.get(self.country, "spa")}


@dataclass(frozen=True)
class Seekers:
    """People who look for a place together: where they are, where they must stay, what they speak."""

    guests: tuple[rules.Guest, ...]
    latitude: float | None = None
    longitude: float | None = None
    movements: tuple[Movement, ...] = ()
    languages: Mapping[UUID, tuple[str, ...]] = field(default_factory=dict)
    kin: Mapping[UUID, rules.Guest] = field(default_factory=dict)
    #: Rooms that are not for them, for a reason that nobody is told.
    barred: frozenset[UUID] = frozenset()


@dataclass(frozen=True)
class Choice:
    """A site and the places it has for them."""

    spot: Spot
    seatings: tuple[Seating, ...]
    leave: bool
    km: int | None
    strange: int
    shared: tuple[str, ...]

    @property
    def rooms(self) -> int:
        return len({s.bay.unit_id for s in self.seatings})

    @property
    def misses(self) -> frozenset[str]:
        return frozenset().union(*(s.misses for s in self.seatings))

    @property
    def answers(self) -> frozenset[str]:
        return frozenset().union(*(s.answers for s in self.seatings))

    @property
    def until(self) -> date | None:
        return min((s.until for s in self.seatings if s.until), default=None)

    @property
    def overflow(self) -> bool:
        return any(s.surge for s in self.seatings)

    @property
    def idle(self) -> int:
        """Places that nobody else could have, because the room takes one household."""
        return sum(s.bay.free - len(s.beds) for s in self.seatings if s.bay.one_household)

    @property
    def spares(self) -> bool:
        """A room is not given to far fewer people than it holds."""
        return self.idle <= sum(len(s.beds) for s in self.seatings)


def distance_km(here: tuple[float, float], there: tuple[float, float]) -> int:
    """Whole kilometres in a straight line between two points (degrees), by the haversine formula."""
    (a, b), (c, d) = (map(radians, point) for point in (here, there))
    h = sin((c - a) / 2) ** 2 + cos(a) * cos(c) * sin((d - b) / 2) ** 2
    return round(2 * EARTH_KM * asin(sqrt(h)))


def km_between(seekers: Seekers, spot: Spot) -> int | None:
    """Kilometres from where the people are to the site; None where either is not known."""
    if None in (seekers.latitude, seekers.longitude, spot.latitude, spot.longitude):
        return None
    return distance_km(
        (float(seekers.latitude or 0), float(seekers.longitude or 0)),
        (float(spot.latitude or 0), float(spot.longitude or 0)),
    )


def needs_leave(seekers: Seekers, spot: Spot) -> bool:
    """The authority's leave is missing for a place in that state."""
    return lacking(seekers.movements, spot.admin1)


def strangers_to(seekers: Seekers, spot: Spot) -> int:
    """How many of them share no language with the site; who said none is taken to be understood."""
    return sum(
        1
        for g in seekers.guests
        if (spoken := seekers.languages.get(g.case_id)) and not spot.spoken & set(spoken)
    )


def shared_languages(seekers: Seekers, spot: Spot) -> tuple[str, ...]:
    """Languages of theirs that the site says it speaks, beyond the one that is spoken everywhere."""
    own = dict.fromkeys(code for g in seekers.guests for code in seekers.languages.get(g.case_id, ()))
    return tuple(
        code for code in own if code in spot.languages and code != EVERYWHERE.get(spot.country, "spa")
    )


def choices(seekers: Seekers, spots: Iterable[Spot], now: datetime) -> list[Choice]:
    """The sites that can take these people, the first is the best by `ORDER`. What cannot be offered is not among
    them, and why is told to nobody."""
    matching = Matching(seekers.guests, seekers.kin)
    found = []
    for spot in spots:
        seatings = _places_at(seekers, spot, matching)
        if seatings:
            found.append(
                Choice(
                    spot, seatings, needs_leave(seekers, spot), km_between(seekers, spot),
                    strangers_to(seekers, spot), shared_languages(seekers, spot),
                )
            )  # fmt: skip
    return sorted(found, key=lambda choice: rank(choice, now))


def rank(choice: Choice, now: datetime) -> tuple[Any, ...]:
    """The place of a choice in the order, one entry a rule of `ORDER`, then the name."""
    confirmed = choice.spot.confirmed_at
    return (
        choice.leave,
        choice.rooms,
        len(choice.misses),
        choice.overflow,
        not choice.spares,
        choice.strange,
        confirmed is None or now - confirmed > FRESH,
        choice.km is None,
        choice.km or 0,
        choice.until is not None,
        -(choice.until or date.max).toordinal(),
        choice.spot.site_name,
        choice.spot.team_id,
    )


def _places_at(seekers: Seekers, spot: Spot, matching: Matching) -> tuple[Seating, ...]:
    count = len(seekers.guests)
    bays = [bay for bay in spot.bays if bay.unit_id not in seekers.barred] if seekers.barred else spot.bays
    whole = [s for bay in bays if bay.free >= count and (s := matching.whole(bay)) is not None]
    if whole:
        return (min(whole, key=lambda s: _within_site(seekers.guests, s)),)
    if count < 2 or sum(bay.free for bay in bays) < count:
        return ()
    return tuple(matching.divided(bays) or ())


def _within_site(guests: Sequence[rules.Guest], seating: Seating) -> tuple[Any, ...]:
    """Of several rooms of one site: what is missing, overflow, a child rather in a room without strangers, then the
    one that leaves fewest places idle."""
    bay, child = seating.bay, any(g.child for g in guests)
    idle = bay.free - len(seating.beds) if bay.one_household else 0
    return len(seating.misses), seating.surge, child and not bay.one_household, idle, bay.name, bay.unit_id
