"""Coming in and leaving."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from caseapp.core import access, clock, outbox, reference
from caseapp.core.db import session
from caseapp.places.models import Site
from caseapp.shelter import errors, events, queries, rules
from caseapp.shelter.models import GIVEN, Stay, StayEndPair, StayState
from caseapp.shelter.service.keeping import make_ready


def check_in(stays: Sequence[Stay], *, at: datetime | None = None) -> None:
    """Several people came in, in one act. `at` (UTC) defaults to now. Raises `NotExpectedYet` before the
    morning of the first night, `PlaceTaken` while somebody who should have left is still recorded in the place."""
    moment = at or clock.now()
    ids = sorted(s.id for s in stays)
    session.scalars(sa.select(Stay).where(Stay.id.in_(ids)).order_by(Stay.id).with_for_update()).all()
    for stay in stays:
        site = session.get_one(Site, stay.site_id)
        if stay.state != StayState.BOOKED:
            raise errors.WrongState
        if queries.night_to_book(site, moment) < stay.first_night:
            raise errors.NotExpectedYet
    still_in = session.scalar(
        sa.select(sa.func.count())
        .select_from(Stay)
        .where(
            Stay.place_id.in_({s.place_id for s in stays}), Stay.state == StayState.IN, Stay.id.not_in(ids)
        )
    )
    if still_in:
        raise errors.PlaceTaken
    kinds = queries.kinds_of({s.place_id for s in stays})
    for stay in stays:
        site = session.get_one(Site, stay.site_id)
        stay.state, stay.arrived_at = StayState.IN, moment
        if stay.last_night < queries.night_at(site, moment):
            # Somebody who comes after the nights they were booked for keeps the place tonight.
            stay.last_night = queries.night_to_book(site, moment)
        events.happened(
            events.STARTED,
            stay,
            site,
            on=queries.night_came(site, stay),
            code=kinds.get(stay.place_id),
        )
    session.flush()
    _note_presence(stays, moment)
    events.tell(events.arrived, stays)


def _note_presence(stays: Sequence[Stay], moment: datetime) -> None:
    """Who comes in is on the roll of that night; the roll stands above this file, which it uses."""
    from caseapp.shelter.night import service as roll

    by_night: dict[date, list[Stay]] = {}
    for stay in stays:
        night = queries.night_came(session.get_one(Site, stay.site_id), stay)
        by_night.setdefault(night, []).append(stay)
    for night, came in by_night.items():
        roll.seen_on_arrival(came, night, moment)


def depart(
    stay: Stay,
    reason: str,
    destination: str,
    *,
    confirmed: bool = False,
    at: datetime | None = None,
) -> bool:
    """The person leaves: reason × destination (VOCABULARY A2). Returns False when a second person must agree
    first: the proposal is kept and the person stays; the same pair from somebody else carries it out.

    `confirmed` says that the destination itself said so; otherwise the move is as told."""
    if stay.state != StayState.IN:
        raise errors.WrongState
    pair = session.get(StayEndPair, (reason, destination))
    if pair is None or reason in rules.NEVER_IN:
        raise errors.PairNotAllowed
    if reason == "ASKED_TO_LEAVE" and stay.child:
        raise errors.ChildNotAskedToLeave
    moment = at or clock.now()
    if stay.arrived_at is None or not stay.arrived_at <= moment <= clock.now():
        raise errors.TimeInvalid
    who = access.current().user_id
    if rules.must_be_agreed_first(reason, pair.needs_review) and not _agreed(stay, reason, destination, who):
        stay.proposed_reason, stay.proposed_destination, stay.proposed_by_id = reason, destination, who
        session.flush()
        return False
    _end(stay, reason, destination, confirmed, moment)
    return True


def _agreed(stay: Stay, reason: str, destination: str, who: object) -> bool:
    """Somebody else proposed exactly this."""
    proposed = (stay.proposed_reason, stay.proposed_destination) == (reason, destination)
    return proposed and stay.proposed_by_id is not None and stay.proposed_by_id != who


def _end(stay: Stay, reason: str, destination: str, confirmed: bool, moment: datetime) -> None:
    site = session.get_one(Site, stay.site_id)
    assert stay.arrived_at is not None
    local = clock.local(moment, site.timezone)
    nights = max(0, (local.date() - queries.night_came(site, stay)).days)
    agreed_by_two = stay.proposed_by_id is not None
    if agreed_by_two:
        stay.reviewed_by_id = stay.proposed_by_id if stay.proposed_by_id != access.current().user_id else None
    stay.state, stay.left_at = StayState.ENDED, moment
    stay.end_reason, stay.end_destination, stay.end_confirmed = reason, destination, confirmed
    stay.ended_by_id = access.current().user_id
    stay.last_night = max(stay.first_night, local.date() - timedelta(days=1))
    session.flush()
    make_ready(stay, site)
    if stay.minimum:  # what was kept after consent ended was kept until departure
        stay.called_name, stay.life_critical, stay.requirements = None, None, []
    outside_reason = reference.code("stay_end_reason", reason).extra.get("shown_as") or reason
    outside_place = reference.code("stay_destination", destination).extra.get("shown_as") or destination
    events.happened(
        events.ENDED, stay, site, on=local.date(), reason=outside_reason, outcome=outside_place, number=nights
    )
    if rules.opens_alert(destination, _with_child(stay)):
        outbox.leave(events.DEPARTURE_AT_RISK, stay.id, note="ABSENT_AT_RISK")
    for child in _children_left_alone(stay):
        outbox.leave(events.DEPARTURE_AT_RISK, child.id, note="CHILD_ALONE")
    outbox.leave(events.READING_OVER, stay.id)
    session.flush()
    events.tell(events.left, [stay])


def _children_left_alone(stay: Stay) -> list[Stay]:
    """Children of the household who are still in when its last adult here has left."""
    if stay.child or stay.household_id is None:
        return []
    others = session.scalars(
        sa.select(Stay).where(
            Stay.household_id == stay.household_id, Stay.team_id == stay.team_id, Stay.state == StayState.IN,
            Stay.id != stay.id,
        )
    ).all()  # fmt: skip
    return [] if any(not s.child for s in others) else list(others)


def _with_child(stay: Stay) -> bool:
    """Whether the person is a child or was here with a child of the household."""
    if stay.child:
        return True
    if stay.household_id is None:
        return False
    return bool(
        session.scalar(
            sa.select(sa.func.count())
            .select_from(Stay)
            .where(
                Stay.household_id == stay.household_id, Stay.child, Stay.team_id == stay.team_id,
                sa.or_(Stay.state.in_(GIVEN), Stay.last_night >= stay.first_night),
            )
        )
    )  # fmt: skip


def review_departure(stay: Stay) -> None:
    """A second person has looked at a departure whose pair asks for it (R)."""
    who = access.current().user_id
    if stay.state != StayState.ENDED or stay.reviewed_by_id is not None:
        raise errors.WrongState
    if who is None or who == stay.ended_by_id:
        raise errors.SecondPersonNeeded
    stay.reviewed_by_id = who
    session.flush()
