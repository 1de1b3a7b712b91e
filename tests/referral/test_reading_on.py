"""A shelter reads on, because of the stay, whoever is in when their referral is closed: no longer than they are in, and
nobody whose consent has ended."""

from __future__ import annotations

import importlib.util
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.core.outbox import OutboxRow, deliver
from caseapp.people import service as people_service
from caseapp.people.models import CaseAccess, Consent, Person
from caseapp.referral import service
from caseapp.shelter import events, queries
from caseapp.shelter import service as shelter
from caseapp.shelter.models import Stay
from tests.conftest import NOW
from tests.referral.conftest import restart
from tests.referral.test_consent_key import ON, moved_in, reading, referral, stays, withdraw

MORNING = NOW + timedelta(days=1)
SENDER = [
    lambda found: service.withdraw(found, "BETTER_OPTION_FOUND"),
    lambda found: service.not_complete(found, "OTHER"),
    lambda found: service.complete(found, "DELIVERED_PART", channel="IN_PERSON"),
]
SHELTER = [
    lambda found: service.not_complete(found, "OTHER"),
    lambda found: service.complete(found, "DELIVERED_PART"),
]
CLOSINGS = [("caseworker", verb) for verb in SENDER] + [("coordinator", verb) for verb in SHELTER]


def closed(world, number, who, verb):
    with access.acting_as(getattr(world, who)), clock.held_at(MORNING):
        restart()
        verb(world.open(getattr(world, who), number))
        restart()


def departed(world, *cases):
    """The gate notes departures, and the worker does what follows from them, twice."""
    with access.acting_as(world.coordinator), clock.held_at(MORNING):
        restart()
        for stay in session.scalars(sa.select(Stay).where(Stay.case_id.in_(cases))).all():
            shelter.depart(queries.managed(access.current(), stay.id), "PLANNED_MOVE", "RENTED", at=MORNING)
        restart()
    work(world)
    work(world)


def work(world):
    world.db.as_role("work")
    with access.acting_as(access.system("outbox")), clock.held_at(MORNING):
        restart()
        for row in session.scalars(
            sa.select(OutboxRow.id).where(OutboxRow.topic == events.READING_OVER)
        ).all():
            deliver(row)
        restart()
    world.db.as_role("app")


def ran_out(world):
    """The father's consent runs out during the stay."""
    with world.db.as_owner():
        session.execute(
            sa.update(Consent).where(Consent.case_id == world.father.case_id).values(expires_on=ON)
        )
    with world.db.as_owner(), clock.held_at(MORNING), access.acting_as(access.system("clocks")):
        assert people_service.expire_consents() == 1
    return world.father.case_id


def turned_18(world):
    """The child, whom a parent carried, is an adult the next day."""
    birthday = ON + timedelta(days=1)
    with world.db.as_owner():
        day = birthday.replace(year=birthday.year - 18)
        session.execute(
            sa.update(Person)
            .where(Person.case_id == world.child.case_id)
            .values(birth_precision="DAY", birth_from=day, birth_to=day)
        )
    with world.db.as_owner(), clock.held_at(MORNING), access.acting_as(access.system("clocks")):
        assert service.look_at_birthdays() == 1
    return world.child.case_id


@pytest.mark.parametrize(("who", "verb"), CLOSINGS)
def test_whoever_closes_it_the_departure_ends_what_the_shelter_reads(world, who, verb):
    number = moved_in(world)
    mother, child, father = world.family
    closed(world, number, who, verb)
    assert reading(world) == {mother, child, father}
    departed(world, father)
    assert reading(world) == {mother, child}
    departed(world, mother, child)
    assert reading(world) == set()


def test_whoever_has_come_back_is_read_on(world):
    """The worker comes late: by then the same person is in again by the same referral."""
    number = moved_in(world)
    closed(world, number, "coordinator", SHELTER[0])
    with world.db.as_owner():
        before = stays(world)[world.father.case_id]
        again = {c.key: getattr(before, c.key) for c in sa.inspect(Stay).column_attrs if c.key != "id"}
    with access.acting_as(world.coordinator), clock.held_at(MORNING):
        restart()
        shelter.depart(queries.managed(access.current(), before.id), "PLANNED_MOVE", "RENTED", at=MORNING)
        restart()
    with world.db.as_owner():
        again |= {"first_night": ON + timedelta(days=1), "last_night": ON + timedelta(days=2)}
        session.add(Stay(**again))
    work(world)
    assert world.father.case_id in reading(world)


@pytest.mark.parametrize("ended", [ran_out, turned_18])
@pytest.mark.parametrize(("who", "verb"), CLOSINGS)
def test_closing_opens_no_file_again_whose_consent_ended_during_the_stay(world, who, verb, ended):
    number = moved_in(world)
    out = ended(world)
    assert reading(world) == set(world.family) - {out}
    closed(world, number, who, verb)
    assert referral(world, number).ended_at is not None
    assert reading(world) == set(world.family) - {out}
    assert stays(world)[out].minimum
    departed(world, *world.family)
    assert reading(world) == set()


@pytest.mark.parametrize("who", ["caseworker", "coordinator"])
def test_the_database_opens_a_file_to_a_shelter_for_a_stay_that_goes_on_and_no_other(world, who):
    moved_in(world)
    mother, child, father = world.family
    with world.db.as_owner():
        session.execute(sa.update(Stay).where(Stay.case_id == mother).values(minimum=True))
        referral_id = session.scalars(sa.select(Stay.referral_id)).first()
    departed(world, child)
    with access.acting_as(getattr(world, who)):
        restart()
        refused = [(mother, referral_id), (child, referral_id), (father, None), (father, father)]
        for case_id, subject_id in refused:
            with pytest.raises(sa.exc.ProgrammingError, match="row-level security"), session.begin_nested():
                session.add(_read_on(world, case_id, subject_id))
                session.flush()
        session.add(_read_on(world, father, referral_id))
        session.flush()


def _read_on(world, case_id, subject_id):
    return CaseAccess(
        case_id=case_id, team_id=world.shelter.id, scope="STAY", subject_id=subject_id, since=clock.now()
    )


def test_a_consent_taken_back_after_the_closing_closes_the_file_and_the_children_left_behind(world):
    number = moved_in(world)
    closed(world, number, "coordinator", SHELTER[0])
    withdraw(world, world.father)
    assert reading(world) == {world.mother.case_id, world.child.case_id}
    withdraw(world, world.mother)
    assert reading(world) == set()
    held = stays(world)
    assert {(s.state, s.minimum) for s in held.values()} == {("IN", True)}


def test_what_was_left_open_before_is_closed_and_what_goes_on_is_not(world):
    path = Path(__file__).resolve().parents[2] / "migrations" / "versions" / "0086_read_on_while_in.py"
    spec = importlib.util.spec_from_file_location("m0086", path)
    migration = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(migration)
    number = moved_in(world)
    mother, child, father = world.family
    closed(world, number, "coordinator", SHELTER[0])
    with world.db.as_owner():
        session.execute(sa.update(Stay).where(Stay.case_id == father).values(minimum=True))
        session.execute(
            sa.update(Stay)
            .where(Stay.case_id == child)
            .values(state="ENDED", left_at=MORNING, end_reason="PLANNED_MOVE", end_destination="RENTED")
        )
        session.execute(sa.text(migration.CLOSE))
    assert reading(world) == {mother}
