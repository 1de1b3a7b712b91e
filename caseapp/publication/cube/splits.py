"""Splits: a published parent Y is divided into parts, each 0 or at least its k, that sum to Y exactly.

P(d | c) ∝ ∏ g(dⱼ | cⱼ). For a small true part c (fewer than k persons, or one household) with b = k·⌈c/k⌉ and
p = max(c/b, q): g(0) = 1 − p, g(d) = p·r^|d−b|. For other c: g(d) = r^|d−c|, g(0) = r^(c−k+2). r = 0.3
(DISCLOSURE.md, The method, 6; for c < k it is that formula, b being k). One household of exactly b people would
make g(0) zero; p is therefore at most 1 − q, so that every vector is reachable from every truth.

The draw is exact. Forward, the weights of all sums of the first parts are convolved; backward, one part after the
other is drawn from its exact conditional. Because g falls off geometrically on both sides, a convolution is two
running sums instead of a square of them; in logarithms, so that no far but possible vector is lost to underflow.
"""

from __future__ import annotations

from math import log

import numpy as np
from numpy.typing import NDArray

from .definition import Integers, Mask
from .rounding import Floats, base_of

RATIO = 0.3
LOG_RATIO = log(RATIO)


class PartsTooCoarse(ValueError):
    """No part can take the smallest parent: a split needs one part whose k is not above its parent's."""


class ParentNotPublished(ValueError):
    """A parent value that no published cube can have (between 1 and k-1)."""


def _weights(count: int, small: bool, k: int, lift: float) -> tuple[float, float, int]:
    """log g(0), the log of the peak of g, and where the peak is."""
    if not small and count >= k:
        return (count - k + 2) * LOG_RATIO, 0.0, count
    base = int(base_of(np.array(count), k))
    p = min(max(count / base, lift), 1.0 - lift)
    return log(1.0 - p), log(p), base


def part_weights(total: int, count: int, small: bool, k: int, lift: float) -> Floats:
    """log g(d | c) for d = 0..total."""
    zero, peak, centre = _weights(count, small, k, lift)
    d = np.arange(total + 1, dtype=np.float64)
    weights = peak + np.abs(d - centre) * LOG_RATIO
    weights[d < k] = -np.inf
    weights[0] = zero
    return weights


def _shift(values: Floats, by: int) -> Floats:
    """Values moved up by some places; nothing comes in from below."""
    if by >= len(values):
        return np.full(len(values), -np.inf)
    return np.concatenate([np.full(by, -np.inf), values[: len(values) - by]])


def _rising_tail(values: Floats) -> Floats:
    """out[s] = ∑_{t ≤ s} r^(s−t)·in[t], in logarithms."""
    slope = np.arange(len(values), dtype=np.float64) * LOG_RATIO
    out: Floats = np.logaddexp.accumulate(values - slope) + slope
    return out


def _window(values: Floats, width: int) -> Floats:
    """out[s] = ∑_{t = s}^{s+width−1} in[t], in logarithms, without subtraction.

    Two running sums inside blocks of the window's width (van Herk 1992): each window is the end of one block and
    the beginning of the next.
    """
    size = len(values)
    blocks = -(-size // width) + 1
    padded = np.full(blocks * width, -np.inf)
    padded[:size] = values
    square = padded.reshape(blocks, width)
    begin = np.logaddexp.accumulate(square, axis=1).ravel()
    end = np.logaddexp.accumulate(square[:, ::-1], axis=1)[:, ::-1].ravel()
    starts = np.arange(size)
    out: Floats = end[starts].copy()
    inside = starts % width != 0
    out[inside] = np.logaddexp(out[inside], begin[starts[inside] + width - 1])
    return out


def _falling_side(values: Floats, k: int, centre: int) -> Floats:
    """out[s] = ∑_{d = k}^{centre−1} r^(centre−d)·in[s−d], in logarithms."""
    width = centre - k
    if width <= 0:
        return np.full(len(values), -np.inf)
    slope = np.arange(len(values) + width, dtype=np.float64) * LOG_RATIO
    # With t = s−d, the weight is r^(centre−s)·r^t, summed over t in [s−centre+1, s−k].
    padded = np.concatenate([np.full(width, -np.inf), values])
    sums = _window(padded + slope - width * LOG_RATIO, width)
    out = np.full(len(values), -np.inf)
    s = np.arange(k, len(values))
    first = s - centre + 1 + width
    out[k:] = sums[first] + (centre - s) * LOG_RATIO
    return out


def convolve_part(values: Floats, count: int, small: bool, k: int, lift: float) -> Floats:
    """The weights of all sums after one more part: log ∑_d g(d | c)·in[s−d], exactly, in time linear in the sum."""
    zero, peak, centre = _weights(count, small, k, lift)
    if len(values) == 1:
        return values + zero
    upper = _rising_tail(_shift(values, centre))
    out = np.logaddexp(upper, _falling_side(values, k, centre)) + peak
    return np.logaddexp(out, values + zero)


def _forward(total: int, counts: Integers, small: Mask, ks: Integers, lift: float) -> list[Floats]:
    sums = np.full(total + 1, -np.inf)
    sums[0] = 0.0
    steps = [sums]
    for count, is_small, k in zip(counts.tolist(), small.tolist(), ks.tolist(), strict=True):
        steps.append(convolve_part(steps[-1], count, is_small, k, lift))
    return steps


def log_chance(parts: Integers, counts: Integers, small: Mask, ks: Integers, lift: float) -> float:
    """log P(parts | counts) given their sum; −∞ only where a part lies between 1 and its k − 1."""
    total = int(parts.sum())
    weight = sum(
        float(part_weights(total, c, s, k, lift)[d])
        for d, c, s, k in zip(parts.tolist(), counts.tolist(), small.tolist(), ks.tolist(), strict=True)
    )
    return weight - float(_forward(total, counts, small, ks, lift)[-1][total])


def draw_parts(
    total: int, counts: Integers, small: Mask, ks: Integers, lift: float, rng: np.random.Generator
) -> Integers:
    """One draw of the parts of `total`, given the true parts and which of them are small."""
    parts = np.zeros(len(counts), dtype=np.int64)
    if total == 0:
        return parts
    steps = _forward(total, counts, small, ks, lift)
    if not np.isfinite(steps[-1][total]):
        raise PartsTooCoarse(f"{total} cannot be divided into parts of at least {int(ks.min())}")
    left = total
    for j in range(len(counts) - 1, -1, -1):
        own = part_weights(left, int(counts[j]), bool(small[j]), int(ks[j]), lift)
        parts[j] = _pick(own + steps[j][left::-1], rng)
        left -= int(parts[j])
    return parts


def draw_whole(count: int, k: int, lift: float, rng: np.random.Generator) -> int:
    """A single number drawn around its count as a part is, with nothing that it must sum to."""
    # Beyond this, the weights are nothing even in logarithms.
    furthest = count + 100 * k
    return _pick(part_weights(furthest, count, count < k, k, lift), rng)


def revise_parts(
    total: int, counts: Integers, small: Mask, ks: Integers, lift: float, published: Integers,
    rng: np.random.Generator,
) -> Integers:  # fmt: skip
    """One draw of the parts of a parent whose value a revision changed: each part stays as it was published or moves
    by at least its k, so that a revision shows no smaller difference. What is allowed follows from published values
    alone, and within it every vector is reachable from every truth. Raises PartsTooCoarse where nothing is allowed.
    """
    weights = []
    for count, is_small, k, stood in zip(
        counts.tolist(), small.tolist(), ks.tolist(), published.tolist(), strict=True
    ):
        own, moves = part_weights(total, count, is_small, k, lift), np.abs(np.arange(total + 1) - stood)
        own[(moves > 0) & (moves < k)] = -np.inf
        weights.append(own)
    sums = np.full(total + 1, -np.inf)
    sums[0] = 0.0
    steps = [sums]
    for own in weights:
        steps.append(_convolved(steps[-1], own))
    if not np.isfinite(steps[-1][total]):
        raise PartsTooCoarse(f"{total} cannot be divided so that each part stays or moves by its k")
    parts, left = np.zeros(len(counts), dtype=np.int64), total
    for j in range(len(counts) - 1, -1, -1):
        parts[j] = _pick(weights[j][: left + 1] + steps[j][left::-1], rng)
        left -= int(parts[j])
    return parts


def _convolved(values: Floats, weights: Floats) -> Floats:
    """log ∑_d exp(weights[d] + values[s−d]), term by term: for the few parents that a revision changes."""
    out = np.full(len(values), -np.inf)
    for d in np.flatnonzero(np.isfinite(weights)).tolist():
        out[d:] = np.logaddexp(out[d:], values[: len(values) - d] + weights[d])
    return out


def _pick(weights: Floats, rng: np.random.Generator) -> int:
    """An index with probability proportional to exp(weight)."""
    chances: NDArray[np.float64] = np.exp(weights - weights.max())
    running = np.cumsum(chances)
    # `side="right"` never lands on a step of height zero; rounding might land behind the last one.
    last = int(np.flatnonzero(chances)[-1])
    return min(int(np.searchsorted(running, rng.random() * running[-1], side="right")), last)
