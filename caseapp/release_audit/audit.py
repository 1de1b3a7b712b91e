"""The audit of exported release folders, for anybody who has them: files and sums, then the attack on the cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import cube as cells
from . import onslaught, seal, split
from .figure import FigureCheck
from .folder import COVERAGE_COLUMNS, REVISION_COLUMNS, WHOLE, Folder, read_folder
from .manifest import read_manifest
from .report import AuditReport

COVERAGE = ("COMPLETE", "PARTIAL", "NO_COVERAGE")


@dataclass(frozen=True)
class Attack:
    """What the attack on the cells may cost and know: how many cells A4 takes, the seed of its choice, a tester's
    truth, if there is one, and of which domains everybody is known to be counted in another (`within`)."""

    cells: int = 1000
    seed: int = 1
    truth: Path | None = None
    within: Mapping[str, str] = field(default_factory=dict)


def audit(dirs: Sequence[Path], attack: Attack | None = None) -> AuditReport:
    """Check release folders, in any order; what is broken in them is a finding, never an exception. With `attack`,
    cells are attacked as well (A3, A4, A9; A5, A7 and utility with a truth). Raises TruthUnreadable."""
    report = AuditReport(folders=[str(path) for path in dirs])
    releases = [_audit_one(Path(path), report) for path in dirs]
    with report.effort("A2"):
        seal.check_chain(releases)
    report.count("releases", len(releases))
    if attack is not None:
        onslaught.run(releases, report, attack.cells, attack.seed, attack.truth, attack.within)
    report.findings.sort(key=lambda found: (found.check, found.file, found.row or 0))
    return report


def _audit_one(path: Path, report: AuditReport) -> seal.Release:
    with report.effort("FORMAT"):
        folder = read_folder(path, report)
        manifest = read_manifest(folder)
        _, cubes = cells.read_hierarchy(folder)
        for name in sorted(cubes):
            cells.read_cells(folder, cubes[name])
    with report.effort("A1"):
        for name in sorted(cubes):
            cells.check_smallest(folder, cubes[name], manifest)
    with report.effort("A8"):
        for name in sorted(cubes):
            split.check_disjoint(folder, cubes[name])
        split.check_family(folder, cubes)
        for child in cubes.values():
            if child.parent in cubes:
                split.check_sums(folder, child, cubes[child.parent])
    _check_no_stray_cube(folder, cubes)
    with report.effort("A2"):
        FigureCheck(folder, manifest, cubes).run()
        seal.check_hashes(folder, manifest)
    _check_coverage(folder)
    _check_who_reported(folder, manifest.period)
    folder.table("revisions.csv", REVISION_COLUMNS)
    _check_datapackage(folder)
    return seal.Release(folder, manifest, cubes)


def _check_no_stray_cube(folder: Folder, cubes: dict[str, cells.Cube]) -> None:
    described = {cube.file for cube in cubes.values()}
    for file in sorted(folder.content):
        if file.startswith("cube-") and file not in described:
            folder.found("FORMAT", file, "hierarchy.json does not describe this cube.")


def _check_coverage(folder: Folder) -> None:
    for number, row in folder.table("coverage.csv", COVERAGE_COLUMNS):
        if row["status"] not in COVERAGE:
            folder.found("FORMAT", "coverage.csv", f"The status {row['status']!r} does not exist.", number)
        if not (WHOLE.fullmatch(row["reporting"]) and WHOLE.fullmatch(row["expected"])):
            sentence = "reporting and expected must be whole numbers."
            folder.found("FORMAT", "coverage.csv", sentence, number)


def _check_who_reported(folder: Folder, month: str) -> None:
    """A site reports by signing: a country that counts more sites than signed says what the others recorded, and with one
    of them missing which one recorded nothing."""
    rows = folder.table("coverage.csv", COVERAGE_COLUMNS)
    signed: Counter[tuple[str, str]] = Counter()
    for _number, row in rows:
        if row["place_level"] == "SITE":
            signed[row["domain"], row["period"]] += row["status"] == "COMPLETE"
    for number, row in rows:
        key = row["domain"], row["period"]
        is_told = row["place_level"] == "COUNTRY" and row["period"] == month and key in signed
        if is_told and WHOLE.fullmatch(row["reporting"]) and int(row["reporting"]) != signed[key]:
            sentence = f"{row['reporting']} sites reported, but {signed[key]} signed: the row tells what the others recorded."
            folder.found("A2", "coverage.csv", sentence, number)


def _check_datapackage(folder: Folder) -> None:
    """Every CSV file is described, with its columns."""
    if "datapackage.json" not in folder.content:
        return
    described: dict[str, list[Any]] = {}
    resources = folder.json("datapackage.json").get("resources")
    for entry in resources if isinstance(resources, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get("path"), str):
            schema = entry.get("schema")
            fields = schema.get("fields") if isinstance(schema, dict) else None
            described[entry["path"]] = [
                field.get("name") if isinstance(field, dict) else None
                for field in (fields if isinstance(fields, list) else [])
            ]
    for file in sorted(name for name in folder.content if name.endswith(".csv")):
        if file not in described:
            folder.found("FORMAT", "datapackage.json", f"{file} is not described.")
        elif file in folder.headers and described[file] != folder.headers[file]:
            folder.found("FORMAT", "datapackage.json", f"The fields of {file} are not its columns.")
    for file in sorted(described.keys() - folder.content.keys()):
        folder.found("FORMAT", "datapackage.json", f"{file} is described, but it is missing.")
