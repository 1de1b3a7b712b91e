"""A night's placement: against brute force, against its two hard rules, and from people and rooms to beds."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date
from random import Random
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from caseapp.shelter import rules
from caseapp.shelter.allocation.offering import Apart, Waits, offered, settled
from caseapp.shelter.allocation.problem import Clash, Option, Party, Problem, first_come
from caseapp.shelter.allocation.ranked import first_passed_over
from caseapp.shelter.allocation.solving import allocate, unbound
from caseapp.shelter.who.fitting import Bay, Beds
from caseapp.shelter.who.ranking import Seekers, Spot
from tests.bench import checks, nights


@st.composite
def problems(draw) -> Problem:
    """Small nights: up to six parties, four resources, options of one or two resources."""
    capacity = tuple(draw(st.lists(st.integers(1, 2), min_size=1, max_size=4)))
    resources = st.integers(0, len(capacity) - 1)
    parties = []
    for came in range(draw(st.integers(1, 6))):
        options = []
        for _ in range(draw(st.integers(0, 3))):
            used = draw(st.lists(resources, min_size=1, max_size=2, unique=True))
            amounts = [draw(st.integers(1, 2)) if len(used) == 1 else 1 for _ in used]
            options.append(
                Option(
                    tuple(sorted(zip(used, amounts, strict=True))), used[0], draw(st.integers(0, 1)),
                    draw(st.integers(0, 9)), draw(st.integers(0, 1)),
                )
            )  # fmt: skip
        parties.append(
            Party(draw(st.integers(1, 4)), draw(st.integers(0, 2)), came, tuple(dict.fromkeys(options)))
        )
    ranked = tuple(sorted(parties, key=lambda p: (p.urgency, p.came)))
    clashes = []
    for one, other in itertools.combinations(range(len(ranked)), 2):
        if ranked[one].options and ranked[other].options and draw(st.integers(0, 4)) == 0:
            some = [
                draw(st.frozensets(st.integers(0, len(ranked[n].options) - 1), min_size=1))
                for n in (one, other)
            ]
            clashes.append(Clash(one, some[0], other, some[1]))
    return Problem(ranked, capacity, tuple(clashes))


def every_plan(problem: Problem):
    """Every way of giving options that does not give more than there is."""
    for chosen in itertools.product(*([None, *range(len(p.options))] for p in problem.parties)):
        left = list(problem.capacity)
        for party, option in zip(problem.parties, chosen, strict=True):
            if option is not None:
                for r, amount in party.options[option].uses:
                    left[r] -= amount
        if min(left) >= 0 and not any(
            chosen[c.party] in c.options and chosen[c.other] in c.others for c in problem.clashes
        ):
            yield chosen


def fair(problem: Problem, chosen) -> bool:
    return first_passed_over(problem, {n: o for n, o in enumerate(chosen) if o is not None}) is None


def cost(problem: Problem, chosen) -> tuple[int, int, int]:
    taken = [p.options[o] for p, o in zip(problem.parties, chosen, strict=True) if o is not None]
    return sum(o.moves for o in taken), sum(o.km for o in taken), sum(o.strange for o in taken)


@settings(max_examples=120)
@given(problems())
def test_the_plan_is_the_best_of_all_for_those_it_places(problem):
    plan = allocate(problem)
    assert plan.proven and fair(problem, plan.chosen)
    placed = [o is not None for o in plan.chosen]
    same = [c for c in every_plan(problem) if [o is not None for o in c] == placed and fair(problem, c)]
    assert (plan.moves, plan.km, plan.strange) == min(cost(problem, c) for c in same)


@settings(max_examples=120)
@given(problems())
def test_without_the_two_rules_as_many_of_the_urgent_as_can_be(problem):
    plan = unbound(problem)
    assert plan.persons == max(problem.persons(c) for c in every_plan(problem))


@settings(max_examples=120)
@given(problems())
def test_who_has_a_place_follows_rank_wherever_each_takes_one_room(problem):
    """With rooms only, the set of those placed is the first of all sets in the order of rank."""
    parties = tuple(
        Party(
            p.size,
            p.urgency,
            p.came,
            tuple(dict.fromkeys(Option(((o.uses[0][0], 1),), o.site) for o in p.options)),
        )
        for p in problem.parties
    )
    rooms = Problem(parties, problem.capacity)
    plan = allocate(rooms)
    best = max(tuple(o is not None for o in c) for c in every_plan(rooms))
    if (
        plan.persons >= first_come(rooms).persons
        and rooms.persons_of(n for n, has in enumerate(best) if has) >= first_come(rooms).persons
    ):
        assert tuple(o is not None for o in plan.chosen) == best


def test_first_come_first_served_is_completed_where_rank_alone_would_place_fewer():
    """One, who could go to either room, then one who needs the first, then six who need the second: by rank the six
    stay outside; first come, first served gives them the second room, and nobody of higher rank could use it then."""
    a, b = Option(((0, 1),), 0, km=1), Option(((1, 1),), 1, km=2)
    problem = Problem((Party(1, 0, 0, (a, b)), Party(1, 0, 1, (a,)), Party(6, 0, 2, (b,))), (1, 1))
    assert first_come(problem).persons == (7,)
    plan = allocate(problem)
    assert plan.persons == (7,) and fair(problem, plan.chosen)


def test_a_whole_night_from_people_to_beds():
    random = Random(3)
    waiting, spots = nights.waiting(random, 60), nights.sites(random, 8)
    apart = nights.apart(random, waiting)
    found = offered(waiting, spots, apart)
    plan = allocate(found.problem)
    placed = settled(found, plan.chosen)
    assert plan.proven and len(placed) > 15 and found.problem.clashes
    assert checks.violations(waiting, spots, placed, apart) == []
    assert checks.passed_over(waiting, spots, placed, apart) == []
    assert plan.persons >= first_come(found.problem).persons


def test_the_check_sees_what_is_wrong():
    random = Random(3)
    waiting, spots = nights.waiting(random, 60), nights.sites(random, 8)
    found = offered(waiting, spots)
    placed = settled(found, allocate(found.problem).chosen)
    first = next(iter(placed))
    assert checks.passed_over(waiting, spots, {n: w for n, w in placed.items() if n != first})
    other = next(n for n in placed if n != first and len(placed[n]) == 1 and placed[n][0].bay.one_household)
    assert checks.violations(waiting, spots, {**placed, first: placed[other]})
    theirs = placed[other][0].bay
    full = next(n for n, w in placed.items() if n != other and len(w) == 1 and w[0].bay.one_household)
    together = tuple(replace(s, bay=theirs, beds=dict.fromkeys(s.beds, 0)) for s in placed[full])
    assert "ROOM_OF_ONE_HOUSEHOLD" in " ".join(checks.violations(waiting, spots, {**placed, full: together}))


# -- who is not put beside whom -------------------------------------------------------------------------
def waits(n: int, *guests: rules.Guest) -> Waits:
    return Waits(Seekers(guests), 0, n, date(2025, 11, 23))


def room(n: int, takes: str, places: int, team: int = 1, **values) -> Bay:
    beds = (Beds("BED", frozenset(), places),)
    return Bay(UUID(int=100 + n), UUID(int=team), f"R{n}", takes, False, True, frozenset(), beds, **values)


def site(number: int, *bays: Bay) -> Spot:
    return Spot(
        UUID(int=number), UUID(int=number), f"S{number}", "MEX", None, None, None, frozenset(), None, bays
    )


def placed(waiting, spots, apart=()):
    found = offered(waiting, spots, apart)
    plan = allocate(found.problem)
    ways = settled(found, plan.chosen)
    assert plan.proven and not checks.violations(waiting, spots, ways, apart)
    assert not checks.passed_over(waiting, spots, ways, apart)
    return {n: {s.bay.unit_id.int - 100 for s in way} for n, way in ways.items()}


def woman(n: int) -> rules.Guest:
    return rules.Guest(UUID(int=n + 1), UUID(int=n + 1), False, "WOMEN")


def child(n: int, safe: str, party: int | None = None) -> rules.Guest:
    return rules.Guest(UUID(int=n + 1), UUID(int=party or n + 1), True, safe)


def test_two_who_are_kept_apart_are_in_two_rooms_or_at_two_sites():
    waiting = [waits(n, woman(n)) for n in range(2)]
    here, there = site(1, room(1, "WOMEN", 4), room(2, "WOMEN", 1)), site(2, room(3, "WOMEN", 1, team=2))
    one_room = [Apart(0, 1, site=False)]
    apart = placed(waiting, [here], one_room)
    assert set(apart) == {0, 1} and apart[0] != apart[1]
    assert placed(waiting, [here], [Apart(0, 1, site=True)]).keys() == {0}  # whoever asked first
    both = placed(waiting, [here, there], [Apart(0, 1, site=True)])
    assert {n in rooms for n in (3,) for rooms in both.values()} == {True, False}


def test_children_without_family_are_girls_or_boys_and_four_at_most():
    safe = ("WOMEN", "WOMEN", "MEN", "WOMEN", "WOMEN", "WOMEN")
    waiting = [waits(n, child(n, s)) for n, s in enumerate(safe)]
    assert placed(waiting, [site(1, room(1, "CHILDREN", 6))]).keys() == {0, 1, 3, 4}
    two = placed(waiting, [site(1, room(1, "CHILDREN", 6), room(2, "CHILDREN", 6))])
    assert two.keys() == {0, 1, 2, 3, 4}
    taken = [site(1, room(1, "CHILDREN", 3, children=3, children_safe_in="MEN"))]
    assert placed(waiting, taken).keys() == {2}


def test_a_brother_and_a_sister_have_the_room_to_themselves():
    two = waits(0, child(0, "WOMEN", 50), child(1, "MEN", 50))
    waiting = [two, waits(1, child(2, "WOMEN"))]
    assert placed(waiting, [site(1, room(1, "CHILDREN", 6))]).keys() == {0}
    many = waits(0, *(child(n, "WOMEN", 50) for n in range(5)))
    assert placed([many, waits(1, child(9, "WOMEN"))], [site(1, room(1, "CHILDREN", 6))]).keys() == {0}
