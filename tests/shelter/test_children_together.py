"""Children without family: at most four in a bedroom, girls and boys apart, asked by every verb and under it."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.places.models import Site
from caseapp.shelter import errors, offers, queries, service, spots
from caseapp.shelter.models import Stay
from caseapp.shelter.who import queries as who
from caseapp.shelter.who.fitting import fits
from tests.factories import make_household, make_person
from tests.factories.referral import offer
from tests.factories.shelter import TONIGHT, make_stay, open_to, places_in, relate
from tests.shelter.conftest import restart

LAST = date(2025, 11, 25)
DAY = timedelta(days=1)


@contextmanager
def owned(house):
    """As owner, also within itself."""
    if getattr(house, "owned", False):
        yield
        return
    house.owned = True
    try:
        with house.db.as_owner():
            yield
    finally:
        house.owned = False


@contextmanager
def acting(principal):
    with access.acting_as(principal):
        restart()
        yield
        session.flush()


@pytest.fixture
def home(house):
    """A licensed shelter with a room of six beds for children, and what makes a child who is there alone."""
    with house.db.as_owner():
        session.get_one(Site, house.shelter.site_id).child_licence = True
        service.add_unit(
            house.shelter, code="N1", name="Cuarto N1", takes="CHILDREN", traits=[], places={"BED": 6},
            opened_on=date(2025, 1, 1),
        )  # fmt: skip
        offer(house.shelter, "SHELTER")
        house.beds = [(p.id, p.unit_id) for p in places_in(house.shelter, "N1")]
    return house


def alone(house, sex="F", feels="NOT_ASKED"):
    with owned(house):
        child = make_person(house.desk, birth=date(2011, 2, 3), sex_in_document=sex, feels_safe_in=feels)
        open_to(child, house.shelter)
    return child


def book(house, child, bed, first=TONIGHT, last=LAST):
    wanted = {child.case_id: house.beds[bed][0]}
    with acting(house.coordinator):
        return service.book(wanted, team_id=house.shelter.id, first_night=first, last_night=last)[0]


def offered(house, child):
    """What the shelter itself is shown for the child."""
    site = session.get_one(Site, house.shelter.site_id)
    with acting(house.coordinator):
        return [o.label for o in offers.for_people(house.shelter.id, [child.case_id], TONIGHT, LAST, site)]


def seen(house, child):
    """The rooms that another team is shown for the child."""
    with acting(house.caseworker):
        seekers = who.seekers([child.case_id], None, TONIGHT)
        there = who.spots("MEX", TONIGHT, LAST, party=who.party_of(seekers))
        return [bay.name for spot in there for bay in spot.bays if fits(seekers.guests, bay)]


def everywhere(house, child):
    """The room is offered to the child by each who asks, or by nobody."""
    answers = {"Cuarto N1" in offered(house, child), "Cuarto N1" in seen(house, child)}
    assert len(answers) == 1
    return answers.pop()


@pytest.mark.parametrize(
    ("sex", "feels", "may"),
    [
        ("F", "NOT_ASKED", True), ("M", "NOT_ASKED", False), ("M", "WOMEN", True), ("F", "MEN", False),
        ("X", "NOT_ASKED", False), ("F", "SEPARATE", False),
    ],
)  # fmt: skip
def test_a_child_joins_girls_if_that_is_where_they_are_safe(home, sex, feels, may):
    book(home, alone(home), 0)
    child = alone(home, sex, feels)
    assert everywhere(home, child) is may
    if may:
        assert book(home, child, 1).child_safe_in == "WOMEN"
    else:
        with pytest.raises(errors.CannotBeOffered):
            book(home, child, 1)


def test_the_fifth_is_not_offered_a_bed_though_there_are_two(home):
    for bed in range(4):
        child = alone(home)
        assert everywhere(home, child)
        book(home, child, bed)
    fifth = alone(home)
    assert not everywhere(home, fifth)
    with pytest.raises(errors.CannotBeOffered):
        book(home, fifth, 4)
    book(home, fifth, 4, LAST + DAY, LAST + DAY)  # on a night on which they have gone


def test_of_the_room_another_team_learns_how_many_and_which_and_no_more(home):
    for bed, sex in enumerate("FM"):
        with owned(home):
            make_stay(alone(home, sex), places_in(home.shelter, "N1")[bed], child=True,
                      child_safe_in={"F": "WOMEN", "M": "MEN"}[sex],
                      first_night=TONIGHT + bed * DAY, last_night=TONIGHT + bed * DAY)  # fmt: skip
    unit = home.beds[0][1]
    told = {}
    with acting(home.caseworker):
        for nights in ((0, 0), (1, 1), (0, 1), (2, 2)):
            first, last = (TONIGHT + n * DAY for n in nights)
            there = spots.company([unit], [], first, last, TONIGHT, ours=False).get(unit, [])
            told[nights] = [(g.child, g.safe_in) for g in there]
    girl, boy, unknown = (True, "WOMEN"), (True, "MEN"), (True, "SEPARATE")
    assert told == {(0, 0): [girl], (1, 1): [boy], (0, 1): [unknown, unknown], (2, 2): []}


def test_brothers_and_sisters_stay_together_and_nobody_joins_them(home):
    with owned(home):
        six = [alone(home, sex) for sex in "FMFMF"]
        make_household(home.desk, *six)
    with acting(home.coordinator):
        service.book(
            {c.case_id: home.beds[i][0] for i, c in enumerate(six)}, team_id=home.shelter.id, first_night=TONIGHT, last_night=LAST
        )  # fmt: skip
        session.execute(sa.text("SET CONSTRAINTS ALL IMMEDIATE"))
    assert not everywhere(home, alone(home))


def test_whoever_is_moved_leaves_no_girl_beside_a_boy(home):
    """An aunt with a niece and a nephew of two households, in the room that anybody may share."""
    with owned(home):
        service.add_unit(
            home.shelter, code="P1", name="Cuarto P1", takes="FAMILIES", traits=[], places={"BED": 4}, one_household=False, opened_on=date(2025, 1, 1)
        )  # fmt: skip
        girl, boy = alone(home, "F"), alone(home, "M")
        for child in (girl, boy):
            relate(home.mother, child, "AUNT_UNCLE", "VERIFIED_BY_AUTHORITY")
        beds, other = [p.id for p in places_in(home.shelter, "P1")], places_in(home.shelter, "M1")[0].id
    with acting(home.coordinator):
        people = (home.mother.case_id, girl.case_id, boy.case_id)
        stays = service.book(
            {case: beds[i] for i, case in enumerate(people)}, team_id=home.shelter.id, first_night=TONIGHT, last_night=LAST
        )  # fmt: skip
        session.execute(sa.text("SET CONSTRAINTS ALL IMMEDIATE"))  # an adult is with them
        aunt = next(s for s in stays if s.case_id == home.mother.case_id)
        with pytest.raises(errors.ChildLeftAlone):
            service.move([(aunt, other)], "PERSON_ASKED")


@pytest.mark.parametrize("end", ["left", "cancelled", "lapsed"])
def test_when_nobody_is_there_any_more_nothing_says_where_a_child_was_safe(home, end):
    stay = book(home, alone(home), 0)
    with acting(home.coordinator):
        stay = session.get_one(Stay, stay.id)
        assert stay.child_safe_in == "WOMEN"
        if end == "left":
            service.check_in([stay])
            service.depart(stay, "OWN_WISH", "RENTED")
        elif end == "cancelled":
            service.cancel([stay], "PERSON_DECLINED")
        else:
            stay.state, stay.held_until = "RELEASED", None
        session.flush()
        session.refresh(stay)
        assert stay.child_safe_in is None


# -- under every verb ----------------------------------------------------------------------------------
def written(home, child, bed, **values):
    place = places_in(home.shelter, "N1")[bed]
    safe = {"F": "WOMEN", "M": "MEN", "X": None}[child.sex_in_document]
    return make_stay(child, place, **{"child": True, "child_safe_in": safe, **values})


def ask_now():
    session.execute(sa.text("SET CONSTRAINTS stay_children_together IMMEDIATE"))
    session.execute(sa.text("SET CONSTRAINTS stay_children_together DEFERRED"))


def refused(act):
    with pytest.raises(sa.exc.IntegrityError, match="stay_children_together"), session.begin_nested():
        act()
        session.flush()
        ask_now()
    session.expire_all()


@pytest.mark.parametrize(
    ("sexes", "may"),
    [("FF", True), ("FFFF", True), ("MMMM", True), ("FM", False), ("FFFFF", False), ("FX", False), ("XX", False), ("X", True)],
)  # fmt: skip
def test_the_database_refuses_what_the_rule_refuses(home, sexes, may):
    with owned(home):

        def write():
            for bed, sex in enumerate(sexes):
                written(home, alone(home, sex), bed)

        if may:
            write()
            ask_now()
        else:
            refused(write)


def test_the_database_looks_at_each_night(home):
    with owned(home):
        there = [written(home, alone(home), bed, last_night=TONIGHT) for bed in range(4)]
        stay = written(home, alone(home), 4, first_night=TONIGHT + DAY, last_night=LAST)
        written(home, alone(home, "M"), 5, first_night=LAST + DAY, last_night=LAST + DAY)
        ask_now()
        for column, value in (
            ("first_night", TONIGHT), ("last_night", LAST + DAY), ("child_safe_in", "MEN"), ("child_safe_in", None),
        ):  # fmt: skip
            if column == "child_safe_in":
                there[0].last_night = TONIGHT + DAY
            refused(lambda c=column, v=value: setattr(stay, c, v))
        there[0].state = "NO_SHOW"
        stay.first_night = TONIGHT
        session.flush()
        ask_now()


def test_an_ended_hold_and_an_adult_are_in_no_childs_way(home):
    with owned(home):
        at = clock.now() - DAY
        written(home, alone(home, "M"), 0, state="HELD", held_until=at, booked_at=at - DAY)
        written(home, alone(home), 1, booked_at=clock.now())
        ask_now()
        nephew = alone(home, "M")
        make_stay(
            home.woman, places_in(home.shelter, "N1")[2]
        )  # the rules forbid it; the constraint is of children
        written(home, nephew, 3)
        ask_now()


def test_only_a_child_says_where_it_is_safe(home):
    with (
        owned(home),
        pytest.raises(sa.exc.IntegrityError, match="child_safe_in_of_child"),
        session.begin_nested(),
    ):
        make_stay(home.woman, places_in(home.shelter, "M1")[0], child_safe_in="WOMEN")
    with (
        owned(home),
        pytest.raises(sa.exc.IntegrityError, match="child_safe_in_known"),
        session.begin_nested(),
    ):
        written(home, alone(home), 0, child_safe_in="LGBTIQ_SITE")


def test_what_is_kept_of_a_child_is_enough_for_the_rule(home):
    stay = book(home, alone(home), 0)
    with acting(home.coordinator):
        found = session.get_one(Stay, stay.id)
        assert queries.kept_guest(found).safe_in == queries.as_guest(found, {}).safe_in == "WOMEN"
