"""Who can take them: the question across teams, the act that holds and refers, and the page."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.people.models import Case, MovementLimit, PersonLanguage
from caseapp.people.rules import LeaveNeeded
from caseapp.places.models import Site
from caseapp.referral import errors, queries, service
from caseapp.shelter.errors import CannotBeOffered
from caseapp.shelter.models import HoldPolicy, Stay
from caseapp.shelter.standing import StayPolicy
from caseapp.shelter.who import queries as who
from caseapp.shelter.who.words import reasons
from tests.factories import make_person, make_site
from tests.factories.referral import consent, offer
from tests.factories.shelter import make_shelter, make_stay, places_in
from tests.referral.conftest import FIRST, LAST, restart


def found(world, *cases, first=FIRST, last=LAST):
    """What the desk is shown for the family."""
    desk = session.get_one(Team, world.desk.id)
    seekers = who.seekers(list(cases) or world.family, session.get_one(Site, desk.site_id), first)
    return who.asked(seekers, "MEX", first, last)


def hold(world, *cases, team=None, **values):
    return service.hold_and_refer(
        list(cases) or world.family, from_team=session.get_one(Team, world.desk.id),
        to_team_id=(team or world.shelter).id, priority="IMMEDIATE", first_night=FIRST, last_night=LAST, **values,
    )  # fmt: skip


def declares(world, minutes=45):
    with world.db.as_owner():
        session.add(
            HoldPolicy(team_id=world.shelter.id, priority="IMMEDIATE", minutes=minutes, set_at=clock.now())
        )


@pytest.fixture
def at_desk(world):
    with access.acting_as(world.caseworker):
        restart()
        yield world


def test_a_desk_sees_rooms_of_other_teams_and_nothing_of_who_is_in_them(at_desk):
    world = at_desk
    assert session.scalars(sa.select(Stay)).all() == []
    (choice,) = found(world)
    assert choice.spot.team_id == world.shelter.id
    assert [s.bay.name for s in choice.seatings] == ["Cuarto F1"] and choice.answers == {"STEP_FREE"}


def test_a_shelter_that_gives_fewer_nights_is_not_offered_and_the_others_say_how_many_they_give(world):
    with world.db.as_owner():
        session.add(StayPolicy(team_id=world.shelter.id, max_nights=3))
    with access.acting_as(world.caseworker):
        restart()
        (choice,) = found(world)
        assert ("neutral", "recibe hasta 3 noches") in reasons(choice, clock.now())
        assert found(world, last=LAST + timedelta(days=1)) == []


def test_a_longer_referral_is_sent_and_nothing_is_held(client, world):
    """The shelter declares holds and gives two nights: three are asked, the referral goes, and its page says why no
    place is offered."""
    declares(world)
    with world.db.as_owner():
        session.add(StayPolicy(team_id=world.shelter.id, max_nights=2))
    number = world.refer()
    with access.acting_as(world.caseworker):
        restart()
        sent = queries.referral(world.caseworker, number)
        assert sent.state == "SENT" and session.scalars(sa.select(Stay)).all() == []
    client.sign_in(world.coordinator)
    page = client.get(f"/referrals/{number}/accept").get_data(as_text=True)
    assert "Su sede recibe hasta 2 noches" in page
    client.sign_in(world.caseworker)
    with world.db.as_owner():
        mother = session.get_one(Case, world.mother.case_id).number
    assert "recibe hasta 2 noches" in client.get(f"/cases/{mother}/refer?kind=SHELTER").get_data(as_text=True)


def test_places_that_were_seen_before_the_limit_are_not_held(world):
    declares(world)
    with world.db.as_owner():
        session.add(StayPolicy(team_id=world.shelter.id, max_nights=2))
    with access.acting_as(world.caseworker):
        restart()
        made = service.draft(
            world.family, from_team=session.get_one(Team, world.desk.id), to_team=session.get_one(Team, world.shelter.id),
            kind="SHELTER", priority="IMMEDIATE", **world.nights(),
        )  # fmt: skip
        service.send(made, places=world.beds())
        assert made.state == "SENT" and session.scalars(sa.select(Stay)).all() == []


def test_a_room_that_another_family_has_is_not_offered(world):
    with world.db.as_owner():
        other = make_person(world.shelter)
        make_stay(other, places_in(world.shelter, "F1")[0])
    with access.acting_as(world.caseworker):
        restart()
        # F1 alone is step-free and takes three; what is left would part the child from its parents.
        assert [s.bay.name for c in found(world) for s in c.seatings if c.rooms == 1] == []


@pytest.mark.parametrize(
    ("state", "minutes", "free"), [("HELD", 30, False), ("HELD", -1, True), ("BOOKED", None, False)]
)
def test_what_is_held_counts_until_its_time(world, state, minutes, free):
    with world.db.as_owner():
        other = make_person(world.shelter)
        until = None if minutes is None else clock.now() + timedelta(minutes=minutes)
        make_stay(other, places_in(world.shelter, "F1")[0], state=state, held_until=until)
    with access.acting_as(world.caseworker):
        restart()
        assert any(c.rooms == 1 for c in found(world)) is free


def test_the_night_goes_on_until_the_roll_over_hour(world):
    """Somebody who should have left this morning is still in at 02:10: the bed is theirs tonight."""
    with world.db.as_owner():
        other = make_person(world.shelter)
        make_stay(
            other, places_in(world.shelter, "F1")[0], state="IN", arrived_at=clock.now(),
            first_night=FIRST - timedelta(days=4), last_night=FIRST - timedelta(days=1),
        )  # fmt: skip
    with access.acting_as(world.caseworker):
        restart()
        assert not any(c.rooms == 1 for c in found(world))
        assert any(c.rooms == 1 for c in found(world, first=FIRST + timedelta(days=1), last=LAST))


def test_safe_houses_are_listed_to_nobody_without_the_right(world):
    with world.db.as_owner():
        house = make_shelter(make_site(kind="SAFE_HOUSE", latitude=None, longitude=None))
        house.type = "SAFE_HOUSE"
        offer(house, "SHELTER")
    with access.acting_as(world.caseworker):
        restart()
        assert {c.spot.team_id for c in found(world)} == {world.shelter.id}
        with pytest.raises((CannotBeOffered, errors.ReceiverDoesNotOffer)):
            hold(world, team=house)


def test_one_act_holds_and_refers(world):
    declares(world)
    with access.acting_as(world.caseworker):
        restart()
        made, held = hold(world)
        assert made.state == "SENT" and held == 3
        assert {s.state for s in session.scalars(sa.select(Stay))} == {"HELD"}
        number = made.number
        restart()
    with access.acting_as(world.coordinator):
        restart()
        assert queries.referral(world.coordinator, number).state == "SENT"


def test_without_a_declared_hold_it_is_referred_all_the_same(at_desk):
    made, held = hold(at_desk)
    assert made.state == "SENT" and held == 0


def test_what_is_gone_in_the_meantime_is_neutral(world):
    with access.acting_as(world.caseworker):
        restart()
        assert len(found(world)) == 1
        restart()
    with world.db.as_owner():
        for unit in ("F1", "F2", "A1"):
            make_stay(make_person(world.shelter), places_in(world.shelter, unit)[0])
    with access.acting_as(world.caseworker):
        restart()
        with pytest.raises(CannotBeOffered) as refused:
            hold(world)
        assert str(refused.value) == "No es posible ofrecerlo aquí."


def test_nobody_is_divided_who_was_shown_one_room(world):
    """Two men: a room of two when the page was read, two dormitory beds apart now is another offer."""
    with world.db.as_owner():
        make_stay(make_person(world.shelter), places_in(world.shelter, "F1")[0])
        make_stay(make_person(world.shelter), places_in(world.shelter, "F2")[0])
        session.execute(sa.text("UPDATE placement_requirement SET ended_on = set_on"))
        make_stay(make_person(world.shelter), places_in(world.shelter, "A1")[0])
    with access.acting_as(world.caseworker):
        restart()
        couple = [world.mother.case_id, world.father.case_id]
        assert [c.rooms for c in found(world, *couple)] == [2]
        with pytest.raises(errors.OfferChanged):
            hold(world, *couple, rooms=1)
        assert hold(world, *couple, rooms=2)[0].state == "SENT"


def test_leave_of_state_comes_first(world):
    with world.db.as_owner():
        session.add(MovementLimit(case_id=world.mother.case_id, admin1="MX27", since=FIRST))
    with access.acting_as(world.caseworker):
        restart()
        (choice,) = found(world)
        assert choice.leave
        with pytest.raises(LeaveNeeded):
            hold(world)


def test_a_stranger_asks_for_nobody(world):
    with access.acting_as(world.stranger):
        restart()
        assert who.seekers(world.family, None, FIRST) is None
        with pytest.raises((NotYours, errors.ReceiverDoesNotOffer)):
            hold(world)


def test_the_number_of_statements_does_not_grow_with_sites(world):
    from tests.statements import count_statements

    with access.acting_as(world.caseworker):
        restart()
        with count_statements(world.db.connection) as one:
            found(world)
        restart()
    with world.db.as_owner():
        for _ in range(6):
            offer(make_shelter(make_site(kind="SHELTER")), "SHELTER")
    with access.acting_as(world.caseworker):
        restart()
        with count_statements(world.db.connection) as seven:
            assert len(found(world)) == 7
    assert len(seven) == len(one)


def test_the_page_says_why_in_words_and_the_button_refers(world, client):
    declares(world)
    members, shelter = [str(c) for c in world.family], str(world.shelter.id)
    with world.db.as_owner():
        session.add(
            PersonLanguage(
                case_id=world.mother.case_id, person_id=world.mother.id, position=1, language="hat"
            )
        )
        number = session.scalar(
            sa.text('SELECT number FROM "case" WHERE id = :i'), {"i": world.mother.case_id}
        )
        session.execute(
            sa.text("INSERT INTO service_language SELECT id, 'hat' FROM service WHERE team_id = :t"),
            {"t": world.shelter.id},
        )
    client.sign_in(world.caseworker)
    page = client.get(f"/cases/{number}/who").get_data(as_text=True)
    for words in (
        "todos en un cuarto, sin otras personas",
        "sin gradas",
        "habla criollo haitiano",
        "Apartar y referir",
    ):
        assert words in page, words
    data = {
        "members": members, "first_night": str(FIRST), "last_night": str(LAST),
        "priority": "IMMEDIATE", "to_team": shelter, "rooms": "1",
    }  # fmt: skip
    answer = client.post(f"/cases/{number}/who", data=data)
    assert answer.status_code == 302 and "/referrals/R" in answer.headers["Location"]
    again = client.post(f"/cases/{number}/who", data=data)
    assert again.status_code == 422 and "abierta a esa entidad" in again.get_data(as_text=True)


def test_a_wrong_date_is_said_beside_its_field_and_nothing_typed_is_lost(world, client):
    with world.db.as_owner():
        number = session.scalar(
            sa.text('SELECT number FROM "case" WHERE id = :i'), {"i": world.mother.case_id}
        )
    client.sign_in(world.caseworker)
    query = f"?members={world.mother.case_id}&first_night=2025-11-25&last_night=2025-11-23"
    page = client.get(f"/cases/{number}/who{query}").get_data(as_text=True)
    assert "en orden" in page and 'value="2025-11-25"' in page


def test_consent_is_asked_before_it_is_sent(world):
    with world.db.as_owner():
        alone = make_person(world.desk)
    with access.acting_as(world.caseworker):
        restart()
        with pytest.raises(errors.ConsentMissing):
            hold(world, alone.case_id)
    with world.db.as_owner():
        consent(alone)
    with access.acting_as(world.caseworker):
        restart()
        assert hold(world, alone.case_id)[0].state == "SENT"
