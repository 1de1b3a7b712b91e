"""Base rounding: which cells are small, and what each may become (DISCLOSURE.md, The method, 2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .definition import Cube, Integers, Mask

Floats = NDArray[np.float64]


class CellNotPossible(ValueError):
    """Something was counted in a cell that the public definition says cannot be."""


class TruthInconsistent(ValueError):
    """Counts, persons and households that cannot belong together."""


@dataclass(frozen=True)
class Truth:
    """The exact numbers of a period, each of the cube's shape; they never leave the team that holds the cases.

    `count` is what is counted (atoms: persons, events, nights), `persons` and `households` the distinct people and
    households behind it; these two only decide what is small.
    """

    count: Integers
    persons: Integers
    households: Integers

    def __post_init__(self) -> None:
        if not self.count.shape == self.persons.shape == self.households.shape:
            raise TruthInconsistent("count, persons and households have different shapes")
        if (self.count < 0).any() or (self.persons > self.count).any():
            raise TruthInconsistent("a cell counts less than nothing, or more persons than it counts")
        some = self.count > 0
        if not ((self.persons >= 1) == some).all() or not ((self.households >= 1) == some).all():
            raise TruthInconsistent("a cell counts something without a person and a household behind it")


@dataclass(frozen=True)
class Choice:
    """What each cell (flat) may become: `low`, or `high` with prior probability `chance`, where `free`."""

    low: Integers
    high: Integers
    chance: Floats
    free: Mask


def is_small(truth: Truth, k: int) -> Mask:
    """Cells that rest on 1 to k-1 persons, or on one household."""
    return (truth.count > 0) & ((truth.persons < k) | (truth.households <= 1))


def base_of(count: Integers, k: int) -> Integers:
    """The next multiple of k, and at least k: what a small count may become."""
    return np.maximum(-(-count // k), 1) * k


def choices(truth: Truth, cube: Cube, possible: Mask) -> Choice:
    """What each cell may become.

    A small count x becomes b = k·⌈x/k⌉ with probability x/b, else 0; a possible zero becomes k with probability q
    (the lift); everything else keeps its value.
    """
    count, inside = truth.count.ravel(), possible.ravel()
    if (count[~inside] > 0).any():
        raise CellNotPossible(f"{cube.name} counts in a cell that its definition excludes")
    small = is_small(truth, cube.k).ravel()
    zero = (count == 0) & inside
    base = base_of(count, cube.k)
    high = np.where(small | zero, base, count)
    chance = np.where(zero, cube.lift, np.where(small, count / base, 1.0))
    # One household of exactly b people keeps its value: chance 1, nothing to draw.
    free = (small | zero) & (chance < 1.0)
    low = np.where(free, 0, high)
    return Choice(low=low, high=high, chance=chance, free=free)


def hold(choice: Choice, where: Mask, values: Integers) -> Choice:
    """The same choice with some cells held at given values (stocks: a cell whose count did not change)."""
    held, fixed = where.ravel(), values.ravel()
    return Choice(
        low=np.where(held, fixed, choice.low),
        high=np.where(held, fixed, choice.high),
        chance=choice.chance,
        free=choice.free & ~held,
    )


def take_where_far(published: Integers, drawn: Integers, k: int) -> Integers:
    """The revision rule: a cell takes its new draw only where that differs from the published value by k or more."""
    far = np.abs(drawn - published) >= k
    return np.where(far, drawn, published)
