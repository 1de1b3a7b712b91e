"""What a release counts: facts that no earlier release has counted, and what earlier ones counted in vain.

Runs as role `facts`. The exact numbers never leave this process but for the tables of the schema `facts`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from caseapp.indicators import queries as facts
from caseapp.indicators.cubes import Domain
from caseapp.publication.cube import period as periods
from caseapp.publication.cube.markers import NO, YES, Atom, Marking, Occurrence, atoms_of, withdrawn
from caseapp.publication.cube.tally import Item
from caseapp.publication.past import Past
from caseapp.publication.plan import DomainPlan, Plan

STOCK = "STOCK"


@dataclass(frozen=True)
class Counted:
    """One thing that this release counts: where (cube period), with which labels, and how it is frozen."""

    item: Item
    period: str
    own_period: str
    atom: Atom
    amount: int


@dataclass(frozen=True)
class TakenBack:
    """Something that an earlier release counted and that would not be counted today."""

    item: Item
    occurrence: str
    own_period: str
    amount: int


@dataclass(frozen=True)
class Counting:
    """Everything that a release counts of a domain."""

    counted: tuple[Counted, ...] = ()
    taken_back: tuple[TakenBack, ...] = ()

    def items(self, period: str) -> list[Item]:
        """The items of a cube period."""
        return [one.item for one in self.counted if one.period == period]


def count(
    connection: sa.Connection, plan: Plan, domain_plan: DomainPlan, unit: str, *, since: str, known_until: datetime
) -> Counting:  # fmt: skip
    """What the release that closes `unit` (a month, or a quarter) counts of a domain.

    In: `since`, the first month ever released; `known_until`, the cut-off. Only what is new is read, with what
    earlier releases counted of the same people: the work of a month does not grow with the past.
    """
    name = domain_plan.domain.name
    if domain_plan.domain.unit == STOCK:
        found = facts.occurrences(connection, name, plan.country, since=unit, until=unit)
        return Counting(tuple(plain(one, unit, plan, late=False, amount=1) for one in found))
    asked = {
        "country": plan.country, "domain": name, "since": since, "known": known_until,
        "until": periods.pieces(unit)[-1] if "Q" not in unit else _last_month(unit),
    }  # fmt: skip
    past = Past(connection, asked, facts.identities(connection, plan.country))
    if domain_plan.domain.is_distinct:
        return _persons(past, unit, plan, since, marking_of(domain_plan.domain))
    return _events(past, unit, plan)


def marking_of(domain: Domain) -> Marking:
    """How a domain's atoms are labelled."""
    return Marking(domain.any_of, domain.households)


def _last_month(quarter: str) -> str:
    month = f"{quarter[:4]}-{int(quarter[-1]) * 3:02d}"
    return periods.pieces(month)[-1]


def unit_of(period: str, unit: str) -> str:
    """The month, or where the release closes a quarter the quarter, that a fact's period lies in."""
    return periods.quarter(period) if "Q" in unit else periods.month(period)


def labels_of(one: facts.Occurrence, plan: Plan) -> dict[str, str]:
    """The labels of a fact, its site as the year's plan shows it."""
    return {**one.dimensions, "place": one.site if one.site in plan.sites else plan.sites[-1]}


# -- distinct persons ---------------------------------------------------------------------------------
def _persons(past: Past, unit: str, plan: Plan, since: str, marking: Marking) -> Counting:
    counted = fresh_atoms(past, unit, plan, since, marking)
    return Counting(tuple(counted), tuple(_withdrawn_persons(past)))


def fresh_atoms(
    past: Past, unit: str, plan: Plan, since: str, marking: Marking, *, own_unit_only: bool = False
) -> list[Counted]:
    """Atoms of what no release has counted; `own_unit_only`: nothing late."""
    found = [one for one in past.fresh_persons() if not own_unit_only or unit_of(one.period, unit) == unit]
    by_id = {one.id: one for one in found}
    kept = past.kept_of({one.person for one in found}, {one.household for one in found})
    now = [replace(one.atom, person=past.counts_as(one.atom.person)) for one in kept]
    fresh = [
        Occurrence(
            one.id, one.person, one.household, one.site, one.effective_on, one.recorded_at, one.dimensions
        )
        for one in found
    ]
    first = periods.quarter(since) if "Q" in unit else since
    counted = []
    for atom in atoms_of(unit, fresh, now, since=first, marking=marking):
        one = by_id[atom.occurrence]
        labels = {**labels_of(one, plan), **atom.labels()}
        item = Item(labels, atom.person, atom.household)
        counted.append(Counted(item, atom.period, one.period, atom, 1))
    return counted


def _withdrawn_persons(past: Past) -> list[TakenBack]:
    """Atoms that nothing supports any more, or that a merge has made the second of their kind."""
    people = past.doubtful()
    if not people:
        return []
    kept = past.kept_of(people, ())
    supported = {(one.person, span, one.site) for one in past.facts_of(people) for span in _spans(one.period)}
    back = withdrawn(
        [one.atom for one in kept], supported, now=past.identities, already=past.withdrawn_before()
    )
    own = {one.atom.occurrence: one.own_period for one in kept}
    return [_back(atom, own[atom.occurrence], 1) for atom in back]


def _spans(period: str) -> tuple[str, str]:
    return periods.month(period), periods.quarter(period)


def _back(atom: Atom, own_period: str, amount: int) -> TakenBack:
    return TakenBack(
        Item(atom.dimensions, atom.person, atom.household, amount), atom.occurrence, own_period, amount
    )


# -- events and nights --------------------------------------------------------------------------------
def _events(past: Past, unit: str, plan: Plan) -> Counting:
    """What stands today less what was counted before: what is more is counted, what is less is taken back."""
    counted = [
        plain(fact, unit, plan, late=unit_of(fact.period, unit) < unit, amount=more)
        for fact, more in past.fresh_events()
    ]
    return Counting(
        tuple(counted), tuple(_back(one.atom, one.own_period, less) for one, less in past.shrunk())
    )


def plain(one: facts.Occurrence, unit: str, plan: Plan, *, late: bool, amount: int) -> Counted:
    """An event, nights or one of a stock as it is counted in a unit."""
    on_time = unit if "Q" in unit else one.period
    period = periods.pieces(unit)[-1] if late and "Q" not in unit else on_time
    labels = {**labels_of(one, plan), "late": YES if late else NO}
    atom = Atom(one.id, one.person, one.household, one.site, period, late, "", "", False, (), one.dimensions)
    return Counted(Item(labels, one.person, one.household, amount), period, one.period, atom, amount)
