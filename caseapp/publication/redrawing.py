"""A revision's cells: a cell takes its new draw only where that differs from what stands by at least its k; a
split's parts follow their parent (DISCLOSURE.md, The method, 5 and 6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from caseapp.publication.cube.protection import StillNarrowed, protect
from caseapp.publication.cube.splits import PartsTooCoarse
from caseapp.publication.cube.splitting import Split, parents_of, protect_split
from caseapp.publication.cube.tally import Item, counted_in, tally
from caseapp.publication.drawing import Domained, Drawn, Ledger
from caseapp.publication.plan import DomainPlan, Plan


class _CannotChange(Exception):
    """What stands cannot be revised in its present layout: it stays as it is."""


def redraw(
    plan: Plan, domain_plan: DomainPlan, unit: str, items: Mapping[str, list[Item]], ledger: Ledger, secret: bytes,
    edition: int,
) -> Domained:  # fmt: skip
    """The sheets of a domain's released month as they are from this edition on. Nothing is offered, and nothing may
    be frozen, where it was not published, where the definition has another layout today, or where the markers or a
    split allow no change."""
    sheets: list[Drawn] = []
    for piece, counted in items.items():
        try:
            sheets += _Piece(domain_plan, piece, ledger, secret, edition).sheets(counted)
        except (_CannotChange, StillNarrowed, PartsTooCoarse):
            return Domained(())
    return Domained(tuple(sheets))


class _Piece:
    """One cube period of a domain."""

    def __init__(
        self, domain_plan: DomainPlan, piece: str, ledger: Ledger, secret: bytes, edition: int
    ) -> None:
        self.cube, self.splits, self.piece = domain_plan.cube, domain_plan.splits, piece
        self.ledger, self.secret, self.edition = ledger, secret, edition

    def _standing(self, name: str, axes: Sequence[tuple[str, tuple[str, ...]]]) -> Drawn:
        for sheet in self.ledger.get(name, ()):
            own = [(d.name, d.labels) for d in sheet.dimensions]
            if sheet.period == self.piece and own == list(axes) and sheet.truth is not None:
                return sheet
        raise _CannotChange

    def _shows_late(self, stands: Drawn) -> bool:
        """Whether the month offers cells of what became known late: the first of all does not."""
        if not self.cube.has(self.cube.late):
            return True
        late = self.cube.mask({self.cube.late: self.cube.dimension(self.cube.late).labels[1:]})
        return bool(stands.shown[late].any())

    def sheets(self, counted: list[Item]) -> list[Drawn]:
        cube = self.cube
        items = counted_in(cube.dimensions, counted)
        stands = self._standing(cube.name, [(d.name, d.labels) for d in cube.dimensions])
        year = [one.entry() for one in self.ledger[cube.name] if one.period[:4] == self.piece[:4]]
        base = protect(
            cube, self.piece, tally(cube.dimensions, items), secret=self.secret, ledger=year, edition=self.edition,
            replaces=stands.entry(), is_first=not self._shows_late(stands),
        )  # fmt: skip
        if base.merged != stands.merged or not np.array_equal(base.shown, stands.shown):
            raise _CannotChange
        found = [
            Drawn(
                cube.name,
                self.piece,
                cube.dimensions,
                base.y,
                base.shown,
                base.merged,
                base.entry.truth,
                base.counter,
            )
        ]
        before = {cube.name: stands}
        for split in self.splits:
            parent = next(one for one in found if one.cube == split.parent)
            dimensions = split.dimensions(parent.dimensions)
            before[split.name] = self._standing(split.name, [(d.name, d.labels) for d in dimensions])
            found.append(self._part(split, parent, before[split.parent], before[split.name], items))
        return found

    def _part(
        self, split: Split, parent: Drawn, parent_before: Drawn, before: Drawn, items: list[Item]
    ) -> Drawn:
        dimensions = split.dimensions(parent.dimensions)
        exact = tally(dimensions, items, leave_out=())
        stood = parents_of(split, parent_before.dimensions, parent_before.y)
        found = protect_split(
            split, parent.dimensions, parent.y, exact, secret=self.secret, country=self.cube.country, period=self.piece,
            edition=self.edition, merged=parent.merged, replaces=(stood, before.y), moves_far=True,
        )  # fmt: skip
        return Drawn(split.name, self.piece, dimensions, found.y, found.shown, parent.merged, exact.count)


def differences(country: str, before: Drawn, now: Drawn) -> Iterator[tuple[str, int, int]]:
    """Each shown cell whose value changes: its labels as `revisions.csv` joins them (period and place first), the
    value that stood and the new one."""
    names = [d.name for d in now.dimensions]
    for at in zip(*np.nonzero((before.y != now.y) & now.shown), strict=True):
        labels = {d.name: d.labels[int(i)] for d, i in zip(now.dimensions, at, strict=True)}
        cell = [now.period, labels.get("place", country), *(labels[n] for n in names if n != "place")]
        yield "|".join(cell), int(before.y[at]), int(now.y[at])
