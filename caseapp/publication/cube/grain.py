"""How fine a country's cubes are, by its size, and which breakdowns are shown (DISCLOSURE.md, Grain by size).

All of it is decided from what is public already, once a year: a grain chosen from the data would say something.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

from .definition import MONTH, OTHER, QUARTER, SITE, YEAR, Cube, Delta, Dimension, Margin, Span, Where

MANY, SOME = 100, 30
AVERAGE_CELL = 20
ORIGINS_FULL, ORIGINS_COARSE = 8, 2

# The weight of a whole: heavier gains nothing (measured), lighter lets totals stray beyond the promise.
WHOLE = 0.1

SEX = Dimension("sex", ("F", "M", "O"), rest="O")
AGE = Dimension(
    "age_band",
    ("0-4", "5-11", "12-17", "18-59", "60+"),
    {"CHILD": ("0-4", "5-11", "12-17"), "ADULT": ("18-59", "60+")},
)
CHILD_ADULT = Dimension(
    "age_band", ("CHILD", "ADULT"), takes={b: group for group, bands in AGE.groups.items() for b in bands}
)
LATE = Dimension("late", ("NO", "YES"))


class Grain(StrEnum):
    """The three grains."""

    FULL = "FULL"
    COARSE = "COARSE"
    QUARTERLY = "QUARTERLY"


def grain_for(published_by_month: Sequence[int]) -> Grain:
    """The grain from the *published* persons of each month of the year before.

    Where nothing has been published yet, pass a public figure of somebody else (UNHCR's yearly claims over twelve);
    with nothing at all the grain is the coarsest.
    """
    average = sum(published_by_month) / len(published_by_month) if published_by_month else 0.0
    if average >= MANY:
        return Grain.FULL
    return Grain.COARSE if average >= SOME else Grain.QUARTERLY


def origins_for(published_by_origin: Mapping[str, int], grain: Grain) -> tuple[str, ...]:
    """The origins shown by name this year: the largest of what was published, the rest as OTHER (always last)."""
    if grain is Grain.QUARTERLY:
        return ()
    most = ORIGINS_FULL if grain is Grain.FULL else ORIGINS_COARSE
    named = sorted((o for o in published_by_origin if o != OTHER), key=lambda o: (-published_by_origin[o], o))
    return (*named[: most - 1], OTHER)


def markers_for(grain: Grain) -> tuple[str, ...]:
    """The markers that a grain's cube holds; atoms with other markers are not counted in it."""
    if grain is Grain.FULL:
        return (YEAR, QUARTER, MONTH, SITE)
    return (YEAR, QUARTER, MONTH) if grain is Grain.COARSE else (YEAR, QUARTER)


def is_offered(published: int, cells: int) -> bool:
    """Whether a breakdown into so many cells is shown: its cells must average 20 published persons."""
    return cells > 0 and published / cells >= AVERAGE_CELL


def dimensions_for(grain: Grain, origins: Sequence[str]) -> tuple[Dimension, ...]:
    """sex × age × origin × counted × late, as fine as the grain allows."""
    age = AGE if grain is Grain.FULL else CHILD_ADULT
    origin = (Dimension("origin", tuple(origins), rest=OTHER),) if origins else ()
    return (SEX, age, *origin, Dimension("counted", markers_for(grain)), LATE)


def cube_for(
    name: str,
    country: str,
    grain: Grain,
    origins: Sequence[str] = (),
    *,
    k: int = 5,
    sites: int = 100,
    delta: Delta | None = None,
    excluded: tuple[Where, ...] = (),
) -> Cube:
    """The usual base cube of a domain of persons, with the totals that people look at."""
    dimensions = dimensions_for(grain, origins)
    return Cube(
        name,
        country,
        dimensions,
        k=k,
        margins=margins_for(dimensions),
        delta=delta or Delta(),
        excluded=excluded,
        sites=sites,
    )


def withdrawn_cube(cube: Cube) -> Cube:
    """The cube of what was withdrawn: the same cells under a name of its own.

    Its markers are those with which the atoms were released; they say nothing about each other here.
    """
    return replace(cube, name=f"{cube.name}_withdrawn", marker="")


def margins_for(dimensions: Sequence[Dimension]) -> tuple[Margin, ...]:
    """Country-month, quarter to date and year to date, each whole, by one dimension and by two; and site parents."""
    markers = next(d for d in dimensions if d.name == "counted").labels
    classes = [d for d in dimensions if d.name not in ("counted", "late")]
    persons = tuple(m for m in markers if m != SITE)
    found = [
        *_family("month", classes, persons, Span.MONTH, WHOLE),
        *_family("quarter", classes, (YEAR, QUARTER), Span.QUARTER, WHOLE),
        *_family("year", classes, (YEAR,), Span.YEAR, WHOLE),
        Margin("late", (("late", LATE.labels),), (), Span.MONTH, WHOLE / 2),
    ]
    if SITE in markers:
        by = (("sex", SEX.labels), ("age_band", CHILD_ADULT.labels))
        found.append(Margin("site parents", by, (), Span.MONTH, WHOLE / 2))
    return tuple(found)


def _family(
    name: str, classes: Sequence[Dimension], markers: tuple[str, ...], span: Span, weight: float
) -> list[Margin]:
    where = (("counted", markers),)
    found = [Margin(name, (), where, span, weight)]
    for i, one in enumerate(classes):
        found.append(Margin(f"{name} by {one.name}", ((one.name, one.labels),), where, span, weight / 2))
        for two in classes[i + 1 :]:
            by = ((one.name, one.labels), (two.name, two.labels))
            found.append(Margin(f"{name} by {one.name} and {two.name}", by, where, span, weight / 4))
    if any("CHILD" in d.groups for d in classes):
        halves = (("age_band", CHILD_ADULT.labels),)
        found.append(Margin(f"{name} by child and adult", halves, where, span, weight / 2))
    return found
