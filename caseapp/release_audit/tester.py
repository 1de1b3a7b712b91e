"""What only a tester can ask, who knows the truth of data made up for the purpose (A5, A7, utility).

Nothing of Acogida exports a truth. `--truth` names a folder with files like the release's cubes (`cube-<name>.csv`, in
`value` the true count; cells not listed are 0), or one CSV with the columns `cube,cell,value`, `cell` as in
revisions.csv.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import naive, period
from .reading import Slice, System

Truth = dict[str, dict[tuple[str, ...], int]]

MOST_RIGHT, MOST_SURE = 0.35, 0.01
SURE = 0.9
#: Fewer true small cells say nothing.
ENOUGH = 30
BUCKETS = (0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 10.0)
#: deviation promised: docs/disclosure.md, "What the reader is told".
PROMISED = {"month": 10, "quarter": 15, "year": 20, "site month": 15}
TEETH_LEAST = 0.8


class TruthUnreadable(ValueError):
    """The tester's truth cannot be read; the text says why."""


def read_truth(path: Path) -> Truth:
    """The true counts by cube and cell. Raises TruthUnreadable."""
    found: Truth = defaultdict(dict)
    try:
        if path.is_dir():
            for file in sorted(path.glob("cube-*.csv")):
                for row in _rows(file):
                    value = int(row.pop("value"))
                    found[file.name.removeprefix("cube-").removesuffix(".csv")][tuple(row.values())] = value
        else:
            for row in _rows(path):
                found[row["cube"]][tuple(row["cell"].split("|"))] = int(row["value"])
    except (OSError, KeyError, ValueError, csv.Error) as reason:
        raise TruthUnreadable(f"{path}: {reason}") from None
    if not found:
        raise TruthUnreadable(f"{path} holds no true counts.")
    return found


def _rows(file: Path) -> Iterator[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def counts_of(one: Slice, truth: Mapping[str, Mapping[tuple[str, ...], int]]) -> np.ndarray | None:
    """The true counts of a slice; None if the tester says nothing of its cube."""
    own = truth.get(one.cube.name)
    if own is None:
        return None
    return np.array([own.get(one.cube.cell(int(at)), 0) for at in one.at], dtype=np.int64)


def is_possible(truth: np.ndarray, published: np.ndarray, k: np.ndarray) -> np.ndarray:
    """Whether a count can have become a published value of a base cube: it is kept, or it is small (a large
    household too) and became 0 or the next multiple of k, or it is 0 and was lifted to k."""
    upper = np.maximum(-(-truth // k), 1) * k
    possible: np.ndarray = (published == truth) | (published == 0) | (published == upper)
    return possible


# -- A5 -----------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Guesses:
    """An attacker's guesses at cells whose true count is 1 to 4."""

    tried: int
    right: int
    sure: int

    @property
    def share_right(self) -> float:
        return self.right / self.tried if self.tried else 0.0

    @property
    def share_sure(self) -> float:
        return self.sure / self.tried if self.tried else 0.0


def guess(systems: Sequence[System], truth: Truth) -> Guesses:
    """A5: the attacker knows, for every kind of cell, how often each true count lies behind each published value,
    learned from the truth of one half of the cells, and guesses the likeliest at the other half. A kind is the
    published value, the cell's average in other periods, and whether it is a part."""
    kinds, counts = [], []
    for system in systems:
        own = [(one, found) for one in system.slices if (found := counts_of(one, truth)) is not None]
        average = _averages([one for one, _ in own])
        for one, found in own:
            near = np.digitize(average[one.first], BUCKETS)
            said = np.where(one.values == one.least, 1, np.where(one.values == 0, 0, 2))
            exact = np.where(said == 2, found - one.values, found)
            kinds.append(np.stack([said, near, np.full(len(found), one.is_part), one.least], axis=1))
            counts.append(np.stack([found, exact], axis=1))
    if not kinds:
        return Guesses(0, 0, 0)
    return _score(np.concatenate(kinds), np.concatenate(counts))


def _averages(slices: Sequence[Slice]) -> dict[int, np.ndarray]:
    """For each slice the average published value of the same cells in other periods (own value left out)."""
    total: dict[tuple[str, ...], int] = defaultdict(int)
    times: dict[tuple[str, ...], int] = defaultdict(int)
    keys = {}
    for one in slices:
        keys[one.first] = [(one.cube.name, *one.cube.cell(int(at))[1:]) for at in one.at]
        for key, value in zip(keys[one.first], one.values.tolist(), strict=True):
            total[key] += value
            times[key] += 1
    return {
        one.first: np.array([
            (total[key] - value) / max(times[key] - 1, 1)
            for key, value in zip(keys[one.first], one.values.tolist(), strict=True)
        ])
        for one in slices
    }  # fmt: skip


def _score(kinds: np.ndarray, counts: np.ndarray) -> Guesses:
    """`counts` holds the true count and what is guessed at: the count, or its distance from a larger value."""
    fold = np.random.default_rng(5).integers(0, 2, len(kinds))
    number = np.unique(kinds, axis=0, return_inverse=True)[1].ravel()
    tried = right = sure = 0
    for own in (0, 1):
        learned: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        for kind, count in zip(number[fold != own].tolist(), counts[fold != own, 1].tolist(), strict=True):
            learned[kind][count] += 1
        asked = (fold == own) & (counts[:, 0] >= 1) & (counts[:, 0] <= 4)
        for kind, count in zip(number[asked].tolist(), counts[asked, 1].tolist(), strict=True):
            seen = learned.get(kind, {0: 1})
            likeliest = max(seen, key=lambda value: (seen[value], -value))
            confidence = seen[likeliest] / (sum(seen.values()) + 1)
            tried += 1
            right += likeliest == count
            sure += likeliest == count and confidence > SURE
    return Guesses(tried, right, sure)


# -- A7 -----------------------------------------------------------------------------------------------
def bite(systems: Sequence[System], truth: Truth, cells: int, seed: int) -> list[naive.Teeth]:
    """A7: the true counts as naive exports would show them (month × sex × age × origin of the base cube with the
    most small cells), and what is recovered of them."""
    tables = [table for system in systems if (table := _table(system, truth)) is not None]
    if not tables:
        return []
    most = max(tables, key=lambda table: int(((table >= 1) & (table <= 4)).sum()))
    return naive.teeth(most, cells, seed)


def _table(system: System, truth: Truth) -> np.ndarray | None:
    """The true counts of a base cube, period × its dimensions without place, markers and lateness."""
    slices = [one for one in system.slices if not one.is_part and not one.is_withdrawn]
    slices = [one for one in slices if one.cube.dimensions == slices[-1].cube.dimensions]
    if not slices or slices[0].cube.name not in truth:
        return None
    axes = [d for d in slices[0].cube.dimensions if d not in ("place", "counted", "late")]
    labels: list[dict[str, int]] = [{} for _ in axes]
    found: list[tuple[tuple[int, ...], int]] = []
    for one in slices:
        counts = counts_of(one, truth)
        assert counts is not None
        for row, count in zip(zip(*(one.labels(d) for d in axes), strict=True), counts.tolist(), strict=True):
            place = tuple(
                index.setdefault(label, len(index)) for index, label in zip(labels, row, strict=True)
            )
            found.append((place, count))
    table = np.zeros([len(index) for index in labels], dtype=np.int64)
    for place, count in found:
        table[place] += count
    return table


# -- utility ------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Deviation:
    """How far published totals of one span lie from the true ones."""

    span: str
    tried: int
    mean: float
    greatest: int
    beyond: int


def deviations(systems: Sequence[System], truth: Truth) -> list[Deviation]:
    """Deviations of country totals by month, quarter to date and year to date, of site months, and of cells."""
    found: dict[str, list[int]] = defaultdict(list)
    for system in systems:
        for one in system.slices:
            counts = counts_of(one, truth)
            if counts is None or one.is_withdrawn:
                continue
            off = one.values - counts
            if not one.is_part:
                found["cell"] += np.abs(off).tolist()
            elif one.cube.split_dimension == "place":
                _by_site(one, off, found)
        _totals(system, truth, found)
    return [_deviation(span, values) for span, values in sorted(found.items())]


def _by_site(one: Slice, off: np.ndarray, found: dict[str, list[int]]) -> None:
    places = np.array(one.labels("place"))
    found["site month"] += [abs(int(off[places == place].sum())) for place in np.unique(places)]


def _totals(system: System, truth: Truth, found: dict[str, list[int]]) -> None:
    spans = {"month": ("YEAR", "QUARTER", "MONTH"), "quarter": ("YEAR", "QUARTER"), "year": ("YEAR",)}
    off: dict[tuple[str, str], int] = defaultdict(int)
    for one in system.slices:
        counts = counts_of(one, truth)
        if one.is_part or one.is_withdrawn or counts is None or one.cube.unit == "STOCK":
            continue
        markers = np.array(one.labels("counted")) if "counted" in one.cube.dimensions else None
        for span, kept in spans.items():
            own = np.ones(len(counts), dtype=bool) if markers is None else np.isin(markers, kept)
            off[span, _span(one.period, span)] += int((one.values - counts)[own].sum())
    for (span, label), value in off.items():
        if label:
            found[span].append(abs(value))


def _span(label: str, span: str) -> str:
    first = min(period.pieces(label)).rstrip("ab")
    if span == "year":
        return first[:4]
    if span == "quarter":
        return f"{first[:4]}-Q{(int(first[5:7]) + 2) // 3}"
    return "" if "Q" in label else first


def _deviation(span: str, values: Sequence[int]) -> Deviation:
    most = PROMISED.get(span, max(values, default=0))
    beyond = sum(value > most for value in values)
    return Deviation(span, len(values), round(sum(values) / len(values), 2), max(values), beyond)
