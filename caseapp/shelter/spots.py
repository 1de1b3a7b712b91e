"""Places as the rules need them, also those of a shelter that is not ours: who sends a family asks for a place
without reading the shelter's rooms or who sleeps there. Definer functions answer with what a rule needs, and a
protected shelter answers only its own people."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.places.models import Site
from caseapp.shelter import queries, rules
from caseapp.shelter.standing import ChildLicence


@dataclass(frozen=True)
class Spot:
    """A place and its unit."""

    place_id: UUID
    unit_id: UUID
    team_id: UUID
    site_id: UUID
    code: str
    kind: str
    place_traits: tuple[str, ...]
    name: str
    takes: str
    unit_traits: tuple[str, ...]
    one_household: bool
    turnaround_nights: int

    @property
    def answers(self) -> frozenset[str]:
        """What the place answers, counted jointly with its unit."""
        return rules.answered(self.unit_traits, self.place_traits, self.kind)


def spots(place_ids: Iterable[UUID], *, lock: bool = False) -> dict[UUID, Spot]:
    """Places by id, in the order of units and codes. `lock` locks units, then places, each in id order, until the
    transaction ends: whoever comes second waits, and reads what the first one did."""
    rows = session.execute(
        sa.text("SELECT * FROM place_facts(:p, :l)").bindparams(
            sa.bindparam("p", sorted(set(place_ids)), type_=sa.ARRAY(sa.Uuid())), sa.bindparam("l", lock),
        )
    )  # fmt: skip
    found = {}
    for row in rows:
        values = row._mapping
        found[row.place_id] = Spot(
            **{**values, "place_traits": tuple(row.place_traits), "unit_traits": tuple(row.unit_traits)}
        )
    return found


def company(
    unit_ids: Collection[UUID],
    guests: Iterable[rules.Guest],
    first: date,
    last: date,
    tonight: date,
    *,
    ours: bool,
) -> dict[UUID, list[rules.Guest]]:
    """Who else is in these units on those nights, as the rules need them. `ours`: the shelter's own people see each
    of them; anybody else learns that an adult is there, how many children, and whether these are girls or boys alone,
    which allows less and never more."""
    newcomers = list(guests)
    moving, parties = {g.case_id for g in newcomers}, {g.party for g in newcomers}
    there = queries.sleepers(unit_ids, first, last, tonight) if unit_ids else {}
    same = {s.case_id for stays in there.values() for s in stays if s.party in parties}
    family = queries.family_of(same) if same else {}
    found = {
        unit_id: [queries.as_guest(s, family) for s in stays if s.case_id not in moving]
        for unit_id, stays in there.items()
    }
    if ours or not unit_ids:
        return found
    rows = session.execute(
        sa.text("SELECT unit_id, adults, children, children_safe_in FROM unit_company(:u, :f, :l, :p, :n, :now)").bindparams(
            sa.bindparam("u", list(unit_ids), type_=sa.ARRAY(sa.Uuid())), sa.bindparam("f", first), sa.bindparam("l", last),
            sa.bindparam("p", sorted(parties), type_=sa.ARRAY(sa.Uuid())), sa.bindparam("n", tonight),
            sa.bindparam("now", clock.now(), type_=sa.DateTime(timezone=True)),
        )
    )  # fmt: skip
    own = {unit_id: [g for g in seen if g.party in parties] for unit_id, seen in found.items()}
    for unit_id, adults, children, safe in rows:
        own.setdefault(unit_id, []).extend(rules.strangers(adults, children, safe))
    return own


def parted(
    case_ids: Iterable[UUID], unit_ids: Iterable[UUID] | None, first: date, last: date, tonight: date
) -> frozenset[UUID]:
    """Of these units (None: of all), those where one of these people must not be on those nights. Nothing tells why; it is asked
    every time, of everybody, so that asking tells nothing either."""
    rows = session.scalars(
        sa.text("SELECT parted_units(:c, :u, :f, :l, :n, :now)").bindparams(
            sa.bindparam("c", sorted(set(case_ids)), type_=sa.ARRAY(sa.Uuid())),
            sa.bindparam("u", None if unit_ids is None else sorted(set(unit_ids)), type_=sa.ARRAY(sa.Uuid())),
            sa.bindparam("f", first), sa.bindparam("l", last), sa.bindparam("n", tonight),
            sa.bindparam("now", clock.now(), type_=sa.DateTime(timezone=True)),
        )
    )  # fmt: skip
    return frozenset(rows)


def child_licence(site: Site, first: date, last: date) -> bool:
    """Whether the site is licensed for children without family on every one of these nights."""
    if not site.child_licence:
        return False
    rows = session.execute(
        sa.select(ChildLicence.valid_from, ChildLicence.valid_to).where(ChildLicence.site_id == site.id)
    )
    return rules.licensed(True, [(row.valid_from, row.valid_to) for row in rows], first, last)


def ours(team_id: UUID) -> bool:
    """Whether the acting principal works at this shelter, or is the system."""
    who = access.current()
    return who.kind == "system" or team_id in {*who.case_teams, *who.site_teams}


def lapse(unit_ids: Iterable[UUID], case_ids: Iterable[UUID]) -> list[UUID]:
    """End the holds on these units and of these people whose time has come. Returns the ids of those stays."""
    return list(
        session.scalars(
            sa.text("SELECT lapse_holds(:u, :c, :now)").bindparams(
                sa.bindparam("u", sorted(set(unit_ids)), type_=sa.ARRAY(sa.Uuid())),
                sa.bindparam("c", sorted(set(case_ids)), type_=sa.ARRAY(sa.Uuid())),
                sa.bindparam("now", clock.now(), type_=sa.DateTime(timezone=True)),
            )
        )
    )
