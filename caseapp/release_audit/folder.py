"""Reading the files of a release folder. Whatever is broken becomes a finding; nothing is raised."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .report import AuditReport

CUBE_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")
WHOLE = re.compile(r"[0-9]{1,12}")
DECIMAL = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
REQUIRED = (
    "README",
    "coverage.csv",
    "datapackage.json",
    "figures.csv",
    "hierarchy.json",
    "manifest.json",
    "revisions.csv",
)
FIGURE_KEY = ["indicator", "measure", "unit", "period", "place_level", "place", "sex", "age_band", "origin"]
FIGURE_KEY += ["household_type", "need_group", "counted"]
FIGURE_COLUMNS = [*FIGURE_KEY, "numerator", "denominator", "value", "status", "cube"]
COVERAGE_COLUMNS = ["domain", "period", "place_level", "place", "status", "reporting", "expected"]
REVISION_COLUMNS = ["cube", "cell", "old", "new", "revises", "reason"]

Row = tuple[int, dict[str, str]]


@dataclass
class Folder:
    """A release folder: its path, the bytes of its files, and the report that takes what is wrong."""

    path: Path
    report: AuditReport
    content: dict[str, bytes] = field(default_factory=dict)
    headers: dict[str, list[str]] = field(default_factory=dict)
    _tables: dict[str, list[Row]] = field(default_factory=dict)

    def found(self, check: str, file: str, sentence: str, row: int | None = None) -> None:
        self.report.found(check, self.path / file, sentence, row)

    def sha256(self, file: str) -> str:
        return hashlib.sha256(self.content[file]).hexdigest()

    def text(self, file: str) -> str | None:
        """The file as text; None, and a finding unless it is merely absent, if it cannot be read."""
        if file not in self.content:
            return None
        try:
            return self.content[file].decode("utf-8")
        except UnicodeDecodeError:
            self.found("FORMAT", file, "The file is not UTF-8 text.")
            return None

    def json(self, file: str) -> dict[str, Any]:
        """The JSON object in the file; an empty one, and a finding, if there is none."""
        text = self.text(file)
        if text is None:
            return {}
        try:
            value = json.loads(text, object_pairs_hook=_no_name_twice)
        except (ValueError, RecursionError) as reason:
            self.found("FORMAT", file, f"The file is not readable JSON: {reason}.")
            return {}
        if not isinstance(value, dict):
            self.found("FORMAT", file, "The file does not hold a JSON object.")
            return {}
        return value

    def table(self, file: str, columns: list[str]) -> list[Row]:
        """(row number, row) of a CSV file that must have exactly these columns; broken rows are left out."""
        if file not in self._tables:
            text = self.text(file)
            self._tables[file] = [] if text is None else self._read_table(file, text, columns)
        return self._tables[file]

    def _read_table(self, file: str, text: str, columns: list[str]) -> list[Row]:
        lines = csv.reader(io.StringIO(text, newline=""), strict=True)
        rows: list[Row] = []
        number = 1
        try:
            header = next(lines, [])
            self.headers[file] = header
            if header != columns:
                expected = ",".join(columns)
                self.found("FORMAT", file, f"The columns must be {expected}; they are {','.join(header)}.", 1)
                return []
            for number, line in enumerate(lines, start=2):
                if len(line) == len(columns):
                    rows.append((number, dict(zip(columns, line, strict=True))))
                else:
                    self.found("FORMAT", file, f"The row has {len(line)} values, not {len(columns)}.", number)
        except csv.Error as reason:
            self.found("FORMAT", file, f"The file is not readable CSV after this row: {reason}.", number)
        return rows


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("an object names the same thing twice")
    return value


def read_folder(path: Path, report: AuditReport) -> Folder:
    """Read all files of a folder into memory; what is missing or no plain file is a finding."""
    folder = Folder(path, report)
    try:
        entries = sorted(path.iterdir())
    except OSError as reason:
        report.found("FORMAT", path, f"The folder cannot be read: {reason.strerror}.")
        return folder
    for entry in entries:
        if not entry.is_file():
            folder.found("FORMAT", entry.name, "A release folder holds plain files only.")
            continue
        try:
            folder.content[entry.name] = entry.read_bytes()
        except OSError as reason:
            folder.found("FORMAT", entry.name, f"The file cannot be read: {reason.strerror}.")
    for file in REQUIRED:
        if file not in folder.content:
            folder.found("FORMAT", file, "The file is missing.")
    report.count("files", len(folder.content))
    return folder
