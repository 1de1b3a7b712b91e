"""A definition tried on past periods: computed anew from published cells, beside the one in force.

It reads what is released, as role `figures`, and computes as a release does (`figuring`); so trying shows nothing that
a reader of the releases could not work out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.indicators import versions
from caseapp.indicators.catalogue import Indicator
from caseapp.publication import queries, store
from caseapp.publication.cube import period as periods
from caseapp.publication.cube.figures import Figure, Status
from caseapp.publication.cube.grain import Grain
from caseapp.publication.drawing import Drawn
from caseapp.publication.figuring import Figuring, Row, Span
from caseapp.publication.models import CoverageRow, FigureRow
from caseapp.publication.models import Status as ReleaseStatus
from caseapp.publication.plan import Plan

#: As many periods as a page can be read of, the newest.
SHOWN = 24


@dataclass(frozen=True)
class Tried:
    """A period with both figures. `missing`: its tables do not hold what the draft counts."""

    period: str
    until: str
    old: Figure | None
    new: Figure | None
    missing: bool
    is_comparable: bool

    @property
    def difference(self) -> Decimal | None:
        """By how much the figure changes; None where there are not two figures of one unit."""
        if not self.is_comparable or self.old is None or self.new is None:
            return None
        if self.old.value is None or self.new.value is None:
            return None
        return self.new.value - self.old.value


class _PublishedOnly(Figuring):
    """Figures whose public denominators are read from what was published too, not from the facts."""

    denominators: Mapping[tuple[str, str], int]

    def _public(self, indicator: Indicator, bare: Row, sheets: Sequence[Drawn]) -> int:
        return self.denominators.get((str(indicator.public), bare.period), 0)


def compare(connection: sa.Connection, country: str, old: Indicator, new: Indicator) -> list[Tried]:
    """Both definitions over the newest released periods of a country, the newest first.

    In: a connection as role `figures`. Five statements whatever is released.
    """
    newest = {one.period: one for one in reversed(queries.offered(connection, country))}
    offered = sorted(newest.values(), key=lambda one: one.order, reverse=True)[:SHOWN]
    if not offered:
        return []
    known = versions.of(connection, country)
    ids = {one.release_id for one in offered}
    releases = _releases(connection, ids)
    oldest = min(row.period for row in releases.values())
    stored = store.sheets(
        connection, country, since=f"{int(oldest[:4]) - 1}-10", with_truth=False,
        domains={old.domain.name, new.domain.name, *old.over, *new.over},
    )  # fmt: skip
    sheets = [sheet for rows in stored.values() for _, sheet in rows]
    covered = _no_coverage(connection, ids)
    denominators = _denominators(connection, ids, known)
    found = []
    for row in releases.values():
        own = [one.period for one in offered if one.release_id == row.id]
        figuring = _figuring(row, sheets, covered, denominators)
        found += [_tried(figuring, span, old, new) for span in figuring.spans if span.period in own]
    order = {one.period: number for number, one in enumerate(offered)}
    return sorted(found, key=lambda one: order[one.period])


def _releases(connection: sa.Connection, ids: set[UUID]) -> dict[UUID, Any]:
    wanted = sa.select(store.RELEASE).where(store.RELEASE.c.id.in_(ids))
    approved = wanted.where(store.RELEASE.c.status == ReleaseStatus.APPROVED.value)
    return {row.id: row for row in connection.execute(approved)}


def _figuring(
    row: Any,
    sheets: Sequence[Drawn],
    covered: set[tuple[UUID, str]],
    denominators: Mapping[tuple[UUID, str, str], int],
) -> Figuring:
    """The figures of one release: its plan, and the cells up to its month."""
    plan = Plan(
        row.country, row.period[:4], Grain(row.grain), tuple(row.origins or ()), tuple(row.sites or ())
    )
    own = [sheet for sheet in sheets if _is_known_by(sheet.period, row.period)]
    none = {period: True for release, period in covered if release == row.id}
    made = _PublishedOnly(plan, row.period, row.since or row.period, own, none, lambda kind, piece: {})
    made.denominators = {
        (kind, period): number
        for (release, kind, period), number in denominators.items()
        if release == row.id
    }
    return made


def _is_known_by(period: str, month: str) -> bool:
    return period <= periods.quarter(month) if "Q" in period else periods.month(period) <= month


def _no_coverage(connection: sa.Connection, ids: set[UUID]) -> set[tuple[UUID, str]]:
    table: Any = CoverageRow.__table__
    wanted = sa.select(table.c.release_id, table.c.period).where(
        table.c.release_id.in_(ids),
        table.c.domain == queries.COVERAGE_DOMAIN,
        table.c.status == "NO_COVERAGE",
    )
    return {(row.release_id, row.period) for row in connection.execute(wanted)}


def _denominators(
    connection: sa.Connection, ids: set[UUID], known: versions.Catalogue
) -> dict[tuple[UUID, str, str], int]:
    """The numbers about no person that stand under published rates, by release, number and period."""
    kinds = {
        each.indicator.code: each.indicator.public
        for code in (one.code for one in known.all())
        for each in known.history(code)
        if each.indicator.public
    }
    table: Any = FigureRow.__table__
    whole = [table.c[name] == "T" for name in ("sex", "age_band", "origin", "household_type")]
    wanted = sa.select(table).where(
        table.c.release_id.in_(ids), table.c.indicator.in_(kinds), table.c.place_level == "COUNTRY",
        table.c.denominator.is_not(None), *whole,
    )  # fmt: skip
    return {
        (row.release_id, str(kinds[row.indicator]), row.period): int(row.denominator)
        for row in connection.execute(wanted)
    }


def _tried(figuring: Figuring, span: Span, old: Indicator, new: Indicator) -> Tried:
    was, will = figuring.total(old, span), figuring.total(new, span)
    same = (old.unit, old.measure) == (new.unit, new.measure)
    missing = will is not None and not will.cube and will.figure.status is Status.NOT_OFFERED
    return Tried(
        span.period, figuring.month, was.figure if was else None, will.figure if will else None, missing, same
    )
