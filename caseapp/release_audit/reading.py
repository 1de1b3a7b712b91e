"""What an attacker makes of published cells: unknown counts, what each value says of its count, and what must add up.

One `System` for each country and domain, over everything in all given folders: a cell that stands in several releases
is taken from the newest. What the publisher's method lets be true (docs/disclosure.md):

- a base cell 0 may stand for 0 to k−1, a k for 1 to k; any other value is taken as exact. A large household may stand
  behind a larger multiple of k or behind a 0, so this attacker believes more than there is to know.
- parts of a split are any counts that sum to the count of their parent: every division can come from every truth.
- markers, and what was withdrawn, obey the rows of `logic`;
- nothing is late in the first month that a country ever released, nor in the first half of October.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import coo_array, csr_array

from . import logic, period
from .cube import Cube
from .seal import Release
from .split import shared_groups

WITHDRAWN = "_withdrawn"


@dataclass(frozen=True)
class Slice:
    """The cells of one cube in one period: rows `at` of the cube, unknowns `first` to `first + len(at) − 1`."""

    cube: Cube
    period: str
    at: np.ndarray
    first: int

    @property
    def unknowns(self) -> np.ndarray:
        return np.arange(self.first, self.first + len(self.at))

    def labels(self, dimension: str) -> list[str]:
        """The label of every cell on one dimension."""
        names = self.cube.names[dimension]
        return [names[code] for code in self.cube.codes[dimension][self.at]]

    @property
    def values(self) -> np.ndarray:
        return self.cube.values[self.at]

    @property
    def least(self) -> np.ndarray:
        assert self.cube.least is not None
        return self.cube.least[self.at]

    @property
    def is_part(self) -> bool:
        return self.cube.parent is not None

    @property
    def is_withdrawn(self) -> bool:
        return self.cube.domain.endswith(WITHDRAWN)


@dataclass
class System:
    """The unknown counts of a country's domain: `low` ≤ x ≤ `high`, and `least_sum` ≤ A·x ≤ `greatest_sum`."""

    country: str
    domain: str
    slices: list[Slice]
    published: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    k: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    part: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))
    low: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    high: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    rows: csr_array = field(default_factory=lambda: csr_array((0, 0)))
    least_sum: np.ndarray = field(default_factory=lambda: np.zeros(0))
    greatest_sum: np.ndarray = field(default_factory=lambda: np.zeros(0))
    #: Cells that everybody knows to be empty: nothing is late in the first month of all, or before October ends.
    empty: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))
    #: Rows 0 to `splits − 1` say that parts sum to their parent; the others are those of `logic`.
    splits: int = 0
    _starts: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @property
    def size(self) -> int:
        return len(self.published)

    def small(self) -> np.ndarray:
        """The cells that the claim is about: 0 or k, and somebody could be in it."""
        return np.flatnonzero(self.is_small())

    def is_small(self) -> np.ndarray:
        """Which cells these are."""
        small: np.ndarray = ((self.published == 0) | (self.published == self.k)) & ~self.empty
        return small

    def slice_of(self, unknown: int) -> Slice:
        """The slice that an unknown stands in."""
        return self.slices[int(np.searchsorted(self._starts, unknown, side="right")) - 1]

    def name(self, unknown: int) -> tuple[str, int, str]:
        """File, spreadsheet row and labels of a cell."""
        one = self.slice_of(unknown)
        at = int(one.at[unknown - one.first])
        return one.cube.file, int(one.cube.rows[at]), "|".join(one.cube.cell(at))

    def ends(self, unknown: int) -> tuple[int, int]:
        """What the claim says a small cell may be: 0 to k−1, or 1 to k. A part that needs a larger k than its
        parent has is bounded by what its parent may be at most: that is how the claim can be kept."""
        k = int(self.k[unknown])
        low, high = (0, k - 1) if self.published[unknown] == 0 else (1, k)
        return low, min(high, int(self.high[unknown]))


def systems_of(releases: Sequence[Release], within: Mapping[str, str] | None = None) -> list[System]:
    """A system for each country and domain of the releases, with all rows. `within`: domains of which the attacker knows
    that everybody in them is counted in another one too; the two are then one system."""
    known = within or {}
    newest = sorted(releases, key=lambda one: len(one.manifest.previous), reverse=True)
    chosen: dict[tuple[str, str], dict[tuple[str, str], Cube]] = {}
    for release in newest:
        for cube in release.cubes.values():
            domain = cube.domain.removesuffix(WITHDRAWN)
            domain = known.get(domain, domain)
            own = chosen.setdefault((release.manifest.country, domain), {})
            for label in cube.names.get("period", []):
                own.setdefault((cube.name, label), cube)
    complete, first = _complete_countries(newest), _first_months(newest)
    return [
        _system(country, domain, cubes, country in complete, first[country], known)
        for (country, domain), cubes in sorted(chosen.items())
    ]


def _complete_countries(newest: Sequence[Release]) -> set[str]:
    """Countries of which the given folders hold every month ever released: only then is anything withdrawn known
    to stand among the given cells."""
    found: dict[str, bool] = {}
    for release in newest:
        country = release.manifest.country
        if country in found:
            continue
        own = [one for one in newest if one.manifest.country == country]
        held = {piece for one in own for cube in one.cubes.values() for label in cube.names.get("period", [])
                for piece in period.pieces(label)}  # fmt: skip
        labels = [*(one.period for one in release.manifest.previous), release.manifest.period]
        newest_held = max(held, default="")
        found[country] = all(
            period.pieces(label) & held
            for label in labels
            if min(period.pieces(label), default="") <= newest_held
        )
    return {country for country, is_complete in found.items() if is_complete}


def _first_months(newest: Sequence[Release]) -> dict[str, frozenset[str]]:
    """Of each country the first month that it ever released."""
    found: dict[str, set[str]] = {}
    for one in newest:
        labels = [*(earlier.period for earlier in one.manifest.previous), one.manifest.period]
        found.setdefault(one.manifest.country, set()).update(
            label for label in labels if period.pieces(label)
        )
    return {country: period.pieces(min(labels, default="")) for country, labels in found.items()}


def _known_empty(one: Slice, first: frozenset[str]) -> np.ndarray:
    """Cells of what is late where nothing can be late."""
    is_early = bool(period.pieces(one.period) & first) or one.period.endswith("a")
    if not is_early or one.is_part or logic.LATE not in one.cube.dimensions:
        return np.zeros(len(one.at), dtype=bool)
    return np.array([label == "YES" for label in one.labels(logic.LATE)], dtype=bool)


def _system(
    country: str,
    domain: str,
    cubes: dict[tuple[str, str], Cube],
    is_complete: bool,
    first_month: frozenset[str],
    within: Mapping[str, str],
) -> System:
    slices, first = [], 0
    for (_, label), cube in sorted(cubes.items(), key=lambda one: (one[0][0], order(one[0][1]))):
        at = np.flatnonzero(cube.codes["period"] == cube.names["period"].index(label))
        slices.append(Slice(cube, label, at, first))
        first += len(at)
    system = System(country, domain, slices)
    if not slices:
        return system
    system._starts = np.array([one.first for one in slices], dtype=np.int64)
    system.published = np.concatenate([one.values for one in slices])
    system.k = np.concatenate([one.least for one in slices])
    system.part = np.concatenate([np.full(len(one.at), one.is_part) for one in slices])
    system.low = np.where(system.part, 0, np.where(system.published == system.k, 1, system.published))
    system.high = np.where(system.published == 0, system.k - 1, system.published)
    system.empty = np.concatenate([_known_empty(one, first_month) for one in slices])
    system.low[system.empty], system.high[system.empty] = 0, 0
    _add_rows(system, is_complete, first_month, within)
    return system


def order(label: str) -> str:
    """Sorts periods of one kind in time."""
    return min(period.pieces(label), default=label)


class _Builder:
    """Collects rows."""

    def __init__(self) -> None:
        self.lines: list[np.ndarray] = []
        self.columns: list[np.ndarray] = []
        self.factors: list[np.ndarray] = []
        self.least: list[float] = []
        self.greatest: list[float] = []

    def add(self, plus: np.ndarray, minus: np.ndarray, factor: int = 1, *, equal: bool = False) -> None:
        """factor · ∑ plus − ∑ minus ≥ 0, or = 0."""
        self.lines.append(np.full(len(plus) + len(minus), len(self.least)))
        self.columns += [plus, minus]
        self.factors += [np.full(len(plus), float(factor)), np.full(len(minus), -1.0)]
        self.least.append(0.0)
        self.greatest.append(0.0 if equal else np.inf)

    def matrix(self, width: int) -> csr_array:
        if not self.lines:
            return csr_array((0, width))
        places = (np.concatenate(self.lines), np.concatenate(self.columns))
        return csr_array(coo_array((np.concatenate(self.factors), places), shape=(len(self.least), width)))


def _add_rows(
    system: System, is_complete: bool, first_month: frozenset[str], within: Mapping[str, str]
) -> None:
    builder = _Builder()
    by_name = {(one.cube.name, one.period): one for one in system.slices}
    done: set[tuple[str, str]] = set()

    def divide(child: Slice) -> None:
        """The parent first: the most that a part can be follows from the most of its parent."""
        key = (child.cube.name, child.period)
        if key in done:
            return
        done.add(key)
        parent = by_name.get((child.cube.parent or "", child.period))
        if parent is None:
            if child.is_part:
                # Nothing is known of the whole, so nothing bounds a part.
                system.high[child.unknowns] = (
                    system.published[child.unknowns].sum() + system.k[child.unknowns]
                )
            return
        divide(parent)
        mine, theirs = shared_groups(child.cube, child.at, parent.cube, parent.at)
        for group in np.unique(mine):
            parts, wholes = child.unknowns[mine == group], parent.unknowns[theirs == group]
            builder.add(parts, wholes, equal=True)
            system.high[parts] = system.high[wholes].sum()

    for one in system.slices:
        divide(one)
    system.splits = len(builder.least)
    for row in _logic_rows(system, is_complete, first_month, within):
        builder.add(np.array(row.plus, dtype=np.int64), np.array(row.minus, dtype=np.int64), row.factor)
    system.rows = builder.matrix(system.size)
    system.least_sum, system.greatest_sum = np.array(builder.least), np.array(builder.greatest)


def _logic_rows(
    system: System, is_complete: bool, first_month: frozenset[str], within: Mapping[str, str]
) -> Iterator[logic.Row]:
    """The rows of `logic`, domain by domain, and between domains that the attacker knows to hold the same people."""
    domains: dict[str, list[Slice]] = {}
    for one in system.slices:
        if not one.is_part:
            domains.setdefault(one.cube.domain.removesuffix(WITHDRAWN), []).append(one)
    plain = {name: [one for one in own if not one.is_withdrawn] for name, own in domains.items()}
    for name, own in domains.items():
        yield from logic.marker_rows(plain[name], first_month)
        if is_complete:
            yield from logic.withdrawn_rows(plain[name], [one for one in own if one.is_withdrawn])
        if within.get(name) in plain:
            yield from logic.within_rows(plain[name], plain[within[name]])
