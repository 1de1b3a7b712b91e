"""Release folders of a few cells, written by hand: what each cell may be is worked out on paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from caseapp.publication.package import CubeOut, Package, SheetOut, files_of, manifest_of

SITES = ("MX-TAP", "MX-TIJ")
Values = Mapping[str, Mapping[tuple[str, ...], int]]


@dataclass(frozen=True)
class Tiny:
    """A cube: `axes` dimension → labels; `values` period → labels → published value, 0 where nothing is said and
    the period is not listed in `hidden` (period → labels that no cell has)."""

    name: str
    axes: Mapping[str, Sequence[str]]
    values: Values
    parent: str | None = None
    split: str | None = None
    k: Any = 5
    unit: str = "PERSONS"
    hidden: Mapping[str, Sequence[str]] | None = None

    def out(self) -> CubeOut:
        domain = self.name.partition(".")[0]
        sheets = tuple(self._sheet(period, own) for period, own in self.values.items())
        return CubeOut(self.name, domain, self.unit, self.parent, self.split, self.k, sheets)

    def _sheet(self, period: str, own: Mapping[tuple[str, ...], int]) -> SheetOut:
        cells: list[tuple[str, ...]] = [()]
        for labels in self.axes.values():
            cells = [(*cell, label) for cell in cells for label in labels]
        gone = set((self.hidden or {}).get(period, ()))
        axes = tuple((name, tuple(labels)) for name, labels in self.axes.items())
        shown = [not gone & set(cell) for cell in cells]
        return SheetOut(period, axes, [own.get(cell, 0) for cell in cells], shown)


def write(folder: Path, month: str, cubes: Sequence[Tiny], previous: Sequence[dict] = ()) -> Path:
    """One release folder."""
    hierarchy: dict[str, dict[str, list[str]]] = {
        "place": {"MEX": list(SITES), **{site: [site] for site in SITES}}
    }
    for cube in cubes:
        for name, labels in cube.axes.items():
            hierarchy.setdefault(name, {}).update({label: [label] for label in labels})
    hierarchy.get("age_band", {}).update({"CHILD": ["0-4", "5-11", "12-17"], "ADULT": ["18-59", "60+"]})
    for band in ("0-4", "5-11", "12-17", "18-59", "60+"):
        hierarchy.setdefault("age_band", {}).setdefault(band, [band])
    outs = tuple(cube.out() for cube in sorted(cubes, key=lambda cube: cube.name))
    package = Package(f"MEX-{month}", "MEX", month, outs, hierarchy, [], [], [], {}, "test")
    files = files_of(package)
    files["manifest.json"] = manifest_of(package, files, previous)
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def entry(folder: Path) -> dict:
    """A folder as later manifests record it."""
    hashes = {file.name: sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}
    return {"release": f"MEX-{folder.name}", "period": folder.name, "hashes": hashes}
