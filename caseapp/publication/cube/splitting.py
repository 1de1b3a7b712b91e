"""Splits of published cells: their definition and their protection (the draw itself is in `splits`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from .definition import Cube, Dimension, Integers, Mask
from .merging import merge_labels, without_labels
from .rounding import CellNotPossible, Truth, is_small
from .seed import generator
from .splits import ParentNotPublished, PartsTooCoarse, draw_parts, revise_parts


class NotAPartition(ValueError):
    """The labels that a split keeps of a dimension must hold every base label exactly once."""


@dataclass(frozen=True)
class Split:
    """A further breakdown of a published cube, or of another split.

    `by` are the dimensions kept of the parent with the labels they are kept at (`("age_band", ("CHILD", "ADULT"))`);
    what is not named is summed away. `part` is the new dimension: sites, yes and no, disjoint stages, reason groups,
    household markers, duration bands. `ks` gives single parts their own k (a sensitive YES); at least one part
    must keep a k not above the parent's. `name` is the parent's with a word appended (`arrivals.site`).
    """

    name: str
    parent: str
    by: tuple[tuple[str, tuple[str, ...]], ...]
    part: Dimension
    k: int = 5
    ks: tuple[tuple[str, int], ...] = ()
    lift: float = 0.02

    def k_of_parts(self) -> Integers:
        """k for each label of the new dimension."""
        own = dict(self.ks)
        return np.array([own.get(label, self.k) for label in self.part.labels], dtype=np.int64)

    def dimensions(self, parent: Sequence[Dimension]) -> tuple[Dimension, ...]:
        """The split's dimensions: those kept, then the new one."""
        by_name = {d.name: d for d in parent}
        return (*(_kept(by_name[name], labels) for name, labels in self.by), self.part)


@dataclass(frozen=True)
class ProtectedSplit:
    """The published parts: `y` over `dimensions` (the last is the new one), of which `shown` is written out."""

    name: str
    dimensions: tuple[Dimension, ...]
    y: Integers
    shown: Mask


def _kept(dimension: Dimension, labels: tuple[str, ...]) -> Dimension:
    """A parent's dimension at the labels it is kept at, with the coarser labels that these can still express."""
    bases = {label: set(dimension.base(label)) for label in labels}
    if sorted(b for base in bases.values() for b in base) != sorted(dimension.labels):
        raise NotAPartition(f"{dimension.name}: {labels}")
    groups: dict[str, tuple[str, ...]] = {}
    for name, members in dimension.groups.items():
        inside = tuple(label for label in labels if bases[label] <= set(members))
        if name not in labels and {b for label in inside for b in bases[label]} == set(members):
            groups[name] = inside
    into = {base: label for label, inside in bases.items() for base in inside}
    takes = {base: label for base, label in into.items() if base != label}
    takes |= {code: into[base] for code, base in dimension.takes.items()}
    return Dimension(dimension.name, labels, groups, takes, into.get(dimension.rest, ""))


def parents_of(split: Split, dimensions: Sequence[Dimension], values: Integers) -> Integers:
    """The parent's values summed to the dimensions and labels that the split keeps."""
    names = [d.name for d in dimensions]
    kept = [name for name, _ in split.by]
    away = tuple(i for i, name in enumerate(names) if name not in kept)
    summed = values.sum(axis=away) if away else values
    order = [name for name in names if name in kept]
    summed = np.transpose(summed, [order.index(name) for name in kept])
    for axis, (name, labels) in enumerate(split.by):
        dimension = dimensions[names.index(name)]
        slices = [
            np.take(summed, dimension.positions((label,)), axis=axis).sum(axis=axis) for label in labels
        ]
        summed = np.stack(slices, axis=axis)
    return summed


def protect_split(
    split: Split,
    parent_dimensions: Sequence[Dimension],
    parent_y: Integers,
    truth: Truth,
    *,
    secret: bytes,
    country: str,
    period: str,
    edition: int = 0,
    possible: Mask | None = None,
    merged: frozenset[str] = frozenset(),
    origin: str = "origin",
    other: str = "OTHER",
    replaces: tuple[Integers, Integers] | None = None,
    moves_far: bool = False,
) -> ProtectedSplit:
    """Divide every published parent cell of a period among the parts.

    In: the parent's dimensions and published values (of a cube or of another split); the exact numbers by the
    split's own dimensions; the secret. `possible` is the public list of possible parts (default all). `merged` are
    the origins that the parent had to merge, where the split keeps the origin. For a revision or a stock `replaces`
    holds the parents' values and the parts as published before: where a parent is unchanged, its parts stay; with
    `moves_far` (a revision) the parts of the others stay or move by at least their k.

    Out: parts that sum to their parent, each 0 or at least its k.
    """
    dimensions = split.dimensions(parent_dimensions)
    shape = tuple(len(d.labels) for d in dimensions)
    truth = merge_labels(truth, dimensions, origin, merged, other)
    parents = parents_of(split, parent_dimensions, parent_y)
    shown = np.ones(shape, dtype=np.bool_) if possible is None else possible.copy()
    if truth.count.shape != shape or shown.shape != shape:
        raise ValueError(f"{split.name} has shape {shape}, not {truth.count.shape}")
    if (truth.count[~shown] > 0).any():
        raise CellNotPossible(f"{split.name} counts in a part that its definition excludes")
    ks = split.k_of_parts()
    small = np.stack([_small(truth, j, int(k)) for j, k in enumerate(ks)], axis=-1)
    rng = generator(secret, f"{country}/{split.name}", period, 0, edition)
    y = np.zeros(shape, dtype=np.int64)
    # Every parent draws from its own stream: a parent that changes does not shift the others' draws.
    streams = rng.spawn(parents.size)
    for stream, place in zip(streams, product(*(range(n) for n in shape[:-1])), strict=True):
        total, open_parts = int(parents[place]), shown[place]
        if 0 < total < int(ks.min()):
            raise ParentNotPublished(f"{split.name}: {total}")
        if total and not open_parts.any():
            raise PartsTooCoarse(f"{split.name}: no part is possible at {place}")
        if replaces is not None and int(replaces[0][place]) == total:
            y[place] = replaces[1][place]
            continue
        counts, tiny = truth.count[place][open_parts], small[place][open_parts]
        if replaces is not None and moves_far:
            stood = replaces[1][place][open_parts]
            y[(*place, open_parts)] = revise_parts(
                total, counts, tiny, ks[open_parts], split.lift, stood, stream
            )
            continue
        y[(*place, open_parts)] = draw_parts(total, counts, tiny, ks[open_parts], split.lift, stream)
    return ProtectedSplit(split.name, dimensions, y, without_labels(shown, dimensions, origin, merged))


def _small(truth: Truth, part: int, k: int) -> Mask:
    one = Truth(truth.count[..., part], truth.persons[..., part], truth.households[..., part])
    return is_small(one, k)


def check_tree(cube: Cube, splits: Sequence[Split]) -> None:
    """Every split must hang on the cube or on a split before it, and have a part that the smallest parent fits."""
    smallest = {cube.name: cube.k}
    dimensions: dict[str, tuple[Dimension, ...]] = {cube.name: cube.dimensions}
    for split in splits:
        if split.parent not in smallest or not split.name.startswith(split.parent + "."):
            raise ValueError(f"{split.name} does not hang on {split.parent}")
        ks = split.k_of_parts()
        if int(ks.min()) > smallest[split.parent]:
            raise PartsTooCoarse(f"{split.name}: no part takes a parent of {smallest[split.parent]}")
        smallest[split.name] = int(ks.min())
        dimensions[split.name] = split.dimensions(dimensions[split.parent])
