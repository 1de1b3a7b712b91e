"""The figures that quotes name, as they are published now."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext

import sqlalchemy as sa

from caseapp.commitments import released
from caseapp.commitments.narrative.rules import Quote
from caseapp.commitments.released import Line
from caseapp.core.db import connect


def figures(quotes: Iterable[Quote], at: sa.Connection | None = None) -> dict[Quote, Line]:
    """The figures of these quotes that are published (one statement); a quote without one is left out. `at`: a
    connection whose role sees the country's releases, where this process holds no credentials of role `figures`."""
    wanted = set(quotes)
    if not wanted:
        return {}
    with nullcontext(at) if at is not None else connect("figures_read") as connection:
        found = released.lines(
            connection, {q.country for q in wanted}, {q.period for q in wanted}, {q.indicator for q in wanted}
        )
    lines = {quote: found.get((quote.country, quote.indicator, quote.period)) for quote in wanted}
    return {quote: line for quote, line in lines.items() if line is not None and line.value is not None}
