"""Booking and what may happen to a booking. What every verb asks first stands in `asking`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from uuid import UUID

from caseapp.core import access, audit, clock, reference
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.places.models import Site
from caseapp.shelter import errors, events, queries, rules, spots
from caseapp.shelter.models import Stay, StayState
from caseapp.shelter.service.asking import (
    LONGEST,
    ask,
    lock,
    must_be_allowed,
    must_be_free,
    once_more,
    refusing,
)
from caseapp.shelter.service.holding import turn_holds
from caseapp.shelter.spots import Spot
from caseapp.shelter.standing import StayExtension


@once_more
def book(
    wanted: Mapping[UUID, UUID],
    *,
    team_id: UUID,
    first_night: date,
    last_night: date,
    referral_id: UUID | None = None,
    immediate: bool = False,
    emergency: bool = False,
) -> list[Stay]:
    """Book places for people in one act: `wanted` maps case ids to place ids of the shelter's team.

    What was held for the referral becomes its bookings, and what is held for it beyond them is let go. All or
    nothing. Raises `PlaceTaken`, `CannotBeOffered`, `LeaveNeeded`, `AlreadyHasPlace`, `NightsInvalid`, and
    `NotYours` for a case or a place that the acting principal does not see."""
    if not spots.ours(team_id):
        raise NotYours
    asked = ask(wanted, team_id, first_night, last_night, referral_id=referral_id, emergency=emergency)
    made = []
    with refusing():
        held = turn_holds(asked, referral_id) if referral_id is not None else {}
        for case_id, person in asked.people.items():
            stay = held.get(case_id) or asked.stay_for(case_id, referral_id=referral_id, immediate=immediate)
            stay.state, stay.held_until, stay.booked_at = StayState.BOOKED, None, clock.now()
            stay.requirements = sorted(person.guest.requirements)
            stay.called_name, stay.life_critical = person.called_name, person.life_critical
            session.add(stay)
            made.append(stay)
            kind = asked.spots[stay.place_id].kind
            events.happened(events.BOOKED, stay, asked.site, code=kind, number=stay.nights)
    return made


@once_more
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
    found = lock([*wanted.values(), *(s.place_id for s in stays)], team_id)
    tonight = queries.tonight_at(site)
    first = max(tonight, min(s.first_night for s in stays))
    last = max(first, *(s.last_night for s in stays))
    people = _people(stays, first)
    must_be_free(wanted, people, team_id, first, last, tonight)
    must_be_allowed(wanted, people, found, site, first, last, tonight)
    left_behind = {s.unit_id for s in stays} - {found[p].unit_id for p in wanted.values()}
    units = {spot.unit_id: spot for spot in found.values()}
    with refusing():
        for stay in stays:
            spot = found[wanted[stay.case_id]]
            stay.place_id, stay.unit_id, stay.one_household = spot.place_id, spot.unit_id, spot.one_household
            stay.turnaround = spot.turnaround_nights
            events.happened(events.MOVED, stay, site, code=spot.kind, reason=reason)
    _must_leave_no_child_alone(left_behind, units, site, first, last, tonight)
    for stay in stays:
        session.expire(stay, ["place", "unit"])


def _must_leave_no_child_alone(
    unit_ids: Iterable[UUID], units: Mapping[UUID, Spot], site: Site, first: date, last: date, tonight: date
) -> None:
    there = queries.sleepers(unit_ids, first, last, tonight)
    family = queries.family_of({s.case_id for stays in there.values() for s in stays})
    for unit_id, stays in there.items():
        unit = units[unit_id]
        room = rules.Room(unit.takes, unit.one_household, spots.child_licence(site, first, last))
        if rules.why_not([], room, [queries.as_guest(s, family) for s in stays]) in rules.LEFT_ALONE:
            raise errors.ChildLeftAlone


@once_more
def extend(stay: Stay, last_night: date, reason: str | None = None) -> None:
    """Change the last night: later if the place is free, as a decision with a reason (list `stay_extension_reason`);
    earlier down to tonight or the first night. Raises `ReasonMissing`, `MaxStay`, and as `book`."""
    _must_hold(stay)
    site = session.get_one(Site, stay.site_id)
    tonight = queries.tonight_at(site)
    earliest = max(stay.first_night, tonight) if stay.state == StayState.IN else stay.first_night
    if not earliest <= last_night <= stay.first_night + LONGEST:
        raise errors.NightsInvalid
    added = (last_night - stay.last_night).days
    longest = queries.max_nights(stay.team_id)
    length = (last_night - stay.first_night).days + 1
    if added > 0:
        refused = rules.may_extend(length, longest, reason)
        if refused:
            raise errors.ReasonMissing if refused == "REASON" else errors.MaxStay
        reference.code("stay_extension_reason", reason or "")
        found = lock([stay.place_id], stay.team_id)
        first = stay.last_night + timedelta(days=1)
        people = _people([stay], first)
        free = queries.free_places(
            [stay.team_id], first, last_night, tonight=first - timedelta(days=1), party=stay.party
        )
        if stay.place_id not in {f.place_id for f in free}:
            raise errors.PlaceTaken
        must_be_allowed(
            {stay.case_id: stay.place_id}, people, found, site, first, last_night, first - timedelta(days=1),
            met_before=True,
        )  # fmt: skip
    with refusing():
        if added > 0:
            session.add(
                StayExtension(
                    stay_id=stay.id, case_id=stay.case_id, team_id=stay.team_id, at=clock.now(),
                    from_night=stay.last_night, to_night=last_night, reason=reason or "",
                    beyond_max=longest is not None and length > longest, by_id=access.current().user_id,
                )
            )  # fmt: skip
        stay.last_night = last_night
        if added:
            events.happened(events.EXTENDED, stay, site, number=added, reason=reason if added > 0 else None)


def plan(stay: Stay, destination: str, review_on: date) -> None:
    """Where the person means to go next (list `stay_destination`), and when that is looked at again."""
    _must_hold(stay)
    reference.code("stay_destination", destination)
    today = clock.today(session.get_one(Site, stay.site_id).timezone)
    if review_on < today:
        raise errors.NightsInvalid(field="review_on")
    stay.plan_destination, stay.plan_review_on, stay.plan_set_on = destination, review_on, today
    audit.record("planned", "stay", stay.id)
    session.flush()


def cancel(stays: Sequence[Stay], reason: str) -> None:
    """Give up bookings. `reason`: list `stay_cancel_reason`. Whoever asked for them is told by the handlers."""
    reference.code("stay_cancel_reason", reason)
    for stay in stays:
        if stay.state != StayState.BOOKED:
            raise errors.WrongState
    for stay in stays:
        stay.state, stay.cancel_reason = StayState.CANCELLED, reason
        events.happened(events.CANCELLED, stay, session.get_one(Site, stay.site_id), reason=reason)
    session.flush()
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
    session.flush()
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


def _people(stays: Sequence[Stay], on: date) -> dict[UUID, queries.Placing]:
    """The people of stays, from their cases where these are open to us, else from what the stay holds (after
    consent ends): then nothing is known that would let them share a room, so they get one of their own."""
    people = queries.persons_to_place([s.case_id for s in stays], on)
    for stay in stays:
        kept = queries.kept_guest(stay)
        people.setdefault(stay.case_id, queries.Placing(kept, stay.household_id, "", ""))
    return people


def _must_hold(stay: Stay) -> None:
    if stay.state not in (StayState.BOOKED, StayState.IN):
        raise errors.WrongState
