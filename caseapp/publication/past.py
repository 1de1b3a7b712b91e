"""What the approved releases of a country have counted of a domain, asked of the database as role `facts`.

The anti-joins are done there, so that a release reads what is new and what concerns the same people, and no more.
A `Past` makes temporary tables; one connection has one at a time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from caseapp.indicators import queries as facts
from caseapp.publication.cube.markers import Atom

_QUARTER = "left({p}, 4) || '-Q' || ((substr({p}, 6, 2)::int + 2) / 3)"
# Copied once a domain, and its size told to the planner: estimates of a table just filled make nested loops.
_KEPT = """
    CREATE TEMPORARY TABLE kept ON COMMIT DROP AS
    SELECT z.*, coalesce(i.counts_as, z.person) AS now, r.period AS released, r.edition
    FROM facts.frozen z
    JOIN released.release r ON r.id = z.release_id AND r.status = 'APPROVED' AND r.country = :country
    LEFT JOIN facts.identity i ON i.country = r.country AND i.person_key = z.person
    WHERE z.domain = :domain
"""
_SPANS = "CREATE TEMPORARY TABLE span ON COMMIT DROP AS SELECT DISTINCT now, site, unnest(covers) AS label FROM kept"
_NET = """
    CREATE TEMPORARY TABLE net ON COMMIT DROP AS
    SELECT occurrence, own_period, sum(amount) AS amount FROM (
        SELECT occurrence, own_period, amount FROM kept
        UNION ALL
        SELECT w.occurrence, w.own_period, -w.amount FROM facts.withdrawal w
        JOIN released.release r ON r.id = w.release_id AND r.status = 'APPROVED' AND r.country = :country
        WHERE w.domain = :domain
    ) counted GROUP BY occurrence, own_period
"""
_TEMPORARY = {"kept": _KEPT, "span": _SPANS, "net": _NET}
_NEW = """
    f.country = :country AND f.domain = :domain AND f.period >= :since AND f.period <= :until
    AND f.recorded_at <= :known
"""
# A year may count by months and the next by quarters: what either has counted is not counted again.
_FRESH_PERSONS = f"""
    SELECT f.id FROM facts.fact f WHERE {_NEW}
      AND NOT EXISTS (SELECT FROM span s WHERE s.now = f.person AND s.site = f.site AND s.label = left(f.period, 7))
      AND NOT EXISTS (SELECT FROM span s WHERE s.now = f.person AND s.site = f.site
                      AND s.label = {_QUARTER.format(p="f.period")})
"""
_FRESH_EVENTS = f"""
    SELECT f.id, f.period, f.amount - coalesce(net.amount, 0) AS more FROM facts.fact f
    LEFT JOIN net ON net.occurrence = f.id AND net.own_period = f.period
    WHERE {_NEW} AND f.amount > coalesce(net.amount, 0)
"""
_SHRUNK = """
    SELECT DISTINCT ON (k.occurrence, k.own_period) k.*, net.amount - coalesce(f.amount, 0) AS less
    FROM net JOIN kept k USING (occurrence, own_period)
    LEFT JOIN facts.fact f ON f.domain = :domain AND f.id = net.occurrence AND f.period = net.own_period
    WHERE net.amount > coalesce(f.amount, 0) ORDER BY k.occurrence, k.own_period
"""
_DOUBTFUL = f"""
    SELECT DISTINCT k.now FROM kept k
    WHERE k.now IN (SELECT counts_as FROM facts.identity WHERE country = :country)
    UNION
    SELECT k.now FROM kept k
    WHERE NOT EXISTS (
        SELECT FROM facts.fact f
        WHERE f.domain = :domain AND f.country = :country AND f.person = k.now AND f.site = k.site
          AND (left(f.period, 7) = ANY (k.covers) OR {_QUARTER.format(p="f.period")} = ANY (k.covers)))
"""


@dataclass(frozen=True)
class Kept:
    """A frozen row of an earlier release, as it was counted."""

    atom: Atom
    own_period: str
    amount: int


class Past:
    """The past of one domain. `asked` has country, domain, since, until and known (the cut-off)."""

    def __init__(
        self, connection: sa.Connection, asked: Mapping[str, Any], identities: Mapping[str, str]
    ) -> None:
        self.connection, self.asked, self.identities = connection, dict(asked), identities
        for table, statement in _TEMPORARY.items():
            connection.execute(sa.text(f"DROP TABLE IF EXISTS pg_temp.{table}"))
            used = {name: value for name, value in self.asked.items() if f":{name}" in statement}
            connection.execute(sa.text(statement), used)
            connection.execute(sa.text(f"ANALYZE pg_temp.{table}"))

    def counts_as(self, person: str) -> str:
        """Whom a pseudonym counts as today."""
        return self.identities.get(person, person)

    def _rows(self, statement: str, **more: Any) -> list[Any]:
        wanted = sa.text(statement)
        used = {name: value for name, value in {**self.asked, **more}.items() if f":{name}" in statement}
        return list(self.connection.execute(wanted, used))

    def _occurrences(self, ids: Collection[str]) -> list[facts.Occurrence]:
        return facts.occurrences(self.connection, self.asked["domain"], self.asked["country"], ids=ids)

    def fresh_persons(self) -> list[facts.Occurrence]:
        """Facts whose person, month (quarter) and site no release has counted."""
        return self._occurrences({str(row.id) for row in self._rows(_FRESH_PERSONS)})

    def fresh_events(self) -> list[tuple[facts.Occurrence, int]]:
        """Facts that count more today than releases have counted, and how much more."""
        more = {(str(row.id), row.period): int(row.more) for row in self._rows(_FRESH_EVENTS)}
        found = self._occurrences({fact for fact, _ in more})
        return [(one, more[one.id, one.period]) for one in found if (one.id, one.period) in more]

    def shrunk(self) -> list[tuple[Kept, int]]:
        """Rows that count less today than releases have counted, and how much less."""
        return [(_kept(row), int(row.less)) for row in self._rows(_SHRUNK)]

    def doubtful(self) -> set[str]:
        """People (as they count today) of whom something released may not stand any more."""
        return {str(row.now) for row in self._rows(_DOUBTFUL)}

    def kept_of(self, persons: Collection[str], households: Collection[str]) -> list[Kept]:
        """What was counted of these people, under whatever pseudonym, and of these households, in order."""
        wanted = set(persons)
        originals = wanted | {was for was, now in self.identities.items() if now in wanted}
        rows = self._rows(
            "SELECT * FROM kept WHERE person = ANY(CAST(:persons AS uuid[])) "
            "OR household = ANY(CAST(:households AS uuid[])) ORDER BY released, edition, position",
            persons=sorted(originals), households=sorted(households),
        )  # fmt: skip
        return [_kept(row) for row in rows]

    def kept_in(self, periods: Collection[str]) -> list[Kept]:
        """What was counted in some cube periods, by whatever edition, in order."""
        rows = self._rows(
            "SELECT * FROM kept WHERE period = ANY(:periods) ORDER BY released, edition, position",
            periods=list(periods),
        )
        return [_kept(row) for row in rows]

    def occurrences(self, ids: Collection[str]) -> list[facts.Occurrence]:
        """Facts by id, as they stand today."""
        return self._occurrences(ids)

    def facts_of(self, persons: Collection[str]) -> list[facts.Occurrence]:
        """Everything that stands of these people today."""
        return facts.occurrences(
            self.connection, self.asked["domain"], self.asked["country"], persons=persons
        )

    @cached_property
    def _withdrawn(self) -> frozenset[str]:
        rows = self._rows(
            "SELECT w.occurrence FROM facts.withdrawal w JOIN released.release r ON r.id = w.release_id "
            "WHERE r.status = 'APPROVED' AND r.country = :country AND w.domain = :domain"
        )
        return frozenset(str(row.occurrence) for row in rows)

    def withdrawn_before(self) -> frozenset[str]:
        """Occurrences that earlier releases took back."""
        return self._withdrawn


def _kept(row: Any) -> Kept:
    atom = Atom(
        str(row.occurrence), str(row.person), str(row.household), row.site, row.period, row.late, row.counted,
        row.household_counted, row.first_ever, tuple(row.covers), {"sex": row.sex, "age_band": row.age_band},
    )  # fmt: skip
    return Kept(atom, row.own_period, row.amount)
