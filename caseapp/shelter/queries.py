"""What is read of shelters. Availability comes from definer functions that return ids and counts only:
under the policies another team's stays are invisible, and full beds would look free."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import joinedload

from caseapp.accounts.models import Team
from caseapp.core import clock, crypto
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.people import rules as people_rules
from caseapp.people.models import Case, HouseholdMember, Person, PlacementRequirement, Relation
from caseapp.people.rules.household import PARENTS
from caseapp.places.models import Site
from caseapp.shelter import rules
from caseapp.shelter.models import (
    GIVEN,
    HOLDING,
    Place,
    PlaceOut,
    Stay,
    StayState,
    Unit,
    holding,
)
from caseapp.shelter.standing import ChildEmergency, StayExtension, StayPolicy, UnitInspection


# -- who sees which stay ------------------------------------------------------------------------------
def visible_to(principal: Principal) -> sa.Select[Stay]:
    """Stays of the principal's own sites, and of cases that the principal's teams own."""
    teams = {*principal.case_teams, *principal.site_teams}
    own = sa.select(Case.id).where(Case.id == Stay.case_id, Case.team_id.in_(principal.case_teams)).exists()
    return sa.select(Stay).where(sa.or_(Stay.team_id.in_(teams), own))


def managed_by(principal: Principal) -> sa.Select[Stay]:
    """Stays that the principal may act on: those of the sites where they work."""
    return sa.select(Stay).where(Stay.team_id.in_(principal.site_teams))


def managed(principal: Principal, stay_id: UUID) -> Stay:
    """One stay of the principal's site, with place, unit and site, or `NotYours`."""
    found = session.scalars(
        managed_by(principal)
        .where(Stay.id == stay_id)
        .options(joinedload(Stay.place), joinedload(Stay.unit), joinedload(Stay.site))
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotYours
    return found


def managed_many(principal: Principal, ids: Iterable[UUID]) -> list[Stay]:
    """Several stays of the principal's sites; a strange one among them is `NotYours`."""
    wanted = set(ids)
    found = list(session.scalars(managed_by(principal).where(Stay.id.in_(wanted)).order_by(Stay.id)))
    if len(found) != len(wanted) or not wanted:
        raise NotYours
    return found


def shelters_of(principal: Principal) -> list[Team]:
    """The shelter teams in which the principal works, with their sites."""
    return list(
        session.scalars(
            sa.select(Team)
            .where(Team.id.in_(principal.site_teams), Team.site_id.is_not(None))
            .options(joinedload(Team.site))
            .order_by(Team.sort_key, Team.id)
        )
    )


def night_at(site: Site, moment: datetime) -> date:
    """The night that a moment (UTC) belongs to at the site."""
    return rules.night_of(clock.local(moment, site.timezone), site.rollover_hour)


def tonight_at(site: Site) -> date:
    """The night that it is now at the site."""
    return night_at(site, clock.now())


def night_to_book(site: Site, moment: datetime | None = None) -> date:
    """The night for which whoever arrives at a moment (UTC; now) gets a bed at the site."""
    return rules.night_to_book(clock.local(moment or clock.now(), site.timezone), site.rollover_hour)


def night_came(site: Site, stay: Stay) -> date:
    """The first night that a person who is or was in slept at the site."""
    assert stay.arrived_at is not None
    return rules.night_came(clock.local(stay.arrived_at, site.timezone), stay.first_night, site.rollover_hour)


# -- what other areas ask -----------------------------------------------------------------------------
def for_case(case: Case) -> list[Stay]:
    """The stays of a case, newest first, with their sites; what was only held, and is not any more, is none."""
    return list(
        session.scalars(
            sa.select(Stay)
            .where(Stay.case_id == case.id, Stay.state != StayState.RELEASED)
            .options(joinedload(Stay.site))
            .order_by(Stay.first_night.desc(), Stay.id.desc())
        )
    )


def open_for(case: Case) -> list[Stay]:
    """Stays that keep a case from being closed: held, booked, or in."""
    return list(session.scalars(sa.select(Stay).where(Stay.case_id == case.id, holding(clock.now()))))


def holding_for_referral(referral_id: UUID, *, lock: bool = False) -> list[Stay]:
    """Held, booked and present stays of a referral that the acting principal sees, in id order."""
    wanted = (
        sa.select(Stay)
        .where(Stay.referral_id == referral_id, Stay.state.in_(HOLDING))
        .options(joinedload(Stay.site, innerjoin=True))
        .order_by(Stay.id)
    )
    return list(session.scalars(wanted.with_for_update(of=Stay) if lock else wanted))


def keeps_places(team_id: UUID, site: Site) -> bool:
    """Whether a shelter counts its places here tonight (as whoever sends may know: a protected one says no)."""
    tonight = tonight_at(site)
    asked = sa.text(
        "SELECT coalesce(sum(capacity + surge), 0) > 0 FROM shelter_occupancy(:team, :night, :night, :night, :now)"
    )
    return bool(session.scalar(asked, {"team": team_id, "night": tonight, "now": clock.now()}))


def places_held_for(referral_id: UUID) -> frozenset[UUID]:
    """The places that are held for a referral now."""
    held = sa.and_(Stay.state == StayState.HELD, Stay.held_until > clock.now())
    return frozenset(session.scalars(sa.select(Stay.place_id).where(Stay.referral_id == referral_id, held)))


def max_nights(team_id: UUID) -> int | None:
    """The longest stay that the shelter gives, or None."""
    return session.scalar(sa.select(StayPolicy.max_nights).where(StayPolicy.team_id == team_id))


def longest_of(team_ids: Iterable[UUID]) -> dict[UUID, int]:
    """The longest stay of those of these teams that set one (one statement)."""
    rows = session.execute(
        sa.select(StayPolicy.team_id, StayPolicy.max_nights).where(StayPolicy.team_id.in_(list(team_ids)))
    )
    return {team_id: nights for team_id, nights in rows if nights is not None}


# -- availability -------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Free:
    """A place that is free on all the nights asked for; `until` is the first night it is taken again."""

    team_id: UUID
    unit_id: UUID
    place_id: UUID
    until: date | None


def free_places(
    teams: Sequence[UUID],
    first: date,
    last: date,
    *,
    tonight: date,
    party: UUID | None = None,
    referral_id: UUID | None = None,
) -> list[Free]:
    """Places of these teams that are free from `first` to `last`; rooms for one household count as taken
    unless `party` is who is in them, and what is held for `referral_id` counts as free."""
    rows = session.execute(
        sa.text(
            "SELECT team_id, unit_id, place_id, free_until FROM free_places(:t, :f, :l, :p, :n, :now, :r)"
        ).bindparams(
            sa.bindparam("t", list(teams), type_=sa.ARRAY(sa.Uuid())), sa.bindparam("p", party, type_=sa.Uuid()),
            sa.bindparam("f", first, type_=sa.Date()), sa.bindparam("l", last, type_=sa.Date()),
            sa.bindparam("n", tonight, type_=sa.Date()), sa.bindparam("now", clock.now(), type_=sa.DateTime(timezone=True)),
            sa.bindparam("r", referral_id, type_=sa.Uuid()),
        )
    )  # fmt: skip
    return [Free(*row) for row in rows]


@dataclass(frozen=True)
class Night:
    night: date
    capacity: int
    taken: int
    blocked: int  # empty, in a room that one household has
    surge: int
    surge_taken: int
    held: int = 0  # of those taken: nobody has said yes yet

    @property
    def free(self) -> int:
        """Places of the capacity that can be offered; surge is over capacity and never counts."""
        return max(0, self.capacity - (self.taken - self.surge_taken) - self.blocked)


def occupancy(team_id: UUID, first: date, last: date, *, tonight: date) -> list[Night]:
    """Places and people of a team by night: counts only."""
    rows = session.execute(
        sa.text(
            "SELECT night, capacity, taken, blocked, surge, surge_taken, held "
            "FROM shelter_occupancy(:t, :f, :l, :n, :now)"
        ),
        {"t": team_id, "f": first, "l": last, "n": tonight, "now": clock.now()},
    )
    return [Night(*row) for row in rows]


def places_of(team_id: UUID, on: date) -> list[tuple[Place, Unit]]:
    """Places of a team that are open on a night, by unit."""
    rows = session.execute(
        sa.select(Place, Unit)
        .join(Unit, Unit.id == Place.unit_id)
        .where(
            Unit.team_id == team_id,
            Unit.active,
            Place.opened_on <= on,
            sa.or_(Place.closed_on.is_(None), Place.closed_on >= on),
        )
        .order_by(Unit.sort_key, Unit.id, Place.code)
    )
    return [(place, unit) for place, unit in rows]


def outs_of(team_id: UUID, night: date) -> dict[UUID, PlaceOut]:
    """Places of a team that are out of service on a night."""
    rows = session.scalars(
        sa.select(PlaceOut).where(
            PlaceOut.team_id == team_id,
            PlaceOut.first_night <= night,
            sa.or_(PlaceOut.last_night.is_(None), PlaceOut.last_night >= night),
        )
    )
    return {row.place_id: row for row in rows}


def kinds_of(place_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The kind of each place."""
    rows = session.execute(sa.select(Place.id, Place.kind).where(Place.id.in_(set(place_ids))))
    return {row[0]: row[1] for row in rows}


# -- people as the rules about rooms need them --------------------------------------------------------
@dataclass(frozen=True)
class Placing:
    """A person about to be placed: what the rules need, and what the stay will carry."""

    guest: rules.Guest
    household_id: UUID | None
    called_name: str
    life_critical: str


def persons_to_place(case_ids: Iterable[UUID], on: date) -> dict[UUID, Placing]:
    """The people of these cases as the acting principal sees them (four statements, whatever the number).
    A case that is not visible is missing from the answer."""
    ids = set(case_ids)
    here = sa.and_(HouseholdMember.case_id == Person.case_id, HouseholdMember.left_on.is_(None))
    rows = session.execute(
        sa.select(Person, HouseholdMember.household_id)
        .outerjoin(HouseholdMember, here)
        .where(Person.case_id.in_(ids))
    ).all()
    persons = [person for person, _ in rows]
    households = {person.case_id: household for person, household in rows if household is not None}
    crypto.load_keys([p.case_id for p in persons])
    needed = list(
        session.scalars(
            sa.select(PlacementRequirement)
            .where(PlacementRequirement.case_id.in_(ids), PlacementRequirement.ended_on.is_(None))
            .order_by(PlacementRequirement.requirement)
        )
    )
    family = family_of(ids)
    found = {}
    for person in persons:
        own = [r for r in needed if r.case_id == person.case_id]
        birth = people_rules.Birth(person.birth_precision, person.birth_from, person.birth_to)
        related, guardians, partners = family.get(person.case_id, (frozenset(), frozenset(), frozenset()))
        guest = rules.Guest(
            person.case_id, households.get(person.case_id) or person.case_id,
            people_rules.is_child(birth, person.age_status, on),
            rules.safe_in(person.sex_in_document, person.feels_safe_in),
            frozenset(r.requirement for r in own), related, guardians, partners,
        )  # fmt: skip
        found[person.case_id] = Placing(
            guest, households.get(person.case_id), called(person),
            "\n".join(f"{r.requirement}|{r.detail or ''}" for r in own if r.life_critical),
        )  # fmt: skip
    return found


def called(person: Person) -> str:
    """The name the person is called by; the first given name where none was said."""
    return person.called_name or (person.given_names or "").split(" ")[0]


Family = tuple[frozenset[UUID], frozenset[UUID], frozenset[UUID]]


def family_of(case_ids: Iterable[UUID]) -> dict[UUID, Family]:
    """By child or person: relatives by evidence, parents and guardians by evidence, partners (any evidence)."""
    ids = set(case_ids)
    rows = session.execute(
        sa.select(Relation.case_id, Relation.other_case_id, Relation.relation, Relation.evidence).where(
            sa.or_(Relation.case_id.in_(ids), Relation.other_case_id.in_(ids)),
            Relation.evidence != "DISPROVED",
        )
    ).all()
    related: dict[UUID, set[UUID]] = {}
    guardians: dict[UUID, set[UUID]] = {}
    partners: dict[UUID, set[UUID]] = {}
    for elder, younger, what, evidence in rows:
        if what in ("SPOUSE", "PARTNER"):
            partners.setdefault(elder, set()).add(younger)
            partners.setdefault(younger, set()).add(elder)
        turned = (younger, elder, people_rules.inverse(what))
        for adult, child, relation in ((elder, younger, what), turned):
            if people_rules.is_related(relation, evidence):
                related.setdefault(child, set()).add(adult)
                if relation in PARENTS:
                    guardians.setdefault(child, set()).add(adult)
    return {
        i: (
            frozenset(related.get(i, ())),
            frozenset(guardians.get(i, ())),
            frozenset(partners.get(i, ())),
        )
        for i in ids
    }


def sleepers(unit_ids: Iterable[UUID], first: date, last: date, tonight: date) -> dict[UUID, list[Stay]]:
    """Who holds places in these units on any of the nights, and who should have left and is still in."""
    overlap = sa.and_(Stay.first_night <= last, Stay.last_night >= first)
    overdue = sa.and_(Stay.state == StayState.IN, Stay.last_night < first, sa.literal(first) <= tonight)
    rows = session.scalars(
        sa.select(Stay).where(Stay.unit_id.in_(set(unit_ids)), holding(clock.now()), sa.or_(overlap, overdue))
    )
    found: dict[UUID, list[Stay]] = {}
    for stay in rows:
        found.setdefault(stay.unit_id, []).append(stay)
    return found


def as_guest(stay: Stay, family: dict[UUID, Family]) -> rules.Guest:
    """A person already there, as the rules about rooms need them."""
    related, guardians, partners = family.get(stay.case_id, (frozenset(), frozenset(), frozenset()))
    return rules.Guest(
        stay.case_id,
        stay.party,
        stay.child,
        stay.child_safe_in or "SEPARATE",
        related=related,
        guardians=guardians,
        partners=partners,
    )


def kept_guest(stay: Stay) -> rules.Guest:
    """A person of whom the stay is all that is still known: nothing that would let them share a room with adults."""
    needed = frozenset(stay.requirements)
    return rules.Guest(stay.case_id, stay.party, stay.child, stay.child_safe_in or "SEPARATE", needed)


def together(stay: Stay) -> list[Stay]:
    """The stays of the household that are held at the same shelter now, this one among them."""
    same = Stay.household_id == stay.household_id if stay.household_id else Stay.id == stay.id
    rows = session.scalars(
        sa.select(Stay)
        .where(same, Stay.team_id == stay.team_id, Stay.state.in_(GIVEN))
        .options(joinedload(Stay.place), joinedload(Stay.unit), joinedload(Stay.site))
        .order_by(Stay.child, Stay.id)
    ).all()
    crypto.load_keys([s.case_id for s in rows])
    return list(rows)


# -- the daily word ----------------------------------------------------------------------------------
def last_words(team_ids: Iterable[UUID]) -> dict[UUID, datetime | None]:
    """When each of these shelters last said what it has (UTC), ours or not (one statement); a protected shelter
    answers only its own people."""
    rows = session.execute(
        sa.text("SELECT team_id, said_at FROM capacity_words(:t)").bindparams(
            sa.bindparam("t", sorted(set(team_ids)), type_=sa.ARRAY(sa.Uuid()))
        )
    )
    return {row.team_id: row.said_at for row in rows}


def last_confirmation(team_id: UUID) -> datetime | None:
    """When somebody last confirmed what this shelter has (UTC), or None."""
    return last_words([team_id]).get(team_id)


def to_move(team_id: UUID, first: date, last: date) -> list[Stay]:
    """People whose place, on one of these nights that they have, is out of service, closed, or in a unit that an
    inspection shut: somebody moves them."""
    nights = sa.func.daterange(Stay.first_night, Stay.last_night, "[]", type_=pg.DATERANGE)
    out = sa.exists().where(
        PlaceOut.place_id == Stay.place_id,
        sa.func.daterange(PlaceOut.first_night, PlaceOut.last_night, "[]", type_=pg.DATERANGE).op("&&")(
            nights
        ),
        sa.or_(PlaceOut.last_night.is_(None), PlaceOut.last_night >= first),
    )
    rows = session.scalars(
        sa.select(Stay)
        .join(Unit, Unit.id == Stay.unit_id)
        .join(Place, Place.id == Stay.place_id)
        .where(
            Stay.team_id == team_id, Stay.state.in_(GIVEN), Stay.last_night >= first, Stay.first_night <= last,
            sa.or_(out, Unit.shut_on <= Stay.last_night, Place.closed_on < Stay.last_night, ~Unit.active),
        )
        .options(joinedload(Stay.place), joinedload(Stay.unit))
        .order_by(Stay.first_night, Stay.id)
        .limit(50)
    ).all()  # fmt: skip
    crypto.load_keys([s.case_id for s in rows])
    return list(rows)


def extensions_of(stay_id: UUID) -> list[StayExtension]:
    """The decisions that somebody stays longer, oldest first."""
    return list(
        session.scalars(
            sa.select(StayExtension).where(StayExtension.stay_id == stay_id).order_by(StayExtension.at)
        )
    )


def last_inspections(team_id: UUID) -> dict[UUID, UnitInspection]:
    """The latest inspection of each unit of a shelter."""
    rows = session.scalars(
        sa.select(UnitInspection)
        .where(UnitInspection.team_id == team_id)
        .order_by(UnitInspection.inspected_on, UnitInspection.id)
    )
    return {row.unit_id: row for row in rows}


def emergencies_to_review(team_id: UUID) -> list[ChildEmergency]:
    """Children taken in an emergency at whom no second person has looked, the most urgent first."""
    rows = session.scalars(
        sa.select(ChildEmergency)
        .where(ChildEmergency.team_id == team_id, ChildEmergency.reviewed_at.is_(None))
        .order_by(ChildEmergency.review_due_at)
        .limit(25)
    ).all()
    crypto.load_keys([row.case_id for row in rows])
    return list(rows)
