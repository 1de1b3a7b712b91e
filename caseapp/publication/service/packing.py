"""A release as it is exported, from the tables of the schema `released` alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from caseapp import __version__
from caseapp.indicators import versions
from caseapp.indicators.catalogue import Indicator
from caseapp.publication import counting, rules, store
from caseapp.publication.cube import grain as grains
from caseapp.publication.cube import period as periods
from caseapp.publication.drawing import Drawn
from caseapp.publication.figuring import spans_of
from caseapp.publication.package import CubeOut, Package
from caseapp.publication.plan import Plan


def definitions_in_force(connection: sa.Connection, country: str, period: str) -> tuple[Indicator, ...]:
    """The definitions that a month is counted by. None can take force in it from here on (a trigger)."""
    return versions.of(connection, country).all(versions.last_day(period))


def ledger_since(period: str) -> str:
    """Earlier sheets that a draw or a figure may need: this year's, and for stocks and the MIRPS year the last of
    the year before."""
    return f"{int(period[:4]) - 1}-10"


class RowOf:
    """A release's columns by name."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.__dict__.update(values)


def package_of(connection: sa.Connection, row: Any) -> Package:
    """A release with the cells that stood when it was made: what a later edition changed is not in it."""
    since = row.since or row.period
    plan = Plan(row.country, row.period[:4], grains.Grain(row.grain), tuple(row.origins), tuple(row.sites))
    # What is sealed keeps the definitions it was made by, whatever the catalogue says later.
    definitions = (
        json.loads(row.manifest)["definitions"]
        if row.manifest
        else {one.code: [one.manifest()] for one in definitions_in_force(connection, row.country, row.period)}
    )
    stored = store.sheets(connection, row.country, since=ledger_since(row.period), with_truth=False, upto=row)
    stored = {
        name: [
            (found, sheet)
            for found, sheet in rows
            if periods.month(sheet.period) <= _last_label(row.period, sheet)
        ]
        for name, rows in stored.items()
    }
    cubes = store.cubes_out(stored, _wanted(plan, row.period, since, stored))
    return Package(
        row.name, row.country, row.period, cubes, hierarchy_of(plan, cubes, stored),
        store.figure_rows(connection, row.id), store.coverage_rows(connection, row.id),
        store.revision_rows(connection, row.id),
        definitions, row.code_version or __version__, row.edition, row.made_at.isoformat(timespec="seconds"),
    )  # fmt: skip


def _last_label(month: str, sheet: Drawn) -> str:
    """The last period that a release may show: its month, or the quarter that this lies in."""
    return periods.quarter(month) if "Q" in sheet.period else month


def _wanted(plan: Plan, month: str, since: str, stored: Mapping[str, Any]) -> dict[str, set[str]]:
    """Which cube periods of each domain the folder holds: those that its figures sum."""
    pieces = {piece for span in spans_of(plan, month, since) for piece in span.pieces}
    ended = rules.quarter_ended_by(month)
    found: dict[str, set[str]] = {}
    for rows in stored.values():
        for row, _ in rows:
            is_stock = row.unit == counting.STOCK
            found[row.domain] = ({ended} if ended else set()) if is_stock else pieces
    return found


def hierarchy_of(
    plan: Plan, cubes: Sequence[CubeOut], stored: Mapping[str, Any]
) -> dict[str, dict[str, Sequence[str]]]:
    """For each dimension label → base labels. A country's own base label is itself where it has no sites."""
    has_sites = any("place" in dict(sheet.axes) for cube in cubes for sheet in cube.sheets)
    found: dict[str, dict[str, Sequence[str]]] = {
        "place": {plan.country: list(plan.sites) if has_sites else [plan.country]}
    }
    for cube in cubes:
        for sheet in cube.sheets:
            for name, labels in sheet.axes:
                found.setdefault(name, {}).update({label: [label] for label in labels})
        for row, _ in stored[cube.name]:
            for name, groups in row.hierarchy.items():
                found[name].update({group: list(of) for group, of in groups.items()})
    if "age_band" in found:
        # A coarse cube's CHILD is the same as a fine one's.
        found["age_band"] = dict(grains.AGE.hierarchy())
    if has_sites:
        own = {label for label in found["place"] if label != plan.country}
        found["place"][plan.country] = sorted(own)
    return found
