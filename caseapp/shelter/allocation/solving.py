"""Who has a place tonight, and where: two questions, in this order.

1. *Who.* In the order of rank, each party has a place if those ranked above can be arranged so that one is left for
   it. Distance, language and moves have no voice here: whether somebody sleeps inside never depends on them. So
   nobody is passed over by a lower-ranked party that took a place they could have used: if a party has no place,
   none of its options would be free even if every party of lower rank were gone (the rows of `_walls` say it again,
   for the arrangement that is chosen). Nor do fewer people of the urgent classes have a place than first come,
   first served would give: where the order of rank alone would bring that about, its outcome is completed instead.
2. *Where*, for those who have a place: fewest moves, then least distance, then most shared languages, as integer
   programs solved to the end (gap 0).
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from caseapp.shelter.allocation.problem import Option, Plan, Problem, first_come, plan_of
from caseapp.shelter.allocation.program import NoAnswer, Program, Solution
from caseapp.shelter.allocation.ranked import by_rank, completed

__all__ = ["NoAnswer", "allocate", "first_come", "unbound"]

Told = Callable[[str], None]


def _quiet(step: str) -> None:
    """Tell nobody."""


def allocate(problem: Problem, *, seconds: float = 60.0, told: Told = _quiet) -> Plan:
    """The plan of the night; raises `NoAnswer` if nothing was found in `seconds`."""
    began = time.monotonic()

    def left() -> float:
        return seconds - (time.monotonic() - began)

    told("who")
    served = first_come(problem)
    placed = by_rank(problem)
    if problem.persons_of(placed) < served.persons:
        placed = max(placed, completed(problem, served.chosen), key=problem.persons_of)
    told("where")
    chosen, proven = _where(problem, placed, left, fair=True)
    return plan_of(problem, chosen, proven=proven, seconds=time.monotonic() - began)


def unbound(problem: Problem, *, seconds: float = 120.0) -> Plan:
    """The plan without the two hard rules, to know what they cost: as many people of each class as can be, the more
    urgent first; then the same costs."""
    began = time.monotonic()

    def left() -> float:
        return seconds - (time.monotonic() - began)

    program = Program()
    has = [program.variable() for _ in problem.parties]
    takers: dict[int, list[tuple[int, int]]] = defaultdict(list)
    column: dict[tuple[int, int], int] = {}
    for h, party in enumerate(problem.parties):
        own = {}
        for o, option in enumerate(party.options):
            variable = program.variable()
            column[h, o] = variable
            own[variable] = 1.0
            for r, amount in option.uses:
                takers[r].append((variable, amount))
        program.row({**own, has[h]: -1}, low=0, high=0)
    for r, users in takers.items():
        program.row(dict(users), high=problem.capacity[r])
    _not_together(problem, program, column)
    placed: frozenset[int] = frozenset()
    for urgency in problem.classes:
        of_class = {has[h]: float(p.size) for h, p in enumerate(problem.parties) if p.urgency == urgency}
        answer = program.least({v: -size for v, size in of_class.items()}, left())
        program.row(of_class, low=sum(size for v, size in of_class.items() if answer[v] > 0.5))
        placed = frozenset(h for h, v in enumerate(has) if answer[v] > 0.5)
    chosen, proven = _where(problem, placed, left, fair=False)
    return plan_of(problem, chosen, proven=proven and program.proven, seconds=time.monotonic() - began)


# -- where --------------------------------------------------------------------------------------------
def _where(
    problem: Problem, placed: frozenset[int], left: Callable[[], float], *, fair: bool
) -> tuple[list[int | None], bool]:
    """An option for everybody who has a place: fewest moves, then least distance, then language."""
    walls = _walls(problem, placed) if fair else []
    apart = _walls_apart(problem, placed) if fair else {}
    doubtful = _in_doubt(problem, placed) if fair else []
    shut = {resource: first for resource, first, needed in walls if needed == problem.capacity[resource]}
    turns = sorted({first for _r, first, _n in walls} | set(apart.values()) | {h for h, _o in doubtful})
    groups: dict[tuple[tuple[tuple[int, Option], ...], int, int], list[int]] = defaultdict(list)
    for h in sorted(placed):
        allowed = tuple(
            (o, option)
            for o, option in enumerate(problem.parties[h].options)
            if all(h < shut.get(r, len(problem.parties)) for r, _a in option.uses)
        )
        groups[allowed, bisect_right(turns, h), h if h in problem.clashing else -1].append(h)
    program = Program()
    columns: list[tuple[int, tuple[int, Option], int]] = []  # group, option, first party of the group
    takers: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    members = list(groups.values())
    column: dict[tuple[int, int], int] = {}
    for g, ((allowed, _turn, alone), several) in enumerate(groups.items()):
        own = []
        for o, option in allowed:
            most = min(len(several), *(problem.capacity[r] // a for r, a in option.uses))
            variable = program.variable(most)
            columns.append((g, (o, option), several[0]))
            own.append(variable)
            if alone >= 0:
                column[alone, o] = variable
            for r, amount in option.uses:
                takers[r].append((several[0], variable, amount))
        program.row(dict.fromkeys(own, 1), low=len(several), high=len(several))
    for resource, users in takers.items():
        program.row({v: a for _h, v, a in users}, high=problem.capacity[resource])
    for resource, first, needed in walls:
        program.row({v: a for h, v, a in takers.get(resource, ()) if h < first}, low=needed)
    for uses, first in apart.items():
        _one_is_full(problem, program, takers, uses, first)
    for h, o in doubtful:
        kept_out = [
            column[n, i] for n, others in problem.against(h, o) if n < h for i in others if (n, i) in column
        ]
        _one_is_full(problem, program, takers, problem.parties[h].options[o].uses, h, kept_out)
    _not_together(problem, program, column)
    moves = {v: float(option.moves) for v, (_g, (_o, option), _h) in enumerate(columns) if option.moves}
    people = sum(problem.parties[h].size for h in placed) + 1
    cost = {v: option.km * people + option.strange for v, (_g, (_o, option), _h) in enumerate(columns)}
    answer = _in_order(program, moves, cost, left)
    chosen: list[int | None] = [None] * len(problem.parties)
    waiting = [list(several) for several in members]
    for v, (g, (o, _option), _h) in enumerate(columns):
        for _ in range(int(answer[v])):
            chosen[waiting[g].pop(0)] = o
    return chosen, program.proven


def _in_order(
    program: Program, first: dict[int, float], then: dict[int, int], left: Callable[[], float]
) -> Solution:
    """The least of `first`, and among these the least of `then`. What `first` costs at least is nearly always what it
    costs; only where no solution costs so little is the least looked for."""
    if first:
        row = program.row(first, high=program.bound(first))
        try:
            return program.least(then, left())
        except NoAnswer:
            program.change(row, high=np.inf)
        answer = program.least(first, left())
        program.change(row, high=float(sum(answer[v] * m for v, m in first.items())))
    return program.least(then, left())


def _walls(problem: Problem, placed: frozenset[int]) -> list[tuple[int, int, int]]:
    """For each resource that somebody without a place could use by itself: the highest-ranked of these (for each
    amount), and how much those ranked above must use of it."""
    found: dict[tuple[int, int], int] = {}
    for h in range(len(problem.parties)):
        if h in placed:
            continue
        for o, option in enumerate(problem.parties[h].options):
            if len(option.uses) == 1 and not _may_be_kept_out(problem, placed, h, o):
                found.setdefault(option.uses[0], h)
    return [(r, h, problem.capacity[r] - a + 1) for (r, a), h in found.items() if problem.capacity[r] >= a]


def _walls_apart(problem: Problem, placed: frozenset[int]) -> dict[tuple[tuple[int, int], ...], int]:
    """For options of several resources: the highest-ranked party without a place that could use them."""
    found: dict[tuple[tuple[int, int], ...], int] = {}
    for h in range(len(problem.parties)):
        if h in placed:
            continue
        for o, option in enumerate(problem.parties[h].options):
            if _may_be_kept_out(problem, placed, h, o):
                continue
            if len(option.uses) > 1 and all(problem.capacity[r] >= a for r, a in option.uses):
                found.setdefault(option.uses, h)
    return found


def _may_be_kept_out(problem: Problem, placed: frozenset[int], party: int, option: int) -> bool:
    """Somebody of higher rank with a place may be where they keep this party from this option."""
    return any(other < party and other in placed for other, _options in problem.against(party, option))


def _in_doubt(problem: Problem, placed: frozenset[int]) -> list[tuple[int, int]]:
    """Parties without a place and the options from which somebody of higher rank may keep them by being there."""
    return [
        (h, o)
        for h in sorted(problem.clashing - placed)
        for o, option in enumerate(problem.parties[h].options)
        if _may_be_kept_out(problem, placed, h, o) and all(problem.capacity[r] >= a for r, a in option.uses)
    ]


def _not_together(problem: Problem, program: Program, column: Mapping[tuple[int, int], int]) -> None:
    """A row for each clash of parties that both have columns: at most one of them is there."""
    for clash in problem.clashes:
        sides = [
            [column[n, o] for o in options if (n, o) in column]
            for n, options in ((clash.party, clash.options), (clash.other, clash.others))
        ]
        if all(sides):
            program.row(dict.fromkeys((v for side in sides for v in side), 1), high=1)


def _one_is_full(
    problem: Problem, program: Program, takers: dict[int, list[tuple[int, int, int]]],
    uses: Sequence[tuple[int, int]], first: int, or_else: Sequence[int] = (),
) -> None:  # fmt: skip
    """One of these resources is full of parties ranked above `first`, whichever, or one of `or_else` is chosen."""
    full = list(dict.fromkeys(or_else))
    for r, amount in uses:
        is_full = program.variable()
        full.append(is_full)
        terms: dict[int, float] = {v: a for h, v, a in takers.get(r, ()) if h < first}
        terms[is_full] = -(problem.capacity[r] - amount + 1)
        program.row(terms, low=0)
    program.row(dict.fromkeys(full, 1), low=1)
