"""All families of a demo in one order. The order, and everything in it, follows from seed, day and number of
cases alone: whoever does the first two hundred cases and whoever does the rest do the same work.

Recent families come first, Mexico's and Guatemala's before others, so that a demo that has only begun is alive.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate
from random import Random

from caseapp.people.rules import number_of, prefix_of
from workers.demo import (
    assisting,
    calibration,
    children,
    custody,
    helping,
    people,
    places,
    rare,
    waiting,
    working,
)
from workers.demo.accounts import DESKS
from workers.demo.acts import Act, edge
from workers.demo.calibration import COUNTRIES, stream
from workers.demo.history import Life, Setting
from workers.demo.lives import SCENES, Scene, ordinary, with_a_copy
from workers.demo.people import Family, Shape

#: How many cases of each country stand at the head of the order.
AT_HEAD = {"MEX": 110, "GTM": 40, "HND": 10, "SLV": 10, "CRI": 10, "PAN": 10, "BLZ": 10}
COPIES = 0.012
#: Scenes that a family with a child may leave for the station, where no other family has one.
SPARED = ("staying", "leaving", "overdue")
SERVICE_TEAMS = {
    "HEALTH": "HEALTH", "MHPSS": "MHPSS", "LEGAL": "LEGAL_AID", "ASYLUM_AUTHORITY": "ASYLUM_AUTHORITY",
    "CHILD_PROTECTION": "CHILD_AUTHORITY",
}  # fmt: skip


@dataclass(frozen=True)
class Slot:
    """A family that will be: everything needed to tell its life, and its public numbers."""

    country: str
    index: int
    shape: Shape
    arrived: date
    desk: str
    scene: Scene | None
    shelter: str
    also_served: bool
    copied: bool
    numbers: tuple[str, ...]
    household_numbers: tuple[str, ...]
    custody: str = ""  # how it is told, where the family comes from a migratory station
    rare: str = ""  # which of the stories that few families live

    @property
    def cases(self) -> int:
        return len(self.shape) + self.copied


@dataclass(frozen=True)
class Story:
    """A family and its acts in order of time. `team` is the code of the desk's team."""

    slot: Slot
    team: str
    family: Family
    acts: tuple[Act, ...]


@dataclass(frozen=True)
class Plan:
    """A whole demo. `ends[i]` is the number of cases that are in once slot `i` is."""

    seed: int
    cases: int
    today: date
    slots: tuple[Slot, ...]
    ends: tuple[int, ...]

    def next_after(self, done: int) -> int | None:
        """The number of the slot to do when `done` cases are in; None when there is none left."""
        position = bisect_right(self.ends, done)
        return position if position < len(self.slots) else None

    def story(self, position: int) -> Story:
        """The life of the family at a position, told anew each time. Who came so late that nothing of it has
        happened yet came a day earlier."""
        slot = self.slots[position]
        while not (told := self._told(slot)).acts:
            slot = replace(slot, arrived=slot.arrived - timedelta(days=1))
        return told

    def _told(self, slot: Slot) -> Story:
        words = (self.seed, self.today, self.cases, slot.country, slot.index)
        family = people.invent(slot.country, slot.shape, slot.arrived, stream(*words, "family"))
        life = Life(
            family, _setting(slot, self.today, stream(*words, "place")), slot.arrived, stream(*words, "life")
        )
        if slot.custody:
            custody.tell(life, slot.custody, stream(*words, "custody"))
        elif slot.scene is not None:
            slot.scene.tell(life, slot.shelter)
        elif slot.rare and slot.rare != rare.ALONE:
            rare.tell(life, slot.rare, _other_desks(slot), stream(*words, "rare"))
            return Story(slot, _desk_team(slot.desk), family, tuple(life.told()))
        elif slot.copied:
            with_a_copy(life, self.today)
        else:
            ordinary(life)
        scene = slot.scene.name if slot.scene is not None and not slot.custody else None
        working.tell(life, scene, _other_desks(slot), stream(*words, "casework"))
        assisting.tell(life, stream(*words, "assistance"))
        helping.tell(life, stream(*words, "help"))
        waiting.tell(life, edge(self.today), stream(*words, "waiting"))
        officer = _desk_team(slot.desk).endswith("RECEPTION_DESK")
        children.tell(life, slot.rare, officer, stream(*words, "children"))
        return Story(slot, _desk_team(slot.desk), family, tuple(life.told()))


@lru_cache(maxsize=2)
def plan(seed: int, cases: int, today: date) -> Plan:
    """The plan of a demo (kept in memory: a worker asks for it at every turn)."""
    split = calibration.cases_by_country(cases, today)
    taken: set[str] = set()
    by_country = {c: list(_slots(c, split[c], (seed, today, cases, c), today, taken)) for c in COUNTRIES}
    by_country["MEX"] = _held(by_country["MEX"], (seed, cases, today), today)
    for country, slots in by_country.items():
        by_country[country] = rare.chosen(country, slots, places.sites_with(country, *DESKS), today)
    ordered = _ordered(by_country)
    return Plan(seed, cases, today, tuple(ordered), tuple(accumulate(s.cases for s in ordered)))


def _ordered(by_country: dict[str, list[Slot]]) -> list[Slot]:
    head: list[Slot] = []
    rest: list[Slot] = []
    for country, slots in by_country.items():
        recent = sorted(slots, key=lambda s: (s.scene is None, -s.arrived.toordinal(), s.index))
        room = AT_HEAD[country]
        for slot in recent:
            (head if room > 0 else rest).append(slot)
            room -= slot.cases
    rest.sort(key=lambda s: (-s.arrived.toordinal(), COUNTRIES.index(s.country), s.index))
    return head + rest


def _held(slots: list[Slot], words: Sequence[object], today: date) -> list[Slot]:
    """The same families, of whom some come from the migratory station; they are of the desk beside it."""
    free = {i: s.shape for i, s in enumerate(slots) if s.scene is None and not s.copied}
    spare = {i: s.shape for i, s in enumerate(slots) if s.scene is not None and s.scene.name in SPARED}
    arrivals = {i: s.arrived for i, s in enumerate(slots)}
    found = custody.chosen(free, spare, arrivals, today, stream(*words, "custody"))
    desk = places.sites_with("MEX", "RECEPTION_DESK")[0]
    return [
        replace(s, custody=found[i][0], arrived=found[i][1], desk=desk, scene=None) if i in found else s
        for i, s in enumerate(slots)
    ]


def _slots(country: str, cases: int, words: Sequence[object], today: date, taken: set[str]) -> Iterator[Slot]:
    random = stream(*words, "plan")
    copies = round(cases * COPIES)
    shapes = people.shapes(country, cases - copies, random)
    random.shuffle(shapes)
    shelters = [f"{s}-SHELTER" for s in places.sites_with(country, "SHELTER")]
    cast = _cast(shapes, shelters, random)
    free = [i for i in range(len(shapes)) if i not in cast]
    days = dict(zip(free, _arrivals(country, len(free), today, random), strict=True))
    alone = [
        i
        for i in free
        if len(shapes[i]) == 1 and shapes[i][0].band == "18_59" and (today - days[i]).days > 40
    ]
    copied = set(alone[:copies])
    shapes = _whole(shapes, copies - len(copied), free)
    desks = places.sites_with(country, *DESKS)
    first = list(cast)[: len(SCENES)]
    for i, shape in enumerate(shapes):
        scene, shelter = cast.get(i, (None, ""))
        arrived = today - timedelta(days=scene.days_before) if scene else days[i]
        desk = desks[i % len(desks)] if scene else _desk(desks, random)
        numbers = [_number(prefix_of(country), random, taken) for _ in range(len(shape) + (i in copied))]
        households = [_number("H", random, taken) for _ in range(1 + (i in copied))]
        yield Slot(
            country,
            i,
            shape,
            arrived,
            desk,
            scene,
            shelter,
            i in first,
            i in copied,
            tuple(numbers),
            tuple(households),
        )


def _whole(shapes: list[Shape], missing: int, free: Sequence[int]) -> list[Shape]:
    """Where too few people are alone to be copied, brothers and sisters make up the number."""
    found = list(shapes)
    for i in free[:missing]:
        found[i] = (*found[i], replace(found[i][0], role="SIBLING"))
    return found


def _desk(desks: Sequence[str], random: Random) -> str:
    """Most families come to the reception centre, some to a border point."""
    weights = {d: (0.14 if _desk_team(d).endswith("BORDER_POINT") else 1.0) for d in desks}
    return calibration.drawn(random, weights)


def _desk_team(site: str) -> str:
    return f"{site}-{'RECEPTION_DESK' if 'RECEPTION_DESK' in places.team_types(site) else 'BORDER_POINT'}"


def _other_desks(slot: Slot) -> tuple[str, ...]:
    """Desks of the same country that may take files over."""
    return tuple(_desk_team(d) for d in places.sites_with(slot.country, *DESKS) if d != slot.desk)


def _number(prefix: str, random: Random, taken: set[str]) -> str:
    while True:
        number = number_of(prefix, random.getrandbits(48))
        if number not in taken:
            taken.add(number)
            return number


def _cast(shapes: Sequence[Shape], shelters: Sequence[str], random: Random) -> dict[int, tuple[Scene, str]]:
    """Which families play a scene, at which shelter: families and people alone in turn, at most three in five."""
    able = [i for i, s in enumerate(shapes) if s[0].band in ("18_59", "60") and len(s) <= 4]
    together = [i for i in able if len(shapes[i]) > 1]
    single = [i for i in able if len(shapes[i]) == 1]
    turn = [i for pair in zip(together, single, strict=False) for i in pair]
    turn += [i for i in able if i not in set(turn)]
    scenes = [
        (SCENES[(r + j) % len(SCENES)], shelter)
        for r in range(len(SCENES))
        for j, shelter in enumerate(shelters)
    ]
    most = min(len(scenes), len(shapes) * 3 // 5)
    return dict(zip(turn, scenes[:most], strict=False))


def _arrivals(country: str, families: int, today: date, random: Random) -> list[date]:
    """Days of arrival, spread over each year by its real claims, the last one yesterday."""
    found = []
    yesterday = today - timedelta(days=1)
    for year, count in calibration.shared_out(families, calibration.arrivals(country, today)).items():
        first, last = date(year, 1, 1), min(date(year, 12, 31), yesterday)
        length = max(1, (last - first).days + 1)
        found += [first + timedelta(days=int((k + random.random()) / count * length)) for k in range(count)]
    random.shuffle(found)
    return found


def _setting(slot: Slot, today: date, random: Random) -> Setting:
    here = places.second_division(slot.desk)
    place = (
        here
        if random.random() < 0.85
        else random.choice(calibration.second_levels(places.division(slot.desk)))
    )
    receivers = {}
    for kind, team_type in SERVICE_TEAMS.items():
        sites = places.sites_with(slot.country, team_type)
        if sites:
            receivers[kind] = f"{sites[0]}-{team_type}"
    shelters = tuple(f"{s}-SHELTER" for s in places.sites_with(slot.country, "SHELTER"))
    return Setting(
        slot.country, places.timezone(slot.desk), place, shelters, receivers, today, slot.also_served
    )
