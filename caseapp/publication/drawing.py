"""From what is counted to published cells: one draw of the base cube, then the splits of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from caseapp.publication.counting import STOCK, Counting
from caseapp.publication.cube import period as periods
from caseapp.publication.cube.definition import Cube, Dimension, Integers, Mask
from caseapp.publication.cube.protection import Entry, StillNarrowed, protect
from caseapp.publication.cube.splitting import Split, parents_of, protect_split
from caseapp.publication.cube.tally import Item, counted_in, tally
from caseapp.publication.plan import DomainPlan, Plan, withdrawn_cube_of


@dataclass(frozen=True)
class Drawn:
    """A published sheet, and what later draws need of it (`truth`, `counter`), which stays inside."""

    cube: str
    period: str
    dimensions: tuple[Dimension, ...]
    y: Integers
    shown: Mask
    merged: frozenset[str] = frozenset()
    truth: Integers | None = None
    counter: int = 0

    def entry(self) -> Entry:
        """The sheet in the ledger of its base cube."""
        if self.truth is None:
            raise ValueError(f"{self.cube} {self.period} has no truth")
        return Entry(self.period, self.y, self.shown, self.truth, self.merged)


#: Sheets of earlier releases by cube, in order of time.
Ledger = Mapping[str, Sequence[Drawn]]


@dataclass(frozen=True)
class Domained:
    """The sheets of a domain for the unit that a release closes; none where it cannot be offered."""

    sheets: tuple[Drawn, ...]

    @property
    def is_offered(self) -> bool:
        return bool(self.sheets)


def draw(
    plan: Plan, domain_plan: DomainPlan, unit: str, counting: Counting, ledger: Ledger, secret: bytes,
    since: str = "",
) -> Domained:  # fmt: skip
    """Protect a domain's month (both halves of October) or quarter; `since`: the first month ever released. If the markers would narrow a small cell
    whatever is drawn, nothing is offered, and the caller must not freeze what was counted."""
    is_stock = domain_plan.domain.unit == STOCK
    pieces = (unit,) if "Q" in unit else periods.pieces(unit)
    is_first = bool(since) and unit in (since, periods.quarter(since))
    sheets: list[Drawn] = []
    for piece in pieces:
        items = counted_in(domain_plan.cube.dimensions, counting.items(piece))
        try:
            sheets += _piece(domain_plan, piece, items, ledger, sheets, secret, is_stock, is_first)
        except StillNarrowed:
            return Domained(())
    return Domained(tuple(sheets))


def _piece(
    domain_plan: DomainPlan, piece: str, items: Sequence[Item], ledger: Ledger, own: Sequence[Drawn],
    secret: bytes, is_stock: bool, is_first: bool,
) -> list[Drawn]:  # fmt: skip
    cube = domain_plan.cube
    before = [*ledger.get(cube.name, ()), *(one for one in own if one.cube == cube.name)]
    year = [one.entry() for one in before if one.period[:4] == piece[:4]]
    exact = tally(cube.dimensions, items)
    last = _alike(before, cube.dimensions) if is_stock else None
    base = protect(
        cube,
        piece,
        exact,
        secret=secret,
        ledger=year,
        sticky=last.entry() if last else None,
        is_first=is_first,
    )
    sheets = [
        Drawn(
            cube.name, piece, cube.dimensions, base.y, base.shown, base.merged, base.entry.truth, base.counter
        )
    ]
    for split in domain_plan.splits:
        parent = next(one for one in sheets if one.cube == split.parent)
        held = _alike(ledger.get(split.name, ()), split.dimensions(parent.dimensions)) if is_stock else None
        sheets.append(_part(split, parent, base.merged, cube, items, secret, held, ledger))
    return sheets


def _alike(sheets: Sequence[Drawn], dimensions: Sequence[Dimension]) -> Drawn | None:
    """The newest sheet, if it is laid out in the same way."""
    last = sheets[-1] if sheets else None
    if last is None or [(d.name, d.labels) for d in last.dimensions] != [
        (d.name, d.labels) for d in dimensions
    ]:
        return None
    return last


def _part(
    split: Split, parent: Drawn, merged: frozenset[str], cube: Cube, items: Sequence[Item], secret: bytes,
    held: Drawn | None, ledger: Ledger,
) -> Drawn:  # fmt: skip
    dimensions = split.dimensions(parent.dimensions)
    exact = tally(dimensions, items, leave_out=())
    replaces = None
    if held is not None and held.truth is not None:
        replaces = _held_parents(split, parent, held, exact.count, ledger)
    found = protect_split(
        split, parent.dimensions, parent.y, exact, secret=secret, country=cube.country, period=parent.period,
        merged=merged, replaces=replaces,
    )  # fmt: skip
    return Drawn(split.name, parent.period, dimensions, found.y, found.shown, merged, exact.count)


def _held_parents(
    split: Split, parent: Drawn, held: Drawn, exact: Integers, ledger: Ledger
) -> tuple[Integers, Integers]:
    """What of a stock's split stays as it was published: parents whose parts did not change in truth (a fresh draw
    each quarter would average out). A parent of −1 equals none, so that its parts are drawn anew."""
    parents = held.y.sum(axis=-1)
    assert held.truth is not None
    same = (held.truth == exact).all(axis=-1)
    now = parents_of(split, parent.dimensions, parent.y)
    return np.where(same & (now == parents), parents, -1), held.y


def draw_withdrawn(
    plan: Plan, domain_plan: DomainPlan, unit: str, counting: Counting, ledger: Ledger, secret: bytes
) -> Drawn:
    """What this release takes back, as cells of a domain of its own; it stands in the unit's last piece."""
    cube = withdrawn_cube_of(domain_plan.domain, plan.country)
    piece = unit if "Q" in unit else periods.pieces(unit)[-1]
    exact = tally(cube.dimensions, [one.item for one in counting.taken_back])
    year = [one.entry() for one in ledger.get(cube.name, ()) if one.period[:4] == piece[:4]]
    found = protect(cube, piece, exact, secret=secret, ledger=year)
    return Drawn(
        cube.name, piece, cube.dimensions, found.y, found.shown, frozenset(), found.entry.truth, found.counter
    )
