"""Children without family are taken in where no licensed place is free: a room of their own, with staff, looked at by
a second person. No page offers it while an ordinary place is free."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.referral import queries, service
from caseapp.shelter import errors
from caseapp.shelter.models import Stay
from caseapp.shelter.standing import ChildEmergency
from tests.factories import make_person
from tests.factories.referral import consent
from tests.factories.shelter import places_in
from tests.referral.conftest import FIRST, restart


@pytest.fixture
def alone(world):
    """A child without family, referred to the shelter, which has no licence for children alone."""
    with world.db.as_owner():
        child = make_person(world.desk, birth=date(2012, 2, 3))
        consent(child)
        session.flush()
        world.alone_id = child.case_id
    world.number = world.refer(world.alone_id)
    return world


def place_in(page):
    return re.search(r'name="place"[^>]*value="([^"]+)"', page).group(1)


def version_in(page):
    return re.search(r'name="version"[^>]*value="(\d+)"', page).group(1)


def test_a_coordinator_takes_a_child_in_with_staff_by_name(alone, client):
    client.sign_in(alone.coordinator)
    accept = client.get(f"/referrals/{alone.number}/accept").get_data(as_text=True)
    url = f"/referrals/{alone.number}/in-emergency"
    assert url in accept
    page = client.get(url).get_data(as_text=True)
    data = {"place": place_in(page), "version": version_in(page), "since": "NOW", "nights": "2"}
    wrong = client.post(url, data={**data, "staff": " "})
    assert wrong.status_code == 422 and "quien se queda" in wrong.get_data(as_text=True)
    assert client.post(url, data={**data, "staff": "Marta, noche", "nights": "4"}).status_code == 422
    assert client.post(url, data={**data, "staff": "Marta, noche"}).status_code == 302
    with alone.db.as_owner():
        stay = session.scalars(sa.select(Stay).where(Stay.case_id == alone.alone_id)).one()
        row = session.scalars(sa.select(ChildEmergency).where(ChildEmergency.stay_id == stay.id)).one()
        assert (stay.first_night, stay.last_night, stay.state) == (FIRST, FIRST + timedelta(days=1), "BOOKED")
        assert stay.one_household and row.reviewed_at is None
        assert stay.referral_id is not None
    page = client.get(f"/referrals/{alone.number}").get_data(as_text=True)
    assert "Aceptada" in page


def test_a_room_with_somebody_in_it_is_no_option(alone, client):
    client.sign_in(alone.coordinator)
    page = client.get(f"/referrals/{alone.number}/in-emergency").get_data(as_text=True)
    with alone.db.as_owner():
        shared = [str(p.id) for p in places_in(alone.shelter, "M1")]
    assert not any(place in page for place in shared)
    with access.acting_as(alone.coordinator):
        restart()
        found = queries.referral(access.current(), alone.number)
        with pytest.raises(errors.CannotBeOffered), session.begin_nested():
            service.accept(
                found, {alone.alone_id: places_in(alone.shelter, "M1")[0].id}, last_night=FIRST,
                staff=service.Staff("Marta", clock.now()),
            )  # fmt: skip


def test_it_is_not_offered_while_an_ordinary_place_is_free(alone, client):
    with alone.db.as_owner():
        session.execute(sa.text("UPDATE site SET child_licence = true"))
    client.sign_in(alone.coordinator)
    assert "in-emergency" not in client.get(f"/referrals/{alone.number}/accept").get_data(as_text=True)
    page = client.get(f"/referrals/{alone.number}/in-emergency").get_data(as_text=True)
    assert "Hay un lugar de los de siempre" in page and 'name="place"' not in page
    with access.acting_as(alone.coordinator):
        restart()
        found = queries.referral(access.current(), alone.number)
        with pytest.raises(errors.OrdinaryPlaceFree), session.begin_nested():
            service.accept(
                found, {alone.alone_id: places_in(alone.shelter, "A1")[0].id}, last_night=FIRST,
                staff=service.Staff("Marta", clock.now()),
            )  # fmt: skip


def test_it_is_not_for_a_family(world, client):
    number = world.refer()
    client.sign_in(world.coordinator)
    answer = client.get(f"/referrals/{number}/in-emergency")
    assert answer.status_code == 302 and answer.location.endswith("/accept")
