"""Keeping places true: how much room there is, inspections, licences, the longest stay; nights that a place stands
empty before the next party; and a child taken in an emergency."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.queries import site_of
from caseapp.core import access, audit, clock, journal, outbox, reference
from caseapp.core.db import session
from caseapp.places.models import Site
from caseapp.shelter import errors, events, offers, queries
from caseapp.shelter.models import GIVEN, Place, PlaceOut, Stay, Unit
from caseapp.shelter.service.booking import book
from caseapp.shelter.service.capacity import _changed, _state
from caseapp.shelter.standing import ChildEmergency, ChildLicence, StayPolicy, UnitInspection

REVIEW_WITHIN = timedelta(hours=72)


def measure(unit: Unit, *, area_m2: Decimal | None, turnaround_nights: int) -> None:
    """How large a unit is, and how many nights it stands empty between two parties. Bookings that were made before keep
    the nights that they were made with."""
    unit.area_m2, unit.turnaround_nights = area_m2, turnaround_nights
    audit.record("changed", "unit", unit.id)
    session.flush()


def inspect(unit: Unit, *, on: date, outcome: str, next_due_on: date | None) -> UnitInspection:
    """Write down an inspection (list `inspection_outcome`). One that fails closes the unit from that day: it is
    offered to nobody, and who is in it stands on the list of those to move."""
    reference.code("inspection_outcome", outcome)
    site = session.get_one(Site, unit.site_id)
    if on > clock.today(site.timezone):
        raise errors.DateInvalid(field="inspected_on")
    if next_due_on is not None and next_due_on <= on:
        raise errors.DateInvalid(field="next_due_on")
    row = UnitInspection(
        unit_id=unit.id, team_id=unit.team_id, inspected_on=on, outcome=outcome, next_due_on=next_due_on,
        by_id=access.current().user_id,
    )  # fmt: skip
    session.add(row)
    journal.append(
        events.FACILITY_ASSESSED, country=site.country, on=on, site_id=site.id, team_id=unit.team_id,
        subject_id=unit.id, code="UNIT", outcome=outcome,
    )  # fmt: skip
    session.flush()
    session.refresh(unit)
    _state(unit, queries.tonight_at(site))
    return row


def license_children(team_id: UUID, site: Site, *, valid_from: date, valid_to: date | None) -> ChildLicence:
    """The authority's licence to take children without family, with its dates."""
    if valid_to is not None and valid_to < valid_from:
        raise errors.DateInvalid(field="valid_to")
    row = ChildLicence(
        team_id=team_id,
        site_id=site.id,
        valid_from=valid_from,
        valid_to=valid_to,
        by_id=access.current().user_id,
    )
    session.add(row)
    audit.record("changed", "child_licence", site.id)
    session.flush()
    return row


def set_longest(team_id: UUID, nights: int | None) -> None:
    """The longest stay that the shelter gives; None: it sets none."""
    row = session.get(StayPolicy, team_id)
    if row is None:
        session.add(StayPolicy(team_id=team_id, max_nights=nights))
    else:
        row.max_nights = nights
    audit.record("changed", "stay_policy", team_id)
    session.flush()


def make_ready(stay: Stay, site: Site) -> None:
    """Somebody has left: their place, or the whole room with the last of its household, is made ready for so many
    nights before the next party. A place that others have by then is left to them."""
    if not stay.turnaround:
        return
    first = stay.last_night + date.resolution
    last = stay.last_night + timedelta(days=stay.turnaround)
    others = sa.select(Stay.id).where(Stay.unit_id == stay.unit_id, Stay.state.in_(GIVEN), Stay.id != stay.id)
    of_room = Place.unit_id == stay.unit_id if stay.one_household else Place.id == stay.place_id
    if stay.one_household and session.scalars(others.where(Stay.first_night <= last).limit(1)).first():
        return
    places = session.scalars(sa.select(Place.id).where(of_room).order_by(Place.id).with_for_update()).all()
    taken = set(
        session.scalars(
            sa.select(Stay.place_id).where(
                Stay.place_id.in_(places),
                Stay.state.in_(GIVEN),
                Stay.first_night <= last,
                Stay.last_night >= first,
            )
        )
    )
    free = [p for p in places if p not in taken]
    for place_id in free:
        session.add(
            PlaceOut(
                place_id=place_id, team_id=stay.team_id, first_night=first, last_night=last, reason="TURNAROUND",
                by_id=access.current().user_id,
            )
        )  # fmt: skip
    if free:
        _changed(site, stay.team_id, len(free), "OUT_OF_SERVICE", "TURNAROUND")
        session.flush()


def take_child_in_emergency(
    wanted: Mapping[UUID, UUID],
    *,
    team_id: UUID,
    first_night: date,
    last_night: date,
    staff: str,
    since: datetime,
    referral_id: UUID | None = None,
) -> list[ChildEmergency]:
    """Children without family (siblings together) where no licensed place is free: a room of their own, with staff by
    name and hour. An alert stands at once; a second person looks at it within 72 hours. Raises `NoEmergency`,
    `OrdinaryPlaceFree`, and as `book`."""
    if not staff.strip() or not clock.now() - timedelta(hours=24) <= since <= clock.now() + timedelta(
        hours=12
    ):
        raise errors.NoEmergency(field="staff")
    if (last_night - first_night).days + 1 > REVIEW_WITHIN.days:
        raise errors.NightsInvalid
    site = site_of(team_id)
    if site is not None and offers.for_people(
        team_id, list(wanted), first_night, last_night, site, referral_id=referral_id
    ):
        raise errors.OrdinaryPlaceFree
    stays = book(
        wanted,
        referral_id=referral_id,
        team_id=team_id,
        first_night=first_night,
        last_night=last_night,
        immediate=True,
        emergency=True,
    )
    made = []
    for stay in stays:
        row = ChildEmergency(
            team_id=team_id, stay_id=stay.id, case_id=stay.case_id, since=since, review_due_at=since + REVIEW_WITHIN,
            by_id=access.current().user_id,
        )  # fmt: skip
        row.staff = staff.strip()
        session.add(row)
        outbox.leave(events.DEPARTURE_AT_RISK, stay.id, note="CHILD_ALONE")
        made.append(row)
    session.flush()
    return made


def take_children_at_the_gate(
    wanted: Mapping[UUID, UUID],
    *,
    team_id: UUID,
    first_night: date,
    last_night: date,
    staff: str,
    second: str,
    authority: str,
) -> list[Stay]:
    """Children who came alone and without a referral: in a place that is licensed for them where one is free, else in a
    room of their own; with two of the staff, by name, and whom of the child authority somebody told. Each is an alert at
    once and is looked at by a second person within 72 hours. Raises as `book`."""
    site, now = site_of(team_id), clock.now()
    ordinary = site is not None and bool(
        offers.for_people(team_id, list(wanted), first_night, last_night, site)
    )
    stays = book(
        wanted,
        team_id=team_id,
        first_night=first_night,
        last_night=last_night,
        immediate=True,
        emergency=not ordinary,
    )
    for stay in stays:
        row = ChildEmergency(
            team_id=team_id, stay_id=stay.id, case_id=stay.case_id, since=now, review_due_at=now + REVIEW_WITHIN,
            by_id=access.current().user_id, told_at=now,
        )  # fmt: skip
        row.staff, row.second, row.authority = staff.strip(), second.strip(), authority.strip()
        session.add(row)
        outbox.leave(events.DEPARTURE_AT_RISK, stay.id, note="CHILD_ALONE")
    session.flush()
    return stays


def review_emergency(row: ChildEmergency) -> None:
    """A second person has looked at how a child was taken in. Raises `SecondPersonNeeded`."""
    who = access.current().user_id
    if row.reviewed_at is not None:
        raise errors.WrongState
    if who is None or who == row.by_id:
        raise errors.SecondPersonNeeded
    row.reviewed_at, row.reviewed_by_id = clock.now(), who
    audit.record("reviewed", "child_emergency", row.id)
    session.flush()
