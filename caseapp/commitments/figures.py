"""P5-01, P5-02 and P5-03: figures that rest on commitments and on no person, so that no cube protects them
(docs/decisions/0270). The pages show them and the annual report takes them from `figures`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from caseapp.commitments import queries, rules
from caseapp.commitments.rules import CommitmentClass, Weighting
from caseapp.core import access
from caseapp.core.db import session

#: What counted in the first year's report.
FIRST_YEAR = frozenset({CommitmentClass.COUNTRY.value})


@dataclass(frozen=True)
class Figure:
    """One figure. `value` is unrounded, `printed` as a report prints it; None: nothing to rest on. `of` is how many
    commitments it rests on. `pillar` None: all; `weighting` and `currency` where they tell figures apart."""

    code: str
    unit: str
    value: Decimal | None
    of: int
    pillar: int | None = None
    weighting: str | None = None
    currency: str | None = None

    @property
    def printed(self) -> int | None:
        return None if self.value is None else rules.rounded(self.value)


def figures(
    country: str | None, on: date, *, classes: Collection[str] = FIRST_YEAR, who: access.Principal | None = None, db: Any = session,
) -> list[Figure]:  # fmt: skip
    """The figures of a country (None: the region, all countries together) as of a day. `who` defaults to whoever acts;
    a figures worker passes a system principal and its own connection as `db`."""
    who = who or access.current()
    rows = [
        row
        for row in queries.standings(who, on, country=country, db=db)
        if row.commitment_class in classes and not row.is_withdrawn
    ]
    found = averages(rows)
    recent = [row for row in rows if not rules.is_old(row.evidence_on, on)]
    share = Decimal(len(recent) * 100) / len(rows) if rows else None
    found.append(Figure("P5-02", "%", share, len(rows)))
    return found + _gaps(queries.money(who, country=country, year=on.year, db=db))


def averages(rows: list[queries.Standing]) -> list[Figure]:
    """P5-01 by pillar and under both weightings."""
    scored = [row.scored for row in rows]
    found = [
        Figure("P5-01", "%", one.percent, one.scored, pillar=pillar)
        for pillar, one in rules.by_pillar(scored).items()
    ]
    for weighting in Weighting:
        one = rules.overall(scored, weighting)
        found.append(Figure("P5-01", "%", one.percent, one.scored, weighting=weighting))
    return found


def _gaps(money: list[queries.Money]) -> list[Figure]:
    found = []
    for currency in sorted({row.currency for row in money}):
        own = [row for row in money if row.currency == currency]
        share = rules.gap_percent(
            sum((r.budgeted for r in own), Decimal(0)), sum((r.gap for r in own), Decimal(0))
        )
        found.append(Figure("P5-03", "%", share, sum(r.commitments for r in own), currency=currency))
    return found
