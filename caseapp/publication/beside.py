"""What is never shown alone: a recognition rate stands beside the claims that were closed another way, in pages, pictures,
files and interface alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from caseapp.publication.models import FigureRow

#: Recognition is never shown without the claims that were closed another way, the commonest end.
BESIDE = {"P1-11": "P1-13", "P1-12": "P1-13"}
#: What two figures share that stand beside each other.
_SAME = (
    "release_id",
    "period",
    "place_level",
    "place",
    "sex",
    "age_band",
    "origin",
    "household_type",
    "need_group",
)


def codes(code: str) -> list[str]:
    """An indicator and what stands beside it."""
    return [code, BESIDE[code]] if code in BESIDE else [code]


def key(row: Any, code: str) -> tuple[Any, ...]:
    """Where a figure of an indicator stands."""
    return (code, *(getattr(row, name) for name in _SAME))


def rows(connection: sa.Connection, figures: Sequence[Any]) -> Mapping[tuple[Any, ...], Any]:
    """What stands beside some rows of figures, of the same release, period, place and group, by `key`: one statement, and
    none where nothing does."""
    here = [row for row in figures if row.indicator in BESIDE]
    if not here:
        return {}
    table: Any = FigureRow.__table__
    wanted = sa.select(table).where(
        table.c.release_id.in_({row.release_id for row in here}),
        table.c.indicator.in_({BESIDE[row.indicator] for row in here}),
        table.c.period.in_({row.period for row in here}),
    )
    return {key(row, row.indicator): row for row in connection.execute(wanted)}
