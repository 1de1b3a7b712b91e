"""Two people who are kept apart: no verb places them near each other, and nothing shows why."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from caseapp.core import access
from caseapp.core.db import session
from caseapp.people.models import Case, SafetySeparation
from caseapp.people.service import separation as apart
from caseapp.places.models import Site
from caseapp.shelter import errors, offers, queries, service
from caseapp.shelter.models import HoldPolicy
from tests.conftest import NOW
from tests.factories import make_person, make_user, principal_of
from tests.factories.shelter import TONIGHT, make_stay, open_to, places_in
from tests.shelter.conftest import restart
from tests.shelter.test_service import LAST, events_of
from tests.statements import count_statements


@pytest.fixture
def parted(house):
    """The woman and another woman, in the same shelter's reach; the other one has a bed there."""
    with house.db.as_owner():
        other = make_person(house.desk, birth=date(1980, 1, 1))
        open_to(other, house.shelter)
        supervisor = make_user("SUPERVISOR", house.desk)
        make_stay(other, places_in(house.shelter, "M1")[0])
        house.other = other
        house.woman_id, house.other_id = house.woman.case_id, other.case_id
        house.supervisor = principal_of(supervisor, ("SUPERVISOR", house.desk))
    return house


def separate(house, reach="SITE"):
    with access.acting_as(house.supervisor):
        restart()
        case = session.get_one(Case, house.woman_id)
        number = session.get_one(Case, house.other_id).number
        row = apart.keep_apart(case, number, reach)
        found = row.id
        restart()
    return found


def verbs(house):
    """Every verb that gives the woman a night, aimed at a place that is free and fits her."""
    near, far = places_in(house.shelter, "M1")[1], places_in(house.shelter, "A1")[0]
    nights = {"team_id": house.shelter.id, "first_night": TONIGHT, "last_night": LAST}
    before = {"first_night": TONIGHT - timedelta(days=30), "last_night": TONIGHT - timedelta(days=29)}
    yield "book", lambda: service.book({house.woman.case_id: near.id}, **nights)
    yield "book elsewhere", lambda: service.book({house.woman.case_id: far.id}, **nights)
    yield (
        "hold",
        lambda: service.hold({house.woman.case_id: near.id}, until=NOW + timedelta(minutes=30), **nights),
    )

    def lengthen():
        stay = make_stay(house.woman, far, **before)
        service.extend(stay, LAST, "HEALTH")

    yield "extend", lengthen


def test_no_verb_places_them_near_each_other_and_the_words_are_the_same(parted):
    house = parted
    with access.acting_as(house.coordinator):
        restart()
        taken = places_in(house.shelter, "H1")[0]
        with pytest.raises(errors.CannotBeOffered) as ordinary:
            service.book(
                {house.woman.case_id: taken.id},
                team_id=house.shelter.id,
                first_night=TONIGHT,
                last_night=LAST,
            )
        for name, act in verbs(house):
            with session.begin_nested() as undo:
                act()
                undo.rollback()
            session.expire_all()
            assert name
    separate(house)
    with access.acting_as(house.coordinator):
        restart()
        for name, act in verbs(house):
            with pytest.raises(errors.CannotBeOffered) as refused, session.begin_nested():
                act()
            assert str(refused.value) == str(ordinary.value) == "No es posible ofrecerlo aquí.", name
        site = session.get_one(Site, house.shelter.site_id)
        assert offers.for_people(house.shelter.id, [house.woman.case_id], TONIGHT, LAST, site) == []


def test_a_sender_who_holds_is_told_no_more(parted):
    house = parted
    with house.db.as_owner():
        session.add(HoldPolicy(team_id=house.shelter.id, priority="IMMEDIATE", minutes=60, set_at=NOW))
        session.flush()
        near = places_in(house.shelter, "M1")[1]
    separate(house)
    with access.acting_as(house.caseworker):
        restart()
        with pytest.raises(errors.CannotBeOffered):
            service.hold(
                {house.woman.case_id: near.id}, team_id=house.shelter.id, first_night=TONIGHT, last_night=LAST,
                until=NOW + timedelta(minutes=30),
            )  # fmt: skip


def test_apart_in_rooms_only_allows_another_room(parted):
    house = parted
    separate(house, "UNIT")
    with access.acting_as(house.coordinator):
        restart()
        near, far = places_in(house.shelter, "M1")[1], places_in(house.shelter, "A1")[0]
        nights = {"team_id": house.shelter.id, "first_night": TONIGHT, "last_night": LAST}
        with pytest.raises(errors.CannotBeOffered):
            service.book({house.woman.case_id: near.id}, **nights)
        (stay,) = service.book({house.woman.case_id: far.id}, **nights)
        with pytest.raises(errors.CannotBeOffered):
            service.move([(stay, near.id)], "PERSON_ASKED")


def test_other_nights_are_free_and_so_it_is_when_it_ends(parted):
    house = parted
    found = separate(house)
    later = {"first_night": LAST + timedelta(days=1), "last_night": LAST + timedelta(days=2)}
    with access.acting_as(house.coordinator):
        restart()
        near = places_in(house.shelter, "M1")[1]
        (stay,) = service.book({house.woman.case_id: near.id}, team_id=house.shelter.id, **later)
        service.cancel([stay], "BOOKED_IN_ERROR")
        restart()
    with access.acting_as(house.supervisor):
        restart()
        apart.end_separation(session.get_one(SafetySeparation, found))
        restart()
    with access.acting_as(house.coordinator):
        restart()
        assert service.book(
            {house.woman.case_id: places_in(house.shelter, "M1")[1].id}, team_id=house.shelter.id, first_night=TONIGHT, last_night=LAST,
        )  # fmt: skip


def test_the_database_says_it_under_every_verb(parted):
    house = parted
    separate(house)
    with house.db.as_owner():
        with pytest.raises(sa.exc.IntegrityError, match="cannot be offered"), session.begin_nested():
            make_stay(house.woman, places_in(house.shelter, "A1")[0])
        make_stay(
            house.woman, places_in(house.shelter, "A1")[0], state="CANCELLED", cancel_reason="BOOKED_IN_ERROR"
        )


def test_it_is_read_by_those_named_and_by_nobody_else(parted):
    house = parted
    separate(house)
    with house.db.as_owner():
        colleague = make_user("SUPERVISOR", house.desk)
    other = principal_of(colleague, ("SUPERVISOR", house.desk))
    for who in (house.coordinator, house.caseworker, house.gate, other):
        with access.acting_as(who):
            restart()
            assert session.scalar(sa.select(sa.func.count()).select_from(SafetySeparation)) == 0
    with access.acting_as(house.supervisor):
        restart()
        (row,) = apart.separations_of(session.get_one(Case, house.other.case_id))  # from either side
        apart.name_holder(row, colleague.email, [house.desk.id])
        restart()
    with access.acting_as(other):
        restart()
        assert session.scalar(sa.select(sa.func.count()).select_from(SafetySeparation)) == 1


@pytest.mark.parametrize(
    "path", ["/shelter/places", "/shelter/tonight", "/cases/{number}", "/cases/{number}/separation"]
)
def test_with_and_without_it_are_the_same_bytes_and_statements(parted, client, path):
    house = parted
    with house.db.as_owner():
        colleague = make_user("SUPERVISOR", house.desk)
        number = session.get_one(Case, house.woman_id).number
        events = len(events_of("alert.raised"))
    who = (
        house.coordinator
        if path.startswith("/shelter")
        else principal_of(colleague, ("SUPERVISOR", house.desk))
    )
    seen = []
    for step in range(2):
        client.sign_in(who)
        url = path.format(number=number)
        client.get(url)
        with count_statements() as statements:
            answer = client.get(url)
        assert answer.status_code == 200
        seen.append((_same(answer.get_data(as_text=True)), len(statements)))
        if step == 0:
            separate(house)
    assert seen[0] == seen[1]
    with house.db.as_owner():
        assert len(events_of("alert.raised")) == events


def _same(page):
    """The page without what is new with every answer."""
    import re

    return re.sub(r'(nonce|value|name="csrf_token"[^>]*)="[^"]{20,}"', "", page)


def test_the_page_asks_for_a_number_that_exists(parted, client):
    house = parted
    shelter_id = house.shelter.id
    client.sign_in(house.supervisor)
    with house.db.as_owner():
        number = session.get_one(Case, house.woman_id).number
        other = session.get_one(Case, house.other_id).number
    url = f"/cases/{number}/separation"
    for wrong in ("", "NADIE", number):
        assert client.post(url, data={"other": wrong, "reach": "SITE"}).status_code == 422
    assert client.post(url, data={"other": f" {other.lower()} ", "reach": "SITE"}).status_code == 302
    assert "No en la misma sede" in client.get(url).get_data(as_text=True)
    with access.acting_as(house.coordinator):
        restart()
        # what is free is free for others
        assert queries.free_places([shelter_id], TONIGHT, LAST, tonight=TONIGHT)
