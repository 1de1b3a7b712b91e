"""The rules about rooms, nights and ends, case by case."""

from __future__ import annotations

from datetime import date, datetime
from itertools import combinations_with_replacement, product
from uuid import UUID

import pytest

from caseapp.core import reference
from caseapp.shelter import rules
from caseapp.shelter.rules import Guest, Room, why_not

MOTHER, CHILD, UNCLE, STRANGER, OTHER_CHILD = (UUID(int=i) for i in range(1, 6))
FAMILY, ELSEWHERE = UUID(int=10), UUID(int=11)
FAMILY_ROOM = Room("FAMILIES", True, False)
WOMEN = Room("WOMEN", False, False)
MEN = Room("MEN", False, False)
SHARED = Room("FAMILIES", False, False)


def mother(**values):
    return Guest(**{"case_id": MOTHER, "party": FAMILY, "child": False, "safe_in": "WOMEN", **values})


def child(**values):
    return Guest(
        **{
            "case_id": CHILD, "party": FAMILY, "child": True, "safe_in": "WOMEN", "related": frozenset({MOTHER}),
            "guardians": frozenset({MOTHER}), **values,
        }
    )  # fmt: skip


def uncle(**values):
    return Guest(**{"case_id": UNCLE, "party": FAMILY, "child": False, "safe_in": "MEN", **values})


def stranger(**values):
    return Guest(**{"case_id": STRANGER, "party": ELSEWHERE, "child": False, "safe_in": "WOMEN", **values})


NOT_PROVED = child(related=frozenset(), guardians=frozenset())
GRANDMOTHER_ONLY = child(related=frozenset({UNCLE}), guardians=frozenset())


def girls(count: int, party: UUID = ELSEWHERE) -> list[Guest]:
    return [Guest(UUID(int=500 + n), party, True, "WOMEN") for n in range(count)]


@pytest.mark.parametrize(
    ("newcomers", "room", "already", "expected"),
    [
        ([mother(), child()], FAMILY_ROOM, [], None),
        # a claimed relation unlocks nothing
        ([mother(), NOT_PROVED], FAMILY_ROOM, [], "UNRELATED_ADULT"),
        # an adult of the household is there only beside the child's own parent
        ([mother(), child(), uncle()], FAMILY_ROOM, [], None),
        ([uncle(), child()], FAMILY_ROOM, [], "UNRELATED_ADULT"),
        ([uncle(), GRANDMOTHER_ONLY], FAMILY_ROOM, [], None),
        # another household never shares a family room
        ([mother(), child()], FAMILY_ROOM, [stranger()], "ROOM_OF_ONE_HOUSEHOLD"),
        # nor a child a room with an unrelated adult, whoever comes first
        ([mother(), child()], SHARED, [stranger()], "UNRELATED_ADULT"),
        ([stranger()], SHARED, [mother(), child()], "UNRELATED_ADULT"),
        ([mother(), child()], WOMEN, [stranger()], "UNRELATED_ADULT"),
        # a child spouse never sleeps with the partner
        ([mother(), child(partners=frozenset({UNCLE})), uncle()], FAMILY_ROOM, [], "CHILD_SPOUSE"),
        ([mother(), child(), uncle(partners=frozenset({CHILD}))], FAMILY_ROOM, [], "CHILD_SPOUSE"),
        # a child without family: only with children, at a licensed site
        ([child()], FAMILY_ROOM, [], "NO_CHILD_LICENCE"),
        ([child()], Room("CHILDREN", False, True), [], None),
        ([child()], Room("CHILDREN", False, True), [Guest(OTHER_CHILD, ELSEWHERE, True, "WOMEN")], None),
        (
            [child()],
            Room("CHILDREN", False, True),
            [Guest(OTHER_CHILD, ELSEWHERE, True, "MEN")],
            "GIRLS_AND_BOYS",
        ),
        ([child()], Room("CHILDREN", False, True), [Guest(OTHER_CHILD, ELSEWHERE, True)], "GIRLS_AND_BOYS"),
        ([child()], Room("CHILDREN", False, True), [Guest(OTHER_CHILD, FAMILY, True, "MEN")], None),
        ([child()], Room("CHILDREN", False, True), girls(3), None),
        ([child()], Room("CHILDREN", False, True), girls(4), "TOO_MANY_CHILDREN"),
        ([child()], Room("CHILDREN", False, True), girls(5, party=FAMILY), None),
        ([child()], Room("WOMEN", False, True), [], None),
        ([child(safe_in="MEN")], Room("WOMEN", False, True), [], "NOT_SAFE_IN"),
        ([child(safe_in="MEN")], Room("WOMEN", False, False), [], "NO_CHILD_LICENCE"),
        ([child(safe_in="SEPARATE")], Room("CHILDREN", False, True), [], None),
        ([], Room("CHILDREN", False, True), [*girls(4), child()], "TOO_MANY_CHILDREN"),
        ([child()], Room("CHILDREN", False, False), [], "NO_CHILD_LICENCE"),
        ([mother()], Room("CHILDREN", False, True), [], "CHILDREN_ONLY"),
        # who is placed where follows what they said
        ([mother()], WOMEN, [stranger()], None),
        ([uncle()], WOMEN, [], "NOT_SAFE_IN"),
        ([mother()], MEN, [], "NOT_SAFE_IN"),
        ([mother(safe_in="SEPARATE")], WOMEN, [], "NOT_SAFE_IN"),
        ([mother(safe_in="SEPARATE")], SHARED, [], "ROOM_OF_THEIR_OWN"),
        ([mother(safe_in="SEPARATE")], FAMILY_ROOM, [], None),
    ],
)
def test_who_may_sleep_where(newcomers, room, already, expected):
    assert why_not(newcomers, room, already) == expected


SAFE = ("WOMEN", "MEN", "SEPARATE")


@pytest.mark.parametrize("adults", [False, True])
@pytest.mark.parametrize("count", range(7))
@pytest.mark.parametrize("parties", [1, 2, 3])
def test_children_of_several_parties_are_four_at_most_and_alike(count, parties, adults):
    """Every mixture of up to six children: of one household always, of several only girls or only boys, four at most."""
    for safe in combinations_with_replacement(SAFE, count):
        children = [(UUID(int=n % parties), where) for n, where in enumerate(safe)]
        alone = not adults and len({party for party, _where in children}) > 1
        alike = set(safe) in ({"WOMEN"}, {"MEN"})
        expected = (
            None
            if not alone or (alike and count <= 4)
            else "TOO_MANY_CHILDREN"
            if count > 4
            else "GIRLS_AND_BOYS"
        )
        assert rules.children_together(children, adults) == expected


@pytest.mark.parametrize(
    ("adults", "children", "safe"), list(product([False, True], range(4), [*SAFE, None]))
)
def test_strangers_are_related_to_nobody_and_as_many_as_said(adults, children, safe):
    there = rules.strangers(adults, children, safe)
    assert [g.child for g in there] == [False] * adults + [True] * children
    assert {g.safe_in for g in there if g.child} == ({safe or "SEPARATE"} if children else set())
    assert len({g.case_id for g in there} | {g.party for g in there}) == len(there)
    assert not any(g.related or g.guardians or g.partners for g in there)


@pytest.mark.parametrize(
    ("sex", "feels", "expected"),
    [
        ("F", "NOT_ASKED", "WOMEN"), ("M", "NO_PREFERENCE", "MEN"), ("M", "WOMEN", "WOMEN"), ("F", "MEN", "MEN"),
        ("F", "SEPARATE", "SEPARATE"), ("M", "LGBTIQ_SITE", "SEPARATE"), ("X", "NOT_ASKED", "SEPARATE"),
        ("UNKNOWN", "DECLINED", "SEPARATE"), ("X", "WOMEN", "WOMEN"),
    ],
)  # fmt: skip
def test_what_the_person_said_comes_first(sex, feels, expected):
    assert rules.safe_in(sex, feels) == expected


def test_a_place_answers_jointly_with_its_unit():
    answers = rules.answered(["STEP_FREE"], ["LOWER_BUNK"], "COT")
    assert rules.lacks(frozenset({"STEP_FREE", "LOWER_BUNK", "DIET"}), answers) == frozenset()
    assert rules.lacks(frozenset({"STEP_FREE", "POWER_SOCKET"}), answers) == {"POWER_SOCKET"}
    assert rules.misses(frozenset({"COT", "QUIET"}), answers) == {"QUIET"}


def test_every_requirement_is_decided():
    """What a place must answer, what it should, and what is not about the place."""
    told = {"DIET", "ALLERGY_LIFE", "INTERPRETER", "SIGN_LANGUAGE"}
    assert {c.code for c in reference.codes("placement_requirement")} == rules.MUST | rules.SHOULD | told


@pytest.mark.parametrize(
    ("hour", "expected"),
    [(2, date(2025, 11, 22)), (11, date(2025, 11, 22)), (12, date(2025, 11, 23)), (23, date(2025, 11, 23))],
)
def test_a_night_belongs_to_the_evening_it_begins(hour, expected):
    assert rules.night_of(datetime(2025, 11, 23, hour, 10), 12) == expected  # noqa: DTZ001


@pytest.mark.parametrize(
    ("moment", "immediate", "by_person", "expected"),
    [
        (datetime(2025, 11, 24, 9, 59), False, True, False),  # noqa: DTZ001
        (datetime(2025, 11, 24, 10, 0), False, True, True),  # noqa: DTZ001
        (datetime(2025, 11, 24, 10, 0), False, False, True),  # noqa: DTZ001
        (datetime(2025, 11, 26, 10, 0), True, False, False),  # noqa: DTZ001
        (datetime(2025, 11, 24, 10, 0), True, True, True),  # noqa: DTZ001
    ],
)
def test_nobody_is_a_no_show_too_early_nor_by_machine_when_immediate(moment, immediate, by_person, expected):
    assert (
        rules.may_mark_no_show(moment, date(2025, 11, 23), 10, immediate=immediate, by_person=by_person)
        is expected
    )


def test_what_a_second_person_agrees_to_before_it_happens():
    before = {
        (p.reason, p.destination)
        for p in reference.stay_pairs()
        if rules.must_be_agreed_first(p.reason, p.needs_review)
    }
    assert {r for r, _ in before} == {"ASKED_TO_LEAVE", "AGED_OUT"}
    assert ("AGED_OUT", "STREET") in before and ("AGED_OUT", "RENTED") not in before


@pytest.mark.parametrize("destination", [c.code for c in reference.codes("stay_destination")])
def test_the_street_or_nobody_knows_opens_an_alert_for_a_child(destination):
    assert rules.opens_alert(destination, True) == (destination in ("STREET", "UNKNOWN"))
    assert not rules.opens_alert(destination, False)
