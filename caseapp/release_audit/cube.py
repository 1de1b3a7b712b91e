"""Cubes as published: their cells as arrays, and which cells a label takes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import period
from .folder import CUBE_NAME, WHOLE, Folder
from .manifest import Manifest

MARKERS = ("counted", "household_counted")
UNITS = ("PERSONS", "HOUSEHOLDS", "EVENTS", "NIGHTS", "STOCK")


class Impossible(ValueError):
    """A figure asks for something that the cells cannot answer; the text is the reason."""


@dataclass
class Hierarchy:
    """For each dimension, label → the base labels it stands for."""

    labels: dict[str, dict[str, frozenset[str]]]

    def base(self, dimension: str, label: str) -> frozenset[str]:
        """The base labels of a label (of a period: its months); empty if the label does not exist."""
        if dimension == "period":
            return period.pieces(label)
        return self.labels.get(dimension, {}).get(label, frozenset())


@dataclass
class Cube:
    """One `cube-<name>.csv`: for each dimension the label of every cell as an index into `names`."""

    name: str
    domain: str
    unit: str
    dimensions: list[str]
    parent: str | None
    split_dimension: str | None
    hierarchy: Hierarchy
    rows: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    values: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    names: dict[str, list[str]] = field(default_factory=dict)
    codes: dict[str, np.ndarray] = field(default_factory=dict)
    least: np.ndarray | None = None
    _inside: dict[tuple[str, frozenset[str]], tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)

    @property
    def file(self) -> str:
        return f"cube-{self.name}.csv"

    def cell(self, index: int) -> tuple[str, ...]:
        """The labels of one cell, in the order of the dimensions."""
        return tuple(self.names[dimension][self.codes[dimension][index]] for dimension in self.dimensions)

    def inside(self, dimension: str, wanted: Iterable[str], among: np.ndarray | None = None) -> np.ndarray:
        """Which cells lie inside one of the wanted labels; Impossible if some (of those `among`) are only partly
        inside: a year may draw coarser cells than the next."""
        if dimension not in self.dimensions:
            raise Impossible(f"the cube {self.name} does not have the dimension {dimension}")
        base = frozenset().union(*(self.hierarchy.base(dimension, label) for label in wanted))
        key = (dimension, base)
        if key not in self._inside:
            parts = [self.hierarchy.base(dimension, label) for label in self.names[dimension]]
            self._inside[key] = (
                self._cells_of(dimension, [bool(part) and part <= base for part in parts]),
                self._cells_of(dimension, [bool(part & base) and bool(part - base) for part in parts]),
            )
        taken, cut = self._inside[key]
        cut = cut if among is None else cut & among
        if cut.any():
            name = self.names[dimension][self.codes[dimension][int(np.argmax(cut))]]
            raise Impossible(f"its {dimension} takes only a part of the cells {name} of {self.name}")
        return taken

    def _cells_of(self, dimension: str, labels: list[bool]) -> np.ndarray:
        """By cell what is true of its label."""
        of = np.array(labels, dtype=bool)
        return of[self.codes[dimension]] if len(labels) else np.zeros(0, dtype=bool)

    def marked(self, dimension: str, markers: Iterable[str]) -> np.ndarray:
        """Which cells carry one of the markers; a marker that the cube does not have adds nothing."""
        if dimension not in self.dimensions:
            raise Impossible(f"the cube {self.name} does not have the dimension {dimension}")
        wanted = set(markers)
        taken = np.array([name in wanted for name in self.names[dimension]], dtype=bool)
        return taken[self.codes[dimension]] if len(taken) else np.zeros(0, dtype=bool)


def read_hierarchy(folder: Folder) -> tuple[Hierarchy, dict[str, Cube]]:
    """Read `hierarchy.json`: the labels and the cubes, still without cells."""
    raw = folder.json("hierarchy.json")
    hierarchy = Hierarchy({})
    dimensions = raw.get("dimensions")
    if raw and not isinstance(dimensions, dict):
        folder.found("FORMAT", "hierarchy.json", "'dimensions' does not give the labels of each dimension.")
    for dimension, labels in dimensions.items() if isinstance(dimensions, dict) else ():
        hierarchy.labels[dimension] = _read_labels(folder, dimension, labels)
    cubes: dict[str, Cube] = {}
    raw_cubes = raw.get("cubes")
    if raw and not isinstance(raw_cubes, dict):
        folder.found("FORMAT", "hierarchy.json", "'cubes' does not describe the cubes.")
    for name, entry in raw_cubes.items() if isinstance(raw_cubes, dict) else ():
        cube = _read_description(name, entry, hierarchy)
        if isinstance(cube, str):
            folder.found("FORMAT", "hierarchy.json", f"The cube {name!r} {cube}.")
        else:
            cubes[name] = cube
    return hierarchy, cubes


def _read_labels(folder: Folder, dimension: str, raw: Any) -> dict[str, frozenset[str]]:
    result: dict[str, frozenset[str]] = {}
    for label, base in raw.items() if isinstance(raw, dict) else ():
        if isinstance(base, list) and base and all(isinstance(part, str) for part in base):
            result[label] = frozenset(base)
        else:
            folder.found("FORMAT", "hierarchy.json", f"{dimension} {label!r} names no base labels.")
    if not isinstance(raw, dict):
        folder.found("FORMAT", "hierarchy.json", f"The labels of {dimension} are no object.")
    for label in sorted(frozenset().union(*result.values())):
        if result.get(label) != frozenset([label]):
            sentence = f"{dimension}: the base label {label!r} does not stand for itself."
            folder.found("FORMAT", "hierarchy.json", sentence)
    return result


def _read_description(name: str, raw: Any, hierarchy: Hierarchy) -> Cube | str:
    """The cube, or what is wrong with its description."""
    if not CUBE_NAME.fullmatch(name):
        return "does not have the form of a cube's name"
    if not isinstance(raw, dict):
        return "is not described by an object"
    dimensions = raw.get("dimensions")
    if (
        not isinstance(dimensions, list)
        or not all(isinstance(d, str) for d in dimensions)
        or dimensions[:2] != ["period", "place"]
        or len(set(dimensions)) != len(dimensions)
        or "value" in dimensions
    ):
        return "must list its dimensions, period and place first"
    if raw.get("unit") not in UNITS or not isinstance(raw.get("domain"), str):
        return "has no domain or no known unit"
    parent, split = raw.get("parent"), raw.get("split_dimension")
    if not isinstance(parent, str | None) or not isinstance(split, str | None):
        return "must name its parent and split_dimension, or null"
    if (parent is None) != (split is None) or (split is not None and split not in dimensions):
        return "must have a split_dimension among its dimensions exactly if it has a parent"
    stages = raw.get("stages")
    if stages is not None and not (
        isinstance(stages, list)
        and split
        and all(isinstance(s, str) and hierarchy.base(split, s) for s in stages)
    ):
        return "has stages that are not labels of its split_dimension"
    return Cube(name, raw["domain"], raw["unit"], dimensions, parent, split, hierarchy)


def read_cells(folder: Folder, cube: Cube) -> None:
    """Fill a cube from its file; cells that cannot be read are findings and left out."""
    if cube.file not in folder.content:
        folder.found("FORMAT", cube.file, "The file is missing.")
    index: dict[str, dict[str, int]] = {dimension: {} for dimension in cube.dimensions}
    codes: list[list[int]] = []
    rows, values = [], []
    seen: set[tuple[str, ...]] = set()
    for number, row in folder.table(cube.file, [*cube.dimensions, "value"]):
        labels = tuple(row[dimension] for dimension in cube.dimensions)
        unknown = next((d for d in cube.dimensions if not _may_stand(cube, d, row[d])), None)
        if unknown:
            folder.found("FORMAT", cube.file, f"The {unknown} {row[unknown]!r} does not exist.", number)
        elif not WHOLE.fullmatch(row["value"]):
            folder.found("FORMAT", cube.file, f"The value {row['value']!r} is not a whole number.", number)
        elif labels in seen:
            folder.found("FORMAT", cube.file, "The same cell stands in an earlier row.", number)
        else:
            seen.add(labels)
            rows.append(number)
            values.append(int(row["value"]))
            pairs = zip(cube.dimensions, labels, strict=True)
            codes.append([index[d].setdefault(label, len(index[d])) for d, label in pairs])
    table = np.array(codes, dtype=np.int64).reshape(len(codes), len(cube.dimensions))
    cube.rows, cube.values = np.array(rows, dtype=np.int64), np.array(values, dtype=np.int64)
    cube.names = {dimension: list(index[dimension]) for dimension in cube.dimensions}
    cube.codes = {dimension: table[:, n] for n, dimension in enumerate(cube.dimensions)}


def _may_stand(cube: Cube, dimension: str, label: str) -> bool:
    if dimension == "period":
        return period.kind(label) in ("MONTH", "HALF", "QUARTER")
    return bool(cube.hierarchy.base(dimension, label))


def least_values(folder: Folder, cube: Cube, manifest: Manifest) -> np.ndarray | None:
    """The k of every cell; None, and a finding, where the manifest does not say it."""
    k = manifest.k.get(cube.name)
    if k is None:
        folder.found("A1", "manifest.json", f"There is no k for the cube {cube.name}.")
        return None
    if isinstance(k, int):
        return np.full(len(cube.values), k, dtype=np.int64)
    if cube.split_dimension is None:
        folder.found("A1", "manifest.json", f"{cube.name} is no split, but has a k for each part.")
        return None
    names = cube.names[cube.split_dimension]
    for name in names:
        if name not in k:
            folder.found("A1", "manifest.json", f"The k of {cube.name} says nothing of its part {name}.")
            return None
    of_part = np.array([k[name] for name in names], dtype=np.int64)
    return of_part[cube.codes[cube.split_dimension]]


def check_smallest(folder: Folder, cube: Cube, manifest: Manifest) -> None:
    """A1: every value is 0 or at least the k of its cube (of its part, where parts have their own)."""
    cube.least = least_values(folder, cube, manifest)
    if cube.least is None:
        return
    folder.report.count("cells", len(cube.values))
    for at in np.flatnonzero((cube.values > 0) & (cube.values < cube.least)):
        sentence = f"The value {cube.values[at]} is neither 0 nor at least {cube.least[at]}."
        folder.found("A1", cube.file, sentence, int(cube.rows[at]))
