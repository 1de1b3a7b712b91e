"""Published figures by quote, read through role `figures` and through nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa

from caseapp.commitments.narrative.rules import Quote
from caseapp.core.db import connect


@dataclass(frozen=True)
class Figure:
    """What the newest approved release that tells of it says of a country in a period."""

    value: Decimal
    unit: str
    release_id: UUID
    release_name: str


_NEWEST = sa.text("""
    SELECT DISTINCT ON (r.country, f.indicator, f.period)
           r.country, f.indicator, f.period, f.value, f.unit, f.status, r.id, r.name
    FROM released.release r JOIN released.figure f ON f.release_id = r.id
    WHERE r.status = 'APPROVED' AND r.country = ANY (:countries) AND f.indicator = ANY (:indicators)
      AND f.period = ANY (:periods) AND f.place_level = 'COUNTRY' AND f.sex = 'T' AND f.age_band = 'T'
      AND f.origin = 'T' AND f.household_type = 'T' AND f.need_group = 'T'
    ORDER BY r.country, f.indicator, f.period, r.period DESC, r.edition DESC, f.position
""").bindparams(
    *(sa.bindparam(name, type_=sa.ARRAY(sa.Text())) for name in ("countries", "indicators", "periods"))
)


def figures(quotes: Iterable[Quote], at: sa.Connection | None = None) -> dict[Quote, Figure]:
    """The figures of these quotes that are published (one statement); a quote without one is left out. `at`: a
    connection whose role sees the country's releases, where this process holds no credentials of role `figures`."""
    wanted = set(quotes)
    if not wanted:
        return {}
    asked = {
        "countries": sorted({q.country for q in wanted}),
        "indicators": sorted({q.indicator for q in wanted}),
        "periods": sorted({q.period for q in wanted}),
    }
    with nullcontext(at) if at is not None else connect("figures_read") as connection:
        rows = connection.execute(_NEWEST, asked).all()
    found = {
        Quote(row.indicator, row.period, row.country): Figure(row.value, row.unit, row.id, row.name)
        for row in rows
        if row.status == "PUBLISHED" and row.value is not None
    }
    return {quote: figure for quote, figure in found.items() if quote in wanted}
