"""Read what a report tells: one reader as role `figures`, which sees released figures, approved narratives and
commitments and nothing of people. A constant number of statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from caseapp.commitments import baseline, queries, released, rules
from caseapp.commitments.annual import enrolling, helping
from caseapp.commitments.annual.content import Known, Money
from caseapp.commitments.narrative import queries as narratives
from caseapp.core import access, clock, reference
from caseapp.core.db import engine
from caseapp.core.errors import Refused
from caseapp.core.i18n import _l, language
from caseapp.core.pages import day
from caseapp.publication.of_registers import reading as kept

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
    if country != REGIONAL and country not in reference.mirps_countries():
        raise CountryNotKnown


def known(reader: Session, year: int, country: str) -> Known:
    """What a report of a year tells of a country, or of the region (`regional`). Raises as `must_exist`."""
    must_exist(year, country)
    one = None if country == REGIONAL else country
    countries = reference.mirps_countries() if one is None else (one,)
    connection = reader.connection()
    last = min(date(year, 12, 31), clock.today())
    who = access.system("report")
    standing = [row for row in queries.standings(who, last, country=one, db=reader) if not row.is_withdrawn]
    scored = [row.scored for row in standing if row.country in countries]
    return Known(
        year=year,
        country=one,
        countries=countries,
        lines=released.lines(connection, countries, {str(year), str(year - 1)}),
        months=released.months(connection, countries, year),
        narratives=narratives.approved(reader, one or rules.REGION, year),
        scored=scored,
        scored_on=day(last) if scored else "",
        proven=sum(not rules.is_old(row.evidence_on, last) for row in standing if row.country in countries),
        money=_money(queries.money(who, country=one, year=year, db=reader)),
        pictures=released.pictures(connection, one, year, language())
        if one
        else released.region_pictures(connection, year, language()),
        helped=helping.read(reader, (*countries, rules.REGION) if one is None else countries, year),
        registers=kept.newest(kept.lines(connection, countries, period=str(year))),
        enrolled=enrolling.read(reader, countries, year),
        baseline=[line for line in baseline.lines() if one is None or line.country == one],
    )


def _money(rows: Sequence[queries.Money]) -> list[Money]:
    """By pillar and currency, of all countries together."""
    sums: dict[tuple[int, str], list[Decimal]] = {}
    for row in rows:
        found = sums.setdefault((row.pillar, row.currency), [Decimal(0)] * 3)
        for n, amount in enumerate((row.budgeted, row.funded, row.gap)):
            found[n] += amount
    return [Money(pillar, currency, *amounts) for (pillar, currency), amounts in sorted(sums.items())]
