"""Whoever comes first, and whichever verb gives the night: the rules about rooms say the same."""

from __future__ import annotations

import ast
import inspect
from itertools import permutations
from pathlib import Path
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from caseapp import shelter
from caseapp.shelter.rules import Guest, Room, why_not

IDS = [UUID(int=i) for i in range(1, 6)]
PARTIES = [UUID(int=100), UUID(int=101)]
subsets = st.frozensets(st.sampled_from(IDS), max_size=3)
rooms = st.builds(
    Room, st.sampled_from(["FAMILIES", "WOMEN", "MEN", "ANYONE", "CHILDREN"]), st.booleans(), st.booleans()
)


@st.composite
def guests(draw):
    """Up to four people; guardians are relatives, partners are mutual."""
    chosen = draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=4, unique=True))
    pairs = draw(st.lists(st.tuples(st.sampled_from(IDS), st.sampled_from(IDS)), max_size=1))
    made = []
    for case_id in chosen:
        related = draw(subsets) - {case_id}
        partners = frozenset(
            b for a, b in (*pairs, *((y, x) for x, y in pairs)) if a == case_id and b != case_id
        )
        made.append(
            Guest(
                case_id, draw(st.sampled_from(PARTIES)), draw(st.booleans()), draw(st.sampled_from(["WOMEN", "MEN", "SEPARATE"])),
                related=related, guardians=draw(st.sampled_from([frozenset(), related])), partners=partners,
            )
        )  # fmt: skip
    return made


@settings(max_examples=400)
@given(guests(), rooms)
def test_it_does_not_matter_in_which_order_people_are_named(people, room):
    assert len({why_not(list(order), room) is None for order in permutations(people)}) == 1


@settings(max_examples=400)
@given(guests(), rooms)
def test_who_may_all_sleep_there_together_may_come_one_party_after_another(people, room):
    """And whoever is refused together is refused at the latest with the last of them: no order slips past the rules."""
    together = why_not(people, room) is None
    for order in permutations(range(len(people))):
        first, rest = people[order[0]], [people[i] for i in order[1:]]
        refused = why_not([first], room, rest) is not None or why_not(rest, room, [first]) is not None
        if together:
            assert not refused
        else:
            # somebody of them is refused, in whichever order they come
            steps = [
                why_not([people[order[i]]], room, [people[j] for j in order[:i]]) for i in range(len(order))
            ]
            assert refused or any(steps)


@given(guests(), rooms)
def test_a_child_is_never_with_an_unrelated_adult_whatever_else_is_said(people, room):
    if why_not(people, room) is not None:
        return
    for child in (g for g in people if g.child):
        for adult in (g for g in people if not g.child):
            kin = adult.case_id in child.related
            household = adult.party == child.party and any(
                g.case_id in child.guardians and not g.child for g in people
            )
            assert (kin or household) and adult.case_id not in child.partners


#: What gives somebody a night: makes a stay, or changes the place or the nights of one. Each asks the one gate, or only
#: ever shortens, or keeps for tonight whom the gate itself receives. A new verb has to be put here, with its reason.
GIVES = {
    "asking.stay_for": "makes the row that book and hold fill, after `ask`",
    "booking.book": "asks",
    "booking.move": "asks `must_be_free` and `must_be_allowed`",
    "booking.extend": "asks both where it lengthens",
    "holding.turn_holds": "of what `ask` has looked at",
    "presence.check_in": "keeps the place for tonight for who comes late; the triggers look at the added night",
    "presence._end": "only shortens",
}


def test_every_verb_that_gives_a_night_is_known():
    found = set()
    for file in Path(inspect.getfile(shelter)).parent.rglob("*.py"):
        for top in ast.walk(ast.parse(file.read_text())):
            if isinstance(top, ast.FunctionDef) and _gives(top):
                found.add(f"{file.stem}.{top.name}")
    assert found - {"asking.ask"} <= set(GIVES), found - set(GIVES)


def _gives(function: ast.FunctionDef) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Stay":
            return True
        targets = node.targets if isinstance(node, ast.Assign) else []
        for target in targets:
            for name in target.elts if isinstance(target, ast.Tuple) else [target]:
                if (
                    isinstance(name, ast.Attribute)
                    and isinstance(name.value, ast.Name)
                    and name.value.id == "stay"
                    and name.attr in ("place_id", "first_night", "last_night")
                ):
                    return True
    return False
