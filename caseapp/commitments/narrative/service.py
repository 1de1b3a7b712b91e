"""Write, send, approve and return a narrative. Every verb flushes; the caller commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from caseapp.commitments.narrative import quoting, rules
from caseapp.commitments.narrative.models import NarrativeQuote, NarrativeVersion
from caseapp.commitments.released import Line
from caseapp.core import access, audit, clock
from caseapp.core.db import session
from caseapp.core.errors import NotYours


@dataclass(frozen=True)
class Place:
    """Which narrative: a country (or `REG`), a year, a pillar, a part."""

    country: str
    year: int
    pillar: int
    part: str


def versions(place: Place) -> list[NarrativeVersion]:
    """Every version, the newest first."""
    return list(
        session.scalars(
            sa.select(NarrativeVersion)
            .filter_by(country=place.country, year=place.year, pillar=place.pillar, part=place.part)
            .order_by(NarrativeVersion.number.desc())
        )
    )


def save(
    place: Place, texts: Mapping[str, str], *, sends: bool, at: sa.Connection | None = None
) -> NarrativeVersion:
    """Write the open version, or a new one; `sends` puts it before another reader. The figures that it quotes are kept
    as they are published now (`at`: see `quoting.figures`). Raises the refusals of `rules.must_be_sound`, `NotWaiting` where it is being read."""
    who = access.current().user_id
    if who is None:
        raise NotYours
    texts = {lang: texts[lang].strip() for lang in rules.LANGUAGES}
    known = quoting.figures(rules.quotes(texts["es"]) | rules.quotes(texts["en"]), at)
    quoted = rules.must_be_sound(
        texts, lambda quote: quote in known and rules.may_quote(place.country, quote)
    )
    before = versions(place)
    open_one = next((v for v in before if v.state in ("DRAFT", "WAITING")), None)
    if open_one is not None and open_one.state == "WAITING":
        raise rules.NotWaiting
    row = open_one or NarrativeVersion(
        country=place.country, year=place.year, pillar=place.pillar, part=place.part,
        number=max((v.number for v in before), default=0) + 1, text_es="", text_en="", author_id=who, made_at=clock.now(),
    )  # fmt: skip
    row.text_es, row.text_en, row.author_id, row.made_at = texts["es"], texts["en"], who, clock.now()
    row.state = "WAITING" if sends else "DRAFT"
    session.add(row)
    session.flush()
    _keep(row, {quote: known[quote] for quote in quoted})
    audit.record("sent" if sends else "written", "narrative_version", row.id)
    return row


def _keep(row: NarrativeVersion, quoted: Mapping[rules.Quote, Line]) -> None:
    session.execute(sa.delete(NarrativeQuote).where(NarrativeQuote.version_id == row.id))
    for quote, figure in quoted.items():
        session.add(
            NarrativeQuote(
                version_id=row.id, indicator=quote.indicator, period=quote.period, country=quote.country,
                release_name=figure.release, value=figure.value, unit=figure.unit,
            )
        )  # fmt: skip
    session.flush()


def decide(row: NarrativeVersion, *, agrees: bool, reason: str = "") -> None:
    """A second person approves it or returns it. Raises the refusals of `rules.may_decide`."""
    by = access.current().user_id
    rules.may_decide(row.state, written_by=row.author_id, by=by, agrees=agrees, reason=reason)
    row.state, row.decided_by_id, row.decided_at = "APPROVED" if agrees else "RETURNED", by, clock.now()
    row.reason = None if agrees else reason.strip()
    audit.record("approved" if agrees else "returned", "narrative_version", row.id)
    session.flush()
