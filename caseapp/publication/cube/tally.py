"""From atoms or events to the exact numbers of a cube or split: what is counted, on how many people it rests."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .definition import Dimension, LabelUnknown
from .markers import Atom
from .rounding import Truth


@dataclass(frozen=True)
class Item:
    """Something to count: its labels, who is behind it, and how much it counts (nights; otherwise 1)."""

    labels: Mapping[str, str]
    person: str
    household: str
    amount: int = 1


def items_of(atoms: Iterable[Atom], extra: Mapping[str, Mapping[str, str]] | None = None) -> list[Item]:
    """Atoms as items; `extra` gives further labels by occurrence id (the part of a split: site, answer, stage)."""
    more = extra or {}
    return [
        Item({"site": a.site, **a.labels(), **more.get(a.occurrence, {})}, a.person, a.household)
        for a in atoms
    ]


def tally(
    dimensions: Sequence[Dimension], items: Iterable[Item], *, leave_out: Collection[str] = ("counted",)
) -> Truth:
    """Count items into the cells of some dimensions.

    Codes finer than the base labels are taken together (`Dimension.place`). A code that no label holds is an error,
    except in the dimensions of `leave_out`, whose other values a coarse grain does not count (the marker SITE).
    """
    shape = tuple(len(d.labels) for d in dimensions)
    count = np.zeros(shape, dtype=np.int64)
    people: dict[tuple[int, ...], set[str]] = {}
    homes: dict[tuple[int, ...], set[str]] = {}
    for item in items:
        place = _place(dimensions, item, leave_out)
        if place is None or item.amount == 0:
            continue
        count[place] += item.amount
        people.setdefault(place, set()).add(item.person)
        homes.setdefault(place, set()).add(item.household)
    persons, households = np.zeros_like(count), np.zeros_like(count)
    for place, who in people.items():
        persons[place], households[place] = len(who), len(homes[place])
    return Truth(count, persons, households)


def counted_in(
    dimensions: Sequence[Dimension], items: Iterable[Item], *, leave_out: Collection[str] = ("counted",)
) -> list[Item]:
    """The items that a base cube counts: its splits must count these and no others."""
    return [item for item in items if _place(dimensions, item, leave_out) is not None]


def _place(dimensions: Sequence[Dimension], item: Item, leave_out: Collection[str]) -> tuple[int, ...] | None:
    found = []
    for dimension in dimensions:
        at = dimension.place(item.labels[dimension.name])
        if at is None and dimension.name in leave_out:
            return None
        if at is None:
            raise LabelUnknown(f"{dimension.name} has no label {item.labels[dimension.name]}")
        found.append(at)
    return tuple(found)
