"""The joint draw: annealed Gibbs sampling of all free cells, so that totals stay close while cells stay uncertain.

P(y | x) ∝ ∏ pᵢ · exp(−∑ w·D² / T), D the deviation of each total (small-count rounding after Langsrud and Heldal
2018, with a random draw). Every sweep can set every cell either way with positive probability, so every y is
reachable from every truth; that is what the protection rests on. Plain lists and `itemgetter` do the inner loop:
a sweep over a thousand cells takes milliseconds without a compiler.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, log
from operator import itemgetter
from typing import Protocol

import numpy as np

from .definition import Cube, Integers, margin_sets
from .rounding import Choice

HOTTEST = 256.0
COOLING_SWEEPS = 36
FINAL_SWEEPS = 8
# Beyond this, a probability is 0 or 1 as far as a double can tell.
STEEPEST = 700.0


@dataclass(frozen=True)
class Totals:
    """All totals to hold down, as flat cell indexes, with weight and the deviation carried from before."""

    cells: tuple[Integers, ...]
    weights: tuple[float, ...]
    carried: tuple[int, ...]
    deltas: tuple[int, ...]


class Guard(Protocol):
    """Something that makes a combination of published values unwelcome; a function of published values only."""

    def start(self, values: Sequence[int]) -> None:
        """Take note of the state before the first sweep."""

    def cost(self, cell: int) -> float:
        """Energy of the cell's high value over its low value, in the present state of the others."""

    def set(self, cell: int, high: bool) -> None:
        """Take note that a cell has changed."""


def totals_of(cube: Cube, carried: Callable[[str, Integers], int]) -> Totals:
    """The totals of a cube's margins. `carried(margin name, cells)` gives the deviation of earlier periods."""
    cells: list[Integers] = []
    weights: list[float] = []
    before: list[int] = []
    deltas: list[int] = []
    for margin in cube.margins:
        for _, inside in margin_sets(cube, margin):
            cells.append(inside)
            weights.append(margin.weight)
            before.append(carried(margin.name, inside))
            deltas.append(cube.delta.of(margin.span))
    return Totals(tuple(cells), tuple(weights), tuple(before), tuple(deltas))


def deviations(totals: Totals, truth: Integers, y: Integers) -> Integers:
    """Published minus true, for each total, with what is carried."""
    off = y.ravel() - truth.ravel()
    own = [int(off[cells].sum()) for cells in totals.cells]
    return np.array(own, dtype=np.int64) + np.array(totals.carried, dtype=np.int64)


def temperatures() -> list[float]:
    """Geometric cooling down to 1, then some sweeps at 1."""
    ratio = (1.0 / HOTTEST) ** (1.0 / COOLING_SWEEPS)
    return [HOTTEST * ratio**i for i in range(COOLING_SWEEPS)] + [1.0] * FINAL_SWEEPS


def _sum_of(indexes: Sequence[int]) -> Callable[[Sequence[float]], float]:
    """A fast sum of the entries at some indexes."""
    if not indexes:
        return lambda values: 0.0
    if len(indexes) == 1:
        only = indexes[0]
        return lambda values: values[only]
    pick = itemgetter(*indexes)
    return lambda values: sum(pick(values))


class Sampler:
    """One run of the annealed chain over the free cells of a choice."""

    def __init__(self, choice: Choice, truth: Integers, totals: Totals, guard: Guard | None) -> None:
        self.free: list[int] = np.flatnonzero(choice.free).tolist()
        self.gap: list[int] = (choice.high - choice.low)[self.free].tolist()
        self.odds: list[float] = [log(p / (1.0 - p)) for p in choice.chance[self.free].tolist()]
        self.choice, self.truth, self.totals, self.guard = choice, truth, totals, guard
        self._index_totals(len(choice.low))

    def _index_totals(self, size: int) -> None:
        members: list[list[int]] = [[] for _ in range(size)]
        for number, cells in enumerate(self.totals.cells):
            for cell in cells.tolist():
                members[cell].append(number)
        weights = self.totals.weights
        self.members = [members[cell] for cell in self.free]
        self.sums = [_sum_of(inside) for inside in self.members]
        self.weight = [sum(weights[number] for number in inside) for inside in self.members]

    def run(self, rng: np.random.Generator) -> Integers:
        """One draw of all cells (flat)."""
        high = rng.random(len(self.free)) < self.choice.chance[self.free]
        y = self.choice.low.copy()
        y[self.free] = np.where(high, self.choice.high[self.free], self.choice.low[self.free])
        self.state: list[bool] = high.tolist()
        self.pull = (deviations(self.totals, self.truth, y) * np.array(self.totals.weights)).tolist()
        if self.guard:
            self.guard.start(y.tolist())
        for temperature in temperatures():
            self._sweep(rng, temperature)
        y[self.free] = np.where(self.state, self.choice.high[self.free], self.choice.low[self.free])
        return y

    def _sweep(self, rng: np.random.Generator, temperature: float) -> None:
        order = rng.permutation(len(self.free)).tolist()
        chances = rng.random(len(self.free)).tolist()
        for place, chance in zip(order, chances, strict=True):
            rise = self._energy(place) / temperature - self.odds[place]
            up = chance < 1.0 / (1.0 + exp(min(max(rise, -STEEPEST), STEEPEST)))
            if up != self.state[place]:
                self._flip(place, up)

    def _energy(self, place: int) -> float:
        """Energy of high over low: ∑ w·((D+g)² − D²) with D at low."""
        gap = self.gap[place]
        pull = 2.0 * gap * self.sums[place](self.pull)
        own = gap * gap * self.weight[place]
        energy = pull - own if self.state[place] else pull + own
        return energy + self.guard.cost(self.free[place]) if self.guard else energy

    def _flip(self, place: int, up: bool) -> None:
        self.state[place] = up
        step = self.gap[place] if up else -self.gap[place]
        for number in self.members[place]:
            self.pull[number] += self.totals.weights[number] * step
        if self.guard:
            self.guard.set(self.free[place], up)
