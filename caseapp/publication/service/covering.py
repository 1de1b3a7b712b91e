"""Which sites a release rests on: who signed the month (`coverage.csv`). Nothing here is counted from what sites recorded."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import sqlalchemy as sa

from caseapp.publication import rules, sites
from caseapp.publication.cube import period as periods
from caseapp.publication.figuring import Span, spans_of
from caseapp.publication.plan import Plan

IsEmpty = Callable[[Collection[str]], bool]


def coverage_rows(
    connection: sa.Connection,
    row: Any,
    plan: Plan,
    since: str,
    released: Collection[str],
    domains: Sequence[str],
    is_empty: IsEmpty,
) -> list[dict[str, Any]]:
    """The rows of `coverage.csv`. In: the release (its month and cut-off), the year's plan, the months released
    before, the domains of the release, and whether nothing is *published* in some cube periods.

    A site reports by signing its month. A country's row says how many of the sites in service did, of longer periods the
    least of their months; it is COMPLETE only where all of them signed. A site's row says in how many of the period's
    months in which it was in service it signed, and nothing about its data (decision 0420).
    """
    signing = sites.months_confirmed(connection, plan.country, row.period, row.made_at)
    own = sites.month_of(row.period, {one.site: one.is_confirmed for one in signing})
    found = []
    for span in spans_of(plan, row.period, since):
        earlier = [month for month in _months_of(span, row.period, released) if month != row.period]
        of_span = [own, *sites.coverage_of_months(connection, plan.country, earlier)]
        reporting, expected = min(one.reporting for one in of_span), max(one.expected for one in of_span)
        status = rules.coverage_status(
            reporting,
            expected,
            is_confirmed=all(one.is_confirmed for one in of_span),
            is_empty=is_empty(span.pieces),
        )
        found.append((span.period, "COUNTRY", plan.country, status, reporting, expected))
        for code, (signed, months) in sorted(_signed(of_span).items()):
            status = "COMPLETE" if signed == months else "PARTIAL"
            found.append((span.period, "SITE", code, status, signed, months))
    names = ("period", "place_level", "place", "status", "reporting", "expected")
    return [
        {"release_id": row.id, "domain": domain, **dict(zip(names, one, strict=True))}
        for domain in domains
        for one in found
    ]


def _signed(of_span: Sequence[sites.Covered]) -> dict[str, tuple[int, int]]:
    """Of each site, how many months of a span it signed and in how many it was in service; of none where a month was
    released that does not say which sites reported: then the period says it as little."""
    if not all(one.says_which for one in of_span):
        return {}
    codes = {code for one in of_span for code in one.sites}
    told = {code: [one.sites[code] for one in of_span if code in one.sites] for code in codes}
    return {code: (sum(marks), len(marks)) for code, marks in told.items()}


def _months_of(span: Span, month: str, before: Collection[str]) -> list[str]:
    """The months of a span that are released or being released."""
    if span.kind == "MONTH":
        return [month]
    released = {one for one in before if one <= month} | {month}
    if span.kind == "MIRPS":
        return sorted({periods.month(piece) for piece in span.pieces} & released)
    inside = periods.quarter if span.kind == "QUARTER" else periods.year
    return sorted(one for one in released if inside(one) == span.period)
