"""A referral to a shelter that holds places while it answers."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.referral import service
from caseapp.shelter.models import HoldPolicy, Stay
from tests.conftest import NOW
from tests.factories.shelter import places_in
from tests.referral.conftest import restart


@pytest.fixture
def holding(world):
    with world.db.as_owner():
        session.add(HoldPolicy(team_id=world.shelter.id, priority="IMMEDIATE", minutes=45, set_at=NOW))
        session.flush()
    return world


def states(world):
    with world.db.as_owner():
        session.expire_all()
        return sorted(session.scalars(sa.select(Stay.state)))


def kept(world):
    with world.db.as_owner():
        return dict(session.execute(sa.select(Stay.case_id, Stay.place_id).where(Stay.state == "HELD")).all())


def test_sending_holds_a_place_for_each_and_acceptance_books_just_these(holding):
    number = holding.refer()
    assert states(holding) == ["HELD"] * 3
    places = kept(holding)
    with access.acting_as(holding.coordinator):
        restart()
        service.accept(holding.open(holding.coordinator, number), places)
        restart()
    # the rows of the hold are the rows of the booking: nothing was counted twice
    assert states(holding) == ["BOOKED"] * 3
    with holding.db.as_owner():
        assert set(session.scalars(sa.select(Stay.place_id))) == set(places.values())
        assert all(s.held_until is None for s in session.scalars(sa.select(Stay)))
        assert {s.case_id for s in session.scalars(sa.select(Stay)) if s.called_name_sealed} == set(
            holding.family
        )


def test_other_places_may_be_given_and_the_held_ones_are_free(holding):
    number = holding.refer()
    with holding.db.as_owner():
        taken = set(kept(holding).values())
        free = [p.id for p in places_in(holding.shelter, "F1") if p.id not in taken and p.kind == "BED"]
        beds = dict(zip(holding.family, [*free, *taken], strict=False))
    with access.acting_as(holding.coordinator):
        restart()
        service.accept(holding.open(holding.coordinator, number), beds)
        restart()
    assert states(holding).count("BOOKED") == 3 and "HELD" not in states(holding)


def test_part_of_a_family_is_accepted_and_the_rest_is_held_no_longer(holding):
    number = holding.refer()
    places = kept(holding)
    some = {c: places[c] for c in (holding.mother.case_id, holding.child.case_id)}
    with access.acting_as(holding.coordinator):
        restart()
        service.accept(
            holding.open(holding.coordinator, number), some, members=set(some), reason="NO_PLACE_THIS_SIZE"
        )
        restart()
    assert states(holding) == ["BOOKED", "BOOKED", "RELEASED"]


def decline(world, number):
    with access.acting_as(world.coordinator):
        restart()
        service.decline(world.open(world.coordinator, number), "NO_STAFF")
        restart()


def withdraw(world, number):
    with access.acting_as(world.caseworker):
        restart()
        service.withdraw(world.open(world.caseworker, number), "PERSON_CHANGED_MIND")
        restart()


def lapse(world, number):
    with world.db.as_owner():
        session.commit()
        with clock.held_at(NOW + timedelta(minutes=60)), access.acting_as(access.system("clocks")):
            service.look_at_clocks()
        session.commit()


@pytest.mark.parametrize("end", [decline, withdraw, lapse])
def test_whatever_ends_the_referral_ends_its_holds(holding, end):
    number = holding.refer()
    end(holding, number)
    assert states(holding) == ["RELEASED"] * 3
    # and the family may be referred anew, which holds again
    again = holding.refer()
    assert again != number and states(holding) == ["HELD"] * 3 + ["RELEASED"] * 3


def test_a_late_answer_books_although_the_hold_is_over(holding):
    number = holding.refer()
    places = kept(holding)
    with access.acting_as(holding.coordinator), clock.held_at(NOW + timedelta(minutes=50)):
        restart()
        service.accept(holding.open(holding.coordinator, number), places)
        restart()
    assert states(holding) == ["BOOKED"] * 3 + ["RELEASED"] * 3


def test_without_a_policy_or_without_room_the_referral_goes_all_the_same(world):
    world.refer()
    assert states(world) == []


def test_a_family_for_whom_there_is_no_room_is_referred_without_a_hold(holding):
    with holding.db.as_owner():
        from caseapp.shelter.models import Unit

        session.execute(sa.update(Unit).values(active=False))
        session.commit()
    holding.refer()
    assert states(holding) == []


def test_the_sender_reads_what_the_shelter_declares_and_what_is_held(holding, client):
    with access.acting_as(holding.caseworker):
        restart()
        found = service.draft(
            holding.family, from_team=session.merge(holding.desk), to_team=session.merge(holding.shelter), kind="SHELTER",
            priority="IMMEDIATE", **holding.nights(),
        )  # fmt: skip
        number = found.number
        restart()
    client.sign_in(holding.caseworker)
    assert "este albergue guarda lugar 45 minutos mientras responde" in client.get(
        f"/referrals/{number}"
    ).get_data(as_text=True)
    client.post(f"/referrals/{number}/send", data={})
    page = client.get(f"/referrals/{number}").get_data(as_text=True)
    assert "Se guardan 3 lugares hasta el 23 nov 2025, 12:45." in page
    client.sign_in(holding.coordinator)
    first = client.get(f"/referrals/{number}/accept").get_data(as_text=True)
    assert "guardado para ellas mientras se responde" in first
