"""The files of a release, byte for byte (docs/release-format.md): the same release gives the same bytes."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np

from caseapp.core.pages import safe_cell
from caseapp.publication import description
from caseapp.publication.plan import DELTA

FIGURES, COVERAGE, REVISIONS = description.FIGURES, description.COVERAGE, description.REVISIONS
MANIFEST = "manifest.json"
#: Files made of words: they are kept as they were sealed, so that a label put right later breaks no seal.
WORDS = ("README", "datapackage.json")


@dataclass(frozen=True)
class SheetOut:
    """The cells of a cube in a period, flat in the order of `axes` (dimension → labels), and which are shown."""

    period: str
    axes: tuple[tuple[str, tuple[str, ...]], ...]
    y: Sequence[int]
    shown: Sequence[bool]


@dataclass(frozen=True)
class CubeOut:
    """A cube as `hierarchy.json` describes it, with its sheets in order of time."""

    name: str
    domain: str
    unit: str
    parent: str | None
    split_dimension: str | None
    k: int | Mapping[str, int]
    sheets: tuple[SheetOut, ...]

    def dimensions(self) -> list[str]:
        """Its columns: period and place first."""
        return ["period", "place", *(name for name, _ in self.sheets[-1].axes if name != "place")]

    def rows(self, country: str) -> list[tuple[str | int, ...]]:
        """Every shown cell, sorted by its labels."""
        columns = self.dimensions()[2:]
        found: list[tuple[str | int, ...]] = []
        for sheet in self.sheets:
            labels = dict(sheet.axes)
            names = [name for name, _ in sheet.axes]
            at = np.unravel_index(np.flatnonzero(np.array(sheet.shown)), [len(of) for _, of in sheet.axes])
            values = np.array(sheet.y)[np.flatnonzero(np.array(sheet.shown))].tolist()
            parts = {name: [labels[name][i] for i in at[n].tolist()] for n, name in enumerate(names)}
            place = parts.get("place", [country] * len(values))
            others = [parts[name] for name in columns]
            found += zip([sheet.period] * len(values), place, *others, values, strict=True)
        return sorted(found)


@dataclass(frozen=True)
class Package:
    """Everything that a release publishes, as plain values."""

    release: str
    country: str
    period: str
    cubes: tuple[CubeOut, ...]
    hierarchy: Mapping[str, Mapping[str, Sequence[str]]]
    figures: Sequence[Mapping[str, Any]]
    coverage: Sequence[Mapping[str, Any]]
    revisions: Sequence[Mapping[str, Any]]
    definitions: Mapping[str, Sequence[Mapping[str, Any]]]
    code_version: str
    edition: int = 0
    created: str = ""

    @property
    def about(self) -> description.About:
        """Which release this is, for its description."""
        return description.About(
            self.release, self.country, self.period, self.edition, self.created, self.code_version
        )


def table(columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> bytes:
    """A CSV file: UTF-8 without mark, quotes only where needed; no cell that a spreadsheet would execute."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(["" if cell is None else safe_cell(cell) for cell in row])
    return text.getvalue().encode()


def _document(content: Any) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def files_of(package: Package) -> dict[str, bytes]:
    """All files but the manifest, by name."""
    found: dict[str, bytes] = {}
    columns: dict[str, Sequence[str]] = {}
    for cube in package.cubes:
        name = f"cube-{cube.name}.csv"
        columns[name] = [*cube.dimensions(), "value"]
        found[name] = table(columns[name], cube.rows(package.country))
    for name, heads, rows in (
        ("figures.csv", FIGURES, package.figures),
        ("coverage.csv", COVERAGE, package.coverage),
        ("revisions.csv", REVISIONS, package.revisions),
    ):
        columns[name] = heads
        found[name] = table(heads, ([row[head] for head in heads] for row in rows))
    found["hierarchy.json"] = _document(_hierarchy(package))
    found["datapackage.json"] = _document(description.datapackage(package.about, columns, found))
    found["README"] = description.readme(package.about).encode()
    return dict(sorted(found.items()))


def manifest_of(package: Package, files: Mapping[str, bytes], previous: Sequence[Mapping[str, Any]]) -> bytes:
    """The manifest: rule, k, definitions, the hash of every other file, and every earlier release."""
    return _document(
        {
            "format": 1, "rule": "closed-rounded-cube", "release": package.release, "period": package.period,
            "country": package.country, "code_version": package.code_version,
            "k": {cube.name: cube.k for cube in package.cubes},
            "delta": {
                "month": DELTA.month, "quarter": DELTA.quarter, "year": DELTA.year, "site_month": DELTA.site_month,
            },
            "definitions": package.definitions,
            "hashes": {name: sha256(content).hexdigest() for name, content in files.items()},
            "previous": list(previous),
        }
    )  # fmt: skip


def zipped(files: Mapping[str, bytes], folder: str) -> bytes:
    """The files in one zip archive below `folder`: in order, without times and stored as they are, so that the same
    files give the same bytes on every machine (what deflates differs from one zlib to the next)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{folder}/{name}", (1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, content)
    return out.getvalue()


def data_rows(name: str, content: bytes) -> int | None:
    """How many data rows a CSV file has; None for other files."""
    return content.count(b"\n") - 1 if name.endswith(".csv") else None


def _hierarchy(package: Package) -> dict[str, Any]:
    used = {dimension for cube in package.cubes for dimension in cube.dimensions()} - {"period"}
    used |= {"place"}
    return {
        "dimensions": {name: labels for name, labels in package.hierarchy.items() if name in used},
        "cubes": {
            cube.name: {
                "domain": cube.domain, "unit": cube.unit, "dimensions": cube.dimensions(), "parent": cube.parent,
                "split_dimension": cube.split_dimension, "stages": None,
            }
            for cube in package.cubes
        },
    }  # fmt: skip
