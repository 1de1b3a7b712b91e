"""The network of a country: what is counted, what is rounded, who is told, and who is on no line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from caseapp.core import access
from caseapp.core.db import session, uuid7
from caseapp.referral.models import Referral
from caseapp.shelter.network import queries as network
from caseapp.shelter.network import rules
from tests.factories import make_person, make_site, make_team
from tests.factories.shelter import TONIGHT, furnish, make_shelter, make_stay, places_in
from tests.shelter.conftest import restart
from tests.statements import count_statements

SINCE = TONIGHT - timedelta(days=90)


@pytest.mark.parametrize(
    ("count", "told"), [(0, 0), (1, 0), (4, 0), (5, 5), (7, 5), (8, 10), (12, 10), (13, 15), (23, 25)]
)
def test_counts_go_in_steps_of_five(count, told):
    assert rules.rounded(count) == told


@pytest.mark.parametrize(
    ("refusals", "found"),
    [
        ({}, []),
        ({"A": {"MANDATE": 5}}, []),  # too few to speak of
        ({"A": {"MANDATE": 10, "CAPACITY": 5}, "B": {"CAPACITY": 20}}, [("A", "MANDATE", 67, 0)]),
        ({"A": {"MANDATE": 10}, "B": {"MANDATE": 20}}, []),  # everybody does
        ({"A": {"CAPACITY": 30}, "B": {"CARE": 10, "MANDATE": 10}}, [("B", "CARE", 50, 0), ("B", "MANDATE", 50, 0)]),
        ({"A": {"PERSON": 30}, "B": {"CAPACITY": 30}}, []),  # no choice of the house
        ({"A": {"PROTECTED": 10}, "B": {"PROTECTED": 10, "CAPACITY": 20}}, [("A", "PROTECTED", 100, 33)]),
    ],
)  # fmt: skip
def test_what_stands_out(refusals, found):
    assert [(p.site, p.group, p.percent, p.elsewhere) for p in rules.patterns(refusals)] == found


def test_gaps_and_full_nights():
    assert rules.gaps([(2, 10), (0, 10), (1, 10)]) == 3
    assert rules.full_nights([0, 2, -1, 5]) == 2


@pytest.fixture
def country(house):
    """Another shelter, a safe house and a shelter abroad beside the coordinator's own."""
    with house.db.as_owner():
        house.other = make_shelter(make_site(kind="SHELTER", name="Albergue Otro"))
        hidden = make_site(kind="SAFE_HOUSE", name="Casa Oculta")
        house.hidden = make_team(hidden, "SAFE_HOUSE")
        furnish(house.hidden)
        house.abroad = make_shelter(make_site(kind="SHELTER", country="GTM", name="Albergue Lejos"))
        session.flush()
        house.ids = {n: getattr(house, n).id for n in ("shelter", "other", "hidden", "abroad")}
    session.commit()
    return house


def left(house, team, people, nights, *, households=True):
    """People who left a shelter after so many nights each."""
    bed = places_in(team, "H1")[0]
    for n in range(people):
        person = make_person(house.desk)
        first = TONIGHT - timedelta(days=60 - n)
        stay = make_stay(
            person, bed, state="ENDED", first_night=first, last_night=first + timedelta(days=nights - 1),
            arrived_at=datetime(2025, 9, 1, tzinfo=UTC), left_at=datetime(2025, 11, 1, tzinfo=UTC),
            end_reason="OWN_WISH", end_destination="RENTED",
        )  # fmt: skip
        if not households:
            stay.household_id = house.household.id
    session.flush()


def test_a_length_is_told_of_ten_people_of_three_households(country):
    house = country
    with house.db.as_owner():
        left(house, house.shelter, 10, 3)
        left(house, house.other, 9, 5)
    with access.acting_as(house.coordinator):
        restart()
        found = network.lengths(["MEX"], SINCE)
        assert found == {house.ids["shelter"]: network.Length(3.0, 3.0)}
    with house.db.as_owner():
        left(house, house.other, 5, 5, households=False)
    with access.acting_as(house.coordinator):
        restart()
        assert network.lengths(["MEX"], SINCE)[house.ids["other"]] == network.Length(5.0, 5.0)
        assert network.lengths(["MEX"], TONIGHT) == {}


def test_ten_people_of_one_household_are_told_of_nowhere(country):
    house = country
    with house.db.as_owner():
        left(house, house.other, 12, 5, households=False)
    with access.acting_as(house.coordinator):
        restart()
        assert network.lengths(["MEX"], SINCE) == {}


def test_answers_are_rounded_in_the_database_by_group(country):
    house = country
    with house.db.as_owner():
        for reason, count in (
            ("NO_PLACE_TONIGHT", 4),
            ("NO_STAFF", 4),
            ("MAX_STAY_USED", 3),
            ("PREVIOUS_INCIDENT", 5),
        ):
            for _n in range(count):
                answered(house, house.other, state="DECLINED", decline_reason=reason)
        answered(house, house.other, state="ACCEPTED")
    with access.acting_as(house.coordinator):
        restart()
        (told,) = network.answers(["MEX"], SINCE).values()
        assert told == network.Answers(15, {"CAPACITY": 10, "MANDATE": 0, "PROTECTED": 5})


def answered(house, team, **values):
    """A referral for shelter that was answered on the 20th."""
    person = make_person(house.desk)
    at = datetime(2025, 11, 20, tzinfo=UTC)
    row = Referral(
        number=f"R-{uuid7().hex[-12:]}", case_id=person.case_id, country="MEX", from_team_id=house.desk.id,
        to_team_id=team.id, kind="SHELTER", sector="SHELTER", mode="SHARE", priority="NORMAL", items=[], made_at=at,
        sent_at=at, due_at=at, lapse_at=at, answered_at=at, answer_channel="SYSTEM", ended_at=at if values["state"] == "DECLINED" else None, **values,
    )  # fmt: skip
    session.add(row)
    session.flush()


def test_only_who_keeps_places_in_the_country_is_told(country):
    house = country
    with house.db.as_owner():
        left(house, house.shelter, 10, 3)
        answered(house, house.shelter, state="ACCEPTED")
    for who in (house.gate, house.caseworker):
        with access.acting_as(who):
            restart()
            assert network.lengths(["MEX"], SINCE) == {} and network.answers(["MEX"], SINCE) == {}
    with access.acting_as(house.coordinator):
        restart()
        assert network.lengths(["GTM"], SINCE) == {} and network.answers(["GTM"], SINCE) == {}


def test_the_page_shows_beds_of_the_country_and_no_safe_house(country, client):
    client.sign_in(country.coordinator)
    page = client.get("/shelter/network").get_data(as_text=True)
    assert "Albergue Otro" in page and "16 de 16" in page
    assert "Casa Oculta" not in page and "Albergue Lejos" not in page
    assert "/people" not in page.split("<main")[1] and "/cases" not in page.split("<main")[1]
    assert (
        "hoy"
        not in client.get("/shelter/network?first=2025-12-01")
        .get_data(as_text=True)
        .split("<table")[1]
        .split("</thead>")[0]
    )
    assert client.get("/shelter/network?first=1999-01-01").status_code == 200
    client.sign_in(country.gate)
    assert client.get("/shelter/network").status_code == 403


def test_the_page_costs_the_same_whatever_the_shelters(country, client):
    client.sign_in(country.coordinator)
    client.get("/shelter/network")
    with count_statements() as few:
        client.get("/shelter/network")
    with country.db.as_owner():
        for _n in range(3):
            make_shelter(make_site(kind="SHELTER"))
    with count_statements() as many:
        client.get("/shelter/network")

    def own(statements):
        return [s for s in statements if not s.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK"))]

    assert len(own(many)) == len(own(few)) <= 12


def test_a_coordinator_of_a_safe_house_has_no_line_of_their_own(country, client):
    from tests.factories import make_user, principal_of

    with country.db.as_owner():
        hidden = session.get_one(type(country.hidden), country.ids["hidden"])
        who = principal_of(make_user("SHELTER_COORDINATOR", hidden), ("SHELTER_COORDINATOR", hidden))
    client.sign_in(who)
    page = client.get("/shelter/network").get_data(as_text=True)
    assert "Casa Oculta" not in page.split("<main")[1] and "Albergue Otro" in page
