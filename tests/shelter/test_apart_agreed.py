"""A file of another team is kept apart when that team says so; its number alone tells nothing and refuses no bed."""

from __future__ import annotations

import re
from datetime import date

import pytest
import sqlalchemy as sa

from caseapp.core import access
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.people import rules
from caseapp.people.models import Case, Person, SafetySeparation
from caseapp.people.refusals import NoSuchHolder, NumberMistyped
from caseapp.people.service import separation as apart
from caseapp.shelter import errors, service
from tests.factories import make_person, make_site, make_team, make_user, principal_of
from tests.factories.shelter import TONIGHT, make_stay, open_to, places_in
from tests.shelter.conftest import restart
from tests.shelter.test_service import LAST

NOBODY = rules.number_of("M", 2**40 + 12345)


@pytest.fixture
def two_teams(house):
    """The woman is of the desk; another woman, of another team of the country, has a bed in the same shelter."""
    with house.db.as_owner():
        house.away = make_team()
        house.other = make_person(house.away, birth=date(1980, 1, 1))
        open_to(house.other, house.shelter)
        make_stay(house.other, places_in(house.shelter, "M1")[0])
        ours, theirs = make_user("SUPERVISOR", house.desk), make_user("SUPERVISOR", house.away)
        house.theirs_id = theirs.id
        house.supervisor = principal_of(ours, ("SUPERVISOR", house.desk))
        house.there = principal_of(theirs, ("SUPERVISOR", house.away))
        house.numbers = {p: session.get_one(Case, p.case_id).number for p in (house.woman, house.other)}
        house.ours, house.their = house.numbers[house.woman], house.numbers[house.other]
        house.woman_id, house.other_id = house.woman.case_id, house.other.case_id
    return house


def asks(house, number=None):
    with access.acting_as(house.supervisor):
        restart()
        found = apart.keep_apart(session.get_one(Case, house.woman_id), number or house.their, "SITE").id
        restart()
    return found


def asked_of(who):
    with access.acting_as(who):
        restart()
        return apart.asked_of_us()


def books(house):
    with access.acting_as(house.coordinator):
        restart()
        near = places_in(house.shelter, "M1")[1]
        nights = {"team_id": house.shelter.id, "first_night": TONIGHT, "last_night": LAST}
        with session.begin_nested() as undo:
            service.book({house.woman_id: near.id}, **nights)
            undo.rollback()
        session.expire_all()


def test_it_binds_when_the_other_team_agrees_and_not_before(two_teams):
    house = two_teams
    found = asks(house)
    books(house)  # nothing is refused for a number that somebody typed
    (one,) = asked_of(house.there)
    assert (one.id, one.case_id, one.number, one.reach) == (found, house.other_id, house.their, "SITE")
    with access.acting_as(house.there):
        restart()
        apart.answer(found, agrees=True)
        (row,) = apart.separations_of(session.get_one(Case, house.other_id))
        assert (row.agreed_by_id, row.other_number) == (house.theirs_id, None)
        restart()
    with pytest.raises(errors.CannotBeOffered):
        books(house)
    assert asked_of(house.there) == []


def test_a_number_tells_nothing_whether_it_is_somebodys_or_not(two_teams, client):
    house = two_teams
    client.sign_in(house.supervisor)
    url, seen = f"/cases/{house.ours}/separation", []
    for number in (house.their, NOBODY):
        answer = client.post(url, data={"other": number, "reach": "SITE"})
        page = client.get(answer.location).get_data(as_text=True)
        with house.db.as_owner():
            session.execute(sa.delete(SafetySeparation))
        page = re.sub(r'(nonce|value|name="csrf_token"[^>]*)="[^"]{20,}"|separation/[0-9a-f-]{36}', "", page)
        page = re.sub(r"email-[0-9a-f-]{36}", "", page)
        seen.append((answer.status_code, page.replace(number, "NUMBER")))
    assert seen[0] == seen[1]
    with access.acting_as(house.supervisor), pytest.raises(NumberMistyped):
        restart()
        apart.keep_apart(session.get_one(Case, house.woman_id), house.their[:-1] + "?", "SITE")


def test_only_who_may_keep_apart_in_that_team_is_asked(two_teams):
    house = two_teams
    found = asks(house)
    with house.db.as_owner():
        worker = make_user("CASEWORKER", house.away)
        elsewhere = make_user("SUPERVISOR", make_team())
        officer = make_user("CHILD_OFFICER", house.away)
        pairs = [(worker, "CASEWORKER"), (officer, "CHILD_OFFICER")]
        caseworker, child = (principal_of(u, (r, house.away)) for u, r in pairs)
        other = principal_of(elsewhere, ("SUPERVISOR", make_team()))
    for who in (caseworker, other, house.supervisor, house.coordinator):
        assert asked_of(who) == [], who.name
        with access.acting_as(who), pytest.raises(NotYours):
            apart.answer(found, agrees=True)
    assert len(asked_of(child)) == 1


def test_no_team_of_another_country_is_asked(two_teams):
    house = two_teams
    with house.db.as_owner():
        abroad = make_team(make_site(country="HND"))
        person, user = make_person(abroad, nationality="NIC"), make_user("SUPERVISOR", abroad)
        number = session.get_one(Case, person.case_id).number
        there = principal_of(user, ("SUPERVISOR", abroad))
    asks(house, number)
    assert asked_of(there) == []


def test_left_unanswered_is_gone_for_them_and_the_same_for_whoever_asked(two_teams):
    house = two_teams
    found = asks(house)
    with access.acting_as(house.there):
        restart()
        apart.answer(found, agrees=False)
        restart()
    assert asked_of(house.there) == []
    books(house)
    with access.acting_as(house.supervisor):
        restart()
        (row,) = apart.separations_of(session.get_one(Case, house.woman_id))
        assert (row.other_number, row.agreed_at, row.ended_at) == (house.their, None, None)


def test_the_database_binds_no_file_of_another_team(two_teams):
    house = two_teams
    with access.acting_as(house.supervisor):
        restart()
        me, now = house.supervisor.user_id, sa.func.now()
        row = SafetySeparation(
            case_id=house.woman_id, other_case_id=house.other_id, reach="SITE", since=now, agreed_at=now,
            agreed_by_id=me, set_by_id=me, holders=[me],
        )  # fmt: skip
        with pytest.raises(sa.exc.ProgrammingError, match="row-level security"), session.begin_nested():
            session.add(row)
            session.flush()
        session.expunge_all()
    asks(house)
    with access.acting_as(house.supervisor):
        restart()
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), session.begin_nested():
            session.execute(sa.update(SafetySeparation).values(other_case_id=house.other_id))


def test_whoever_was_united_with_them_is_kept_apart_too(two_teams):
    house = two_teams
    found = asks(house)
    with access.acting_as(house.there):
        restart()
        apart.answer(found, agrees=True)
        restart()
    with house.db.as_owner():
        same = make_person(house.desk, birth=date(1988, 1, 9))
        open_to(same, house.shelter)
        session.get_one(Person, house.woman.id).merged_into_id = same.id
        house.woman_id = same.case_id
        session.flush()
    with pytest.raises(errors.CannotBeOffered):
        books(house)
    with house.db.as_owner():
        refused = pytest.raises(sa.exc.IntegrityError, match="cannot be offered")
        with refused, session.begin_nested():
            make_stay(same, places_in(house.shelter, "A1")[0])


def test_beds_that_bring_them_together_are_told_to_those_named(two_teams, client):
    house = two_teams
    with house.db.as_owner():
        make_stay(house.woman, places_in(house.shelter, "M1")[1])
    found = asks(house)
    with access.acting_as(house.there):
        restart()
        apart.answer(found, agrees=True)
        assert [(n.number, n.first_night) for n in apart.near_each_other()] == [(house.their, TONIGHT)]
        restart()
    with access.acting_as(house.supervisor):
        restart()
        assert [n.number for n in apart.near_each_other()] == [house.ours]
    client.sign_in(house.supervisor)
    assert "Separaciones de seguridad" in client.get("/today").get_data(as_text=True)
    assert "Nada se mueve solo" in client.get(f"/cases/{house.ours}/separation").get_data(as_text=True)
    with house.db.as_owner():
        colleague = make_user("SUPERVISOR", house.desk)
    client.sign_in(principal_of(colleague, ("SUPERVISOR", house.desk)))
    assert "Separaciones de seguridad" not in client.get("/today").get_data(as_text=True)


def test_the_other_team_is_asked_on_its_page_of_the_day_and_answers_there(two_teams, client):
    house = two_teams
    found = asks(house)
    client.sign_in(house.there)
    assert "pide mantenerla lejos" in client.get("/today").get_data(as_text=True)
    url = f"/cases/{house.their}/separation"
    page = client.get(url).get_data(as_text=True)
    assert "Llame a quien lo pide" in page and house.ours not in page
    assert client.post(f"{url}/{found}/answer", data={"agrees": "yes"}).status_code == 302
    assert client.post(f"{url}/{found}/answer", data={"agrees": "yes"}).status_code == 404
    with pytest.raises(errors.CannotBeOffered):
        books(house)


def test_only_who_may_keep_apart_in_the_team_is_named(two_teams):
    house = two_teams
    asks(house)
    with house.db.as_owner():
        named = make_user("CHILD_OFFICER", house.desk)
        emails = [
            make_user("CASEWORKER", house.desk).email,
            make_user("SUPERVISOR", house.away).email,
            "x@y.example",
        ]
        good, good_id = named.email, named.id
    with access.acting_as(house.supervisor):
        restart()
        (row,) = apart.separations_of(session.get_one(Case, house.woman_id))
        for email in emails:
            with pytest.raises(NoSuchHolder):
                apart.name_holder(row, email, [house.desk.id])
        apart.name_holder(row, f" {good.upper()} ", [house.desk.id])
        assert good_id in row.holders
