"""Keeps the draw away from values that the markers' logic would narrow.

Every test here is a function of published values only (this period's and earlier ones'), never of the truth: to
avoid such a value is the same as to draw again until it does not come, only faster. The full test is made after
the draw (`feasibility`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .feasibility import Boxes, boxes_of
from .logic import Chain, Group, Row
from .rounding import Choice

PENALTY = 24.0


@dataclass(frozen=True)
class _Part:
    """A cell of this period in a row: its bit, whether it may help (YEAR on the right), its factor."""

    cell: int
    sign: int
    helps: bool


@dataclass(frozen=True)
class _Compiled:
    """A row with everything that is already published summed up."""

    slack: int
    widest: int
    parts: tuple[_Part, ...]


class MarkerGuard:
    """Cost of a cell's high value over its low one by the rows that bind its group (a `draw.Guard`)."""

    def __init__(self, chain: Chain, groups: Sequence[Group], choice: Choice, at: int) -> None:
        self.k = chain.cube.k
        self.choice = choice
        self.offset = at * chain.size
        boxes = boxes_of(chain.cube, chain.sheets)
        self.shown = chain.shown[at]
        self.rows_of: dict[int, int] = {}
        self.rows: list[list[_Compiled]] = []
        self.bits: dict[int, int] = {}
        free = set(np.flatnonzero(choice.free).tolist())
        for group in groups:
            rows = [self._compile(row, boxes, chain.size) for row in group.rows]
            self._admit([row for row in rows if row.parts], free)
        self.states = [0] * len(self.rows)
        self.known: list[dict[int, float]] = [{} for _ in self.rows]

    def _compile(self, row: Row, boxes: Boxes, size: int) -> _Compiled:
        parts, slack, widest = [], 0, 0
        own = range(self.offset, self.offset + size)
        for index, sign in [(i, -1) for i in row.lhs] + [(i, row.factor) for i in row.rhs]:
            helps = sign > 0 and bool(boxes.helps[index])
            if index in own:
                parts.append(_Part(index - self.offset, sign, helps))
                continue
            low, high = int(boxes.low[index]), int(boxes.high[index])
            slack += sign * (high if helps else low)
            widest = max(widest, abs(sign) * (high - low)) if helps or sign < 0 else widest
        return _Compiled(slack, widest, tuple(parts))

    def _admit(self, rows: list[_Compiled], free: set[int]) -> None:
        cells = sorted({part.cell for row in rows for part in row.parts} & free)
        if not cells:
            return
        for bit, cell in enumerate(cells):
            self.rows_of[cell] = len(self.rows)
            self.bits[cell] = 1 << bit
        self.rows.append(rows)

    def start(self, values: Sequence[int]) -> None:
        """Take note of the state before the first sweep."""
        self.states = [0] * len(self.rows)
        for cell, group in self.rows_of.items():
            if values[cell] != int(self.choice.low[cell]):
                self.states[group] |= self.bits[cell]

    def cost(self, cell: int) -> float:
        """Energy of the cell's high value over its low value, in the present state of its group."""
        group = self.rows_of.get(cell)
        if group is None:
            return 0.0
        state, bit = self.states[group], self.bits[cell]
        return self._energy(group, state | bit) - self._energy(group, state & ~bit)

    def set(self, cell: int, high: bool) -> None:
        """Take note that a cell has changed."""
        group = self.rows_of.get(cell)
        if group is not None:
            bit = self.bits[cell]
            self.states[group] = self.states[group] | bit if high else self.states[group] & ~bit

    def _energy(self, group: int, state: int) -> float:
        known = self.known[group]
        if state not in known:
            known[state] = PENALTY * sum(self._shortfall(row, state) > 0 for row in self.rows[group])
        return known[state]

    def _shortfall(self, row: _Compiled, state: int) -> int:
        slack, widest = row.slack, row.widest
        for part in row.parts:
            low, high = self._box(part.cell, state)
            slack += part.sign * (high if part.helps else low)
            if part.helps or part.sign < 0:
                widest = max(widest, abs(part.sign) * (high - low))
        return max(0, widest - slack)

    def _box(self, cell: int, state: int) -> tuple[int, int]:
        high = state & self.bits.get(cell, 0)
        value = int(self.choice.high[cell] if high else self.choice.low[cell])
        if value == 0:
            return 0, self.k - 1 if self.shown[cell] else 0
        return (1, value) if value == self.k else (value, value)
