"""A night's placement as a problem of whole numbers: parties that wait, places that are free, and which may take
which. The solver gets booleans (whether an option exists), never a reason; nothing here knows a person.

A *resource* is what is used up: rooms of one kind at a site (each takes one party), or beds of one kind in a shared
room. An *option* is one way to give a party its night at one site: which resources, how many of each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Option:
    """`moves`: rooms beyond the first, and one if the place is not free on all nights that were asked for; `km`
    from where the party is; `strange`: people who would share no language with the site."""

    uses: tuple[tuple[int, int], ...]
    site: int
    moves: int = 0
    km: int = 0
    strange: int = 0


@dataclass(frozen=True)
class Party:
    """People who are placed together. `urgency`: 0 is the most urgent class; `came`: the order in which they asked."""

    size: int
    urgency: int
    came: int
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Clash:
    """Two parties of which one has none of its `options` if the other has one of its `others`."""

    party: int
    options: frozenset[int]
    other: int
    others: frozenset[int]


@dataclass(frozen=True)
class Problem:
    """Parties *in the order of their rank* (urgency, then who came first), the capacity of each resource, and what cannot
    be together."""

    parties: tuple[Party, ...]
    capacity: tuple[int, ...]
    clashes: tuple[Clash, ...] = ()

    def __post_init__(self) -> None:
        order = [(p.urgency, p.came) for p in self.parties]
        if order != sorted(order) or len(set(order)) != len(order):
            raise ValueError("parties are not in the order of their rank")

    @cached_property
    def classes(self) -> tuple[int, ...]:
        return tuple(sorted({p.urgency for p in self.parties}))

    @cached_property
    def clashing(self) -> frozenset[int]:
        """The parties that are in a clash."""
        return frozenset(n for c in self.clashes for n in (c.party, c.other))

    @cached_property
    def _against(self) -> Mapping[tuple[int, int], list[tuple[int, frozenset[int]]]]:
        found: dict[tuple[int, int], list[tuple[int, frozenset[int]]]] = defaultdict(list)
        for c in self.clashes:
            for party, options, other, others in (
                (c.party, c.options, c.other, c.others), (c.other, c.others, c.party, c.options),
            ):  # fmt: skip
                for option in options:
                    found[party, option].append((other, others))
        return found

    def in_the_way(self, party: int, option: int, chosen: Mapping[int, int]) -> list[int]:
        """Parties that, where they are, keep this one from this option; some may be named twice."""
        there = self._against.get((party, option), ())
        return [other for other, options in there if chosen.get(other) in options]

    def against(self, party: int, option: int) -> Sequence[tuple[int, frozenset[int]]]:
        """Other parties with the options of theirs that are not together with this one."""
        return self._against.get((party, option), ())

    def persons(self, chosen: Sequence[int | None]) -> tuple[int, ...]:
        """How many people of each class have a place, the most urgent class first: what is compared."""
        return self.persons_of(n for n, option in enumerate(chosen) if option is not None)

    def persons_of(self, placed: Iterable[int]) -> tuple[int, ...]:
        """The same for a set of parties."""
        count = dict.fromkeys(self.classes, 0)
        for n in placed:
            count[self.parties[n].urgency] += self.parties[n].size
        return tuple(count[c] for c in self.classes)


@dataclass(frozen=True)
class Plan:
    """For each party the index of its option, or None; what it costs; whether the solver proved that nothing is
    better (gap 0); and how long that took."""

    chosen: tuple[int | None, ...]
    persons: tuple[int, ...]
    moves: int
    km: int
    strange: int
    proven: bool
    seconds: float


def plan_of(problem: Problem, chosen: Sequence[int | None], *, proven: bool, seconds: float) -> Plan:
    """A plan with what it costs."""
    taken = [p.options[o] for p, o in zip(problem.parties, chosen, strict=True) if o is not None]
    return Plan(
        tuple(chosen), problem.persons(chosen), sum(o.moves for o in taken), sum(o.km for o in taken),
        sum(o.strange for o in taken), proven, seconds,
    )  # fmt: skip


def first_come(problem: Problem) -> Plan:
    """First come, first served, whatever the urgency: each takes the nearest that is left, undivided if it can."""
    left = list(problem.capacity)
    chosen: list[int | None] = [None] * len(problem.parties)
    given: dict[int, int] = {}
    for n in sorted(range(len(problem.parties)), key=lambda n: problem.parties[n].came):
        options = problem.parties[n].options
        order = sorted(
            range(len(options)), key=lambda o: (options[o].moves, options[o].km, options[o].strange, o)
        )
        for o in order:
            if all(left[r] >= amount for r, amount in options[o].uses) and not problem.in_the_way(
                n, o, given
            ):
                for r, amount in options[o].uses:
                    left[r] -= amount
                chosen[n] = given[n] = o
                break
    return plan_of(problem, chosen, proven=False, seconds=0.0)
