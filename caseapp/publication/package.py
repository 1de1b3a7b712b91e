"""The files of a release, byte for byte (docs/release-format.md): the same release gives the same bytes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np

from caseapp.core.pages import safe_cell
from caseapp.publication.plan import DELTA

FIGURES = (
    "indicator", "measure", "unit", "period", "place_level", "place", "sex", "age_band", "origin",
    "household_type", "need_group", "counted", "numerator", "denominator", "value", "status", "cube",
)  # fmt: skip
COVERAGE = ("domain", "period", "place_level", "place", "status", "reporting", "expected")
REVISIONS = ("cube", "cell", "old", "new", "revises", "reason")
MANIFEST = "manifest.json"
WHOLE_NUMBERS = ("value", "reporting", "expected", "old", "new", "numerator", "denominator")


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
    found["datapackage.json"] = _document(_datapackage(package, columns))
    found["README"] = _readme(package).encode()
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


def _datapackage(package: Package, columns: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    def kind(name: str, file: str) -> str:
        if name == "value" and file == "figures.csv":
            return "number"
        return "integer" if name in WHOLE_NUMBERS else "string"

    return {
        "name": package.release.lower(),
        "title": f"Acogida {package.country} {package.period}",
        "licenses": [{"name": "CC-BY-4.0", "path": "https://creativecommons.org/licenses/by/4.0/"}],
        "resources": [
            {
                "name": name.removesuffix(".csv").lower(), "path": name, "format": "csv",
                "schema": {"fields": [{"name": field, "type": kind(field, name)} for field in fields]},
            }
            for name, fields in sorted(columns.items())
        ],
    }  # fmt: skip


def _readme(package: Package) -> str:
    return f"""Acogida, {package.country}, {package.period} (release {package.release})

Figures of reception and referral, protected by the closed rounded cube. 0 may stand for 0 to 4; 5 for 0 to 5
(10 in place of 5 in sensitive cubes, see manifest.json); more for one large household. Totals lie within 10 of the
count for a month, 15 for a quarter, 20 for a year, a site's month within 15. Column sums always add up.
They count what is recorded in Acogida: coverage.csv says which places reported.
What became known late is counted in this month, marked late. Cubes called _withdrawn hold what earlier releases
counted and would not be counted today: they stand beside and are subtracted from nothing.
Exact totals of the same cells published elsewhere would undo the protection.
`acogida release audit` checks this folder; the format is described in docs/release-format.md.

Cifras de acogida y referencia, protegidas con el cubo cerrado y redondeado. 0 puede ser de 0 a 4; 5, de 0 a 5
(10 en lugar de 5 en los cubos sensibles, véase manifest.json); más si se trata de una familia numerosa. Los totales
se apartan a lo más 10 en un mes, 15 en un trimestre, 20 en un año y 15 en el mes de un sitio. Las columnas siempre
suman. Cuentan lo registrado en Acogida: coverage.csv dice qué sitios informaron.
"""
