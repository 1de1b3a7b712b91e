"""Who fits where, and which site comes first: pure rules, table by table."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from caseapp.people.rules.movement import Movement
from caseapp.shelter import rules
from caseapp.shelter.who.fitting import Bay, Beds, divided, fits, parts
from caseapp.shelter.who.ranking import ORDER, Choice, Seekers, Spot, choices, distance_km, rank

NOW = datetime(2025, 11, 23, 18, 0, tzinfo=UTC)
HOME, OTHER = UUID(int=100), UUID(int=200)


def adult(n: int, safe: str = "WOMEN", *needs: str, party: UUID = HOME) -> rules.Guest:
    return rules.Guest(UUID(int=1000 + n), party, False, safe, frozenset(needs))


def child(n: int, *carers: rules.Guest, needs: tuple[str, ...] = (), safe: str = "MEN") -> rules.Guest:
    known = frozenset(c.case_id for c in carers)
    return rules.Guest(
        UUID(int=1000 + n), HOME, True, safe, requirements=frozenset(needs), related=known, guardians=known
    )


def bay(name: str, takes: str = "FAMILIES", *beds: Beds, one: bool = True, **values: object) -> Bay:
    values = {"child_licence": False, "traits": frozenset(), **values}
    return Bay(
        UUID(int=hash(name) % 2**60),
        OTHER,
        name,
        takes,
        one,
        beds=beds or (Beds("BED", frozenset(), 4),),
        **values,
    )  # type: ignore[arg-type]


def spot(name: str, *bays: Bay, **values: object) -> Spot:
    given = {
        "country": "MEX", "admin1": "MX07", "latitude": 14.9, "longitude": -92.3, "languages": frozenset(),
        "confirmed_at": NOW, **values,
    }  # fmt: skip
    return Spot(UUID(int=hash(name) % 2**60), UUID(int=1), name, bays=bays, **given)  # type: ignore[arg-type]


MOTHER, FATHER, UNCLE = adult(1), adult(2, "MEN"), adult(3, "MEN")
SON = child(4, MOTHER, FATHER)
DAUGHTER = child(5, MOTHER, FATHER, safe="WOMEN")


@pytest.mark.parametrize(
    ("guests", "room", "fit"),
    [
        ([MOTHER, SON], bay("F"), True),
        ([MOTHER, FATHER, SON], bay("F", "FAMILIES", Beds("BED", frozenset(), 2)), False),
        ([MOTHER], bay("M", "WOMEN", one=False, adults=3), True),
        ([FATHER], bay("M", "WOMEN", one=False), False),
        ([MOTHER, SON], bay("M", "WOMEN", one=False, adults=1), False),  # a stranger beside a child
        ([MOTHER], bay("M", "WOMEN", one=False, children=1), False),  # a child is there with its own
        ([UNCLE, SON], bay("F"), False),
        (
            [SON],
            bay("N", "CHILDREN", one=False, child_licence=True, children=2, children_safe_in="MEN"),
            True,
        ),
        (
            [SON],
            bay("N", "CHILDREN", one=False, child_licence=True, children=3, children_safe_in="MEN"),
            True,
        ),
        (
            [SON],
            bay("N", "CHILDREN", one=False, child_licence=True, children=4, children_safe_in="MEN"),
            False,
        ),
        (
            [SON],
            bay("N", "CHILDREN", one=False, child_licence=True, children=1, children_safe_in="WOMEN"),
            False,
        ),
        (
            [SON],
            bay("N", "CHILDREN", one=False, child_licence=True, children=1),
            False,
        ),  # of whom it is not known
        ([SON, DAUGHTER], bay("N", "CHILDREN", one=False, child_licence=True), True),  # of one household
        (
            [SON, DAUGHTER],
            bay("N", "CHILDREN", one=False, child_licence=True, children=1, children_safe_in="MEN"),
            False,
        ),
        ([SON], bay("N", "CHILDREN", one=False), False),
        ([adult(1, "WOMEN", "STEP_FREE")], bay("F"), False),
        ([adult(1, "WOMEN", "STEP_FREE")], bay("F", traits=frozenset({"STEP_FREE"})), True),
        ([MOTHER], bay("C", "FAMILIES", Beds("COT", frozenset(), 3)), False),
    ],
)
def test_whether_people_fit(guests, room, fit):
    assert (fits(guests, room) is not None) is fit


def test_traits_are_counted_jointly():
    """Step-free in the room and a low bunk at one bed: only the bed that has both does."""
    room = bay(
        "J", "WOMEN", Beds("BED", frozenset(), 3), Beds("BED", frozenset({"LOWER_BUNK"}), 1), one=False,
        traits=frozenset({"STEP_FREE"}),
    )  # fmt: skip
    needy = adult(1, "WOMEN", "STEP_FREE", "LOWER_BUNK")
    found = fits([adult(5), needy], room)
    assert found is not None and found.beds[needy.case_id] == 1
    assert fits([needy, adult(5, "WOMEN", "LOWER_BUNK")], room) is None


def test_nobody_is_overlooked_because_another_took_the_only_place_that_would_do():
    room = bay(
        "J", "WOMEN", Beds("BED", frozenset({"LOWER_BUNK"}), 1), Beds("MAT", frozenset(), 1), one=False
    )
    found = fits([adult(5), adult(1, "WOMEN", "LOWER_BUNK")], room)
    assert found is not None and dict(found.beds) == {UUID(int=1005): 1, UUID(int=1001): 0}


def test_a_child_is_never_parted_from_all_its_guardians():
    daughter = child(6, MOTHER, FATHER)
    for partition in parts([MOTHER, FATHER, UNCLE, SON, daughter]):
        for group in partition:
            for one in group:
                assert not one.child or any(g.case_id in one.guardians for g in group)
    only_hers = child(7, MOTHER)
    assert all(
        any(MOTHER in group and only_hers in group for group in partition)
        for partition in parts([MOTHER, FATHER, UNCLE, SON, only_hers])
    )
    assert parts([MOTHER, SON]) == []


def test_a_family_too_large_for_any_room_is_divided_at_one_site():
    children = [child(n, MOTHER, FATHER) for n in range(10, 16)]
    rooms = [bay("F1"), bay("F2", "FAMILIES", Beds("BED", frozenset(), 5))]
    found = divided([MOTHER, FATHER, *children], rooms)
    assert (found is not None and sorted(len(s.beds) for s in found) == [3, 5]) or (
        found is not None and len(found) == 2
    )
    assert (
        divided([MOTHER, FATHER, *children, child(30, MOTHER, FATHER), child(31, MOTHER, FATHER)], rooms)
        is None
    )


def ranked(seekers: Seekers, *spots: Spot) -> list[str]:
    return [c.spot.site_name for c in choices(seekers, spots, NOW)]


FAMILY = Seekers((MOTHER, SON), 14.9, -92.3, (), {MOTHER.case_id: ("kek", "spa")})
ROOM = bay("F", "FAMILIES", Beds("BED", frozenset(), 3))


@pytest.mark.parametrize(
    ("rule", "better", "worse"),
    [
        ("LEAVE", spot("a", ROOM), spot("b", ROOM, admin1="MX27")),
        ("TOGETHER", spot("a", ROOM), None),
        ("HAS", spot("a", bay("F", "FAMILIES", Beds("BED", frozenset(), 2), Beds("COT", frozenset(), 1))), spot("b", ROOM)),
        ("OVERFLOW", spot("a", ROOM), spot("b", bay("F", "FAMILIES", Beds("SURGE", frozenset(), 3)))),
        ("SPARES", spot("a", ROOM), spot("b", bay("F", "FAMILIES", Beds("BED", frozenset(), 9)))),
        ("LANGUAGE", spot("a", ROOM), spot("b", ROOM, country="BLZ")),
        ("CONFIRMED", spot("a", ROOM), spot("b", ROOM, confirmed_at=NOW - timedelta(hours=25))),
        ("DISTANCE", spot("a", ROOM), spot("b", ROOM, latitude=15.9)),
        ("NIGHTS", spot("a", ROOM), spot("b", bay("F", "FAMILIES", Beds("BED", frozenset(), 3, date(2025, 11, 30))))),
    ],
)  # fmt: skip
def test_each_rule_decides_where_all_before_it_are_silent(rule, better, worse):
    seekers = FAMILY
    if rule == "LEAVE":
        seekers = Seekers(FAMILY.guests, 14.9, -92.3, (Movement("MX07"),), FAMILY.languages)
    elif rule == "HAS":
        seekers = Seekers((MOTHER, child(4, MOTHER, needs=("COT",))), 14.9, -92.3, (), FAMILY.languages)
    elif rule == "LANGUAGE":
        seekers = Seekers(FAMILY.guests, 14.9, -92.3, (), {MOTHER.case_id: ("kek", "spa")})
    elif rule == "TOGETHER":
        seekers = Seekers((MOTHER, SON, adult(9)), 14.9, -92.3)
        small = bay("F", "FAMILIES", Beds("BED", frozenset(), 2))
        worse = spot("b", small, bay("M", "WOMEN", one=False, adults=1))
    assert ranked(seekers, worse, better) == ["a", "b"]
    ranks = {c.spot.site_name: rank(c, NOW) for c in choices(seekers, (better, worse), NOW)}
    first = next(i for i, (x, y) in enumerate(zip(ranks["a"], ranks["b"], strict=True)) if x != y)
    # Distance and nights take two entries each: whether it is known, and how much.
    entries = [*ORDER[:8], "DISTANCE", "NIGHTS", "NIGHTS"]
    assert entries[first] == rule


def test_what_cannot_be_offered_is_no_choice():
    assert (
        ranked(
            FAMILY, spot("m", bay("M", "WOMEN", one=False, adults=2)), spot("h", bay("H", "MEN", one=False))
        )
        == []
    )


def test_a_room_with_somebody_of_the_household_goes_on_being_theirs():
    there = adult(8)
    room = bay("F", "FAMILIES", Beds("BED", frozenset(), 2), own=frozenset({there.case_id}))
    seekers = Seekers((MOTHER, SON), kin={there.case_id: there})
    assert len(choices(seekers, [spot("a", room)], NOW)) == 1
    assert choices(Seekers((MOTHER, SON)), [spot("a", room)], NOW) == []  # nobody knows who that is


def test_distances():
    assert distance_km((14.9, -92.26), (14.9, -92.26)) == 0
    assert distance_km((14.9, -92.26), (19.43, -99.13)) == pytest.approx(887, abs=1)
    unknown = choices(Seekers((MOTHER, SON)), [spot("a", ROOM)], NOW)
    assert isinstance(unknown[0], Choice) and unknown[0].km is None
