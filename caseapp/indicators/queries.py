"""What a release maker asks of the facts, as role `facts` (`core.db.connect("facts")`).

Nothing here is protected yet: these numbers go to `caseapp.publication` and to nobody else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from caseapp.indicators.cubes import Axis, Domain, definition
from caseapp.indicators.facts.pieces import select_label


@dataclass(frozen=True)
class Occurrence:
    """One fact: who (pseudonyms), where, when and with which labels; `amount` is 1, or nights.

    `dimensions` has every column of the facts by the name that the domain's cubes use, at base labels:
    sex, age_band, origin, household_type, sector and the domain's own part (`screened`, `ending` …).
    """

    id: str
    period: str
    person: str
    household: str
    site: str
    effective_on: date
    recorded_at: datetime
    dimensions: Mapping[str, str]
    amount: int


@dataclass(frozen=True)
class Cell:
    """An exact number with the persons and households it rests on."""

    labels: Mapping[str, str]
    count: int
    persons: int
    households: int


_FACTS = """
    SELECT id, period, person, household, site, effective_on, recorded_at, sex, age_band, origin, household_type,
           stage, sector, amount
    FROM facts.fact WHERE country = :country AND domain = :domain AND period >= :since AND period <= :until {only}
    ORDER BY effective_on, recorded_at, id
"""


def occurrences(
    connection: sa.Connection, domain: str, country: str, *, since: str = "", until: str = "9999",
    ids: Collection[str] | None = None, persons: Collection[str] | None = None,
) -> list[Occurrence]:  # fmt: skip
    """Every fact of a domain in periods `since` to `until` (text order: `2025-10a` < `2025-10b`), as known
    now, in the order that decides ties; with `ids` or `persons` only these. Merged persons stand under the pseudonym they count as."""
    cube = definition(domain, country)
    axes = _fact_axes(cube)
    asked: dict[str, object] = {"country": country, "domain": domain, "since": since, "until": until}
    only = ""
    for name, wanted in (("id", ids), ("person", persons)):
        if wanted is not None:
            only += f" AND {name} = ANY(CAST(:{name}s AS uuid[]))"
            asked[f"{name}s"] = list(wanted)
    rows = connection.execute(sa.text(_FACTS.replace("{only}", only)), asked)
    return [
        Occurrence(
            str(r.id), r.period, str(r.person), str(r.household), r.site, r.effective_on, r.recorded_at,
            {axis.name: axis.place(getattr(r, axis.column)) for axis in axes}, r.amount,
        )
        for r in rows
    ]  # fmt: skip


def identities(connection: sa.Connection, country: str) -> dict[str, str]:
    """Pseudonym → the pseudonym it counts as today, for everybody in a merge (frozen atoms have the old one)."""
    found = connection.execute(
        sa.text("SELECT person_key, counts_as FROM facts.identity WHERE country = :c"), {"c": country}
    )
    return {str(person): str(counts_as) for person, counts_as in found}


def true_cells(
    connection: sa.Connection, domain: str, country: str, period: str, by: Sequence[str] | None = None
) -> list[Cell]:
    """The exact cells of a domain in a period, by these dimensions (default: those of its base cube, with the
    markers `counted` for a domain of persons), with the markers as they would be today.

    Raises LookupError for an unknown domain or dimension.
    """
    cube = definition(domain, country)
    names = list(by) if by is not None else [a.name for a in cube.axes] + ["counted"] * cube.is_distinct
    axes = [cube.axis(name) for name in names]
    columns = ", ".join(_placed(axis) for axis in axes)
    groups = ", ".join(str(i + 1) for i in range(len(axes)))
    source = (
        "facts.atom a JOIN facts.fact f ON f.domain = a.domain AND f.id = a.fact_id AND f.period = a.period"
        if cube.is_distinct
        else "facts.fact f"
    )
    statement = (
        f"SELECT {columns}{', ' if columns else ''}sum(f.amount), count(DISTINCT f.person), count(DISTINCT f.household) "
        f"FROM {source} WHERE f.country = :country AND f.domain = :domain AND f.period = :period"
        + (f" GROUP BY {groups} ORDER BY {groups}" if groups else "")
    )
    rows = connection.execute(
        sa.text(statement), {"country": country, "domain": domain, "period": period}
    ).all()
    return [
        Cell(dict(zip(names, row[:-3], strict=True)), int(row[-3] or 0), row[-2], row[-1])
        for row in rows
        if row[-3]
    ]


def _placed(axis: Axis) -> str:
    """The base label of a dimension, from where the facts and atoms have it."""
    if axis.name == "ever":
        return "CASE WHEN a.first_ever THEN 'FIRST' ELSE 'BEFORE' END"
    column = f"{'a' if axis.column in ('counted', 'household_counted') else 'f'}.{axis.column}"
    return select_label(axis, column)


def _fact_axes(cube: Domain) -> list[Axis]:
    """Every dimension that a fact of the domain has a column for, by the names its cubes use."""
    found = {axis.name: axis for axis in (*cube.axes, *(part.axis for part in cube.parts))}
    return [
        axis for axis in found.values() if axis.column not in ("counted", "household_counted", "ever", "site")
    ]


def site_numbers(connection: sa.Connection, kind: str, country: str, period: str) -> dict[str, int]:
    """A number about no person (`BED_NIGHTS`, `CASEWORKERS`) by site, in a period of its grain."""
    rows = connection.execute(
        sa.text(
            "SELECT site, value FROM facts.site_number WHERE country = :c AND kind = :k AND period = :p ORDER BY site"
        ),
        {"c": country, "k": kind, "p": period},
    )
    return {site: int(value) for site, value in rows}


def months(connection: sa.Connection, country: str) -> list[str]:
    """The calendar months that the facts of a country reach, the first to the last."""
    rows = connection.scalars(
        sa.text(
            "SELECT DISTINCT left(period, 7) FROM facts.fact WHERE country = :c AND period NOT LIKE '%Q%' ORDER BY 1"
        ),
        {"c": country},
    )
    return list(rows)


def last_recorded(connection: sa.Connection, country: str) -> datetime | None:
    """When the newest event of the country was recorded: the knowledge that the facts stand on."""
    return connection.scalar(
        sa.text("SELECT max(recorded_at) FROM facts.journal WHERE country = :c"), {"c": country}
    )
