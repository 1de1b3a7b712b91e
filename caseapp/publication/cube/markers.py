"""Atoms and their markers: how distinct persons and households are counted so that they add up.

An atom is one person at one site in one month of account. Its marker says what it is the first of: YEAR (first in the
country this calendar year), QUARTER, MONTH, or SITE (already counted this month elsewhere). Hence distinct persons are
sums of atoms: site-month = all four; country-month = all but SITE; country-quarter = YEAR + QUARTER; country-year
= YEAR. Markers are given once, when the month is released, and never change: what becomes known later is counted in
the next released month with `late`, after that month's own atoms (DISCLOSURE.md, The method, 4 and 5).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from . import period as periods
from .definition import MONTH, NONE, QUARTER, SITE, YEAR

NO, YES = "NO", "YES"


@dataclass(frozen=True)
class Occurrence:
    """Something that happened to a person at a site: codes and keyed pseudonyms only."""

    id: str
    person: str
    household: str
    site: str
    effective_on: date
    recorded_at: datetime
    dimensions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Atom:
    """One person, month of account and site; `dimensions` as they were at its first occurrence.

    `period` is the cube period it counts in (October in halves); `covers` the months (or quarters) whose occurrences
    it stands for: its own, and for late ones the months in which they happened. `first_ever` marks a person never
    counted before in any year: the one distinct count that a MIRPS year offers.
    """

    occurrence: str
    person: str
    household: str
    site: str
    period: str
    late: bool
    counted: str
    household_counted: str
    first_ever: bool
    covers: tuple[str, ...]
    dimensions: Mapping[str, str] = field(default_factory=dict)

    def labels(self) -> dict[str, str]:
        """Its dimensions with markers and lateness, as a cube names them."""
        marks = {
            "counted": self.counted, "household_counted": self.household_counted,
            "ever": "FIRST" if self.first_ever else "BEFORE",
        }  # fmt: skip
        return {**self.dimensions, **marks, "late": YES if self.late else NO}


@dataclass(frozen=True)
class Marking:
    """How a domain's atoms are labelled. `any_of`: dimensions in which a person has the first of these labels that fits
    any of their occurrences of the period. `households`: the labels with which an atom can carry a household's marker."""

    any_of: Mapping[str, Sequence[str]] = field(default_factory=dict)
    households: Mapping[str, Collection[str]] = field(default_factory=dict)

    def strongest(self, found: Iterable[Mapping[str, str]]) -> dict[str, str]:
        """The labels of `any_of` that these give together."""
        rows = list(found)
        return {
            name: min((row[name] for row in rows if name in row), key=list(order).index)
            for name, order in self.any_of.items()
            if any(name in row for row in rows)
        }

    def carries(self, dimensions: Mapping[str, str]) -> bool:
        """Whether an atom with these labels can carry a household's marker."""
        return all(dimensions[name] in labels for name, labels in self.households.items())


PLAIN = Marking()


def atoms_of(
    period: str, occurrences: Iterable[Occurrence], frozen: Collection[Atom] = (), *, since: str = "",
    marking: Marking = PLAIN,
) -> list[Atom]:  # fmt: skip
    """The atoms of a month (`2025-10`) or quarter (`2025-Q3`) that is being released.

    In: every occurrence known at its cut-off; `frozen`, the atoms of all periods released before; `since`, the first
    period that this country ever counts (older occurrences are not late data, they are outside). Out: the new atoms,
    on-time ones first, then late ones, in the order of `effective_on, recorded_at, id`. Frozen atoms stay as they are.
    """
    covered = {(atom.person, unit, atom.site) for atom in frozen for unit in atom.covers}
    fresh = [
        occurrence
        for occurrence in occurrences
        if since <= _unit(period, occurrence) <= period
        and (occurrence.person, _unit(period, occurrence), occurrence.site) not in covered
    ]
    fresh.sort(key=lambda o: (_unit(period, o) < period, o.effective_on, o.recorded_at, o.id))
    together: dict[tuple[str, str], list[Occurrence]] = {}
    of_person: dict[tuple[str, bool], list[Mapping[str, str]]] = {}
    for occurrence in fresh:
        together.setdefault((occurrence.person, occurrence.site), []).append(occurrence)
        whose = (occurrence.person, _unit(period, occurrence) < period)
        of_person.setdefault(whose, []).append(occurrence.dimensions)
    atoms = [_bare(period, group) for group in together.values()]
    if marking.any_of:
        strongest = {whose: marking.strongest(found) for whose, found in of_person.items()}
        atoms = [
            replace(atom, dimensions={**atom.dimensions, **strongest[atom.person, atom.late]})
            for atom in atoms
        ]
    return _marked(atoms, frozen, marking)


def _unit(period: str, occurrence: Occurrence) -> str:
    """The month, or the quarter where the period is one, in which something happened."""
    if "Q" in period:
        return periods.quarter_of(occurrence.effective_on)
    return periods.month(periods.period_of(occurrence.effective_on))


def _bare(period: str, group: list[Occurrence]) -> Atom:
    """An atom without markers, from the first of a person's occurrences at a site."""
    first = group[0]
    late = _unit(period, first) < period
    own = period if "Q" in period else periods.period_of(first.effective_on)
    return Atom(
        occurrence=first.id,
        person=first.person,
        household=first.household,
        site=first.site,
        # Late ones go to the last half of October: after the month's own.
        period=periods.pieces(period)[-1] if late else own,
        late=late,
        counted=NONE,
        household_counted=NONE,
        first_ever=False,
        covers=tuple(sorted({_unit(period, occurrence) for occurrence in group})),
        dimensions=dict(first.dimensions),
    )


class _Seen:
    """Who has been counted in which year, quarter and month."""

    def __init__(self) -> None:
        self.spans: set[tuple[str, str]] = set()
        self.ever: set[str] = set()

    def note(self, who: str, period: str) -> None:
        self.ever.add(who)
        for span in (periods.year(period), periods.quarter(period), periods.month(period)):
            self.spans.add((who, span))

    def marker(self, who: str, period: str) -> str:
        """What counting somebody now would be the first of."""
        if (who, periods.year(period)) not in self.spans:
            return YEAR
        if (who, periods.quarter(period)) not in self.spans:
            return QUARTER
        return MONTH if (who, periods.month(period)) not in self.spans else SITE


def _marked(atoms: list[Atom], frozen: Collection[Atom], marking: Marking) -> list[Atom]:
    persons, households = _Seen(), _Seen()
    for atom in frozen:
        persons.note(atom.person, atom.period)
        if atom.household_counted != NONE:
            households.note(atom.household, atom.period)
    at_site: set[tuple[str, str]] = set()
    marked = []
    for atom in atoms:
        counted, first = persons.marker(atom.person, atom.period), atom.person not in persons.ever
        persons.note(atom.person, atom.period)
        own = NONE
        if (atom.household, atom.site) not in at_site and marking.carries(atom.dimensions):
            own = households.marker(atom.household, atom.period)
            households.note(atom.household, atom.period)
            at_site.add((atom.household, atom.site))
        marked.append(replace(atom, counted=counted, household_counted=own, first_ever=first))
    return marked


def withdrawn(
    frozen: Iterable[Atom],
    supported: Collection[tuple[str, str, str]],
    *,
    now: Mapping[str, str] | None = None,
    already: Collection[str] = (),
) -> list[Atom]:
    """Released atoms that would not be counted so today, with the marker they were released with.

    In: all released atoms in the order of release; `supported`, the (person, month or quarter, site) for which an
    occurrence still stands; `now`, pseudonym → pseudonym of the person it was merged into; `already`, occurrence ids
    of atoms withdrawn before. An atom goes if nothing supports it any more, or if after a merge the same person has
    been counted so already. They form a cube of their own, shown beside and never subtracted.
    """
    identity = now or {}
    taken: set[tuple[str, ...]] = set()
    gone = []
    for atom in frozen:
        if atom.occurrence in already:
            continue
        person = identity.get(atom.person, atom.person)
        stands = any((person, unit, atom.site) in supported for unit in atom.covers)
        claims = _claims(atom, person)
        if not stands or claims[0] in taken or claims[-1] in taken:
            gone.append(atom)
            continue
        taken.update(claims)
    return gone


def _claims(atom: Atom, person: str) -> list[tuple[str, ...]]:
    """What an atom is the only one of: first what its marker says, last its person, month and site."""
    spans = {
        YEAR: (periods.year, periods.quarter, periods.month),
        QUARTER: (periods.quarter, periods.month),
        MONTH: (periods.month,),
    }.get(atom.counted, ())
    claims: list[tuple[str, ...]] = [(person, span(atom.period)) for span in spans]
    return [*claims, (person, periods.month(atom.period), atom.site)]
