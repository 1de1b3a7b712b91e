"""Where the reference files stand, how a bad one is reported, and which language the reader reads."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3] / "config" / "reference"


class CodeUnknown(LookupError):
    """A code, list, country or language that the reference data does not have."""


class ReferenceInvalid(ValueError):
    """A reference file breaks a rule; the message names the file and the line."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        super().__init__(f"{path.name}:{line}: {reason}")
        self.path, self.line, self.reason = path, line, reason


def line_of(path: Path, word: str) -> int:
    """The first line of a file that has this word, to point at in an error."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((number for number, line in enumerate(lines, start=1) if word in line), 1)


def rows_of(name: str) -> Iterator[dict[str, str]]:
    """The rows of a CSV file under `config/reference/`; refuses ragged lines."""
    path = ROOT / name
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        for row in reader:
            if None in row or None in row.values():
                raise ReferenceInvalid(path, reader.line_num, "more or fewer cells than columns")
            yield row


def language_of(locale: object | None) -> str:
    """'en' or 'es': of the given locale, else of the request, else Spanish."""
    if locale is None:
        from flask_babel import get_locale

        locale = get_locale()
    return "en" if str(locale or "es").lower().startswith("en") else "es"
