"""The 2017–2018 report's own figures as reference data, in our words: `config/reference/baseline_2018.csv`. What the
report gets wrong is flagged in `error_*`, never mended silently."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from caseapp.core.i18n import language

FILE = Path(__file__).resolve().parents[2] / "config" / "reference" / "baseline_2018.csv"


@dataclass(frozen=True)
class Line:
    """One figure: where it holds, of which pillar, what it counts, its value with unit and period, the section of the
    report it stands in, and what is known to be wrong with it."""

    key: str
    country: str
    pillar: str
    name_es: str
    name_en: str
    value: str
    unit: str
    period: str
    section: str
    indicator: str
    error_es: str
    error_en: str

    @property
    def name(self) -> str:
        return self.name_en if language() == "en" else self.name_es

    @property
    def error(self) -> str:
        return self.error_en if language() == "en" else self.error_es


@cache
def lines() -> tuple[Line, ...]:
    """Every figure of the file, in its order. Raises ValueError for a row that is not whole."""
    with FILE.open(encoding="utf-8", newline="") as file:
        found = tuple(Line(**row) for row in csv.DictReader(file))
    for line in found:
        if not (line.key and line.name_es and line.name_en and line.section) or bool(line.error_es) != bool(
            line.error_en
        ):
            raise ValueError(f"{FILE.name}: {line.key}: not whole")
    return found
