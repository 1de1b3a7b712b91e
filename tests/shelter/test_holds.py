"""Places held while a shelter answers: as declared, once, and no longer than their time."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.core.outbox import OutboxRow, deliver
from caseapp.shelter import errors, events, queries, service
from caseapp.shelter.models import HoldPolicy, Stay, StayState
from tests.conftest import NOW
from tests.factories.shelter import TONIGHT, make_stay, places_in
from tests.shelter.conftest import restart
from tests.shelter.test_service import LAST, events_of

SOON = NOW + timedelta(minutes=45)


@pytest.fixture
def declared(house):
    """The shelter holds for 45 minutes what is asked of it tonight, and nothing else."""
    with house.db.as_owner():
        session.add(HoldPolicy(team_id=house.shelter.id, priority="IMMEDIATE", minutes=45, set_at=NOW))
        session.flush()
    return house


def hold_family(house, *, until=SOON, unit="F1", **values):
    beds = places_in(house.shelter, unit) if "beds" not in values else values.pop("beds")
    return service.hold(
        {house.mother.case_id: beds[0].id, house.child.case_id: beds[1].id}, team_id=house.shelter.id,
        first_night=TONIGHT, last_night=LAST, until=until, **values,
    )  # fmt: skip


def beds_of(house, unit="F1"):
    with house.db.as_owner():
        return places_in(house.shelter, unit)


def free_now(house):
    free = queries.free_places([house.shelter.id], TONIGHT, LAST, tonight=TONIGHT)
    return {f.place_id for f in free}


def test_the_sender_holds_as_declared_without_reading_the_shelter(declared):
    house, beds = declared, beds_of(declared)
    with access.acting_as(house.caseworker):
        restart()
        stays = hold_family(house, beds=beds, priority="IMMEDIATE")
        assert [s.state for s in stays] == ["HELD", "HELD"]
        # The shelter has not said yes: nothing is known there of who they are.
        assert {(s.called_name, s.life_critical, tuple(s.requirements)) for s in stays} == {(None, None, ())}
        assert not {b.id for b in beds} & free_now(house)  # the whole family room is kept for them
        night = queries.occupancy(house.shelter.id, TONIGHT, TONIGHT, tonight=TONIGHT)[0]
        assert (night.capacity, night.taken, night.held, night.free) == (16, 2, 2, 11)
        held = events_of("stay.held")
        assert [(e.code, e.number, e.priority) for e in held] == [("BED", 3, "IMMEDIATE")] * 2
        restart()


@pytest.mark.parametrize(
    ("priority", "minutes", "offered"),
    [("IMMEDIATE", 45, True), ("IMMEDIATE", 46, False), ("URGENT", 5, False), ("IMMEDIATE", 0, False)],
)
def test_nobody_holds_longer_than_the_shelter_declares(declared, priority, minutes, offered):
    house, beds = declared, beds_of(declared)
    with access.acting_as(house.caseworker):
        restart()
        until = NOW + timedelta(minutes=minutes)
        if offered:
            assert hold_family(house, beds=beds, priority=priority, until=until)
        else:
            with pytest.raises(errors.HoldNotOffered):
                hold_family(house, beds=beds, priority=priority, until=until)


def test_the_database_keeps_to_the_policy_and_gives_no_place_for_the_shelter(declared):
    house = declared
    bed, other = beds_of(house, "M1")[:2]
    with house.db.as_owner():
        held = make_stay(house.woman, bed, state="HELD", held_until=SOON).id
    with access.acting_as(house.caseworker):
        restart()
        found = session.get_one(Stay, held)
        for change in (
            {"state": StayState.BOOKED, "held_until": None},
            {"held_until": SOON + timedelta(hours=2)},
        ):
            nested = session.begin_nested()
            for name, value in change.items():
                setattr(found, name, value)
            with pytest.raises(
                sa.exc.DBAPIError, match=r"only the shelter gives|longer than the shelter declares"
            ):
                session.flush()
            nested.rollback()
        assert {b.id for b in (bed, other)} & free_now(house) == {other.id}
        for values in (
            {},
            {"state": "IN", "arrived_at": NOW},
            {"state": "HELD", "held_until": SOON + timedelta(1)},
        ):
            nested = session.begin_nested()
            with pytest.raises(sa.exc.DBAPIError):
                session.execute(
                    sa.insert(Stay).values(
                        {
                            "case_id": house.mother.case_id, "site_id": house.shelter.site_id, "team_id": house.shelter.id,
                            "unit_id": other.unit_id, "place_id": other.id, "one_household": False, "child": False,
                            "first_night": TONIGHT, "last_night": LAST, "state": "BOOKED", "booked_at": NOW,
                            "version": 1, **values,
                        }
                    )
                )  # fmt: skip
            nested.rollback()


def test_a_hold_whose_time_has_come_is_in_nobodys_way(declared):
    house, beds = declared, beds_of(declared)
    with access.acting_as(house.caseworker):
        restart()
        held = [s.id for s in hold_family(house, beds=beds)]
        restart()
    with access.acting_as(house.coordinator):
        restart()
        assert beds[2].id not in free_now(house)
        with pytest.raises(errors.PlaceTaken):
            book_woman(house, beds[2])
        with clock.held_at(SOON):
            # read: the page shows it free, and nobody is counted, before any worker came by
            assert {b.id for b in beds} <= free_now(house)
            night = queries.occupancy(house.shelter.id, TONIGHT, TONIGHT, tonight=TONIGHT)[0]
            assert (night.taken, night.held, night.free) == (0, 0, 16)
            assert (
                not queries.open_for_ids([house.mother.case_id]) if hasattr(queries, "open_for_ids") else True
            )
            # booked over: another party has the room, and the hold is over
            (stay,) = book_woman(house, beds[2])
        assert stay.state == "BOOKED"
        assert {session.get_one(Stay, i, populate_existing=True).state for i in held} == {"RELEASED"}
        rows = session.scalars(sa.select(OutboxRow).where(OutboxRow.topic == events.HOLD_LAPSED)).all()
        assert {r.subject_id for r in rows} == set(held)
        assert all(deliver(r.id) for r in rows)
        assert [e.reason for e in events_of("stay.hold_ended")] == ["TIME", "TIME"]


def book_woman(house, bed):
    return service.book(
        {house.woman.case_id: bed.id}, team_id=house.shelter.id, first_night=TONIGHT, last_night=LAST
    )


def test_the_worker_ends_holds_at_their_time_and_touches_nothing_else(declared):
    house = declared
    with house.db.as_owner():
        m1, h1 = places_in(house.shelter, "M1"), places_in(house.shelter, "H1")
        make_stay(house.woman, m1[0], state="HELD", held_until=SOON)
        make_stay(house.mother, m1[1], state="HELD", held_until=SOON + timedelta(minutes=1))
        booked = make_stay(
            house.child, h1[0], first_night=date(2025, 11, 20), last_night=date(2025, 11, 21)
        ).id
        session.commit()
        with clock.held_at(SOON), access.acting_as(access.system("holds")):
            assert (service.release_lapsed(), service.release_lapsed()) == (1, 0)
        assert dict(session.execute(sa.select(Stay.case_id, Stay.state)).all()) == {
            house.woman.case_id: "RELEASED", house.mother.case_id: "HELD", house.child.case_id: "BOOKED",
        }  # fmt: skip
        assert session.get_one(Stay, booked).state == "BOOKED"


def test_one_hold_a_person_wherever(declared):
    from tests.factories.shelter import make_shelter

    house, beds = declared, beds_of(declared)
    with house.db.as_owner():
        second = make_shelter()
        session.add(HoldPolicy(team_id=second.id, priority="IMMEDIATE", minutes=45, set_at=NOW))
        session.flush()
        others = places_in(second, "F1")
    with access.acting_as(house.caseworker):
        restart()
        hold_family(house, beds=beds)
        wanted = {house.mother.case_id: others[0].id, house.child.case_id: others[1].id}
        nights = {"team_id": second.id, "first_night": TONIGHT, "last_night": LAST}
        with pytest.raises(errors.AlreadyHasPlace):
            service.hold(wanted, until=SOON, **nights)
        assert len(events_of("stay.held")) == 2  # nothing of what was refused stays
        with clock.held_at(SOON):
            assert service.hold(wanted, until=SOON + timedelta(minutes=45), **nights)


def test_who_holds_against_the_rules_reads_the_same_refusal(declared):
    """Another team sees nobody of the shelter, and its holds keep to the same rules."""
    house = declared
    with house.db.as_owner():
        shared, men = (places_in(house.shelter, u) for u in ("M1", "H1"))
        make_stay(house.woman, shared[0])
    beds = {"men": men[0], "with the woman": shared[1]}
    with access.acting_as(house.caseworker):
        restart()
        for bed in beds.values():
            for case in (house.mother.case_id, house.child.case_id):
                if bed is shared[1] and case == house.mother.case_id:
                    continue
                with pytest.raises(errors.CannotBeOffered) as refused:
                    service.hold(
                        {case: bed.id},
                        team_id=house.shelter.id,
                        first_night=TONIGHT,
                        last_night=LAST,
                        until=SOON,
                    )
                assert str(refused.value) == "No es posible ofrecerlo aquí."
        service.hold(
            {house.mother.case_id: shared[1].id}, team_id=house.shelter.id, first_night=TONIGHT, last_night=LAST, until=SOON,
        )  # fmt: skip


def test_a_protected_shelter_holds_for_nobody_else(declared):
    from caseapp.core.errors import NotYours
    from tests.factories import make_team
    from tests.factories.shelter import furnish

    house = declared
    with house.db.as_owner():
        hidden = make_team(type="SAFE_HOUSE")
        furnish(hidden)
        session.add(HoldPolicy(team_id=hidden.id, priority="IMMEDIATE", minutes=45, set_at=NOW))
        session.flush()
        bed = places_in(hidden, "M1")[0]
    with access.acting_as(house.caseworker):
        restart()
        with pytest.raises(NotYours):
            service.hold(
                {house.mother.case_id: bed.id},
                team_id=hidden.id,
                first_night=TONIGHT,
                last_night=LAST,
                until=SOON,
            )


def test_the_gate_sees_no_hold(declared, client):
    house = declared
    with house.db.as_owner():
        make_stay(
            house.woman, places_in(house.shelter, "M1")[0], state="HELD", held_until=SOON, called_name="Irma"
        )
    client.sign_in(house.gate)
    assert "M1-B1" not in client.get("/shelter/tonight").get_data(as_text=True)


def test_the_shelter_declares_in_words(house, client):
    client.sign_in(house.coordinator)
    shelter_id = house.shelter.id
    page = client.get("/shelter/holds").get_data(as_text=True)
    assert "No guarda lugar" in page
    answer = client.post(
        "/shelter/holds", data={"immediate": "45", "emergency": "120", "urgent": "0", "normal": "0"}
    )
    assert answer.status_code == 302
    with access.acting_as(house.caseworker):
        restart()
        assert service.hold_policy(shelter_id) == {"IMMEDIATE": 45, "EMERGENCY": 120}
    client.post("/shelter/holds", data={"immediate": "0", "emergency": "120", "urgent": "0", "normal": "0"})
    with access.acting_as(house.coordinator):
        restart()
        assert service.hold_policy(shelter_id) == {"EMERGENCY": 120}
        told = [
            (e.code, e.reason, e.number) for e in events_of("capacity.changed") if e.code == "HOLD_POLICY"
        ]
    assert told == [
        ("HOLD_POLICY", "IMMEDIATE", 45),
        ("HOLD_POLICY", "EMERGENCY", 120),
        ("HOLD_POLICY", "IMMEDIATE", 0),
    ]
    assert client.post("/shelter/holds", data={"immediate": "7"}).status_code == 422
