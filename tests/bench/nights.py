"""Made-up nights for the bench of a night's placement: households and sites as they are in the region, drawn by seed.

Everything goes the way of a real night: people and rooms as the rules know them, `offering.offered`, then the solver.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from caseapp.people.rules.movement import Movement
from caseapp.shelter import rules
from caseapp.shelter.allocation.offering import Apart, Waits
from caseapp.shelter.who.fitting import Bay, Beds
from caseapp.shelter.who.ranking import Seekers, Spot

TONIGHT = date(2025, 11, 23)
NOW = datetime(2025, 11, 23, 18, 0, tzinfo=UTC)
#: Places of arrival and how many of those who wait are there: two border points, three towns, one capital.
DESKS = {
    (14.68, -92.15): 22,
    (14.91, -92.26): 34,
    (16.25, -92.13): 10,
    (16.75, -93.12): 14,
    (17.99, -92.95): 12,
    (19.43, -99.13): 8,
}
URGENCY = {0: 18, 1: 27, 2: 35, 3: 20}
LANGUAGES = {
    ("spa",): 70,
    ("hat",): 14,
    ("hat", "spa"): 5,
    ("quc",): 3,
    ("kek",): 3,
    ("eng",): 3,
    ("por",): 2,
}
#: Requirements of a grown-up, per hundred.
NEEDS = {
    "STEP_FREE": 5,
    "LOWER_BUNK": 6,
    "FRIDGE_FOR_MEDICINE": 3,
    "POWER_SOCKET": 2,
    "ACCESSIBLE_BATH": 2,
    "STAFF_NEARBY_AT_NIGHT": 3,
}


def _drawn(random: Random, weights: Mapping[Any, int]) -> Any:
    return random.choices(list(weights), list(weights.values()))[0]


def _id(random: Random) -> UUID:
    return UUID(int=random.getrandbits(128))


def _adult(random: Random, party: UUID, safe: str) -> rules.Guest:
    needs = frozenset(code for code, share in NEEDS.items() if random.random() * 100 < share)
    return rules.Guest(_id(random), party, False, safe, needs)


def household(random: Random) -> tuple[rules.Guest, ...]:
    """People who ask together: alone, a couple, siblings, parents with children, an uncle with them, children alone."""
    party = _id(random)
    what = _drawn(
        random,
        {"alone": 44, "couple": 7, "friends": 5, "mother": 20, "parents": 16, "wider": 6, "children": 2},
    )
    if what == "alone":
        return (_adult(random, party, _drawn(random, {"MEN": 66, "WOMEN": 30, "SEPARATE": 4})),)
    if what == "friends":
        safe = _drawn(random, {"MEN": 70, "WOMEN": 30})
        return tuple(_adult(random, party, safe) for _ in range(random.choice((2, 2, 2, 3))))
    if what == "children":
        safe = "WOMEN" if party.int % 2 else "MEN"  # brothers, or sisters
        return tuple(rules.Guest(_id(random), party, True, safe) for _ in range(random.choice((1, 1, 2))))
    woman, man = _adult(random, party, "WOMEN"), _adult(random, party, "MEN")
    if what == "couple":
        return woman, man
    carers = (woman,) if what == "mother" else (woman, man)
    known = frozenset(g.case_id for g in carers)
    children = tuple(
        rules.Guest(
            _id(random), party, True, requirements=frozenset({"COT"} if random.random() < 0.15 else ()),
            related=known, guardians=known,
        )
        for _ in range(_drawn(random, {1: 40, 2: 32, 3: 17, 4: 7, 5: 4}))
    )  # fmt: skip
    wider = (_adult(random, party, _drawn(random, {"MEN": 1, "WOMEN": 1})),) if what == "wider" else ()
    return (*carers, *wider, *children)


def waiting(random: Random, count: int) -> list[Waits]:
    """Households in the order of their rank."""
    found = []
    for came in range(count):
        guests = household(random)
        latitude, longitude = _drawn(random, DESKS)
        spoken = _drawn(random, LANGUAGES)
        limit = (Movement("MX07"),) if random.random() < 0.08 else ()
        seekers = Seekers(
            guests, latitude, longitude, limit, {g.case_id: spoken for g in guests if not g.child}
        )
        nights = random.choice((1, 3, 3, 7, 14))
        found.append(Waits(seekers, _drawn(random, URGENCY), came, TONIGHT + timedelta(days=nights - 1)))
    return sorted(found, key=lambda w: (w.urgency, w.came))


def apart(random: Random, waiting: Sequence[Waits], pairs: int = 10) -> list[Apart]:
    """Pairs of households that are not put into one room, half of them not at one site."""
    drawn = [random.sample(range(len(waiting)), 2) for _ in range(pairs)]
    return [Apart(min(two), max(two), site=n % 2 == 0) for n, two in enumerate(drawn)]


def sites(random: Random, count: int, *, full: float = 0.72) -> list[Spot]:
    """Sites of which a share of the places is taken."""
    return [_site(random, n, full) for n in range(count)]


def _site(random: Random, number: int, full: float) -> Spot:
    team = _id(random)
    admin1 = _drawn(random, {"MX07": 55, "MX27": 20, "MX20": 10, "MX09": 15})
    base = {"MX07": (15.8, -92.6), "MX27": (17.9, -92.9), "MX20": (17.0, -96.7), "MX09": (19.4, -99.1)}[
        admin1
    ]
    licence = random.random() < 0.25
    spoken = frozenset(
        code
        for code, share in {"hat": 20, "quc": 5, "kek": 5, "eng": 25, "por": 5}.items()
        if random.random() * 100 < share
    )
    bays = []
    for n in range(random.choice((2, 3, 4, 5, 6))):
        traits = {
            "FAMILY_ROOM",
            *(
                t
                for t in ("GROUND_FLOOR", "STEP_FREE", "ACCESSIBLE_BATH", "FRIDGE_FOR_MEDICINE")
                if random.random() < 0.3
            ),
        }
        if random.random() > full:
            beds = [Beds("BED", frozenset(), random.choice((2, 3, 4, 4, 5, 6)), _until(random))]
            if random.random() < 0.5:
                beds.append(Beds("COT", frozenset(), 1, beds[0].until))
            bays.append(_bay(random, team, f"F{n}", "FAMILIES", True, licence, traits, beds))
    for code, takes, traits in (("M", "WOMEN", {"WOMEN_ONLY", "LOWER_BUNK"}), ("H", "MEN", {"LOWER_BUNK"})):
        size = random.choice((6, 8, 10, 12, 16))
        free = sum(random.random() > full for _ in range(size))
        if free:
            extra = {
                t for t in ("STAFF_NEARBY_AT_NIGHT", "STEP_FREE", "POWER_SOCKET") if random.random() < 0.25
            }
            bays.append(
                _bay(
                    random,
                    team,
                    code,
                    takes,
                    False,
                    licence,
                    traits | extra,
                    [Beds("BED", frozenset(), free, None)],
                    size - free,
                )
            )
    if licence:
        free = sum(random.random() > full for _ in range(6))
        if free:
            bays.append(
                _bay(
                    random,
                    team,
                    "N",
                    "CHILDREN",
                    False,
                    True,
                    {"STAFF_NEARBY_AT_NIGHT"},
                    [Beds("BED", frozenset(), free, None)],
                    0,
                    6 - free,
                )
            )
    if random.random() > full:
        single = {"STEP_FREE", "ACCESSIBLE_BATH", "POWER_SOCKET", "LOWER_BUNK", "SINGLE_ROOM"}
        bays.append(
            _bay(
                random,
                team,
                "A",
                "ANYONE",
                True,
                licence,
                single,
                [Beds("BED", frozenset(), random.choice((1, 2)), None)],
            )
        )
    return Spot(
        team, _id(random), f"Sitio {number:02}", "MEX", admin1, base[0] + random.uniform(-0.9, 0.9),
        base[1] + random.uniform(-0.9, 0.9), spoken, NOW - timedelta(hours=random.randrange(60)), tuple(bays),
    )  # fmt: skip


def _until(random: Random) -> date | None:
    return TONIGHT + timedelta(days=random.randrange(1, 10)) if random.random() < 0.2 else None


def _bay(
    random: Random, team: UUID, code: str, takes: str, one: bool, licence: bool, traits: set[str], beds: list[Beds],
    adults: int = 0, children: int = 0,
) -> Bay:  # fmt: skip
    unit = _id(random)
    safe = ("WOMEN" if unit.int % 2 else "MEN") if children else None
    return Bay(unit, team, code, takes, one, licence, frozenset(traits), tuple(beds), adults, children, safe)
