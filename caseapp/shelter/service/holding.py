"""Holds: a place that is kept for people while the shelter answers, as the shelter declares.

A hold is a stay in state HELD with a time. It counts like any other stay that keeps its place, once, and becomes
the booking when the shelter accepts; it ends with the answer, with the withdrawal, or with its time: written down
by a worker, and before that by whoever comes for the place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.queries import site_of
from caseapp.core import access, clock, journal, outbox
from caseapp.core.db import session
from caseapp.people.rules import LeaveNeeded
from caseapp.places.models import Site
from caseapp.shelter import errors, events, offers, queries, spots
from caseapp.shelter.models import GIVEN, PRIORITIES, HoldPolicy, Stay, StayState
from caseapp.shelter.service.asking import Asked, ask, once_more, refusing


# -- the policy ---------------------------------------------------------------------------------------
def declare_holds(team_id: UUID, minutes: Mapping[str, int | None], *, site: Site) -> None:
    """The shelter declares how long it holds places while it answers, by priority; None or 0: it holds none."""
    now, who = clock.now(), access.current().user_id
    before = hold_policy(team_id)
    for priority in PRIORITIES:
        wished = minutes.get(priority) or 0
        if wished == before.get(priority, 0):
            continue
        session.execute(
            sa.delete(HoldPolicy).where(HoldPolicy.team_id == team_id, HoldPolicy.priority == priority)
        )
        if wished:
            session.add(
                HoldPolicy(team_id=team_id, priority=priority, minutes=wished, set_at=now, set_by_id=who)
            )
        journal.append(
            events.CAPACITY_CHANGED, country=site.country, on=clock.today(site.timezone), site_id=site.id,
            team_id=team_id, number=wished, code="HOLD_POLICY", reason=priority,
        )  # fmt: skip
    session.flush()


def hold_policy(team_id: UUID) -> dict[str, int]:
    """Minutes by priority; a priority that is missing holds nothing."""
    rows = session.execute(
        sa.select(HoldPolicy.priority, HoldPolicy.minutes).where(HoldPolicy.team_id == team_id)
    )
    return {row.priority: row.minutes for row in rows}


# -- the verbs ----------------------------------------------------------------------------------------
@once_more
def hold(
    wanted: Mapping[UUID, UUID],
    *,
    team_id: UUID,
    first_night: date,
    last_night: date,
    until: datetime,
    referral_id: UUID | None = None,
    priority: str | None = None,
) -> list[Stay]:
    """Hold places for people (case id → place id) until a time, in one act. Who does not work at the shelter holds
    at most as long as it declares, by constraint.

    Raises `HoldNotOffered`, and as `book`; `AlreadyHasPlace` too when a place is held for the person elsewhere."""
    if until <= clock.now():
        raise errors.HoldNotOffered
    if not spots.ours(team_id):
        declared = hold_policy(team_id)
        minutes = declared.get(priority, 0) if priority else max(declared.values(), default=0)
        if until > clock.now() + timedelta(minutes=minutes):
            raise errors.HoldNotOffered
    asked = ask(wanted, team_id, first_night, last_night, referral_id=referral_id)
    made = []
    with refusing():
        for case_id in asked.people:
            stay = asked.stay_for(case_id, referral_id=referral_id, immediate=priority == "IMMEDIATE")
            stay.held_until = until
            session.add(stay)
            made.append(stay)
            kind = asked.spots[stay.place_id].kind
            events.happened(events.HELD, stay, asked.site, code=kind, number=stay.nights, priority=priority)
    return made


def hold_on_send(
    case_ids: Sequence[UUID],
    *,
    team_id: UUID,
    first_night: date,
    last_night: date,
    priority: str,
    referral_id: UUID,
    places: Mapping[UUID, UUID] | None = None,
) -> list[Stay]:
    """A referral is sent: hold places as the shelter declares, those chosen (`places`) or the first that are
    offered. Returns nothing where it declares nothing, where nothing is free, or for more nights than it gives: the referral goes all the same."""
    minutes = hold_policy(team_id).get(priority)
    if not minutes:
        return []
    site = site_of(team_id)
    if places is None and site is not None:
        offered = offers.for_people(team_id, case_ids, first_night, last_night, site)
        places = offered[0].places if offered else None
    if not places:
        return []
    try:
        with session.begin_nested():
            return hold(
                places, team_id=team_id, first_night=first_night, last_night=last_night, referral_id=referral_id,
                until=clock.now() + timedelta(minutes=minutes), priority=priority,
            )  # fmt: skip
    except (errors.CannotBeOffered, errors.AlreadyHasPlace, errors.MaxStay, LeaveNeeded):
        return []


def turn_holds(asked: Asked, referral_id: UUID) -> dict[UUID, Stay]:
    """The holds of a referral that are for exactly these places become its bookings (by case id); the others are
    let go first, so that they are in nobody's way."""
    rows = session.scalars(
        sa.select(Stay)
        .where(Stay.referral_id == referral_id, Stay.state == StayState.HELD, Stay.team_id == asked.team_id)
        .order_by(Stay.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    same = {s.case_id: s for s in rows if asked.wanted.get(s.case_id) == s.place_id}
    _end([s for s in rows if s not in same.values()], "ANSWERED")
    session.flush()
    for stay in same.values():
        stay.first_night, stay.last_night = asked.first_night, asked.last_night
        person = asked.people[stay.case_id]
        stay.household_id, stay.child = person.household_id, person.guest.child
        stay.child_safe_in = person.guest.safe_in if person.guest.child else None
        stay.site = asked.site
    return same


def book_what_is_held(referral_id: UUID, answered_at: datetime) -> int:
    """The receiver said yes outside the system (its one-time page, or told to the sender): what is held for whom it
    accepted becomes their bookings, and the rest is let go. Nothing is asked again: a hold was given by the same rules and
    has kept its place since. Returns how many are booked (none where nothing is held, or its time has come); what the
    gate reads of them is filled in by the worker, because a guest may not."""
    session.flush()
    rows = session.execute(
        sa.text("SELECT stay_id, booked FROM held_become_bookings(:referral, :now)"),
        {"referral": referral_id, "now": answered_at},
    ).all()
    for row in rows:
        if row.booked:
            outbox.leave(events.HOLD_TURNED, row.stay_id)
        else:
            outbox.leave(events.HOLD_LAPSED, row.stay_id, note="ANSWERED")
    return sum(row.booked for row in rows)


def fill_in(stay: Stay) -> None:
    """What the gate reads of somebody whose hold became a booking, and the event of the booking (once)."""
    people = queries.persons_to_place([stay.case_id], stay.first_night)
    if stay.state not in GIVEN or stay.called_name_sealed is not None or not people:
        return
    person, site = people[stay.case_id], session.get_one(Site, stay.site_id)
    stay.requirements = sorted(person.guest.requirements)
    stay.called_name, stay.life_critical = person.called_name, person.life_critical
    kind = queries.kinds_of([stay.place_id]).get(stay.place_id)
    events.happened(events.BOOKED, stay, site, code=kind, number=stay.nights)


def release_holds(referral_id: UUID, reason: str = "ANSWERED") -> None:
    """Nothing is held for this referral any more (it was answered, withdrawn, or lapsed). Writes nothing else that
    waits: the referral may be half changed."""
    with session.no_autoflush:
        _end(
            session.scalars(
                sa.select(Stay)
                .where(Stay.referral_id == referral_id, Stay.state == StayState.HELD)
                .order_by(Stay.id)
                .with_for_update()
            ).all(),
            reason,
        )


def release_lapsed(limit: int = 200) -> int:
    """End every hold whose time has come (the acting principal is the system). May run twice, and side by side."""
    rows = session.scalars(
        sa.select(Stay)
        .where(Stay.state == StayState.HELD, Stay.held_until <= clock.now())
        .order_by(Stay.held_until, Stay.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    _end(rows, "TIME")
    session.flush()
    return len(rows)


def _end(stays: Sequence[Stay], reason: str) -> None:
    for stay in stays:
        stay.state, stay.held_until = StayState.RELEASED, None
        events.happened(events.HOLD_ENDED, stay, session.get_one(Site, stay.site_id), reason=reason)
