"""The manifest of a release: k, definitions, hashes and earlier releases, as far as they can be read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from . import period
from .folder import Folder

RULE = "closed-rounded-cube"
LEAST_K = 5
GREATEST_K = 1_000_000
SHA256 = re.compile(r"[0-9a-f]{64}")
BASES = ("PERSONS", "HOUSEHOLDS", "FIRST_COUNTED", "FIRST_EVER", "PERSON_MONTHS", "EVENTS", "NIGHTS", "STOCK")
UNITS = {"RATE": ("PERCENT", "RATIO"), "MEDIAN": ("DAYS", "HOURS"), "COUNT": BASES}
Selection = dict[str, list[str]]


@dataclass(frozen=True)
class Earlier:
    """What a manifest says of an earlier release: its id, its month and the hash of each of its files."""

    release: str
    hashes: dict[str, str]
    period: str = ""


@dataclass(frozen=True)
class Definition:
    """How one measure of an indicator follows from cells."""

    measure: str
    unit: str
    basis: str
    select: Selection
    part: Selection = field(default_factory=dict)
    of: Selection = field(default_factory=dict)
    public_denominator: bool = False
    dimension: str = ""
    bands: tuple[tuple[str, float, float | None], ...] = ()
    unit_cost: str = ""
    over: tuple[str, ...] = ()


@dataclass
class Manifest:
    release: str
    period: str
    country: str
    k: dict[str, int | dict[str, int]]
    hashes: dict[str, str]
    previous: list[Earlier]
    definitions: dict[tuple[str, str, str], Definition]


class Unreadable(ValueError):
    """A part of the manifest does not have the form that the format asks for."""


def read_manifest(folder: Folder) -> Manifest:
    """Read `manifest.json`; each part that cannot be read is a finding and left empty."""
    raw = folder.json("manifest.json")
    wrong = _Wrong(folder)
    if raw and raw.get("rule") != RULE:
        wrong(f"The rule is not {RULE}.")
    if raw and raw.get("format") != 1:
        wrong("The format is not 1.")
    manifest = Manifest(
        release=wrong.text(raw, "release"),
        period=wrong.text(raw, "period"),
        country=wrong.text(raw, "country"),
        k=_read_k(raw.get("k"), wrong),
        hashes=_read_hashes(raw.get("hashes"), wrong, "hashes"),
        previous=_read_previous(raw.get("previous"), wrong),
        definitions=_read_definitions(raw.get("definitions"), wrong),
    )
    if manifest.period and period.kind(manifest.period) not in ("MONTH", "QUARTER"):
        wrong(f"The period {manifest.period!r} is neither a month nor a quarter.")
    return manifest


class _Wrong:
    """Notes findings about the manifest; silent when the file itself could not be read."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder

    def __call__(self, sentence: str) -> None:
        self.folder.found("FORMAT", "manifest.json", sentence)

    def text(self, raw: dict[str, Any], key: str) -> str:
        value = raw.get(key)
        if isinstance(value, str) and value:
            return value
        self(f"{key!r} is missing.")
        return ""


def _read_k(raw: Any, wrong: _Wrong) -> dict[str, int | dict[str, int]]:
    if not isinstance(raw, dict):
        wrong("'k' does not give a number for each cube.")
        return {}
    result: dict[str, int | dict[str, int]] = {}
    for cube, k in raw.items():
        numbers = list(k.values()) if isinstance(k, dict) else [k]
        if not numbers or not all(type(number) is int and number < GREATEST_K for number in numbers):
            wrong(f"k of {cube} is not a whole number.")
            continue
        if min(numbers) < LEAST_K:
            wrong.folder.found(
                "A1", "manifest.json", f"k of {cube} is {min(numbers)}; the least is {LEAST_K}."
            )
        result[cube] = k
    return result


def _read_hashes(raw: Any, wrong: _Wrong, name: str) -> dict[str, str]:
    if not isinstance(raw, dict):
        wrong(f"{name!r} does not give a hash for each file.")
        return {}
    good = {file: value for file, value in raw.items() if isinstance(value, str) and SHA256.fullmatch(value)}
    for file in sorted(set(raw) - set(good)):
        wrong(f"{name!r} has no SHA-256 for {file}.")
    return good


def _read_previous(raw: Any, wrong: _Wrong) -> list[Earlier]:
    if not isinstance(raw, list):
        wrong("'previous' is not a list of earlier releases.")
        return []
    result = []
    for entry in raw:
        if isinstance(entry, dict) and isinstance(entry.get("release"), str):
            name = entry["release"]
            hashes = _read_hashes(entry.get("hashes"), wrong, f"previous {name} hashes")
            result.append(Earlier(name, hashes, str(entry.get("period", ""))))
        else:
            wrong("An entry of 'previous' does not name its release.")
    return result


def _read_definitions(raw: Any, wrong: _Wrong) -> dict[tuple[str, str, str], Definition]:
    if not isinstance(raw, dict):
        wrong("'definitions' does not define the indicators.")
        return {}
    result: dict[tuple[str, str, str], Definition] = {}
    for indicator, entries in raw.items():
        for entry in entries if isinstance(entries, list) else [entries]:
            try:
                definition = _definition(entry)
            except Unreadable as reason:
                wrong(f"A definition of {indicator} cannot be read: {reason}.")
                continue
            key = (indicator, definition.measure, definition.unit)
            if key in result:
                wrong(f"{indicator} is defined twice for {definition.measure} in {definition.unit}.")
            result[key] = definition
    return result


def _definition(raw: Any) -> Definition:
    if not isinstance(raw, dict):
        raise Unreadable("it is no object")
    measure, unit, basis = raw.get("measure"), raw.get("unit"), raw.get("basis")
    if not (isinstance(measure, str) and isinstance(unit, str)):
        raise Unreadable("measure or unit is missing")
    if basis not in BASES:
        raise Unreadable(f"the basis {basis!r} does not exist")
    if measure not in ("COUNT", "RATE", "MEDIAN", "MONEY") or unit not in UNITS.get(measure, (unit,)):
        raise Unreadable(f"there is no {measure} in {unit}")
    if measure == "COUNT" and unit != basis:
        raise Unreadable("the unit of a count is its basis")
    select = _selection(raw.get("select", {}))
    if measure == "RATE":
        public = raw.get("of") == "PUBLIC"
        of = {} if public else _selection(raw.get("of", {}))
        part, over = _selection(raw.get("part")), raw.get("over", [])
        if not isinstance(over, list) or not all(isinstance(name, str) for name in over):
            raise Unreadable("`over` must be a list of cubes")
        if over and (public or of):
            raise Unreadable("`over` is there beside another denominator")
        return Definition(measure, unit, basis, select, part, of, public, over=tuple(over))
    if measure == "MEDIAN":
        dimension = raw.get("dimension")
        if not isinstance(dimension, str):
            raise Unreadable("a median needs the dimension of its bands")
        return Definition(measure, unit, basis, select, dimension=dimension, bands=_bands(raw.get("bands")))
    if measure == "MONEY":
        cost = raw.get("unit_cost")
        if isinstance(cost, bool) or not isinstance(cost, int | float) or not 0 <= cost < 1e9:
            raise Unreadable("money needs a unit cost")
        return Definition(measure, unit, basis, select, unit_cost=repr(cost))
    return Definition(measure, unit, basis, select)


def _selection(raw: Any) -> Selection:
    if not isinstance(raw, dict) or not all(
        isinstance(labels, list) and all(isinstance(label, str) for label in labels)
        for labels in raw.values()
    ):
        raise Unreadable("a selection must give a list of labels for each dimension")
    return raw


def _bands(raw: Any) -> tuple[tuple[str, float, float | None], ...]:
    if not isinstance(raw, list) or not raw:
        raise Unreadable("a median needs bands")
    bands: list[tuple[str, float, float | None]] = []
    for band in raw:
        if not isinstance(band, list) or len(band) != 3 or not isinstance(band[0], str):
            raise Unreadable("a band is [label, lower, upper]")
        label, lower, upper = band
        if not _is_number(lower) or not (upper is None or (_is_number(upper) and upper > lower)):
            raise Unreadable(f"the band {label} has no sense")
        if bands and bands[-1][2] != lower:
            raise Unreadable(f"the band {label} does not begin where the one before ends")
        bands.append((label, lower, upper))
    return tuple(bands)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9
