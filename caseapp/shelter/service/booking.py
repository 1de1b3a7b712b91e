"""Booking and what may happen to a booking. Units, then places, are locked in id order *before* the EXCLUDE
constraints speak, so that whoever comes second waits and is told no, and nobody is told of a deadlock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from caseapp.core import clock, reference
from caseapp.core.db import session
from caseapp.core.errors import NotYours, refusal_of
from caseapp.people import queries as people_queries
from caseapp.people import rules as people_rules
from caseapp.places.models import Site
from caseapp.shelter import errors, events, queries, rules
from caseapp.shelter.models import Place, Stay, StayState, Unit

LONGEST = timedelta(days=366)


def book(
    wanted: Mapping[UUID, UUID],
    *,
    team_id: UUID,
    first_night: date,
    last_night: date,
    referral_id: UUID | None = None,
    immediate: bool = False,
) -> list[Stay]:
    """Book places for people in one act: `wanted` maps case ids to place ids of the shelter's team.

    All or nothing. Raises `PlaceTaken`, `CannotBeOffered`, `LeaveNeeded`, `AlreadyHasPlace`, `NightsInvalid`, and `NotYours`
    for a case or a place that the acting principal does not see."""
    if not first_night <= last_night <= first_night + LONGEST:
        raise errors.NightsInvalid
    if len(set(wanted.values())) != len(wanted) or not wanted:
        raise errors.PlaceTaken
    units, places = _lock(wanted.values(), team_id)
    site = session.get_one(Site, next(iter(units.values())).site_id)
    tonight = queries.tonight_at(site)
    people = queries.persons_to_place(wanted, first_night)
    if len(people) != len(wanted):
        raise NotYours
    _must_have_leave(wanted, site, first_night, sent=referral_id is not None)
    _must_be_free(wanted, people, team_id, first_night, last_night, tonight)
    _must_be_allowed(wanted, people, units, places, site, first_night, last_night, tonight)
    made = []
    for case_id, place_id in wanted.items():
        person, place = people[case_id], places[place_id]
        unit = units[place.unit_id]
        stay = Stay(
            case_id=case_id, household_id=person.household_id, site_id=unit.site_id, team_id=team_id, unit_id=unit.id,
            place_id=place.id, one_household=unit.one_household, referral_id=referral_id, first_night=first_night,
            last_night=last_night, state=StayState.BOOKED, child=person.guest.child, immediate=immediate,
            requirements=sorted(person.guest.requirements), booked_at=clock.now(),
        )  # fmt: skip
        stay.called_name, stay.life_critical = person.called_name, person.life_critical
        stay.site = site
        session.add(stay)
        made.append(stay)
        events.happened(events.BOOKED, stay, site, code=place.kind, number=stay.nights)
    _flush()
    return made


def move(moves: Sequence[tuple[Stay, UUID]], reason: str) -> None:
    """Move people to other places of the same shelter for the nights that remain, in one act (a child and
    its family move together). `reason`: list `stay_move_reason`. Raises as `book`, and `ChildLeftAlone` if a
    child would stay behind without family."""
    reference.code("stay_move_reason", reason)
    stays = [stay for stay, _ in moves]
    wanted = {stay.case_id: place_id for stay, place_id in moves}
    if not moves or len({s.team_id for s in stays}) != 1 or len(set(wanted.values())) != len(stays):
        raise errors.WrongState
    for stay in stays:
        _must_hold(stay)
    team_id, site = stays[0].team_id, session.get_one(Site, stays[0].site_id)
    units, places = _lock([*wanted.values(), *(s.place_id for s in stays)], team_id)
    tonight = queries.tonight_at(site)
    first = max(tonight, min(s.first_night for s in stays))
    last = max(first, *(s.last_night for s in stays))
    people = _people(stays, first)
    _must_be_free(wanted, people, team_id, first, last, tonight)
    _must_be_allowed(wanted, people, units, places, site, first, last, tonight)
    left_behind = {s.unit_id for s in stays} - {places[p].unit_id for p in wanted.values()}
    for stay in stays:
        place = places[wanted[stay.case_id]]
        unit = units[place.unit_id]
        stay.place_id, stay.unit_id, stay.one_household = place.id, unit.id, unit.one_household
        events.happened(events.MOVED, stay, site, code=place.kind, reason=reason)
    _flush()
    _must_leave_no_child_alone(left_behind, units, site, first, last, tonight)
    for stay in stays:
        session.expire(stay, ["place", "unit"])


def _must_leave_no_child_alone(
    unit_ids: Iterable[UUID], units: Mapping[UUID, Unit], site: Site, first: date, last: date, tonight: date
) -> None:
    there = queries.sleepers(unit_ids, first, last, tonight)
    family = queries.family_of({s.case_id for stays in there.values() for s in stays})
    for unit_id, stays in there.items():
        unit = units[unit_id]
        room = rules.Room(unit.takes, unit.one_household, site.child_licence)
        if rules.why_not([], room, [queries.as_guest(s, family) for s in stays]) == "NO_CHILD_LICENCE":
            raise errors.ChildLeftAlone


def extend(stay: Stay, last_night: date) -> None:
    """Change the last night: later if the place is free, earlier down to tonight or the first night."""
    _must_hold(stay)
    site = session.get_one(Site, stay.site_id)
    tonight = queries.tonight_at(site)
    earliest = max(stay.first_night, tonight) if stay.state == StayState.IN else stay.first_night
    if not earliest <= last_night <= stay.first_night + LONGEST:
        raise errors.NightsInvalid
    added = (last_night - stay.last_night).days
    if added > 0:
        units, places = _lock([stay.place_id], stay.team_id)
        first = stay.last_night + timedelta(days=1)
        people = _people([stay], first)
        free = queries.free_places(
            [stay.team_id], first, last_night, tonight=first - timedelta(days=1), party=stay.party
        )
        if stay.place_id not in {f.place_id for f in free}:
            raise errors.PlaceTaken
        _must_be_allowed(
            {stay.case_id: stay.place_id}, people, units, places, site, first, last_night, first - timedelta(days=1),
            met_before=True,
        )  # fmt: skip
    stay.last_night = last_night
    if added:
        events.happened(events.EXTENDED, stay, site, number=added)
    _flush()


def cancel(stays: Sequence[Stay], reason: str) -> None:
    """Give up bookings. `reason`: list `stay_cancel_reason`. Whoever asked for them is told by the handlers."""
    reference.code("stay_cancel_reason", reason)
    for stay in stays:
        if stay.state != StayState.BOOKED:
            raise errors.WrongState
    for stay in stays:
        stay.state, stay.cancel_reason = StayState.CANCELLED, reason
        events.happened(events.CANCELLED, stay, session.get_one(Site, stay.site_id), reason=reason)
    _flush()
    events.tell(events.released, stays)


def no_show(stays: Sequence[Stay], *, by_person: bool = True) -> None:
    """A person at the shelter writes that people did not come. Refused before the site's hour next morning;
    nothing calls this by itself, and for an IMMEDIATE referral nothing may (`by_person=False`)."""
    for stay in stays:
        site = session.get_one(Site, stay.site_id)
        if stay.state != StayState.BOOKED:
            raise errors.WrongState
        local = clock.local(clock.now(), site.timezone)
        if not rules.may_mark_no_show(
            local, stay.first_night, site.no_show_after_hour, immediate=stay.immediate, by_person=by_person
        ):
            raise errors.TooEarlyForNoShow
    for stay in stays:
        stay.state = StayState.NO_SHOW
        events.happened(events.NO_SHOW, stay, session.get_one(Site, stay.site_id))
    _flush()
    events.tell(events.released, stays)


def keep_minimum(stays: Iterable[Stay]) -> None:
    """After consent has ended the shelter keeps called name, bed, nights and what is life-critical until
    departure; the other requirements close at once, and the name with the departure (DO_NO_HARM)."""
    for stay in stays:
        life = {line.split("|", 1)[0] for line in (stay.life_critical or "").splitlines()}
        stay.requirements = sorted(set(stay.requirements) & life)
        stay.minimum = True
    session.flush()


def forget(stays: Iterable[Stay]) -> None:
    """Nobody came and the consent is gone: nothing of the person stays with the shelter."""
    for stay in stays:
        stay.called_name, stay.life_critical, stay.requirements = None, None, []
    session.flush()


def show_again(requirements: Mapping[UUID, Sequence[str]], stays: Iterable[Stay]) -> None:
    """The person consented anew: the shelter knows again what the place must have (by case)."""
    for stay in stays:
        if stay.minimum and stay.state in (StayState.BOOKED, StayState.IN):
            stay.requirements, stay.minimum = sorted(requirements.get(stay.case_id, ())), False
    session.flush()


# -- the common ground --------------------------------------------------------------------------------
def _lock(place_ids: Iterable[UUID], team_id: UUID) -> tuple[dict[UUID, Unit], dict[UUID, Place]]:
    """Lock units, then places, each in id order. The unit's lock also holds what the rules about rooms read:
    two people booked into one room at the same moment would otherwise not see each other."""
    ids = set(place_ids)
    of_places = sa.select(Place.unit_id).where(Place.id.in_(ids), Place.team_id == team_id)
    units = session.scalars(
        sa.select(Unit)
        .where(Unit.id.in_(of_places))
        .order_by(Unit.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    places = session.scalars(
        sa.select(Place)
        .where(Place.id.in_(ids), Place.team_id == team_id)
        .order_by(Place.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if len(places) != len(ids):
        raise NotYours
    return {u.id: u for u in units}, {p.id: p for p in places}


def _people(stays: Sequence[Stay], on: date) -> dict[UUID, queries.Placing]:
    """The people of stays, from their cases where these are open to us, else from what the stay holds (after
    consent ends): then nothing is known that would let them share a room, so they get one of their own."""
    people = queries.persons_to_place([s.case_id for s in stays], on)
    for stay in stays:
        kept = rules.Guest(stay.case_id, stay.party, stay.child, requirements=frozenset(stay.requirements))
        people.setdefault(stay.case_id, queries.Placing(kept, stay.household_id, "", ""))
    return people


def _must_hold(stay: Stay) -> None:
    if stay.state not in (StayState.BOOKED, StayState.IN):
        raise errors.WrongState


def _must_have_leave(case_ids: Iterable[UUID], site: Site, first: date, *, sent: bool) -> None:
    """Nobody is sent to another state without the authority's leave. Who stands at the door is never sent away for
    it: that move has been made, and the alert of the file says what is missing."""
    if sent and people_rules.lacking(people_queries.movements_of(case_ids, first).values(), site.admin1):
        raise people_rules.LeaveNeeded


def _must_be_free(
    wanted: Mapping[UUID, UUID],
    people: Mapping[UUID, queries.Placing],
    team_id: UUID,
    first: date,
    last: date,
    tonight: date,
) -> None:
    for party in {people[c].guest.party for c in wanted}:
        free = {f.place_id for f in queries.free_places([team_id], first, last, tonight=tonight, party=party)}
        if any(place not in free for case, place in wanted.items() if people[case].guest.party == party):
            raise errors.PlaceTaken


def _must_be_allowed(
    wanted: Mapping[UUID, UUID],
    people: Mapping[UUID, queries.Placing],
    units: Mapping[UUID, Unit],
    places: Mapping[UUID, Place],
    site: Site,
    first: date,
    last: date,
    tonight: date,
    *,
    met_before: bool = False,
) -> None:
    """The one gate before any night is given: rooms, children, and what the place must answer. `met_before`:
    the person is there already, so that a requirement set since does not put them out."""
    there = queries.sleepers(units, first, last, tonight)
    parties = {people[c].guest.party for c in wanted}
    same = {s.case_id for stays in there.values() for s in stays if s.party in parties}
    family = queries.family_of(same) if same else {}
    for unit_id, unit in units.items():
        newcomers = [people[c].guest for c, p in wanted.items() if places[p].unit_id == unit_id]
        if not newcomers:
            continue
        already = [queries.as_guest(s, family) for s in there.get(unit_id, []) if s.case_id not in wanted]
        room = rules.Room(unit.takes, unit.one_household, site.child_licence)
        if rules.why_not(newcomers, room, already):
            raise errors.CannotBeOffered
        for case_id, place_id in wanted.items():
            place = places[place_id]
            if place.unit_id != unit_id or met_before:
                continue
            guest = people[case_id].guest
            answers = rules.answered(unit.traits, place.traits, place.kind)
            if rules.lacks(guest.requirements, answers) or not rules.fits_kind(
                guest.child, guest.requirements, place.kind
            ):
                raise errors.CannotBeOffered


def _flush() -> None:
    """Flush in a savepoint, so that a constraint's no is a refusal and the transaction goes on."""
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as error:
        refusal = refusal_of(error)
        if refusal is None:
            raise
        raise refusal from error
