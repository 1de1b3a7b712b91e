"""Places that are true: space, licences, inspections, nights between parties, outages, the daily word, length."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.core.outbox import OutboxRow
from caseapp.people.models import HouseholdMember
from caseapp.places.models import Site
from caseapp.shelter import errors, events, offers, present, queries, rules, service
from caseapp.shelter.models import PlaceOut, Stay, Unit
from caseapp.shelter.standing import CapacityWord, ChildLicence, StayExtension
from caseapp.shelter.who import queries as who
from tests.conftest import NOW
from tests.factories import make_person
from tests.factories.referral import offer
from tests.factories.shelter import TONIGHT, make_stay, open_to, places_in, relate, require
from tests.shelter.conftest import restart
from tests.shelter.test_service import LAST, MORNING, book_family, events_of

DAY = timedelta(days=1)


def join(household, person):
    session.add(
        HouseholdMember(household_id=household.id, case_id=person.case_id, joined_on=date(2025, 11, 20))
    )
    session.flush()


def unit_of(house, code):
    return session.scalars(sa.select(Unit).where(Unit.team_id == house.shelter.id, Unit.code == code)).one()


def book(house, person, place, first=TONIGHT, last=LAST, **values):
    return service.book(
        {person.case_id: place.id}, team_id=house.shelter.id, first_night=first, last_night=last, **values
    )


def free(house, first=TONIGHT, last=TONIGHT, party=None):
    return {
        f.place_id for f in queries.free_places([house.shelter.id], first, last, tonight=TONIGHT, party=party)
    }


# -- space --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("area", "sphere", "euaa"),
    [(None, None, None), ("3.49", 0, 0), ("3.5", 1, 0), ("4", 1, 1), ("14", 4, 3), ("27.9", 7, 6)],
)
def test_how_many_people_a_room_takes(area, sphere, euaa):
    area = None if area is None else Decimal(area)
    assert (rules.by_space(area, rules.SPHERE_M2), rules.by_space(area, rules.EUAA_M2)) == (sphere, euaa)


def test_more_beds_than_space_is_said(house, client):
    client.sign_in(house.coordinator)
    with house.db.as_owner():
        unit_of(house, "H1").area_m2 = Decimal("7")
        unit_of(house, "M1").area_m2 = Decimal("30")
        session.flush()
    page = client.get("/shelter/places").get_data(as_text=True)
    assert page.count("más camas que espacio") == 1
    assert "7 m²: caben 2 personas (Esfera), 1 (EUAA)" in page and "superficie sin medir" in page


# -- licence ------------------------------------------------------------------------------------------
D = [date(2025, 11, 1) + timedelta(days=i) for i in range(30)]


LICENCES = pytest.mark.parametrize(
    ("held", "spans", "first", "last", "expected"),
    [
        (False, [], 5, 6, False), (True, [], 5, 6, True), (False, [(1, None)], 5, 6, False),
        (True, [(5, 6)], 5, 6, True), (True, [(6, None)], 5, 6, False), (True, [(1, 5)], 5, 6, False),
        (True, [(1, 5), (6, 9)], 5, 6, True), (True, [(6, 9), (1, 5)], 5, 6, True), (True, [(1, 4), (6, 9)], 4, 6, False),
        (True, [(1, None)], 5, 29, True), (True, [(1, 3), (2, 28)], 1, 28, True),
        (True, [(1, 9), (2, 3), (10, None)], 2, 20, True), (True, [(4, None), (4, 5)], 5, 20, True), (True, [(1, 3), (4, 6), (8, 9)], 2, 8, False),
    ],
)  # fmt: skip


@LICENCES
def test_a_licence_covers_every_night_or_none(held, spans, first, last, expected):
    dated = [(D[a], None if b is None else D[b]) for a, b in spans]
    assert rules.licensed(held, dated, D[first], D[last]) is expected


@LICENCES
def test_the_search_across_shelters_reads_licences_alike(house, held, spans, first, last, expected):
    """In the database: consecutive licences that leave no night uncovered are as good as one."""
    with house.db.as_owner():
        site = session.get_one(Site, house.shelter.site_id)
        site.child_licence = held
        session.add_all(
            ChildLicence(
                team_id=house.shelter.id, site_id=site.id, valid_from=D[a], valid_to=None if b is None else D[b]
            )
            for a, b in spans
        )  # fmt: skip
        offer(house.shelter, "SHELTER")
    with access.acting_as(house.coordinator):
        restart()
        found = who.spots("MEX", D[first], D[last])
        assert {bay.child_licence for spot in found for bay in spot.bays} == {expected}


def test_a_child_without_family_only_while_the_licence_lasts(house):
    with house.db.as_owner():
        session.get_one(Site, house.shelter.site_id).child_licence = True
        service.add_unit(
            house.shelter,
            code="N1",
            name="Niñez",
            takes="CHILDREN",
            places={"BED": 2},
            opened_on=date(2025, 1, 1),
        )
        session.add(
            ChildLicence(
                team_id=house.shelter.id,
                site_id=house.shelter.site_id,
                valid_from=date(2025, 1, 1),
                valid_to=LAST,
            )
        )
        session.flush()
    with access.acting_as(house.coordinator):
        restart()
        bed = places_in(house.shelter, "N1")[0]
        with pytest.raises(errors.CannotBeOffered):
            book(house, house.child, bed, last=LAST + DAY)
        assert book(house, house.child, bed)


# -- inspection ---------------------------------------------------------------------------------------
def test_a_failed_inspection_closes_the_room_until_one_passes(as_coordinator):
    house = as_coordinator
    beds, unit = places_in(house.shelter, "M1"), unit_of(house, "M1")
    (there,) = book(house, house.woman, beds[0])
    capacity = queries.occupancy(house.shelter.id, TONIGHT, TONIGHT, tonight=TONIGHT)[0].capacity
    service.inspect(unit, on=TONIGHT, outcome="FAILED", next_due_on=None)
    assert unit.shut_on == TONIGHT and not {b.id for b in beds} & free(house)
    with pytest.raises(errors.PlaceTaken):
        book(house, house.mother, beds[1])
    night = queries.occupancy(house.shelter.id, TONIGHT, TONIGHT, tonight=TONIGHT)[0]
    assert (night.capacity, night.taken) == (capacity - 3, 1)
    assert [s.id for s in queries.to_move(house.shelter.id, TONIGHT, TONIGHT)] == [there.id]
    # nobody who is there is put out by it, and nothing new is given
    service.check_in([there])
    with pytest.raises(errors.PlaceTaken):
        service.extend(there, LAST + DAY, "NO_OTHER_PLACE")
    with pytest.raises(errors.DateInvalid):
        service.inspect(unit, on=TONIGHT + DAY, outcome="PASSED", next_due_on=None)
    service.inspect(unit, on=TONIGHT, outcome="WITH_REMARKS", next_due_on=TONIGHT + 90 * DAY)
    assert unit.shut_on is None and beds[1].id in free(house)
    assert [(e.code, e.outcome) for e in events_of("facility.assessed")] == [
        ("UNIT", "FAILED"),
        ("UNIT", "WITH_REMARKS"),
    ]


def test_the_database_gives_nothing_in_a_closed_room(house):
    with house.db.as_owner():
        bed = places_in(house.shelter, "M1")[0]
        unit_of(house, "M1").shut_on = TONIGHT
        session.flush()
        with pytest.raises(sa.exc.IntegrityError, match="not in service"), session.begin_nested():
            make_stay(house.woman, bed)


# -- nights between two parties -----------------------------------------------------------------------
@pytest.mark.parametrize("nights", [0, 1, 3])
@pytest.mark.parametrize("side", ["after", "before"])
@pytest.mark.parametrize("unit", ["M1", "A1"])
def test_a_place_stands_empty_between_two_parties_at_both_edges(as_coordinator, nights, side, unit):
    house = as_coordinator
    service.measure(unit_of(house, unit), area_m2=None, turnaround_nights=nights)
    beds = places_in(house.shelter, unit)
    first, last = date(2025, 12, 10), date(2025, 12, 12)
    book(house, house.woman, beds[0], first, last)
    # a shared room: the bed; a room of one household: all of it
    bed = beds[0] if unit == "M1" else beds[1]

    def ask(away: int):
        if side == "after":
            return last + away * DAY, last + (away + 1) * DAY
        return first - (away + 1) * DAY, first - away * DAY

    for away in range(1, nights + 1):
        assert bed.id not in free(house, *ask(away))
        with pytest.raises(errors.PlaceTaken):
            book(house, house.mother, bed, *ask(away))
        with pytest.raises(sa.exc.IntegrityError, match="ex_stay"), session.begin_nested():
            make_stay(house.mother, bed, first_night=ask(away)[0], last_night=ask(away)[1], turnaround=nights)
    assert bed.id in free(house, *ask(nights + 1))
    assert book(house, house.mother, bed, *ask(nights + 1))


def test_the_same_party_needs_no_night_in_between(as_coordinator):
    house = as_coordinator
    service.measure(unit_of(house, "M1"), area_m2=None, turnaround_nights=2)
    bed = places_in(house.shelter, "M1")[0]
    (stay,) = book(house, house.woman, bed)
    service.extend(stay, LAST + 3 * DAY, "PROCEDURE_WAITS")
    assert book(house, house.woman, bed, LAST + 4 * DAY, LAST + 5 * DAY)


def test_who_leaves_early_leaves_the_room_to_be_made_ready(as_coordinator):
    house = as_coordinator
    service.measure(unit_of(house, "F1"), area_m2=None, turnaround_nights=1)
    mother, child = book_family(house)
    service.check_in([mother, child])
    with clock.held_at(MORNING):
        service.depart(child, "PLANNED_MOVE", "RENTED")
        assert (
            session.scalar(sa.select(sa.func.count()).select_from(PlaceOut)) == 0
        )  # the mother is still there
        service.depart(mother, "PLANNED_MOVE", "RENTED")
        tomorrow = TONIGHT + DAY
        outs = session.scalars(sa.select(PlaceOut)).all()
        assert {(o.reason, o.first_night, o.last_night) for o in outs} == {("TURNAROUND", tomorrow, tomorrow)}
        f1 = {p.id for p in places_in(house.shelter, "F1")}
        assert {o.place_id for o in outs} == f1
        seen = queries.free_places([house.shelter.id], tomorrow, tomorrow, tonight=tomorrow)
        assert not f1 & {f.place_id for f in seen}
        for row in outs:  # it was ready early
            service.put_back(row)
        seen = queries.free_places([house.shelter.id], tomorrow, tomorrow, tonight=tomorrow)
        assert f1 <= {f.place_id for f in seen}


# -- out of service -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("first", "last", "taken"),
    [(-3, -2, False), (-2, -1, True), (-1, 0, True), (0, 0, True), (1, 2, True), (2, 3, True), (3, 4, False), (-5, 9, True)],
)  # fmt: skip
def test_no_night_is_given_over_an_outage_at_either_edge(as_coordinator, first, last, taken):
    """The place is out from the night before tonight+3 to the night after: -1 … 2."""
    house, bed, base = as_coordinator, places_in(as_coordinator.shelter, "M1")[0], TONIGHT + 10 * DAY
    service.take_out(bed, first_night=base - DAY, last_night=base + 2 * DAY, reason="REPAIR")
    nights = base + first * DAY, base + last * DAY
    assert (bed.id not in free(house, *nights)) is taken
    if taken:
        with pytest.raises(sa.exc.IntegrityError, match="not in service"), session.begin_nested():
            make_stay(house.woman, bed, first_night=nights[0], last_night=nights[1])
        with pytest.raises(errors.PlaceTaken):
            book(house, house.woman, bed, *nights)
    else:
        book(house, house.woman, bed, *nights)


def test_nothing_is_lengthened_or_moved_over_an_outage_or_a_hold(as_coordinator):
    house = as_coordinator
    beds = places_in(house.shelter, "M1")
    (stay,) = book(house, house.woman, beds[0])
    service.take_out(beds[0], first_night=LAST + 2 * DAY, last_night=LAST + 2 * DAY, reason="REPAIR")
    service.take_out(beds[1], first_night=LAST, last_night=None, reason="REPAIR")
    make_stay(
        house.mother, beds[2], first_night=LAST, last_night=LAST + DAY, state="HELD", held_until=NOW + DAY
    )
    service.extend(stay, LAST + DAY, "HEALTH")
    for night in (LAST + 2 * DAY, LAST + 3 * DAY):
        with pytest.raises(errors.PlaceTaken):
            service.extend(stay, night, "HEALTH")
        with pytest.raises(sa.exc.IntegrityError, match="not in service"), session.begin_nested():
            stay.last_night = night
            session.flush()
        session.refresh(stay)
    for bed in beds[1:]:
        with pytest.raises(errors.PlaceTaken):
            service.move([(stay, bed.id)], "PERSON_ASKED")
    assert (stay.place_id, stay.last_night) == (beds[0].id, LAST + DAY)


def test_a_place_that_cannot_be_slept_in_is_out_and_who_has_it_is_moved(house, client):
    with house.db.as_owner():
        beds = places_in(house.shelter, "M1")
        stay, other = make_stay(house.woman, beds[0], called_name="Irma").id, beds[1].id
        shelter_id = house.shelter.id
    client.sign_in(house.coordinator)
    url = f"/shelter/places/{beds[0].id}/out"
    form = {"reason": "REPAIR", "first_night": TONIGHT.isoformat(), "last_night": ""}
    refused = client.post(url, data=form)
    assert refused.status_code == 422 and "Hay personas con este lugar" in refused.get_data(as_text=True)
    assert client.post(url, data={**form, "despite": "y"}).status_code == 302
    page = client.get("/shelter/places").get_data(as_text=True)
    assert "Por mover" in page and "Irma" in page and f"/shelter/stays/{stay}/move" in page
    with access.acting_as(house.coordinator):
        restart()
        found = session.get_one(Stay, stay)
        service.move([(found, other)], "PERSON_ASKED")
        assert queries.to_move(shelter_id, TONIGHT, TONIGHT) == []


def test_surge_is_never_given_after_its_last_night(as_coordinator):
    house = as_coordinator
    (mat,) = service.open_surge(unit_of(house, "M1"), count=1, reason="ARRIVALS", closes_on=LAST)
    assert mat.id in free(house, TONIGHT, LAST) and mat.id not in free(house, TONIGHT, LAST + DAY)
    with pytest.raises(errors.PlaceTaken):
        book(house, house.woman, mat, LAST, LAST + DAY)
    (stay,) = book(house, house.woman, mat)
    with pytest.raises(errors.PlaceTaken):
        service.extend(stay, LAST + DAY, "HEALTH")


# -- traits, jointly ----------------------------------------------------------------------------------
def test_one_accessible_family_room_and_two_bookings_that_each_want_one_trait(as_coordinator):
    """Counted one by one there would be a step-free room and a cot for each of them (PEERS, traps)."""
    house = as_coordinator
    with house.db.as_owner():
        baby = make_person(house.desk, birth=date(2025, 6, 1))
        open_to(baby, house.shelter)
        join(house.household, baby)
        relate(house.mother, baby)
        require(house.mother, "STEP_FREE")
        require(baby, "COT")
        require(house.woman, "STEP_FREE")
    site = session.get_one(Site, house.shelter.site_id)
    family = [house.mother.case_id, baby.case_id]
    best = offers.for_people(house.shelter.id, family, TONIGHT, LAST, site)[0]
    assert best.label == "Cuarto F1" and best.missing == 0
    service.book(best.places, team_id=house.shelter.id, first_night=TONIGHT, last_night=LAST)
    for offered in offers.for_people(house.shelter.id, [house.woman.case_id], TONIGHT, LAST, site):
        assert offered.label == "Cuarto A1"


# -- the daily word -----------------------------------------------------------------------------------
LIMITS = {"CONFIRMED": 24.0, "AGING": 36.0, "DOUBTFUL": 100000.0}


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(None, "NONE"), (0, "CONFIRMED"), (23.9, "CONFIRMED"), (24, "AGING"), (35.9, "AGING"), (36, "DOUBTFUL"), (200000, "DOUBTFUL")],
)  # fmt: skip
def test_a_word_decays(hours, expected):
    assert rules.trust(hours, LIMITS) == expected


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(minutes=5), "confirmado hace menos de una hora"), (timedelta(hours=3), "confirmado hace 3 h"),
        (timedelta(hours=20), "confirmado ayer"), (timedelta(hours=30), "confirmado ayer"),
        (timedelta(hours=40), "sin confirmar desde el 21 nov 2025 · dudoso, pregunte por teléfono"),
    ],
)  # fmt: skip
def test_the_age_of_a_word_is_said(ago, words, app_context):
    moment = datetime(2025, 11, 23, 18, 0, tzinfo=UTC)
    assert present.word_words(moment - ago, "America/Mexico_City")["text"] == words


@pytest.fixture
def app_context(app):
    with app.test_request_context("/"):
        yield


def test_the_word_is_prefilled_and_its_age_is_known_to_who_asks_elsewhere(house, client):
    client.sign_in(house.coordinator)
    shelter_id = house.shelter.id
    page = client.get("/shelter/word").get_data(as_text=True)
    assert 'value="16"' in page
    answer = client.post("/shelter/word", data={"free": "14", "out": "2", "leaving": "0"})
    assert answer.status_code == 302
    assert "La pantalla mostraba 16 libres" in client.get(answer.headers["Location"]).get_data(as_text=True)
    with access.acting_as(house.caseworker):
        restart()
        assert queries.last_words([shelter_id]) == {shelter_id: NOW}
        assert session.scalars(sa.select(CapacityWord)).all() == []  # the numbers are the shelter's
    with access.acting_as(house.coordinator):
        restart()
        (word,) = session.scalars(sa.select(CapacityWord))
        assert (word.free, word.out, word.leaving, word.shown_free) == (14, 2, 0, 16)
        assert [(e.number, e.code) for e in events_of("capacity.confirmed")] == [(14, "FREE_TONIGHT")]


# -- how long -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("nights", "longest", "reason", "expected"),
    [
        (3, None, None, "REASON"), (3, None, "", "REASON"), (3, None, "PERSON_ASKED", None), (3, 3, "PERSON_ASKED", None),
        (4, 3, "PERSON_ASKED", "MAX_STAY"), (4, 3, "HEALTH", None), (4, 3, None, "REASON"),
    ],
)  # fmt: skip
def test_longer_is_a_decision_with_a_reason(nights, longest, reason, expected):
    assert rules.may_extend(nights, longest, reason) == expected


def test_beyond_the_longest_stay_the_wish_alone_is_no_reason(as_coordinator):
    house = as_coordinator
    service.set_longest(house.shelter.id, 4)
    bed = places_in(house.shelter, "M1")[0]
    with pytest.raises(errors.MaxStay):
        book(house, house.woman, bed, TONIGHT, TONIGHT + 4 * DAY)
    (stay,) = book(house, house.woman, bed)
    with pytest.raises(errors.ReasonMissing):
        service.extend(stay, LAST + DAY)
    service.extend(stay, LAST + DAY, "PERSON_ASKED")
    with pytest.raises(errors.MaxStay):
        service.extend(stay, LAST + 2 * DAY, "PERSON_ASKED")
    service.extend(stay, LAST + 2 * DAY, "CHILD_OR_SCHOOL")
    rows = session.scalars(sa.select(StayExtension).order_by(StayExtension.to_night)).all()
    assert [(r.reason, r.beyond_max, r.by_id) for r in rows] == [
        ("PERSON_ASKED", False, house.coordinator.user_id), ("CHILD_OR_SCHOOL", True, house.coordinator.user_id),
    ]  # fmt: skip
    assert [(e.number, e.reason) for e in events_of("stay.extended")] == [
        (1, "PERSON_ASKED"),
        (1, "CHILD_OR_SCHOOL"),
    ]


def test_a_plan_from_day_one(house, client):
    with house.db.as_owner():
        stay = make_stay(house.woman, places_in(house.shelter, "M1")[0]).id
    client.sign_in(house.coordinator)
    url = f"/shelter/stays/{stay}"
    assert "Sin plan de salida" in client.get(url).get_data(as_text=True)
    early = client.post(f"{url}/plan", data={"destination": "RENTED", "review_on": "2025-11-01"})
    assert early.status_code == 422
    assert (
        client.post(f"{url}/plan", data={"destination": "RENTED", "review_on": "2025-12-01"}).status_code
        == 302
    )
    page = client.get(url).get_data(as_text=True)
    assert "se revisa el 1 dic 2025" in page and "Sin plan de salida" not in page


# -- a child in an emergency --------------------------------------------------------------------------
def take(house, wanted, **values):
    values = {
        "staff": "Turno de noche: María",
        "since": NOW,
        "first_night": TONIGHT,
        "last_night": TONIGHT,
        **values,
    }
    return service.take_child_in_emergency(wanted, team_id=house.shelter.id, **values)


def test_the_emergency_path_is_a_room_with_staff_reviewed_by_another(house):
    with access.acting_as(house.coordinator):
        restart()
        room = places_in(house.shelter, "A1")
        alone = {house.child.case_id: room[0].id}
        with pytest.raises(errors.CannotBeOffered):
            book(house, house.child, room[0])
        for wrong in ({"staff": " "}, {"since": NOW - 2 * DAY}):
            with pytest.raises(errors.NoEmergency):
                take(house, alone, **wrong)
        with pytest.raises(errors.NightsInvalid):
            take(house, alone, last_night=TONIGHT + 3 * DAY)
        for place in (places_in(house.shelter, "M1")[0], places_in(house.shelter, "H1")[0]):
            with pytest.raises(errors.CannotBeOffered):  # a shared room is none of their own
                take(house, {house.child.case_id: place.id})
        (row,) = take(house, alone)
        assert (row.staff, row.review_due_at) == ("Turno de noche: María", NOW + timedelta(hours=72))
        assert [(r.topic, r.note) for r in session.scalars(sa.select(OutboxRow))] == [
            (events.DEPARTURE_AT_RISK, "CHILD_ALONE")
        ]
        with pytest.raises(errors.PlaceTaken):  # nobody joins them there
            book(house, house.woman, room[1])
        with pytest.raises(errors.SecondPersonNeeded):
            service.review_emergency(row)
        restart()
    with access.acting_as(house.second):
        restart()
        (row,) = queries.emergencies_to_review(house.shelter.id)
        service.review_emergency(row)
        assert (
            row.reviewed_by_id == house.second.user_id
            and queries.emergencies_to_review(house.shelter.id) == []
        )


def test_no_emergency_with_adults_strangers_or_company(house):
    with house.db.as_owner():
        stranger = make_person(house.desk, birth=date(2016, 1, 1))
        open_to(stranger, house.shelter)
    with access.acting_as(house.coordinator):
        restart()
        room = places_in(house.shelter, "F2")
        for wanted in (
            {house.mother.case_id: room[0].id},
            {house.child.case_id: room[0].id, house.mother.case_id: room[1].id},
            {house.child.case_id: room[0].id, stranger.case_id: room[1].id},
        ):
            # the mother has an ordinary place, with her child or without
            with pytest.raises((errors.CannotBeOffered, errors.OrdinaryPlaceFree)):
                take(house, wanted)


# -- the calendar -------------------------------------------------------------------------------------
@pytest.mark.parametrize(("query", "nights"), [("", 14), ("?nights=60", 60), ("?nights=999", 14)])
def test_any_night_ahead_by_pages(house, client, query, nights):
    client.sign_in(house.coordinator)
    page = client.get(f"/shelter/places{query}").get_data(as_text=True)
    assert page.count('class="occupancy-count"') == nights
    later = (TONIGHT + timedelta(days=200)).isoformat()
    page = client.get(f"/shelter/places?since={later}&night={later}&nights=60").get_data(as_text=True)
    assert page.count('class="occupancy-count"') == 60 and "Volver a esta noche" in page
    assert client.get("/shelter/places?night=9999-12-31").status_code == 200
