"""The shelter's verbs, as the application's role."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.core.journal import CaseEvent
from caseapp.core.outbox import OutboxRow, deliver
from caseapp.people.models import Person
from caseapp.shelter import errors, events, queries, service
from caseapp.shelter.models import Stay
from caseapp.shelter.night import queries as night
from tests.factories.shelter import TONIGHT, make_stay, open_to, places_in, require
from tests.shelter.conftest import restart

LAST = date(2025, 11, 25)
MORNING = datetime(2025, 11, 24, 17, 0, tzinfo=UTC)  # 11:00 at the site


def book_family(house, unit="F1"):
    beds = places_in(house.shelter, unit)
    return service.book(
        {house.mother.case_id: beds[0].id, house.child.case_id: beds[1].id},
        team_id=house.shelter.id, first_night=TONIGHT, last_night=LAST,
    )  # fmt: skip


def events_of(kind):
    return session.scalars(
        sa.select(CaseEvent).where(CaseEvent.kind == kind).order_by(CaseEvent.position)
    ).all()


def test_a_family_is_booked_and_the_journal_says_it(as_coordinator):
    house = as_coordinator
    stays = book_family(house)
    assert [s.called_name for s in stays] == ["Lucha", house.child.given_names]
    assert [s.child for s in stays] == [False, True]
    assert [(e.code, e.number, e.subject_id) for e in events_of("stay.booked")] == [
        ("BED", 3, stays[0].id), ("BED", 3, stays[1].id),
    ]  # fmt: skip
    assert events_of("stay.booked")[0].household_key is not None


def test_the_database_fills_the_profile_that_the_shelter_may_not_read(house):
    from caseapp.people.events import REGISTERED, happened

    with access.acting_as(house.caseworker):
        restart()
        happened(REGISTERED, _case(house.mother), on=TONIGHT)
        restart()
    with access.acting_as(house.coordinator):
        restart()
        book_family(house)
        session.flush()
        session.expire_all()
        booked = events_of("stay.booked")
    assert (booked[0].sex, booked[0].age_band, booked[0].origin, booked[0].household_type) == (
        "F", "18-59", "HND", "SINGLE_PARENT_FAMILY",
    )  # fmt: skip
    assert booked[1].sex is None


def _case(person):
    from caseapp.people.models import Case

    return session.get_one(Case, person.case_id)


def test_a_place_is_never_booked_twice(as_coordinator):
    house = as_coordinator
    beds = places_in(house.shelter, "M1")
    service.book(
        {house.woman.case_id: beds[0].id}, team_id=house.shelter.id, first_night=TONIGHT, last_night=LAST
    )
    with pytest.raises(errors.PlaceTaken):
        service.book(
            {house.mother.case_id: beds[0].id},
            team_id=house.shelter.id,
            first_night=LAST,
            last_night=LAST + timedelta(2),
        )
    service.book(
        {house.mother.case_id: beds[0].id}, team_id=house.shelter.id, first_night=LAST + timedelta(1), last_night=LAST + timedelta(2)
    )  # fmt: skip


def test_a_person_never_has_two_places_on_one_night(as_coordinator):
    house = as_coordinator
    beds = places_in(house.shelter, "M1")
    service.book(
        {house.woman.case_id: beds[0].id}, team_id=house.shelter.id, first_night=TONIGHT, last_night=LAST
    )
    with pytest.raises(errors.AlreadyHasPlace):
        service.book(
            {house.woman.case_id: beds[1].id}, team_id=house.shelter.id, first_night=LAST, last_night=LAST
        )


def test_a_family_room_takes_one_household(as_coordinator):
    house = as_coordinator
    book_family(house)
    third = places_in(house.shelter, "F1")[2]
    with pytest.raises(errors.PlaceTaken):
        service.book(
            {house.woman.case_id: third.id}, team_id=house.shelter.id, first_night=TONIGHT, last_night=TONIGHT
        )


def test_the_constraint_says_the_same_without_the_rule(house):
    with house.db.as_owner():
        beds = places_in(house.shelter, "F1")
        make_stay(house.mother, beds[0])
        nested = session.begin_nested()
        with pytest.raises(sa.exc.IntegrityError, match="ex_stay_room_of_one_household"):
            make_stay(house.woman, beds[1])
        nested.rollback()
        nested = session.begin_nested()
        with pytest.raises(sa.exc.IntegrityError, match="ex_stay_place_taken"):
            make_stay(house.child, beds[0])
        nested.rollback()
        nested = session.begin_nested()
        with pytest.raises(sa.exc.IntegrityError, match="fk_stay_end_pair"):
            make_stay(
                house.child, beds[2], state="ENDED", end_reason="DIED", end_destination="STREET",
                arrived_at=clock.now(), left_at=clock.now(),
            )  # fmt: skip
        nested.rollback()


@pytest.mark.parametrize("unit", ["M1", "H1"])
def test_whatever_lies_behind_a_refusal_it_reads_the_same(as_coordinator, unit):
    """An unmet requirement, an unrelated adult, a room for others: one sentence."""
    house = as_coordinator
    beds = places_in(house.shelter, unit)
    if unit == "M1":
        service.book(
            {house.woman.case_id: beds[2].id}, team_id=house.shelter.id, first_night=TONIGHT, last_night=LAST
        )
    with pytest.raises(errors.CannotBeOffered) as refused:
        book_family(house, unit)
    assert str(refused.value) == str(errors.PlaceTaken()) == "No es posible ofrecerlo aquí."


def test_what_a_place_must_answer(house):
    with house.db.as_owner():
        require(house.woman, "POWER_SOCKET", life_critical=True, detail="concentrador de oxígeno")
    with access.acting_as(house.coordinator):
        restart()
        nights = {"team_id": house.shelter.id, "first_night": TONIGHT, "last_night": LAST}
        with pytest.raises(errors.CannotBeOffered):
            service.book({house.woman.case_id: places_in(house.shelter, "M1")[0].id}, **nights)
        (stay,) = service.book({house.woman.case_id: places_in(house.shelter, "A1")[0].id}, **nights)
        assert stay.requirements == ["POWER_SOCKET"]
        assert stay.life_critical == "POWER_SOCKET|concentrador de oxígeno"
        stored = session.scalar(sa.text("SELECT encode(life_critical_sealed, 'escape') FROM stay"))
        assert "concentrador" not in stored
        stay.requirements = ["POWER_SOCKET", "QUIET"]
        service.keep_minimum([stay])
        assert stay.requirements == ["POWER_SOCKET"]


def test_another_teams_place_or_case_does_not_exist(as_coordinator):
    house = as_coordinator
    with house.db.as_owner():
        from tests.factories import make_person
        from tests.factories.shelter import make_shelter

        elsewhere = make_shelter()
        unseen = make_person(house.desk)
        theirs = places_in(elsewhere, "M1")[0].id
    mine = places_in(house.shelter, "M1")[0].id
    nights = {"first_night": TONIGHT, "last_night": LAST}
    with pytest.raises(NotYours):
        service.book({house.woman.case_id: theirs}, team_id=elsewhere.id, **nights)
    with pytest.raises(NotYours):
        service.book({unseen.case_id: mine}, team_id=house.shelter.id, **nights)


def test_the_gate_checks_in_several_in_one_act_and_the_handlers_hear(house):
    with access.acting_as(house.coordinator):
        restart()
        ids = [s.id for s in book_family(house)]
        restart()
    heard = []
    events.arrived.append(lambda stays: heard.extend(s.id for s in stays))
    try:
        with access.acting_as(house.gate), clock.held_at(datetime(2025, 11, 24, 8, 10, tzinfo=UTC)):  # 02:10
            restart()
            service.check_in(queries.managed_many(house.gate, ids))
            restart()
            started = events_of("stay.started")
    finally:
        events.arrived.pop()
    assert sorted(heard) == sorted(ids)
    # The night of the evening before, in which they sleep.
    assert {e.effective_on for e in started} == {date(2025, 11, 23)} and len(started) == 2
    assert all(e.household_key for e in started)


def test_the_gate_sees_no_person(house):
    from caseapp.people.models import Case, PlacementRequirement

    with access.acting_as(house.gate):
        restart()
        for table in (Person, Case, PlacementRequirement):
            assert session.scalar(sa.select(sa.func.count()).select_from(table)) == 0


def test_nobody_checks_in_before_their_first_night_nor_into_a_place_not_left(as_coordinator):
    house = as_coordinator
    bed = places_in(house.shelter, "M1")[0]
    (stay,) = service.book(
        {house.woman.case_id: bed.id}, team_id=house.shelter.id, first_night=LAST, last_night=LAST
    )
    with pytest.raises(errors.NotExpectedYet):
        service.check_in([stay])
    with house.db.as_owner():
        make_stay(
            house.mother, bed, state="IN", first_night=date(2025, 11, 20), last_night=date(2025, 11, 21),
            arrived_at=datetime(2025, 11, 20, 20, tzinfo=UTC),
        )  # fmt: skip
    free = queries.free_places([house.shelter.id], TONIGHT, TONIGHT, tonight=TONIGHT)
    assert bed.id not in {f.place_id for f in free}
    with clock.held_at(datetime(2025, 11, 25, 23, 0, tzinfo=UTC)), pytest.raises(errors.PlaceTaken):
        service.check_in([stay])


def arrive(house, unit="F1"):
    stays = book_family(house, unit)
    service.check_in(stays)
    return stays


def test_a_departure_ends_the_nights_and_frees_the_bed(as_coordinator):
    house = as_coordinator
    mother, _ = arrive(house)
    with clock.held_at(MORNING):
        assert service.depart(mother, "PLANNED_MOVE", "SAFE_HOUSE", confirmed=True)
    assert (mother.state, mother.last_night, mother.end_destination) == ("ENDED", TONIGHT, "SAFE_HOUSE")
    (event,) = events_of("stay.ended")
    # outside, a protected shelter is another shelter
    assert (event.reason, event.outcome, event.number) == ("PLANNED_MOVE", "OTHER_SHELTER", 1)


def test_a_pair_that_does_not_go_together_is_refused(as_coordinator):
    mother, _ = arrive(as_coordinator)
    for reason, destination in (("DIED", "STREET"), ("NEVER_ARRIVED", "NONE"), ("OWN_WISH", "NONE")):
        with pytest.raises(errors.PairNotAllowed):
            service.depart(mother, reason, destination)


def test_a_child_is_not_asked_to_leave_and_an_adult_only_by_two(house):
    with access.acting_as(house.coordinator):
        restart()
        mother, child = arrive(house)
        with pytest.raises(errors.ChildNotAskedToLeave):
            service.depart(child, "ASKED_TO_LEAVE", "OTHER_SHELTER")
        assert service.depart(mother, "ASKED_TO_LEAVE", "OTHER_SHELTER") is False
        assert service.depart(mother, "ASKED_TO_LEAVE", "OTHER_SHELTER") is False  # the same person again
        assert mother.state == "IN"
        mother_id = mother.id
        restart()
    with access.acting_as(house.second):
        restart()
        mother = session.get_one(Stay, mother_id)
        assert service.depart(mother, "ASKED_TO_LEAVE", "RENTED") is False  # another pair is another proposal
        restart()
    with access.acting_as(house.coordinator):
        restart()
        mother = session.get_one(Stay, mother_id)
        assert service.depart(mother, "ASKED_TO_LEAVE", "RENTED") is True
        assert mother.reviewed_by_id == house.second.user_id


def test_what_has_happened_is_recorded_at_once_and_reviewed_by_another(house):
    with access.acting_as(house.coordinator):
        restart()
        mother, _ = arrive(house)
        assert service.depart(mother, "DETAINED", "CUSTODY_MIGRATORY")
        with pytest.raises(errors.SecondPersonNeeded):
            service.review_departure(mother)
        mother_id = mother.id
        restart()
    with access.acting_as(house.second):
        restart()
        service.review_departure(session.get_one(Stay, mother_id))


def at_risk():
    """What was left to be told of people at risk."""
    return sa.select(OutboxRow).where(OutboxRow.topic == events.DEPARTURE_AT_RISK).order_by(OutboxRow.note)


def test_a_child_to_the_street_raises_an_alert_after_the_answer(as_coordinator):
    house = as_coordinator
    mother, child = arrive(house)
    service.depart(mother, "OWN_WISH", "STREET")
    rows = session.scalars(at_risk()).all()
    assert [(r.topic, r.subject_id, r.note) for r in rows] == [
        (events.DEPARTURE_AT_RISK, mother.id, "ABSENT_AT_RISK"), (events.DEPARTURE_AT_RISK, child.id, "CHILD_ALONE"),
    ]  # fmt: skip
    with house.db.as_owner():  # the worker, who sees every case
        assert all(deliver(r.id) for r in rows)
        assert [(a.code, a.case_id) for a in events_of("alert.raised")] == [
            ("ABSENT_AT_RISK", mother.case_id), ("CHILD_ALONE", child.case_id),
        ]  # fmt: skip


def test_a_single_adult_to_the_street_raises_none(as_coordinator):
    house = as_coordinator
    (stay,) = service.book(
        {house.woman.case_id: places_in(house.shelter, "M1")[0].id}, team_id=house.shelter.id, first_night=TONIGHT, last_night=LAST
    )  # fmt: skip
    service.check_in([stay])
    service.depart(stay, "OWN_WISH", "STREET")
    assert session.scalars(at_risk()).all() == []


def test_no_show_only_after_the_sites_hour(as_coordinator):
    stays = book_family(as_coordinator)
    with pytest.raises(errors.TooEarlyForNoShow):
        service.no_show(stays)
    with clock.held_at(MORNING):
        service.no_show(stays)
    assert len(events_of("stay.no_show")) == 2


def test_extend_moves_the_last_night_only_over_free_nights(as_coordinator):
    house = as_coordinator
    beds = places_in(house.shelter, "M1")
    (stay,) = service.book(
        {house.woman.case_id: beds[0].id}, team_id=house.shelter.id, first_night=TONIGHT, last_night=LAST
    )
    service.book(
        {house.mother.case_id: beds[0].id},
        team_id=house.shelter.id,
        first_night=date(2025, 11, 28),
        last_night=date(2025, 11, 29),
    )
    service.extend(stay, date(2025, 11, 27), "NO_OTHER_PLACE")
    with pytest.raises(errors.PlaceTaken):
        service.extend(stay, date(2025, 11, 28), "NO_OTHER_PLACE")
    service.extend(stay, TONIGHT)
    assert [e.number for e in events_of("stay.extended")] == [2, -4]


def test_move_keeps_the_nights_and_the_rules(as_coordinator):
    house = as_coordinator
    mother, _ = arrive(house)
    with pytest.raises(errors.CannotBeOffered):
        service.move([(mother, places_in(house.shelter, "H1")[0].id)], "PERSON_ASKED")
    other = places_in(house.shelter, "F1")[3]
    service.move([(mother, other.id)], "PERSON_ASKED")
    assert mother.place_id == other.id
    assert [(e.code, e.reason) for e in events_of("stay.moved")] == [("BED", "PERSON_ASKED")]


def test_a_child_and_its_mother_move_together_or_not_at_all(as_coordinator):
    house = as_coordinator
    mother, _ = arrive(house)
    beds = places_in(house.shelter, "F2")
    with pytest.raises(errors.ChildLeftAlone):
        service.move([(mother, beds[0].id)], "PERSON_ASKED")
    session.rollback()


def test_a_family_moves_in_one_act(as_coordinator):
    house = as_coordinator
    mother, child = arrive(house)
    beds = places_in(house.shelter, "F2")
    service.move([(mother, beds[0].id), (child, beds[1].id)], "BETTER_MATCH")
    assert {mother.unit_id, child.unit_id} == {beds[0].unit_id}


def test_surge_counts_over_capacity_and_out_of_service_not_at_all(as_coordinator):
    house = as_coordinator
    before = queries.occupancy(house.shelter.id, TONIGHT, TONIGHT, tonight=TONIGHT)[0]
    assert (before.capacity, before.taken, before.free) == (16, 0, 16)
    from caseapp.shelter.models import Unit

    unit = session.scalars(sa.select(Unit).where(Unit.code == "H1")).one()
    opened = service.open_surge(unit, count=2, reason="ARRIVALS", closes_on=LAST)
    assert {p.opened_by_id for p in opened} == {house.coordinator.user_id}
    bed = places_in(house.shelter, "M1")[0]
    out = service.take_out(bed, first_night=TONIGHT, last_night=None, reason="REPAIR")
    night = queries.occupancy(house.shelter.id, TONIGHT, TONIGHT, tonight=TONIGHT)[0]
    assert (night.capacity, night.surge, night.free) == (15, 2, 15)
    assert bed.id not in {
        f.place_id for f in queries.free_places([house.shelter.id], TONIGHT, TONIGHT, tonight=TONIGHT)
    }
    service.put_back(out)
    assert service.confirm_capacity(house.shelter) == 16
    assert [(e.number, e.code) for e in events_of("capacity.confirmed")] == [(16, "FREE_TONIGHT")]


def test_a_place_with_people_in_it_is_not_taken_out_of_service(as_coordinator):
    house = as_coordinator
    arrive(house)
    bed = places_in(house.shelter, "F1")[0]
    with pytest.raises(errors.StillHeld):
        service.take_out(bed, first_night=TONIGHT, last_night=LAST, reason="CLEANING")


def test_availability_answers_other_teams_with_ids_and_counts_only(house):
    with access.acting_as(house.coordinator):
        restart()
        book_family(house)
        restart()
    with access.acting_as(house.caseworker):
        restart()
        free = queries.free_places([house.shelter.id], TONIGHT, LAST, tonight=TONIGHT)
        assert len(free) == 16 - 5  # the whole family room is theirs
        assert session.scalar(sa.select(sa.func.count()).select_from(Stay)) == 2  # their own people's stays
        assert queries.occupancy(house.shelter.id, TONIGHT, TONIGHT, tonight=TONIGHT)[0].taken == 2


def test_a_protected_shelter_answers_only_its_own(house):
    from tests.factories import make_team
    from tests.factories.shelter import furnish

    with house.db.as_owner():
        hidden = make_team(type="SAFE_HOUSE")
        furnish(hidden)
    with access.acting_as(house.caseworker):
        restart()
        assert queries.free_places([hidden.id], TONIGHT, LAST, tonight=TONIGHT) == []
        assert queries.occupancy(hidden.id, TONIGHT, LAST, tonight=TONIGHT) == []


def test_tonight_tells_expected_present_leaving_and_overdue(as_coordinator):
    house = as_coordinator
    with house.db.as_owner():
        m1, f2 = places_in(house.shelter, "M1"), places_in(house.shelter, "F2")
        arrived = datetime(2025, 11, 20, 20, tzinfo=UTC)
        make_stay(house.mother, f2[0])
        make_stay(house.child, f2[1], first_night=date(2025, 11, 22))
        make_stay(
            house.woman,
            m1[0],
            state="IN",
            first_night=date(2025, 11, 20),
            last_night=date(2025, 11, 22),
            arrived_at=arrived,
        )
    team = queries.shelters_of(house.coordinator)[0]
    seen = night.tonight(team, whole=True)
    assert [s.case_id for s in seen.expected] == [house.mother.case_id]
    assert [s.case_id for s in seen.overdue_in] == [house.child.case_id]
    assert [s.case_id for s in seen.overdue_out] == [house.woman.case_id] and seen.leaving == []
    assert (seen.count.taken, seen.count.free) == (3, 12)
    open_to  # noqa: B018
