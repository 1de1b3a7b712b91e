"""A4 and A9: how far a small cell can be narrowed by everything published together.

A4: for cells chosen at random, base cells and parts, the exact least and greatest count (whole numbers, HiGHS).
A9: for every small base cell that markers bind, the least and greatest by a linear program of its group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .program import EXACT, Programs

#: Of so many cells one is attacked with all rows of its domain as well, to see that leaving rows out loses nothing.
WHOLE_EVERY = 100


@dataclass
class Narrowed:
    """How many cells were tried, and which could be narrowed, with the ends found."""

    tried: int = 0
    parts: int = 0
    whole: int = 0
    bounded: int = 0
    unknowns: int = 0
    failed: list[tuple[Programs, int, int, int]] = field(default_factory=list)


def attack(systems: Sequence[Programs], cells: int, seed: int) -> Narrowed:
    """A4 on `cells` small cells of all systems, each as likely as any other."""
    small = [programs.system.small() for programs in systems]
    total = sum(len(own) for own in small)
    chance = np.random.default_rng(seed)
    chosen = (
        np.sort(chance.choice(total, min(cells, total), replace=False))
        if total
        else np.zeros(0, dtype=np.int64)
    )
    starts = np.cumsum([0, *(len(own) for own in small)])
    found = Narrowed()
    for n, at in enumerate(chosen.tolist()):
        which = int(np.searchsorted(starts, at, side="right")) - 1
        programs, unknown = systems[which], int(small[which][at - starts[which]])
        whole = n % WHOLE_EVERY == 0
        _attack_one(programs, unknown, found, whole=False)
        if whole:
            _attack_one(programs, unknown, found, whole=True)
    return found


def _attack_one(programs: Programs, unknown: int, found: Narrowed, *, whole: bool) -> None:
    system = programs.system
    low, high = ends_of(programs, unknown, whole=whole)
    if whole:
        found.whole += 1
    else:
        found.tried += 1
        found.parts += bool(system.part[unknown])
        found.bounded += system.ends(unknown)[1] < system.k[unknown] - (system.published[unknown] == 0)
    found.unknowns = max(found.unknowns, system.size if whole else len(programs.block(unknown).unknowns))
    least, greatest = system.ends(unknown)
    if least <= high < greatest and system.part[unknown]:
        greatest = min(greatest, most_of_parent(programs, unknown, whole=whole))
    if low > least or high < greatest:
        found.failed.append((programs, unknown, low, high))


def most_of_parent(programs: Programs, unknown: int, *, whole: bool = False) -> int:
    """The most that the parent of a part can be, with everything that is known of the parent: where the parent is several
    cells, or its markers bind it, that is less than the sum of what each may be. A part whose k is larger than its
    parent's cannot be kept from what its parent itself says."""
    system, block = programs.system, programs.block(unknown, whole=whole)
    most = int(system.high[unknown])
    rows = programs.rows_of(np.array([unknown]))
    for row in rows[rows < system.splits].tolist():
        entries = system.rows[[row]]
        own = dict(zip(entries.indices.tolist(), entries.data.tolist(), strict=True))
        if own[unknown] < 0 or system.k[unknown] <= max(
            int(system.k[c]) for c, factor in own.items() if factor < 0
        ):
            continue
        aim = np.zeros(len(block.unknowns))
        aim[[block.place(cell) for cell, factor in own.items() if factor < 0]] = -1
        truth = block.solve(aim)
        if truth is not None:
            most = min(most, int(-(aim @ truth)))
    return most


def ends_of(programs: Programs, unknown: int, *, whole: bool = False) -> tuple[int, int]:
    """The least and greatest count of one cell; (1, 0) if no truth fits at all."""
    block = programs.block(unknown, whole=whole)
    place = block.place(unknown)
    ends = []
    for sign in (1, -1):
        aim = np.zeros(len(block.unknowns))
        aim[place] = sign
        truth = block.solve(aim)
        if truth is None:
            return 1, 0
        ends.append(int(truth[place]))
    return ends[0], ends[1]


def chains(systems: Sequence[Programs]) -> Narrowed:
    """A9 on every small base cell that the markers bind."""
    found = Narrowed()
    for programs in systems:
        for group in programs.groups():
            _chain(programs, group, found)
    return found


def _chain(programs: Programs, group: np.ndarray, found: Narrowed) -> None:
    system, block = programs.system, programs.logic_block(group)
    claims = np.array([system.ends(int(cell)) for cell in group])
    small = system.is_small()[group]
    ends = (np.where(small, claims[:, 1] + 1, block.low), np.where(small, -1, block.high))
    reach = np.stack(ends).astype(np.float64)
    found.tried += int(small.sum())
    found.unknowns = max(found.unknowns, len(group))
    # A few points in which much stands at an end answer for most cells.
    for aim in _first_aims(block.matrix.toarray()):
        _note(block.relax(aim), reach)
    for place in np.flatnonzero(small).tolist():
        for sign, end in ((1, 0), (-1, 1)):
            if _reached(reach, claims, place, end):
                continue
            aim = np.zeros(len(group))
            aim[place] = sign
            _note(block.relax(aim), reach)
        if not (_reached(reach, claims, place, 0) and _reached(reach, claims, place, 1)):
            low, high = int(np.ceil(reach[0, place] - EXACT)), int(np.floor(reach[1, place] + EXACT))
            found.failed.append((programs, int(group[place]), low, high))


def _first_aims(matrix: np.ndarray) -> list[np.ndarray]:
    """Directions: up and down together, and with those that help a row against those that it binds."""
    helps = np.sign((matrix > 0).sum(axis=0) - (matrix < 0).sum(axis=0)).astype(np.float64)
    ones = np.ones(matrix.shape[1])
    return [ones, -ones, -helps - 0.1, helps + 0.1]


def _note(truth: np.ndarray | None, reach: np.ndarray) -> None:
    if truth is not None:
        np.minimum(reach[0], truth, out=reach[0])
        np.maximum(reach[1], truth, out=reach[1])


def _reached(reach: np.ndarray, claims: np.ndarray, place: int, end: int) -> bool:
    if end == 0:
        return bool(reach[0, place] <= claims[place, 0] + EXACT)
    return bool(reach[1, place] >= claims[place, 1] - EXACT)
