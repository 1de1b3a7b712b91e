"""Read what a report tells: one reader as role `figures`, which sees released figures, approved narratives and
commitments and nothing of people. A constant number of statements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from caseapp.commitments import rules
from caseapp.commitments.annual import published
from caseapp.commitments.annual.content import Known, Money
from caseapp.commitments.models import Commitment, CommitmentCost, CommitmentScore
from caseapp.commitments.narrative import queries as narratives
from caseapp.core import clock
from caseapp.core.db import engine
from caseapp.core.errors import Refused
from caseapp.core.i18n import _l
from caseapp.core.pages import day

COUNTRIES = ("BLZ", "CRI", "GTM", "HND", "MEX", "PAN", "SLV")
REGIONAL = "regional"
FIRST_YEAR = 2018


class YearNotKnown(Refused):
    sentence = _l("Elija un año entre %(first)s y este.")
    field = "year"


class CountryNotKnown(Refused):
    sentence = _l("Elija un país del MIRPS o la región.")
    field = "country"


@contextmanager
def reading() -> Iterator[Session]:
    """A session as role `figures`, at a replica if there is one."""
    with Session(engine("figures_read")) as reader:
        yield reader


def must_exist(year: int, country: str) -> None:
    """Raises `YearNotKnown`, `CountryNotKnown`."""
    if not FIRST_YEAR <= year <= clock.today().year:
        raise YearNotKnown(first=FIRST_YEAR)
    if country != REGIONAL and country not in COUNTRIES:
        raise CountryNotKnown


def known(reader: Session, year: int, country: str) -> Known:
    """What a report of a year tells of a country, or of the region (`regional`). Raises as `must_exist`."""
    must_exist(year, country)
    one = None if country == REGIONAL else country
    countries = COUNTRIES if one is None else (one,)
    connection = reader.connection()
    last = min(date(year, 12, 31), clock.today())
    scored = _scored(reader, countries, last)
    return Known(
        year=year,
        country=one,
        countries=countries,
        lines=published.lines(connection, countries, {str(year), str(year - 1)}),
        months=published.months(connection, countries, year),
        narratives=narratives.approved(reader, one or rules.REGION, year),
        scored=scored,
        scored_on=day(last) if scored else "",
        money=_money(reader, countries, year),
        baseline=(),
    )


def _scored(reader: Session, countries: Sequence[str], on: date) -> list[rules.Scored]:
    """Every commitment that stood on a day with its last confirmed score up to it."""
    score = (
        sa.select(CommitmentScore.score)
        .where(
            CommitmentScore.commitment_id == Commitment.id, CommitmentScore.state == "CONFIRMED",
            CommitmentScore.scored_on <= on,
        )
        .order_by(CommitmentScore.scored_on.desc(), CommitmentScore.made_at.desc())
        .limit(1)
        .scalar_subquery()
    )  # fmt: skip
    stands = sa.or_(Commitment.withdrawn_on.is_(None), Commitment.withdrawn_on > on)
    rows = reader.execute(
        sa.select(
            Commitment.country, Commitment.pillar, score.label("score"), Commitment.commitment_class
        ).where(Commitment.country.in_(countries), stands)
    )
    return [rules.Scored(*row) for row in rows]


def _money(reader: Session, countries: Sequence[str], year: int) -> list[Money]:
    rows: Mapping[tuple[int, str], tuple[Decimal, Decimal]] = {
        (row.pillar, row.currency): (row.budgeted, row.funded)
        for row in reader.execute(
            sa.select(
                Commitment.pillar, CommitmentCost.currency, sa.func.sum(CommitmentCost.budgeted).label("budgeted"),
                sa.func.sum(CommitmentCost.funded).label("funded"),
            )
            .join(CommitmentCost, CommitmentCost.commitment_id == Commitment.id)
            .where(Commitment.country.in_(countries), CommitmentCost.year == year, Commitment.withdrawn_on.is_(None))
            .group_by(Commitment.pillar, CommitmentCost.currency)
        )
    }  # fmt: skip
    return [Money(pillar, currency, *sums) for (pillar, currency), sums in sorted(rows.items())]
