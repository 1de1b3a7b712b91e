"""Who has a place, in the order of rank: each in turn, those above making room where they can go elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from caseapp.shelter.allocation.problem import Problem

Ways = frozenset[tuple[tuple[int, int], ...]]


class Seats:
    """Places as they are being given: which option each party has, and who is in which resource."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.option: dict[int, int] = {}
        self.left = list(problem.capacity)
        self.inside: list[list[int]] = [[] for _ in problem.capacity]

    def free(self, uses: Iterable[tuple[int, int]]) -> bool:
        return all(self.left[r] >= amount for r, amount in uses)

    def open(self, party: int, option: int) -> bool:
        """The option is free, and nobody is there who must not be with this party."""
        uses = self.problem.parties[party].options[option].uses
        return self.free(uses) and not self.problem.in_the_way(party, option, self.option)

    def take(self, party: int, option: int) -> None:
        self.option[party] = option
        for r, amount in self.problem.parties[party].options[option].uses:
            self.left[r] -= amount
            self.inside[r].append(party)

    def give_up(self, party: int) -> None:
        for r, amount in self.problem.parties[party].options[self.option.pop(party)].uses:
            self.left[r] += amount
            self.inside[r].remove(party)

    def seat(self, party: int) -> bool:
        """Give the party a free option, or one that others make free by moving; nobody loses their place."""
        return self._seat(party, set())

    def _seat(self, party: int, asked: set[int]) -> bool:
        options = self.problem.parties[party].options
        for o, option in enumerate(options):
            if self.open(party, o) and not any(r in asked for r, _ in option.uses):
                self.take(party, o)
                return True
        for o, option in enumerate(options):
            if any(r in asked or self.problem.capacity[r] < a for r, a in option.uses):
                continue
            if self.problem.in_the_way(party, o, self.option):
                continue
            if all(self._make_room(r, amount, asked) for r, amount in option.uses) and self.open(party, o):
                self.take(party, o)
                return True
        return False

    def _make_room(self, resource: int, amount: int, asked: set[int]) -> bool:
        """Move people out of a resource to other places until so much of it is free."""
        if self.left[resource] >= amount:
            return True
        asked.add(resource)
        for other in list(self.inside[resource]):
            before = self.option[other]
            # Whoever is in several rooms stays: while they looked, others could take what they left elsewhere. So does
            # whoever is not put beside somebody: who moves comes into nobody's way.
            if len(self.problem.parties[other].options[before].uses) > 1 or other in self.problem.clashing:
                continue
            self.give_up(other)
            if not self._seat(other, asked):
                self.take(other, before)
            elif self.left[resource] >= amount:
                return True
        return self.left[resource] >= amount


def by_rank(problem: Problem) -> frozenset[int]:
    """In the order of rank, each has a place if those above can be arranged so that one is left."""
    return _filled(problem, Seats(problem))


def completed(problem: Problem, chosen: Sequence[int | None]) -> frozenset[int]:
    """What first come, first served gives to the most urgent class, then everybody else in the order of rank."""
    seats = Seats(problem)
    for n, option in enumerate(chosen):
        if option is not None and problem.parties[n].urgency == problem.classes[0]:
            seats.take(n, option)
    return _filled(problem, seats)


def _filled(problem: Problem, seats: Seats) -> frozenset[int]:
    """Seat everybody who is left by rank, then mend: moving others about one by one overlooks a way where a party
    needs several places of a room, so whoever could have one if lower ranks were gone gets it, and these look
    again. Each mending betters the order of rank, so that it ends."""
    hopeless: dict[int, Ways] = {}
    _seat_by_rank(problem, seats, hopeless, 0)
    while (wronged := first_passed_over(problem, seats.option)) is not None:
        party, option = wronged
        uses = problem.parties[party].options[option].uses
        for r, amount in uses:
            for other in sorted(seats.inside[r], reverse=True):
                if seats.left[r] >= amount or other < party:
                    break
                seats.give_up(other)
        for other in set(problem.in_the_way(party, option, seats.option)):
            seats.give_up(other)
        seats.take(party, option)
        # What was found hopeless above this rank stays so: nothing has changed there.
        for other in [n for n in hopeless if n >= party]:
            del hopeless[other]
        _seat_by_rank(problem, seats, hopeless, party)
    return frozenset(seats.option)


def _seat_by_rank(problem: Problem, seats: Seats, hopeless: dict[int, Ways], start: int) -> None:
    for n in range(start, len(problem.parties)):
        if n in seats.option or not problem.parties[n].options:
            continue
        ways = frozenset(o.uses for o in problem.parties[n].options)
        # Whoever could only go where somebody before them found nothing, finds nothing either.
        if any(ways <= other for other in hopeless.values()) or seats.seat(n):
            continue
        if n not in problem.clashing:  # who found nothing because of somebody tells nothing of others
            hopeless[n] = ways


def first_passed_over(problem: Problem, option_of: Mapping[int, int]) -> tuple[int, int] | None:
    """The highest-ranked party without a place that could have one if all lower ranks were gone, and its option."""
    higher = [0] * len(problem.capacity)
    for n, party in enumerate(problem.parties):
        if n in option_of:
            for r, amount in party.options[option_of[n]].uses:
                higher[r] += amount
            continue
        for o, option in enumerate(party.options):
            if all(higher[r] + amount <= problem.capacity[r] for r, amount in option.uses):
                if not any(other < n for other in problem.in_the_way(n, o, option_of)):
                    return n, o
    return None
