"""Narratives to read: the approved text of each part, with its figures as they are published today."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, scoped_session

from caseapp.commitments.narrative import quoting, rules
from caseapp.commitments.narrative.models import NarrativeQuote, NarrativeVersion
from caseapp.commitments.narrative.rules import Quote, Quoted
from caseapp.commitments.released import Line

#: The session of a page, or a report's own.
Reader = Session | scoped_session[Any]


@dataclass(frozen=True)
class Told:
    """A version with its quotes, then and now, and the figures that the newest releases give."""

    version: NarrativeVersion
    quoted: tuple[Quoted, ...]
    figures: Mapping[Quote, Line]

    @property
    def changed(self) -> tuple[Quoted, ...]:
        """The quotes whose figure a later release changed."""
        return tuple(one for one in self.quoted if one.changed)


def newest(reader: Reader, country: str, year: int) -> dict[tuple[int, str], NarrativeVersion]:
    """By pillar and part the last approved version of a country and year, else the last one at all."""
    rows = reader.scalars(
        sa.select(NarrativeVersion)
        .filter_by(country=country, year=year)
        .order_by(NarrativeVersion.pillar, NarrativeVersion.part, NarrativeVersion.number)
    )
    found: dict[tuple[int, str], NarrativeVersion] = {}
    for row in rows:
        before = found.get((row.pillar, row.part))
        if before is None or row.state == "APPROVED" or before.state != "APPROVED":
            found[row.pillar, row.part] = row
    return found


def told(reader: Reader, rows: Sequence[NarrativeVersion]) -> dict[UUID, Told]:
    """Each version with its figures (two statements, whatever their number)."""
    kept: dict[UUID, list[NarrativeQuote]] = defaultdict(list)
    asked = sa.select(NarrativeQuote).where(NarrativeQuote.version_id.in_([row.id for row in rows]))
    for quote in (
        reader.scalars(asked.order_by(NarrativeQuote.indicator, NarrativeQuote.period)) if rows else ()
    ):
        kept[quote.version_id].append(quote)
    every = {_quote(one) for quotes in kept.values() for one in quotes}
    now = quoting.figures(every)
    return {row.id: Told(row, _quoted(kept[row.id], now), now) for row in rows}


def _quote(row: NarrativeQuote) -> Quote:
    return Quote(row.indicator, row.period, row.country)


def _quoted(kept: Iterable[NarrativeQuote], now: Mapping[Quote, Line]) -> tuple[Quoted, ...]:
    return tuple(
        Quoted(quote, row.value, now[quote].value if quote in now else None)
        for row in kept
        if (quote := _quote(row))
    )


def approved(reader: Reader, country: str, year: int) -> dict[tuple[int, str], Told]:
    """By pillar and part what is approved, for a report."""
    rows = [row for row in newest(reader, country, year).values() if row.state == "APPROVED"]
    by_id = told(reader, rows)
    return {(row.pillar, row.part): by_id[row.id] for row in rows}


__all__ = ["Told", "approved", "newest", "rules", "told"]
