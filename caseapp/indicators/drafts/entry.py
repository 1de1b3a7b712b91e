"""A definition as it stands in the YAML, without version and validity: made of an indicator, and of what was typed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from caseapp.indicators import catalogue
from caseapp.indicators.catalogue import Indicator, Selection
from caseapp.indicators.cubes import Axis
from caseapp.indicators.versions import Typed

#: Columns of the table, not words of the entry.
APART = ("version", "valid_from", "valid_to")
NEVER = date(1, 1, 1)


def entry_of(indicator: Indicator) -> dict[str, Any]:
    """An indicator in the shape of the catalogue's files."""
    entry: dict[str, Any] = {
        "pillar": indicator.pillar,
        "name": dict(indicator.name), "definition": dict(indicator.definition), "numerator": dict(indicator.numerator),
        "domain": indicator.domain.name, "measure": indicator.measure, "unit": indicator.unit,
        "basis": indicator.basis, "direction": indicator.direction, "select": _plain(indicator.select),
        "disaggregations": list(indicator.disaggregations), "source": list(indicator.source),
    }  # fmt: skip
    if indicator.denominator:
        entry["denominator"] = dict(indicator.denominator)
    if indicator.measure == "RATE":
        entry["part"] = _plain(indicator.part)
        entry["of"] = indicator.of if isinstance(indicator.of, str) else _plain(indicator.of)
    if indicator.over:
        entry["over"] = list(indicator.over)
    if indicator.public:
        entry["public"] = indicator.public
    if indicator.unit_cost is not None:
        entry["unit_cost"] = float(indicator.unit_cost)
    if indicator.bands:
        entry["bands"] = {
            indicator.dimension: {label: [lower, upper] for label, lower, upper in indicator.bands}
        }
    return entry


def _plain(selection: Selection) -> dict[str, list[str]]:
    return {name: list(labels) for name, labels in selection.items()}


def checked(code: str, entry: Mapping[str, Any], number: int, valid_from: date = NEVER) -> Indicator:
    """An entry as an indicator, by the check of the files. Raises `versions.EntryRefused`."""
    return catalogue.checked(Typed(), code, {**entry, "version": number, "valid_from": valid_from})


def bands_of(axis: Axis) -> dict[str, list[int | None]]:
    """The bands that a dimension of durations has, read from its labels (`8-30`, `31+`); none if it has none."""
    found: dict[str, list[int | None]] = {}
    for label in axis.labels:
        match = re.fullmatch(r"(\d+)(?:-(\d+)|\+)", label)
        if match is None:
            break
        found[label] = [int(match[1]), int(match[2]) + 1 if match[2] else None]
    return found if found and list(found.values())[-1][1] is None else {}
