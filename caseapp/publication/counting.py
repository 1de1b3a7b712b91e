"""What a release counts: facts that no earlier release has counted, and what earlier ones counted in vain.

Runs as role `facts`. The exact numbers never leave this process but for the tables of the schema `facts`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa

from caseapp.indicators import queries as facts
from caseapp.publication.cube import period as periods
from caseapp.publication.cube.markers import NO, YES, Atom, Occurrence, atoms_of, withdrawn
from caseapp.publication.cube.tally import Item
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


@dataclass(frozen=True)
class Kept:
    """A frozen row of an earlier release, as it was counted, less what was taken back since."""

    atom: Atom
    own_period: str
    amount: int


@dataclass
class Past:
    """What the approved releases of a country have counted of each domain, in their order."""

    kept: dict[str, list[Kept]] = field(default_factory=dict)
    gone: dict[str, dict[tuple[str, str], int]] = field(default_factory=dict)
    identities: Mapping[str, str] = field(default_factory=dict)


_KEPT = """
    SELECT z.*, r.period AS released FROM facts.frozen z JOIN released.release r ON r.id = z.release_id
    WHERE r.country = :country AND r.status = 'APPROVED' ORDER BY r.period, r.edition, z.position
"""
_GONE = """
    SELECT w.* FROM facts.withdrawal w JOIN released.release r ON r.id = w.release_id
    WHERE r.country = :country AND r.status = 'APPROVED'
"""


def past_of(connection: sa.Connection, country: str) -> Past:
    """Read everything that the country's approved releases counted and took back."""
    past = Past(identities=facts.identities(connection, country))
    for row in connection.execute(sa.text(_KEPT), {"country": country}).mappings():
        dimensions = {"sex": row["sex"], "age_band": row["age_band"]}
        atom = Atom(
            str(row["occurrence"]), str(row["person"]), str(row["household"]), row["site"], row["period"],
            row["late"], row["counted"], row["household_counted"], row["first_ever"], tuple(row["covers"]), dimensions,
        )  # fmt: skip
        past.kept.setdefault(row["domain"], []).append(Kept(atom, row["own_period"], row["amount"]))
    for row in connection.execute(sa.text(_GONE), {"country": country}).mappings():
        gone = past.gone.setdefault(row["domain"], {})
        key = (str(row["occurrence"]), row["own_period"])
        gone[key] = gone.get(key, 0) + row["amount"]
    return past


def count(
    connection: sa.Connection, plan: Plan, domain_plan: DomainPlan, unit: str, past: Past, *,
    since: str, known_until: datetime,
) -> Counting:  # fmt: skip
    """What the release that closes `unit` (a month, or a quarter) counts of a domain.

    In: everything earlier releases counted; `since`, the first month ever released; `known_until`, the cut-off.
    """
    name = domain_plan.domain.name
    last = periods.pieces(unit)[-1] if "Q" not in unit else _last_month(unit)
    first = since if domain_plan.domain.unit != STOCK else unit
    until = last if domain_plan.domain.unit != STOCK else unit
    found = [
        one
        for one in facts.occurrences(connection, name, plan.country, since=first, until=until)
        if one.recorded_at <= known_until
    ]
    if domain_plan.domain.unit == STOCK:
        return Counting(tuple(_plain(one, unit, plan, late=False, amount=1) for one in found))
    kept, gone = past.kept.get(name, []), past.gone.get(name, {})
    if domain_plan.domain.is_distinct:
        return _persons(found, unit, plan, kept, gone, past.identities, since)
    return _events(found, unit, plan, kept, gone)


def _last_month(quarter: str) -> str:
    month = f"{quarter[:4]}-{int(quarter[-1]) * 3:02d}"
    return periods.pieces(month)[-1]


def _unit(period: str, unit: str) -> str:
    """The month, or where the release closes a quarter the quarter, that a fact's period lies in."""
    return periods.quarter(period) if "Q" in unit else periods.month(period)


def _labels(one: facts.Occurrence, plan: Plan) -> dict[str, str]:
    return {**one.dimensions, "place": one.site if one.site in plan.sites else plan.sites[-1]}


# -- distinct persons ---------------------------------------------------------------------------------
def _persons(
    found: Sequence[facts.Occurrence], unit: str, plan: Plan, kept: Sequence[Kept],
    gone: Mapping[tuple[str, str], int], identities: Mapping[str, str], since: str,
) -> Counting:  # fmt: skip
    by_id = {one.id: one for one in found}
    atoms = [one.atom for one in kept]
    now = [replace(atom, person=identities.get(atom.person, atom.person)) for atom in atoms]
    covered = {(atom.person, span, atom.site) for atom in now for span in atom.covers}
    # A year may count by months and the next by quarters: what either has counted is not counted again.
    fresh = [
        Occurrence(
            one.id, one.person, one.household, one.site, one.effective_on, one.recorded_at, one.dimensions
        )
        for one in found
        if covered.isdisjoint((one.person, span, one.site) for span in _spans(one.period))
    ]
    first = periods.quarter(since) if "Q" in unit else since
    made = atoms_of(unit, fresh, now, since=first)
    counted = []
    for atom in made:
        one = by_id[atom.occurrence]
        labels = {**_labels(one, plan), **atom.labels()}
        item = Item(labels, atom.person, atom.household)
        counted.append(Counted(item, atom.period, one.period, atom, 1))
    supported = {(one.person, span, one.site) for one in found for span in _spans(one.period)}
    back = withdrawn(atoms, supported, now=identities, already={occurrence for occurrence, _ in gone})
    own = {one.atom.occurrence: one.own_period for one in kept}
    return Counting(tuple(counted), tuple(_back(atom, own[atom.occurrence], 1) for atom in back))


def _spans(period: str) -> tuple[str, str]:
    return periods.month(period), periods.quarter(period)


def _back(atom: Atom, own_period: str, amount: int) -> TakenBack:
    return TakenBack(
        Item(atom.dimensions, atom.person, atom.household, amount), atom.occurrence, own_period, amount
    )


# -- events and nights --------------------------------------------------------------------------------
def _events(
    found: Iterable[facts.Occurrence], unit: str, plan: Plan, kept: Sequence[Kept],
    gone: Mapping[tuple[str, str], int],
) -> Counting:  # fmt: skip
    """What stands today less what was counted before: what is more is counted, what is less is taken back."""
    before: dict[tuple[str, str], int] = {}
    frozen: dict[tuple[str, str], Kept] = {}
    for one in kept:
        key = (one.atom.occurrence, one.own_period)
        before[key] = before.get(key, 0) + one.amount
        frozen[key] = one
    for key, amount in gone.items():
        before[key] = before.get(key, 0) - amount
    counted = []
    for fact in found:
        more = fact.amount - before.pop((fact.id, fact.period), 0)
        if more > 0:
            counted.append(_plain(fact, unit, plan, late=_unit(fact.period, unit) < unit, amount=more))
        elif more < 0:
            before[fact.id, fact.period] = -more
    back = [_back(frozen[key].atom, key[1], amount) for key, amount in sorted(before.items()) if amount > 0]
    return Counting(tuple(counted), tuple(back))


def _plain(one: facts.Occurrence, unit: str, plan: Plan, *, late: bool, amount: int) -> Counted:
    on_time = unit if "Q" in unit else one.period
    period = periods.pieces(unit)[-1] if late and "Q" not in unit else on_time
    labels = {**_labels(one, plan), "late": YES if late else NO}
    atom = Atom(one.id, one.person, one.household, one.site, period, late, "", "", False, (), one.dimensions)
    return Counted(Item(labels, one.person, one.household, amount), period, one.period, atom, amount)
