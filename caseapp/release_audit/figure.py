"""A2 for figures: each one follows from the cells of its cube (docs/release-format.md, "figures.csv")."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

import numpy as np

from . import period
from .cube import MARKERS, Cube, Impossible
from .folder import DECIMAL, FIGURE_COLUMNS, FIGURE_KEY, WHOLE, Folder
from .manifest import Definition, Manifest, Selection

LEAST_DENOMINATOR = 10
ALL_MARKERS = ("YEAR", "QUARTER", "MONTH", "SITE")
DIMENSIONS = ("sex", "age_band", "origin", "household_type", "need_group")
STATUSES = ("PUBLISHED", "NOT_OFFERED", "NO_COVERAGE")
LEVELS = ("COUNTRY", "ADMIN1", "SITE")
NUMBERS = ("numerator", "denominator", "value")
SITE_CODE = re.compile(r"[A-Z]{2}-[A-Z0-9]{3}")

# Distinct persons add only at these grains: (place level, kind of period) → markers summed.
DISTINCT = {
    ("SITE", "MONTH"): "YEAR+QUARTER+MONTH+SITE",
    ("COUNTRY", "MONTH"): "YEAR+QUARTER+MONTH",
    ("COUNTRY", "QUARTER"): "YEAR+QUARTER",
    ("COUNTRY", "YEAR"): "YEAR",
}


class FigureCheck:
    """Checks the rows of one folder's `figures.csv` against its cubes and definitions."""

    def __init__(self, folder: Folder, manifest: Manifest, cubes: dict[str, Cube]) -> None:
        self.folder = folder
        self.manifest = manifest
        self.cubes = cubes

    def run(self) -> None:
        """Check every row; each wrong one is a finding with its row."""
        seen: dict[tuple[str, ...], int] = {}
        for number, row in self.folder.table("figures.csv", FIGURE_COLUMNS):
            key = tuple(row[column] for column in FIGURE_KEY)
            if seen.setdefault(key, number) != number:
                self._found("FORMAT", f"The same figure stands in row {seen[key]}.", number)
            try:
                self._check(row, number)
            except Impossible as reason:
                self._found("A2", f"The figure does not follow from the cells: {reason}.", number)

    def _found(self, check: str, sentence: str, number: int) -> None:
        self.folder.found(check, "figures.csv", sentence, number)

    def _check(self, row: dict[str, str], number: int) -> None:
        status = row["status"]
        if status not in STATUSES:
            self._found("FORMAT", f"The status {status!r} does not exist.", number)
        elif status != "PUBLISHED":
            self.folder.report.count("figures not published")
            if any(row[column] for column in NUMBERS):
                self._found("A2", f"The status is {status}, but the row holds a number.", number)
        elif sentence := self._check_published(row):
            self._found("A2", sentence, number)

    def _check_published(self, row: dict[str, str]) -> str | None:
        """What is wrong with a published row, or None."""
        cube = self.cubes.get(row["cube"])
        if cube is None:
            raise Impossible(f"there is no cube {row['cube']!r}")
        definition = self.manifest.definitions.get((row["indicator"], row["measure"], row["unit"]))
        if definition is None:
            raise Impossible(f"{row['indicator']} is not defined for {row['measure']} in {row['unit']}")
        self._check_place(row)
        cells = self._cells(row, cube, definition)
        self.folder.report.count("figures")
        if definition.over:
            return _rate(row, cube, definition, cells, self._over(row, definition))
        check = {"COUNT": _count, "RATE": _rate, "MEDIAN": _median, "MONEY": _money}[definition.measure]
        return check(row, cube, definition, cells)

    def _over(self, row: dict[str, str], definition: Definition) -> int:
        """What other cubes hold in the row's period, place and breakdown, all cells of it."""
        total = 0
        for name in definition.over:
            if name not in self.cubes:
                raise Impossible(f"there is no cube {name!r} to divide by")
            other = self.cubes[name]
            total += _sum(other, self._cells(row, other, replace(definition, select={})))
        return total

    def _check_place(self, row: dict[str, str]) -> None:
        level, place = row["place_level"], row["place"]
        if level not in LEVELS:
            raise Impossible(f"the place level {level!r} does not exist")
        is_level = {
            "COUNTRY": place == self.manifest.country,
            "SITE": bool(SITE_CODE.fullmatch(place)),
            "ADMIN1": place != self.manifest.country and not SITE_CODE.fullmatch(place),
        }
        if not is_level[level]:
            raise Impossible(f"the place {place!r} is no {level} of {self.manifest.country}")

    def _cells(self, row: dict[str, str], cube: Cube, definition: Definition) -> np.ndarray:
        """Which cells of the cube the row takes, before `part`, `of` and bands."""
        kind = period.kind(row["period"])
        if kind is None or kind == "HALF":
            raise Impossible(f"the period {row['period']!r} does not exist")
        if definition.basis == "STOCK" and row["period"] not in cube.names["period"]:
            raise Impossible(f"a stock has no sum over {row['period']}")
        cells = cube.inside("period", [row["period"]])
        if not cells.any():
            raise Impossible(f"{cube.name} has no cells in {row['period']}")
        if not cube.hierarchy.base("place", row["place"]):
            raise Impossible(f"the place {row['place']!r} does not exist")
        cells = cells & cube.inside("place", [row["place"]], cells)
        for dimension in DIMENSIONS:
            if row[dimension] != "T":
                if not cube.hierarchy.base(dimension, row[dimension]):
                    raise Impossible(f"the {dimension} {row[dimension]!r} does not exist")
                cells = cells & cube.inside(dimension, [row[dimension]], cells)
        cells = cells & _marked(row, cube, definition, kind)
        return cells & _selected(cube, definition.select, cells)


def _marked(row: dict[str, str], cube: Cube, definition: Definition, kind: str) -> np.ndarray:
    """The cells with the markers of the row, which must be those of its grain."""
    must = _markers_of_grain(definition.basis, row["place_level"], kind)
    if must is None:
        raise Impossible(
            f"distinct {definition.basis.lower()} do not add up for a {row['place_level'].lower()} "
            f"and a period like {row['period']}"
        )
    marker = MARKERS[1] if definition.basis == "HOUSEHOLDS" else MARKERS[0]
    if row["place_level"] == "SITE" and must == "+".join(ALL_MARKERS) and marker not in cube.dimensions:
        # All markers together restrict nothing: a split by site need not keep them.
        must = "T"
    if row["counted"] != must:
        raise Impossible(f"counted must be {must} at this grain, not {row['counted']!r}")
    if must == "T":
        return np.ones(len(cube.values), dtype=bool)
    return cube.marked(marker, must.split("+"))


def _markers_of_grain(basis: str, level: str, kind: str) -> str | None:
    if basis in ("PERSONS", "HOUSEHOLDS"):
        return DISTINCT.get((level, kind))
    if basis in ("FIRST_COUNTED", "FIRST_EVER"):
        return "YEAR"
    if basis == "PERSON_MONTHS":
        return "+".join(ALL_MARKERS[:3] if level == "COUNTRY" else ALL_MARKERS)
    return "T"


def _selected(cube: Cube, selection: Selection, among: np.ndarray | None = None) -> np.ndarray:
    """The cells that a definition selects; what lies outside `among` is not asked about."""
    cells = np.ones(len(cube.values), dtype=bool) if among is None else among
    for dimension, labels in selection.items():
        unknown = [label for label in labels if not cube.hierarchy.base(dimension, label)]
        if unknown:
            raise Impossible(f"its definition names the {dimension} {unknown[0]!r}, which does not exist")
        cells = cells & cube.inside(dimension, labels, among)
    return cells


def _sum(cube: Cube, cells: np.ndarray) -> int:
    return int(cube.values[cells].sum())


def _count(row: dict[str, str], cube: Cube, definition: Definition, cells: np.ndarray) -> str | None:
    if row["numerator"] or row["denominator"]:
        return "A count has neither numerator nor denominator."
    total = _sum(cube, cells)
    if not WHOLE.fullmatch(row["value"]) or int(row["value"]) != total:
        taken = np.count_nonzero(cells)
        return f"The count is {row['value'] or 'empty'}; its {taken} cells in {cube.file} sum to {total}."
    return None


def _rate(
    row: dict[str, str], cube: Cube, definition: Definition, cells: np.ndarray, over: int | None = None
) -> str | None:
    numerator = _sum(cube, cells & _selected(cube, definition.part, cells))
    if row["numerator"] != str(numerator):
        return f"The numerator is {row['numerator'] or 'empty'}; its cells in {cube.file} sum to {numerator}."
    if definition.public_denominator:
        if not WHOLE.fullmatch(row["denominator"]):
            return f"The denominator {row['denominator']!r} is not a whole number."
        denominator = int(row["denominator"])
    else:
        denominator = over if over is not None else _sum(cube, cells & _selected(cube, definition.of, cells))
        if row["denominator"] != str(denominator):
            shown = row["denominator"] or "empty"
            where = " and ".join(definition.over) or cube.file
            return f"The denominator is {shown}; its cells in {where} sum to {denominator}."
    if denominator < LEAST_DENOMINATOR:
        return f"A rate over {denominator} is published; the least denominator is {LEAST_DENOMINATOR}."
    scale = 100 if row["unit"] == "PERCENT" else 1
    return _rounded(row, "rate", Fraction(scale * numerator, denominator), 1)


def _median(row: dict[str, str], cube: Cube, definition: Definition, cells: np.ndarray) -> str | None:
    counts = [
        _sum(cube, cells & _selected(cube, {definition.dimension: [b[0]]}, cells)) for b in definition.bands
    ]
    total = sum(counts)
    if row["numerator"] or row["denominator"] != str(total):
        shown = row["denominator"] or "empty"
        return (
            f"The denominator of the median is {shown}; its bands in {cube.file} hold {total} (no numerator)."
        )
    if total < LEAST_DENOMINATOR:
        return f"A median of {total} is published; its bands must hold at least {LEAST_DENOMINATOR}."
    before = 0
    for (label, lower, upper), held in zip(definition.bands, counts, strict=True):
        if 2 * (before + held) >= total:
            if upper is None:
                return f"The median lies in the band {label}, which has no upper end."
            width = Fraction(str(upper)) - Fraction(str(lower))
            exact = Fraction(str(lower)) + (Fraction(total, 2) - before) / held * width
            return _rounded(row, "median", exact, 1)
        before += held
    return None


def _money(row: dict[str, str], cube: Cube, definition: Definition, cells: np.ndarray) -> str | None:
    if row["numerator"] or row["denominator"]:
        return "An amount has neither numerator nor denominator."
    return _rounded(row, "amount", Fraction(definition.unit_cost) * _sum(cube, cells), 2)


def _rounded(row: dict[str, str], what: str, exact: Fraction, decimals: int) -> str | None:
    """Half up; an exact tie may also have been rounded down."""
    tolerance = Fraction(1, 2 * 10**decimals)
    value = row["value"]
    written = len(value.partition(".")[2])
    if DECIMAL.fullmatch(value) and written <= decimals and abs(Fraction(value) - exact) <= tolerance:
        return None
    return f"The {what} is {value or 'empty'}; by its cells it is {float(exact):.{decimals}f}."
