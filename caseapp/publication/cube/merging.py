"""Merging sparse origins into *other*, in truths; and which origin goes first."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from .definition import Dimension, Integers, Mask
from .rounding import Truth


def _axis(dimensions: Sequence[Dimension], name: str) -> int | None:
    return next((i for i, d in enumerate(dimensions) if d.name == name), None)


def merge_labels(
    truth: Truth, dimensions: Sequence[Dimension], name: str, merged: Collection[str], other: str
) -> Truth:
    """The truth with the merged labels of a dimension counted under *other*.

    A household may stand under two labels, so the households of a merged cell are at least the greater of the
    two and are taken as that: too few households make a cell small, which is the safe side.
    """
    axis = _axis(dimensions, name)
    if axis is None or not merged:
        return truth
    labels = dimensions[axis].labels
    into, sources = labels.index(other), [labels.index(label) for label in sorted(merged)]
    count, persons, households = (np.moveaxis(a.copy(), axis, 0) for a in _arrays(truth))
    for source in sources:
        count[into] += count[source]
        persons[into] += persons[source]
        households[into] = np.maximum(households[into], households[source])
        count[source], persons[source], households[source] = 0, 0, 0
    back = (np.moveaxis(a, 0, axis) for a in (count, persons, households))
    return Truth(*back)


def _arrays(truth: Truth) -> tuple[Integers, Integers, Integers]:
    return truth.count, truth.persons, truth.households


def without_labels(shown: Mask, dimensions: Sequence[Dimension], name: str, merged: Collection[str]) -> Mask:
    """The shown cells less those of merged labels."""
    axis = _axis(dimensions, name)
    if axis is None or not merged:
        return shown
    kept = np.array([label not in merged for label in dimensions[axis].labels])
    view = [1] * shown.ndim
    view[axis] = -1
    left: Mask = shown & kept.reshape(view)
    return left


def sparsest(sheets: Sequence[Integers], dimension: Dimension, axis: int, candidates: Sequence[str]) -> str:
    """The candidate label with the fewest published counts; ties by label. A function of published values only."""
    total = sum(sheets, start=np.zeros_like(sheets[0]))
    along = np.moveaxis(total, axis, 0).reshape(len(dimension.labels), -1).sum(axis=1)
    return min(candidates, key=lambda label: (int(along[dimension.labels.index(label)]), label))
