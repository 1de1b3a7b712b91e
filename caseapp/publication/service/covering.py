"""Which sites a release rests on: who was heard of and who signed the month (`coverage.csv`)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from caseapp.indicators import queries as facts
from caseapp.publication import rules, sites
from caseapp.publication.cube import period as periods
from caseapp.publication.figuring import Span, spans_of
from caseapp.publication.plan import Plan


def coverage_rows(
    connection: sa.Connection,
    row: Any,
    plan: Plan,
    since: str,
    released: Collection[str],
    domains: Sequence[str],
) -> list[dict[str, Any]]:
    """The rows of `coverage.csv`. In: the release (its month and cut-off), the year's plan, the months released
    before, the domains of the release.

    A country's row says how many of the sites in service reported, of longer periods the least of their months; it is
    COMPLETE only where all of them signed. A site's row says whether it signed, and nothing about its data.
    """
    heard = {one.site for one in facts.coverage(connection, plan.country, row.period) if one.events}
    signing = sites.months_confirmed(connection, plan.country, row.period, row.made_at)
    confirmed = {one.site for one in signing if one.is_confirmed}
    here = {one.site for one in signing}
    own = sites.Covered(row.period, len(here & (heard | confirmed)), len(here), here <= confirmed)
    found = []
    for span in spans_of(plan, row.period, since):
        earlier = [month for month in _months_of(span, row.period, released) if month != row.period]
        of_span = [own, *sites.coverage_of_months(connection, plan.country, earlier)]
        reporting, expected = min(one.reporting for one in of_span), max(one.expected for one in of_span)
        status = rules.coverage_status(reporting, expected, all(one.is_confirmed for one in of_span))
        found.append((span.period, "COUNTRY", plan.country, status, reporting, expected))
    for code in sorted(here & set(plan.sites)):
        signed = int(code in confirmed)
        found.append((row.period, "SITE", code, "COMPLETE" if signed else "PARTIAL", signed, 1))
    names = ("period", "place_level", "place", "status", "reporting", "expected")
    return [
        {"release_id": row.id, "domain": domain, **dict(zip(names, one, strict=True))}
        for domain in domains
        for one in found
    ]


def _months_of(span: Span, month: str, before: Collection[str]) -> list[str]:
    """The months of a span that are released or being released."""
    if span.kind == "MONTH":
        return [month]
    released = {one for one in before if one <= month} | {month}
    if span.kind == "MIRPS":
        return sorted({periods.month(piece) for piece in span.pieces} & released)
    inside = periods.quarter if span.kind == "QUARTER" else periods.year
    return sorted(one for one in released if inside(one) == span.period)
