"""From exact counts to what may be published: the one way in for whoever makes a release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from . import period as periods
from .blurring import blur
from .definition import Cube, Integers, Mask, possible
from .draw import Sampler, Totals, totals_of
from .feasibility import Verdict, boxes_of, examine, is_hopeless
from .guard import MarkerGuard
from .logic import Chain, Group, Sheet, in_order
from .merging import merge_labels, sparsest, without_labels
from .rounding import Choice, Truth, choices, hold, take_where_far
from .seed import generator
from .utility import Utility, excess, utility_of

DRAWS = 20


class StillNarrowed(ValueError):
    """Whatever is drawn and merged, the markers would narrow a small cell: this period cannot be offered.

    Its atoms then enter the next period as late ones.
    """


@dataclass(frozen=True)
class Entry:
    """A released period of a cube in the ledger that later draws need.

    `y` and `shown` are public. `truth` is the exact count as it was (with the merged origins under *other*); it stays
    inside, and keeps the quarter and the year tight.
    """

    period: str
    y: Integers
    shown: Mask
    truth: Integers
    merged: frozenset[str] = frozenset()

    def sheet(self) -> Sheet:
        """What a reader has of it."""
        return Sheet(self.period, self.y, self.shown, self.merged)


@dataclass(frozen=True)
class Protected:
    """A protected period. `entry.y` may be published where `entry.shown`; the rest stays inside.

    `counter` is the draw that was taken (0 for the first), `merged` every origin that stands under *other* this
    year, `contradicted` the groups in which the markers' logic fits no truth, so that it excludes nothing.
    """

    entry: Entry
    counter: int
    utility: Utility
    contradicted: tuple[tuple[str, ...], ...] = ()

    @property
    def y(self) -> Integers:
        return self.entry.y

    @property
    def shown(self) -> Mask:
        return self.entry.shown

    @property
    def merged(self) -> frozenset[str]:
        return self.entry.merged


@dataclass(frozen=True)
class _Task:
    """What stays the same over all draws of a period."""

    cube: Cube
    period: str
    truth: Truth
    secret: bytes
    ledger: tuple[Entry, ...]
    edition: int
    replaces: Entry | None
    sticky: Entry | None
    is_first: bool


def protect(
    cube: Cube,
    period: str,
    truth: Truth,
    *,
    secret: bytes,
    ledger: Sequence[Entry] = (),
    edition: int = 0,
    replaces: Entry | None = None,
    sticky: Entry | None = None,
    is_first: bool = False,
) -> Protected:
    """Protect one period of a base cube.

    In: the cube's definition; the period's exact numbers; the installation's secret; `ledger`, the released entries
    of the same cube (those of other years are ignored). For a revision, `edition` ≥ 1 and `replaces`, the entry it
    revises: a cell changes only by k or more, and only if its count changed. For a stock, `sticky`, the entry of
    the quarter before: a cell is drawn anew only if its count changed. `is_first`: the first period that the country
    ever counts, in which nothing can be late.

    Out: the protected cells. They are drawn again with the next counter while a small cell would be narrowed by the
    markers or a total strays beyond the promise; after 20 draws a narrowed origin is merged into *other*, for the
    rest of the year. Raises StillNarrowed where nothing is left to merge.
    """
    same_year = [e for e in ledger if periods.year(e.period) == periods.year(period) and e.period != period]
    task = _Task(cube, period, truth, secret, tuple(same_year), edition, replaces, sticky, is_first)
    merged = frozenset(origin for entry in same_year for origin in entry.merged)
    merged |= replaces.merged if replaces else frozenset()
    counter = 0
    if cube.is_blurred:
        return _blurred(task)
    while True:
        attempt = _Attempt(task, merged)
        found = attempt.run(counter)
        if isinstance(found, Protected):
            return found
        merged |= attempt.next_merge(found)
        counter += DRAWS


def _blurred(task: _Task) -> Protected:
    """The one draw of a cube in which no cell is exact: nothing is drawn again, so that every vector is possible."""
    published = [entry.period for entry in task.ledger]
    shown = possible(task.cube, task.period, published, is_first=task.is_first)
    stands = (task.replaces.y, task.replaces.truth) if task.replaces else None
    y = blur(
        task.cube, task.period, task.truth, shown, secret=task.secret, edition=task.edition, stands=stands
    )
    totals = totals_of(task.cube, lambda name, cells: 0)
    report = utility_of(task.cube, totals, task.truth.count, y)
    return Protected(Entry(task.period, y, shown, task.truth.count), 0, report)


class _Attempt:
    """Up to 20 draws with one set of merged origins."""

    def __init__(self, task: _Task, merged: frozenset[str]) -> None:
        self.task, self.merged = task, merged
        cube = task.cube
        self.truth = merge_labels(task.truth, cube.dimensions, cube.origin, merged, cube.other)
        published = [e.period for e in task.ledger]
        open_cells = possible(cube, task.period, published, is_first=task.is_first)
        self.shown = without_labels(open_cells, cube.dimensions, cube.origin, merged)
        self.choice = self._choice()
        self.totals = self._totals()
        self.chain, self.groups = self._chain()
        self.guard = self._guard()

    def _choice(self) -> Choice:
        choice = choices(self.truth, self.task.cube, self.shown)
        for before in (self.task.replaces, self.task.sticky):
            if before is not None:
                unchanged = (before.truth == self.truth.count) & before.shown & self.shown
                choice = hold(choice, unchanged, before.y)
        return choice

    def _totals(self) -> Totals:
        spans = {margin.name: margin.span for margin in self.task.cube.margins}

        def carried(name: str, cells: Integers) -> int:
            span = spans[name]
            same = [e for e in self.task.ledger if span.of(e.period) == span.of(self.task.period)]
            return sum(int((e.y - e.truth).ravel()[cells].sum()) for e in same)

        return totals_of(self.task.cube, carried)

    def _sheets(self, y: Integers) -> list[Sheet]:
        own = Sheet(self.task.period, y, self.shown, self.merged)
        return in_order([entry.sheet() for entry in self.task.ledger], own)

    def _chain(self) -> tuple[Chain | None, list[Group]]:
        if not self.task.cube.has(self.task.cube.marker):
            return None, []
        blank = np.zeros(self.task.cube.shape, dtype=np.int64)
        chain = Chain(self.task.cube, self._sheets(blank))
        return chain, list(chain.groups())

    def _guard(self) -> MarkerGuard | None:
        if self.chain is None:
            return None
        at = [sheet.period for sheet in self.chain.sheets].index(self.task.period)
        return MarkerGuard(self.chain, self.groups, self.choice, at)

    def _draw(self, counter: int) -> Integers:
        task = self.task
        seed = generator(task.secret, task.cube.key, task.period, counter, task.edition)
        y = Sampler(self.choice, self.truth.count, self.totals, self.guard).run(seed).reshape(task.cube.shape)
        if task.replaces is None:
            return y
        revised = take_where_far(task.replaces.y, y, task.cube.k)
        return np.where(self.shown, revised, 0)

    def run(self, first: int) -> Protected | list[Group]:
        """The first acceptable draw, or the groups that stay narrowed."""
        best: tuple[int, Protected] | None = None
        narrowed: list[Group] = []
        for counter in range(first, first + DRAWS):
            y = self._draw(counter)
            bad, contradicted = self._examined(y)
            if bad:
                narrowed = bad
                if counter == first and self._hopeless(bad, y):
                    break
                continue
            over = excess(self.totals, self.truth.count, y)
            if best is None or over < best[0]:
                best = (over, self._protected(y, counter, contradicted))
            if over == 0:
                break
        return best[1] if best else narrowed

    def _examined(self, y: Integers) -> tuple[list[Group], tuple[tuple[str, ...], ...]]:
        if self.chain is None:
            return [], ()
        found = examine(self.groups, boxes_of(self.task.cube, self._sheets(y)))
        bad = [group for group, verdict in found if verdict is Verdict.NARROWED]
        return bad, tuple(group.name for group, verdict in found if verdict is Verdict.CONTRADICTED)

    def _hopeless(self, groups: list[Group], y: Integers) -> bool:
        """Spares 19 draws where the earlier periods and the exact cells alone narrow a group."""
        sheets = self._sheets(y)
        at = [sheet.period for sheet in sheets].index(self.task.period)
        size = y.size
        free = np.zeros(size * len(sheets), dtype=np.bool_)
        free[at * size : (at + 1) * size] = self.choice.free
        tops = np.zeros(size * len(sheets), dtype=np.int64)
        tops[at * size : (at + 1) * size] = np.maximum(self.choice.high, self.task.cube.k)
        boxes = boxes_of(self.task.cube, sheets)
        return any(is_hopeless(group, boxes, free, self.task.cube.k, tops) for group in groups)

    def _protected(self, y: Integers, counter: int, contradicted: tuple[tuple[str, ...], ...]) -> Protected:
        entry = Entry(self.task.period, y, self.shown, self.truth.count, self.merged)
        report = utility_of(self.task.cube, self.totals, self.truth.count, y)
        return Protected(entry, counter, report, contradicted)

    def next_merge(self, narrowed: list[Group]) -> frozenset[str]:
        """The origins of narrowed groups, or where these are merged already, the sparsest that is left."""
        cube = self.task.cube
        if not cube.has(cube.origin):
            raise StillNarrowed(f"{cube.name} {self.task.period}: {[group.name for group in narrowed]}")
        dimension = cube.dimension(cube.origin)
        left = [o for o in dimension.labels if o not in self.merged and o != cube.other]
        if not left:
            raise StillNarrowed(f"{cube.name} {self.task.period}: {[group.name for group in narrowed]}")
        own = {o for group in narrowed for o in group.name if o in left}
        if own:
            return frozenset(own)
        sheets = [entry.y for entry in self.task.ledger] or [np.zeros(cube.shape, dtype=np.int64)]
        return frozenset({sparsest(sheets, dimension, cube.axis(cube.origin), left)})
