"""Cells of a domain that counts the same people as another on a later day: no value of them is ever exact.

Drawn like other cells, everything above k would be the true count, and a second true count of the same people would
narrow the first one's small cells. So the whole is drawn around its count, and then divided among the cells as a
parent is among the parts of a split: every vector is reachable from every truth, and from what is published here
nothing follows for anybody else's cells (docs/decisions/0330-one-person-one-draw.md).
"""

from __future__ import annotations

import numpy as np

from .definition import Cube, Integers, Mask
from .rounding import Truth, is_small
from .seed import generator
from .splits import draw_parts, draw_whole


def blur(
    cube: Cube, period: str, truth: Truth, shown: Mask, *, secret: bytes, edition: int = 0,
    stands: tuple[Integers, Integers] | None = None,
) -> Integers:  # fmt: skip
    """One draw of a period's cells. In: the exact numbers; the cells that are offered; for a revision `stands`, the
    published values and the counts behind them: a cell moves only where its count changed, and then by k or more.
    Out: 0 or at least k in every cell."""
    rng = generator(secret, cube.key, period, 0, edition)
    counts, small = truth.count[shown], is_small(truth, cube.k)[shown]
    whole = draw_whole(int(counts.sum()), cube.k, cube.lift, rng)
    y = np.zeros(truth.count.shape, dtype=np.int64)
    y[shown] = draw_parts(whole, counts, small, np.full(counts.shape, cube.k), cube.lift, rng)
    if stands is None:
        return y
    published, before = stands
    moves = (truth.count != before) & (np.abs(y - published) >= cube.k) & shown
    return np.where(moves, y, published)
