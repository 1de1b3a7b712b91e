"""What a revision counts: a released month as it is known today.

The month keeps what it counted, with today's labels, as far as it still stands; what no release has counted of it
comes in. What another release counted late stays there. Markers stay as they were given; so that they still add up,
a person who is gone stays counted where somebody else's marker, or their own later one, hangs on theirs: that waits
for the next month's withdrawn cube (DISCLOSURE.md, The method, 4 and 5). Runs as role `facts`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from caseapp.indicators import queries as facts
from caseapp.indicators.cubes import Domain
from caseapp.publication import counting
from caseapp.publication.counting import Counted, Counting, TakenBack, count
from caseapp.publication.cube import period as periods
from caseapp.publication.cube.definition import NONE
from caseapp.publication.cube.markers import NO, YES, Atom, withdrawn
from caseapp.publication.cube.tally import Item
from caseapp.publication.past import Kept, Past
from caseapp.publication.plan import DomainPlan, Plan


@dataclass(frozen=True)
class Recounting:
    """The items of a month by cube period, and what is frozen of them: what is new and what is taken back."""

    items: Mapping[str, list[Item]]
    counting: Counting


def recount(
    connection: sa.Connection, plan: Plan, domain_plan: DomainPlan, unit: str, *, since: str, known_until: datetime
) -> Recounting:  # fmt: skip
    """What `unit` (a released month or quarter) counts of a domain as it is known at the cut-off."""
    pieces = (unit,) if "Q" in unit else periods.pieces(unit)
    if domain_plan.domain.unit == counting.STOCK:
        found = count(connection, plan, domain_plan, unit, since=since, known_until=known_until)
        return Recounting({unit: found.items(unit)}, Counting())
    last = f"{unit[:4]}-{int(unit[-1]) * 3:02d}" if "Q" in unit else unit
    asked = {
        "country": plan.country, "domain": domain_plan.domain.name, "since": since, "known": known_until,
        "until": periods.pieces(last)[-1],
    }  # fmt: skip
    past = Past(connection, asked, facts.identities(connection, plan.country))
    again = _Again(past, plan, domain_plan.domain, unit, pieces)
    return again.persons(since) if domain_plan.domain.is_distinct else again.events()


class _Again:
    """One domain's month counted again."""

    def __init__(self, past: Past, plan: Plan, domain: Domain, unit: str, pieces: tuple[str, ...]) -> None:
        self.past, self.plan, self.domain, self.unit, self.pieces = past, plan, domain, unit, pieces
        self.kept, self.marking = past.kept_in(pieces), counting.marking_of(domain)

    # -- distinct persons
    def persons(self, since: str) -> Recounting:
        found = counting.fresh_atoms(self.past, self.unit, self.plan, since, self.marking, own_unit_only=True)
        gone = self._gone()
        stay = [one for one in self.kept if one.atom.occurrence not in gone]
        back = [one for one in self.kept if one.atom.occurrence in gone]
        before = self.past.withdrawn_before()
        taken = tuple(
            TakenBack(
                Item(one.atom.dimensions, one.atom.person, one.atom.household),
                one.atom.occurrence,
                one.own_period,
                1,
            )
            for one in back
            if one.atom.occurrence not in before
        )
        items = self._by_period([*self._relabelled(stay), *((one.period, one.item) for one in found)])
        return Recounting(items, Counting(tuple(found), taken))

    def _gone(self) -> set[str]:
        """Occurrences of the month's atoms that nothing supports, or that a merge made the second of their kind, and
        on whose markers nothing hangs."""
        people = {self.past.counts_as(one.atom.person) for one in self.kept}
        all_kept = [one.atom for one in self.past.kept_of(people, {one.atom.household for one in self.kept})]
        now = {atom.occurrence: self.past.counts_as(atom.person) for atom in all_kept}
        supported = {
            (one.person, span, one.site)
            for one in self.past.facts_of(set(now.values()))
            for span in (periods.month(one.period), periods.quarter(one.period))
        }
        gone = {atom.occurrence for atom in withdrawn(all_kept, supported, now=self.past.identities)}
        standing = [atom for atom in all_kept if atom.occurrence not in gone]
        unsupported = {
            atom.occurrence
            for atom in all_kept
            if not any((now[atom.occurrence], span, atom.site) in supported for span in atom.covers)
        }
        return {
            one.atom.occurrence
            for one in self.kept
            if one.atom.occurrence in gone
            and not _is_needed(one.atom, now, standing, one.atom.occurrence in unsupported)
        }

    def _relabelled(self, kept: Iterable[Kept]) -> list[tuple[str, Item]]:
        """The atoms with the labels that their facts have today."""
        rows = list(kept)
        own = {one.id: one for one in self.past.occurrences({row.atom.occurrence for row in rows})}
        people = {self.past.counts_as(row.atom.person) for row in rows}
        others: dict[tuple[str, str, str], facts.Occurrence] = {}
        spans: dict[tuple[str, str], list[Mapping[str, str]]] = {}
        for one in self.past.facts_of(people):
            for span in (periods.month(one.period), periods.quarter(one.period)):
                others.setdefault((one.person, span, one.site), one)
                spans.setdefault((one.person, span), []).append(one.dimensions)
        found = []
        for row in rows:
            atom, person = row.atom, self.past.counts_as(row.atom.person)
            instead = (others.get((person, span, atom.site)) for span in atom.covers)
            fact = own.get(atom.occurrence) or next((one for one in instead if one is not None), None)
            labels = dict(fact.dimensions) if fact else self._last_labels(atom)
            labels |= self.marking.strongest(d for span in atom.covers for d in spans.get((person, span), ()))
            place = atom.site if atom.site in self.plan.sites else self.plan.sites[-1]
            marked = replace(atom, dimensions={**labels, "place": place})
            found.append((atom.period, Item(marked.labels(), person, atom.household)))
        return found

    def _last_labels(self, atom: Atom) -> dict[str, str]:
        """Of an atom that is gone but stays counted: what was frozen of it, the rest unknown."""
        axes = (*self.domain.axes, *(part.axis for part in self.domain.parts))
        return {axis.name: axis.rest or axis.labels[-1] for axis in axes if axis.labels} | dict(
            atom.dimensions
        )

    # -- events and nights
    def events(self) -> Recounting:
        fresh = [
            counting.plain(fact, self.unit, self.plan, late=False, amount=more)
            for fact, more in self.past.fresh_events()
            if counting.unit_of(fact.period, self.unit) == self.unit
        ]
        standing = {
            (one.id, one.period): one
            for one in self.past.occurrences({row.atom.occurrence for row in self.kept})
        }
        less = {(one.atom.occurrence, one.own_period): by for one, by in self.past.shrunk()}
        items, taken = [], []
        for row in self.kept:
            key = (row.atom.occurrence, row.own_period)
            fact = standing.get(key)
            amount = min(row.amount, fact.amount) if fact else 0
            back = min(row.amount - amount, less.get(key, 0))
            if back:
                item = Item(row.atom.dimensions, row.atom.person, row.atom.household, back)
                taken.append(TakenBack(item, row.atom.occurrence, row.own_period, back))
            if fact and amount:
                labels = {**counting.labels_of(fact, self.plan), "late": YES if row.atom.late else NO}
                items.append((row.atom.period, Item(labels, fact.person, fact.household, amount)))
        items += [(one.period, one.item) for one in fresh]
        return Recounting(self._by_period(items), Counting(tuple(fresh), tuple(taken)))

    def _by_period(self, items: Iterable[tuple[str, Item]]) -> dict[str, list[Item]]:
        found: dict[str, list[Item]] = {piece: [] for piece in self.pieces}
        for period, item in items:
            found[period].append(item)
        return found


def _is_needed(atom: Atom, now: Mapping[str, str], standing: Collection[Atom], is_unsupported: bool) -> bool:
    """Whether another atom of the year that stands counts on this one's marker: the same person's where nothing
    supports this one (a second of its kind is counted elsewhere already), the same household's where this one stands
    for it."""
    year = periods.year(atom.period)
    others = [other for other in standing if periods.year(other.period) == year]
    same_person = is_unsupported and any(now[other.occurrence] == now[atom.occurrence] for other in others)
    same_home = atom.household_counted != NONE and any(other.household == atom.household for other in others)
    return same_person or same_home


__all__ = ["Counted", "Recounting", "recount"]
