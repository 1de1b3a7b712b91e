"""A8: every split sums to its parent over what the two share."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from .cube import Cube, Hierarchy
from .folder import Folder


def check_family(folder: Folder, cubes: dict[str, Cube]) -> None:
    """Parents exist, in the same domain and without circles; a domain has one base cube."""
    bases: dict[str, list[str]] = defaultdict(list)
    for cube in cubes.values():
        if cube.parent is None:
            bases[cube.domain].append(cube.name)
        elif cube.parent not in cubes:
            folder.found("A8", "hierarchy.json", f"The parent {cube.parent} of {cube.name} does not exist.")
        elif cubes[cube.parent].domain != cube.domain:
            sentence = f"{cube.name} and its parent {cube.parent} are of different domains."
            folder.found("A8", "hierarchy.json", sentence)
        if _is_its_own_ancestor(cube, cubes):
            folder.found("A8", "hierarchy.json", f"{cube.name} is its own ancestor.")
    for domain, names in sorted(bases.items()):
        if len(names) > 1:
            sentence = f"The domain {domain} has cubes drawn apart: {', '.join(sorted(names))}."
            folder.found("A8", "hierarchy.json", sentence)


def _is_its_own_ancestor(cube: Cube, cubes: dict[str, Cube]) -> bool:
    seen: set[str] = set()
    parent = cube.parent
    while parent is not None and parent in cubes and parent not in seen:
        seen.add(parent)
        parent = cubes[parent].parent
    return cube.name in seen


def check_disjoint(folder: Folder, cube: Cube) -> None:
    """No two labels of a dimension overlap within a period: a cube's cells count nobody twice."""
    periods = cube.names.get("period", [])
    for at, code in enumerate(periods):
        rows = cube.codes["period"] == at
        if cube.hierarchy.base("period", code) & frozenset().union(
            *(cube.hierarchy.base("period", other) for other in periods[:at])
        ):
            folder.found("A8", cube.file, f"The period {code} overlaps another one.", int(cube.rows[rows][0]))
        for dimension in cube.dimensions[1:]:
            taken: dict[str, str] = {}
            for number in np.unique(cube.codes[dimension][rows]):
                label = cube.names[dimension][number]
                for base in sorted(cube.hierarchy.base(dimension, label)):
                    if taken.setdefault(base, label) != label:
                        first = int(cube.rows[rows & (cube.codes[dimension] == number)][0])
                        sentence = f"In {code} the {dimension} {label} overlaps {taken[base]}."
                        folder.found("A8", cube.file, sentence, first)
                        break


def check_sums(folder: Folder, child: Cube, parent: Cube) -> None:
    """The child's cells sum to the parent's, group by group, in the periods that the split has."""
    if not len(child.values):
        return
    shared = [dimension for dimension in child.dimensions if dimension in parent.dimensions]
    if not shared or shared[0] != "period":
        return
    of_period = _components(child.hierarchy, "period", child.names["period"], parent.names.get("period", []))
    for group in sorted({of_period[name] for name in child.names["period"]}):
        rows_child = _rows_of(child, of_period, group)
        rows_parent = _rows_of(parent, of_period, group)
        _compare(folder, child, rows_child, parent, rows_parent)


def _rows_of(cube: Cube, component: dict[str, int], group: int) -> np.ndarray:
    if not len(cube.values):
        return np.zeros(0, dtype=np.int64)
    wanted = np.array([component[name] == group for name in cube.names["period"]])
    return np.flatnonzero(wanted[cube.codes["period"]])


def _components(hierarchy: Hierarchy, dimension: str, *label_lists: list[str]) -> dict[str, int]:
    """Label → number of its group; labels that overlap, directly or through others, are one group."""
    groups: list[tuple[set[str], set[str]]] = []
    for label in dict.fromkeys(label for labels in label_lists for label in labels):
        names, bases = {label}, set(hierarchy.base(dimension, label))
        apart = []
        for group in groups:
            if group[1] & bases:
                names |= group[0]
                bases |= group[1]
            else:
                apart.append(group)
        groups = [*apart, (names, bases)]
    return {label: number for number, (names, _) in enumerate(groups) for label in names}


def shared_groups(
    child: Cube, rows_child: np.ndarray, parent: Cube, rows_parent: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The groups in which a child sums to its parent, within one period: the number of each child's and each
    parent's row. Labels that overlap stand together; a dimension that only one has is summed away."""
    shared = [d for d in child.dimensions if d in parent.dimensions and d != "period"]
    at = np.zeros(len(rows_child) + len(rows_parent), dtype=np.int64)
    for dimension in shared:
        numbers_child, numbers_parent = (
            child.codes[dimension][rows_child],
            parent.codes[dimension][rows_parent],
        )
        labels_child = [child.names[dimension][n] for n in np.unique(numbers_child)]
        labels_parent = [parent.names[dimension][n] for n in np.unique(numbers_parent)]
        group = _components(child.hierarchy, dimension, labels_child, labels_parent)
        numbers = np.concatenate(
            [
                _numbers(group, child, dimension)[numbers_child],
                _numbers(group, parent, dimension)[numbers_parent],
            ]
        )
        at = np.unique(at * (len(group) + 1) + numbers, return_inverse=True)[1]
    return at[: len(rows_child)], at[len(rows_child) :]


def _compare(
    folder: Folder, child: Cube, rows_child: np.ndarray, parent: Cube, rows_parent: np.ndarray
) -> None:
    key_child, key_parent = shared_groups(child, rows_child, parent, rows_parent)
    keys = np.unique(np.concatenate([key_child, key_parent]))
    sum_child = _sums(keys, key_child, child.values[rows_child])
    sum_parent = _sums(keys, key_parent, parent.values[rows_parent])
    folder.report.count("split sums", len(keys))
    for key, part, whole in zip(keys, sum_child, sum_parent, strict=True):
        if part == whole:
            continue
        mine = rows_child[key_child == key]
        theirs = rows_parent[key_parent == key]
        file, row = (child.file, child.rows[mine[0]]) if len(mine) else (parent.file, parent.rows[theirs[0]])
        cell = child.cell(mine[0]) if len(mine) else parent.cell(theirs[0])
        sentence = (
            f"The {len(mine)} cells of {child.name} sum to {part}, the {len(theirs)} cells of its parent "
            f"{parent.name} to {whole}; the group holds {'|'.join(cell)}."
        )
        folder.found("A8", file, sentence, int(row))


def _numbers(group: dict[str, int], cube: Cube, dimension: str) -> np.ndarray:
    return np.array([group.get(name, 0) for name in cube.names.get(dimension, [])], dtype=np.int64)


def _sums(keys: np.ndarray, of: np.ndarray, values: np.ndarray) -> np.ndarray:
    sums = np.zeros(len(keys), dtype=np.int64)
    np.add.at(sums, np.searchsorted(keys, of), values)
    return sums
