"""What a country shows in a year: its grain, origins and sites, and the cubes and splits that follow.

All of it is public and settled with the first release of the year; nothing here looks at a period's data
(DISCLOSURE.md, The method, 1, and Grain by size).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from caseapp.core.reference import ROOT
from caseapp.indicators.catalogue import Indicator
from caseapp.indicators.cubes import Axis, Domain, Part, definition
from caseapp.publication.cube import grain as grains
from caseapp.publication.cube.definition import OTHER, Cube, Delta, Dimension, Margin, Span
from caseapp.publication.cube.grain import Grain
from caseapp.publication.cube.splitting import Split, check_tree

DELTA = Delta()
HOUSEHOLD, PLACE = "household_counted", "place"
#: Breakdowns that are splits of a domain, by the name the catalogue has for them.
SPLIT_BREAKDOWNS = ("site", "household_type")


@dataclass(frozen=True)
class Plan:
    """A country's year. `sites` are the site codes shown by name and, last, `<ISO2>-OTH` for all others."""

    country: str
    year: str
    grain: Grain
    origins: tuple[str, ...]
    sites: tuple[str, ...]

    @property
    def is_monthly(self) -> bool:
        return self.grain is not Grain.QUARTERLY

    @property
    def has_sites(self) -> bool:
        """Whether there is anything to tell apart."""
        return len(self.sites) > 1

    def unit_of(self, month: str) -> str | None:
        """The cube unit that the release of a month closes: the month, or a quarter with its last month."""
        if self.is_monthly:
            return month
        number = int(month[5:7])
        return f"{month[:4]}-Q{number // 3}" if number % 3 == 0 else None


@dataclass(frozen=True)
class DomainPlan:
    """A domain's cube and the splits that some indicator needs, parents first."""

    domain: Domain
    cube: Cube
    splits: tuple[Split, ...]


def settle(
    country: str,
    year: str,
    published_by_month: Sequence[int],
    sites: Sequence[str],
    iso2: str,
    size: int | None = None,
) -> Plan:
    """The plan of a year from published persons of each month of the year before. Where nothing was published
    yet, from `size`, a public number of persons a month; by default the UNHCR's claims of the year before over twelve.
    """
    if not published_by_month:
        published_by_month = [round(size if size is not None else public_claims(country, int(year) - 1) / 12)]
    found = grains.grain_for(published_by_month)
    origins = next(axis.labels for axis in definition("arrivals", country).axes if axis.name == "origin")
    if found is Grain.COARSE:
        # The reference list is in order of size.
        origins = (*[o for o in origins if o != OTHER][: grains.ORIGINS_COARSE - 1], OTHER)
    shown = tuple(sorted(sites))
    return Plan(
        country, year, found, () if found is Grain.QUARTERLY else tuple(origins), (*shown, f"{iso2}-OTH")
    )


def public_claims(country: str, year: int) -> int:
    """New claims lodged in a country in a year, or in the last year known before it (UNHCR, CC BY 4.0)."""
    years = _claims().get(country, {})
    known = [y for y in years if y <= year]
    return years[max(known)] if known else 0


@cache
def _claims() -> dict[str, dict[int, int]]:
    found: dict[str, dict[int, int]] = {}
    with (ROOT / "demo" / "claims.csv").open(encoding="utf-8") as file:
        lines = (line for line in file if not line.startswith("#"))
        for row in csv.DictReader(lines):
            of = found.setdefault(row["asylum"], {})
            of[int(row["year"])] = of.get(int(row["year"]), 0) + int(row["claims"])
    return found


def domain_plans(plan: Plan, indicators: Iterable[Indicator]) -> tuple[DomainPlan, ...]:
    """The cubes of all domains that some of these indicators are driven by, in their order."""
    wanted: dict[str, list[Indicator]] = {}
    for indicator in indicators:
        wanted.setdefault(indicator.domain.name, []).append(indicator)
        for name in indicator.over:
            wanted.setdefault(name, [])
    return tuple(_domain_plan(plan, definition(name, plan.country), found) for name, found in wanted.items())


def cubes_of(domains: Iterable[DomainPlan]) -> frozenset[str]:
    """The names of all cubes and splits that are drawn for these domains."""
    return frozenset(
        name for one in domains for name in (one.cube.name, *(split.name for split in one.splits))
    )


def _domain_plan(plan: Plan, domain: Domain, indicators: Sequence[Indicator]) -> DomainPlan:
    cube = cube_of(plan, domain)
    splits: list[Split] = []
    dimensions = {cube.name: cube.dimensions}
    for part in domain.parts:
        if part.name not in _needed(plan, domain, indicators):
            continue
        parent = f"{domain.name}.{part.parent}" if part.parent else domain.name
        split = _split_of(plan, domain, part, parent, dimensions[parent])
        dimensions[split.name] = split.dimensions(dimensions[parent])
        splits.append(split)
    check_tree(cube, splits)
    return DomainPlan(domain, cube, tuple(splits))


def _needed(plan: Plan, domain: Domain, indicators: Sequence[Indicator]) -> set[str]:
    """Splits that an indicator counts from or is broken down by, and the splits these hang on."""
    found: set[str] = set()
    for indicator in indicators:
        found.add(indicator.cube.removeprefix(domain.name).lstrip("."))
        for name in SPLIT_BREAKDOWNS:
            if name in indicator.disaggregations and (name != "site" or plan.has_sites):
                found |= {part.name for part in domain.parts if part.axis.name == name}
    for name in sorted(found):
        while "." in name:
            name = name.rpartition(".")[0]
            found.add(name)
    return found - {""}


def cube_of(plan: Plan, domain: Domain) -> Cube:
    """The base cube of a domain at the country's grain. A stock has no lateness: it is what it is that day."""
    dimensions = tuple(d for axis in domain.axes if (d := _dimension(plan, axis)) is not None)
    if domain.is_distinct:
        markers = Dimension("counted", grains.markers_for(plan.grain))
        dimensions = (*dimensions, markers, grains.LATE)
        margins = grains.margins_for(dimensions)
    else:
        if domain.unit != "STOCK":
            dimensions = (*dimensions, grains.LATE)
        margins = _plain_margins(dimensions, carries=domain.unit != "STOCK")
    return Cube(
        domain.name, plan.country, dimensions, k=domain.k, margins=margins, delta=DELTA, sites=len(plan.sites),
        excluded=tuple(domain.excluded), marker="counted" if domain.is_distinct else "",
        is_blurred=domain.is_blurred,
    )  # fmt: skip


def withdrawn_cube_of(domain: Domain, country: str) -> Cube:
    """What was released and would not be counted today: few, so by sex and child or adult only."""
    dimensions = (grains.SEX, grains.CHILD_ADULT)
    return Cube(
        f"{domain.name}_withdrawn", country, dimensions, k=domain.k, delta=DELTA, marker="",
        margins=_plain_margins(dimensions, carries=True),
    )  # fmt: skip


def _dimension(plan: Plan, axis: Axis) -> Dimension | None:
    if axis.name == "origin":
        return Dimension("origin", plan.origins, rest=OTHER) if plan.origins else None
    if axis.name == "age_band" and plan.grain is not Grain.FULL:
        return replace(grains.CHILD_ADULT, rest="ADULT")
    return Dimension(axis.name, axis.labels, dict(axis.groups or {}), dict(axis.takes or {}), axis.rest)


def _plain_margins(dimensions: Sequence[Dimension], *, carries: bool) -> tuple[Margin, ...]:
    """The totals of what is added up without markers: the whole, by one dimension and by two; to date as well."""
    classes = [d for d in dimensions if d.name != "late"]
    found = []
    for span in (Span.MONTH, Span.QUARTER, Span.YEAR) if carries else (Span.MONTH,):
        name = span.value.lower()
        found.append(Margin(name, (), (), span, grains.WHOLE))
        for i, one in enumerate(classes):
            found.append(
                Margin(f"{name} by {one.name}", ((one.name, one.labels),), (), span, grains.WHOLE / 2)
            )
            for two in classes[i + 1 :]:
                by = ((one.name, one.labels), (two.name, two.labels))
                found.append(Margin(f"{name} by {one.name} and {two.name}", by, (), span, grains.WHOLE / 4))
    return tuple(found)


def _split_of(plan: Plan, domain: Domain, part: Part, parent: str, dimensions: Sequence[Dimension]) -> Split:
    """A split at the country's grain. Sites keep sex and, from 100 persons a month on, child or adult; they keep
    no marker, or a site's month would stray beyond the promise. Other parts of persons keep the marker, so that
    distinct persons of quarter and year can be told apart."""
    has = {d.name: d for d in dimensions}
    by: list[tuple[str, tuple[str, ...]]] = []
    for name, labels in part.by.items():
        if name not in has or (
            part.axis.name == "site" and name == "age_band" and plan.grain is not Grain.FULL
        ):
            continue
        by.append((name, has[name].labels if labels == ("base",) else tuple(labels)))
    is_marker_free = part.axis.name in ("site", HOUSEHOLD)
    if (
        not is_marker_free
        and domain.is_distinct
        and "counted" in has
        and all(name != "counted" for name, _ in by)
    ):
        by.append(("counted", has["counted"].labels))
    return Split(
        f"{domain.name}.{part.name}", parent, tuple(by), _part_dimension(plan, part),
        k=domain.k, ks=tuple(sorted(part.ks.items())),
    )  # fmt: skip


def _part_dimension(plan: Plan, part: Part) -> Dimension:
    if part.axis.name == "site":
        return Dimension(PLACE, plan.sites, rest=plan.sites[-1])
    if part.axis.name == HOUSEHOLD:
        return Dimension(HOUSEHOLD, (*grains.markers_for(plan.grain), "NONE"), rest="NONE")
    axis = part.axis
    return Dimension(axis.name, axis.labels, dict(axis.groups or {}), dict(axis.takes or {}), axis.rest)
