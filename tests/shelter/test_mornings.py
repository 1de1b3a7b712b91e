"""In the morning, before the roll-over hour: last night still runs, and whoever arrives sleeps the coming one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.core.journal import CaseEvent
from caseapp.shelter import errors, queries, service
from caseapp.shelter.models import Stay
from caseapp.shelter.night import queries as night
from caseapp.shelter.night import service as roll
from caseapp.shelter.night.models import Presence
from caseapp.shelter.standing import CapacityWord
from caseapp.shelter.walk_in import service as walk_in
from caseapp.shelter.walk_in.service import Group, Newcomer
from tests.factories.shelter import TONIGHT, make_stay, places_in
from tests.shelter.conftest import restart

BUS = datetime(2025, 11, 24, 8, 10, tzinfo=UTC)  # 02:10 at the site: the night of the 23rd
MORNING = datetime(2025, 11, 24, 15, tzinfo=UTC)  # 09:00
AFTERNOON = datetime(2025, 11, 24, 19, tzinfo=UTC)  # 13:00
NEXT = TONIGHT + timedelta(days=1)
CHELA = Newcomer("Chela", "18-59", "F")
TITO = Newcomer("Tito", "18-59", "M")


@pytest.fixture
def gate(house):
    with access.acting_as(house.gate), clock.held_at(MORNING):
        restart()
        yield queries.shelters_of(house.gate)[0]


def _in(team, *members, at=None):
    group = Group.of(members, None)
    found = walk_in.look(group, team, at=at)
    return walk_in.take_in(group, team, found[0].places, at=at)


def _booked(house, case, bed, first, last=None):
    return service.book(
        {case.case_id: bed.id}, team_id=house.shelter.id, first_night=first, last_night=last or first
    )[0]


def test_who_walks_in_at_nine_sleeps_the_coming_night(gate):
    (stay,) = _in(gate, CHELA)
    assert (stay.first_night, stay.last_night) == (NEXT, NEXT)
    with clock.held_at(AFTERNOON):
        seen = night.tonight(gate, whole=True)
        assert [s.id for s in seen.leaving] == [stay.id] and seen.overdue_out == []
        assert stay.id in seen.arrived


def test_no_bed_is_given_in_the_morning_that_somebody_has_for_the_night_or_is_in(house, gate):
    """Every women's bed but one is booked for tonight, and in that one somebody sleeps until she leaves."""
    with house.db.as_owner():
        beds = places_in(house.shelter, "M1")
        for bed, person in zip(beds, (house.mother, house.woman), strict=False):
            make_stay(person, bed, first_night=NEXT, last_night=NEXT)
        make_stay(house.child, beds[2], state="IN", arrived_at=BUS, first_night=TONIGHT, last_night=TONIGHT)
        taken = {b.id for b in beds}
    restart()
    found = walk_in.look(Group.of((CHELA,), None), gate)
    assert found and not any(taken & set(c.places) for c in found)


def test_who_came_in_the_small_hours_and_is_entered_in_the_morning_has_both_nights(gate):
    (stay,) = _in(gate, CHELA, at=BUS)
    assert (stay.first_night, stay.last_night, stay.arrived_at) == (TONIGHT, NEXT, BUS)


def test_where_the_bed_is_anothers_tonight_the_night_that_was_slept_is_kept(house, gate, app):
    with house.db.as_owner():
        for unit, beds in (("H1", 3), ("A1", 1), ("F1", 1), ("F2", 1)):  # all but H1 are one household's
            for bed in places_in(house.shelter, unit)[:beds]:
                make_stay(_man(house), bed, first_night=NEXT, last_night=NEXT)
    restart()
    with app.test_request_context("/"):
        (stay,) = _in(gate, TITO, at=BUS)
    assert (stay.first_night, stay.last_night) == (TONIGHT, TONIGHT)


def test_the_bus_at_ten_past_two_has_the_night_that_runs(house, gate):
    with clock.held_at(BUS):
        (stay,) = _in(gate, CHELA)
    assert (stay.first_night, stay.last_night) == (TONIGHT, TONIGHT)


def test_who_is_booked_for_today_comes_in_from_the_morning_on(house):
    with access.acting_as(house.coordinator):
        restart()
        with clock.held_at(MORNING):
            stay = _booked(house, house.woman, places_in(house.shelter, "M1")[0], NEXT, NEXT)
        with clock.held_at(datetime(2025, 11, 24, 11, 59, tzinfo=UTC)), pytest.raises(errors.NotExpectedYet):
            service.check_in([stay])  # 05:59: it is still last night
        with clock.held_at(MORNING):
            team = queries.shelters_of(access.current())[0]
            for whole in (False, True):
                seen = night.tonight(team, whole=whole)
                assert [s.id for s in seen.expected] == [stay.id] and seen.arriving == []
                assert (seen.night, seen.coming, seen.count.night) == (TONIGHT, NEXT, NEXT)
            service.check_in([stay])
            assert roll.absent([stay], way="ROLL_CALL") == 0  # nobody misses her on a night that is not hers
        assert session.scalars(sa.select(Presence.night)).all() == [NEXT]
        assert (stay.first_night, stay.last_night) == (NEXT, NEXT)
        with clock.held_at(MORNING + timedelta(days=1)):
            service.depart(stay, "OWN_WISH", "UNKNOWN")
        assert _nights_told(stay) == (1, 1)


def test_who_is_not_in_by_the_morning_keeps_the_night_they_were_booked_for(house):
    """Somebody of last night who comes at nine is let in, and takes nobody's bed of tonight."""
    with access.acting_as(house.coordinator), clock.held_at(MORNING):
        restart()
        bed = places_in(house.shelter, "M1")[0]
        late = _booked(house, house.woman, bed, TONIGHT)
        _booked(house, house.mother, bed, NEXT)
        service.check_in([late])
        assert late.last_night == TONIGHT


@pytest.mark.parametrize(
    ("came", "left", "nights"),
    [
        (BUS, MORNING, 1),  # 02:10 to 09:00: the night is the evening's
        (BUS, BUS + timedelta(minutes=50), 1),
        (BUS - timedelta(hours=4), MORNING, 1),  # 22:10
        (BUS - timedelta(hours=4), BUS - timedelta(hours=3), 0),
        (BUS, MORNING + timedelta(days=2), 3),
    ],
)
def test_the_journal_and_the_figure_count_the_same_nights(house, came, left, nights):
    """`stay.ended` says how many; the figure takes the days between the two events (P1-22)."""
    with access.acting_as(house.coordinator):
        restart()
        with clock.held_at(came):
            stay = _booked(house, house.woman, places_in(house.shelter, "M1")[0], TONIGHT)
            service.check_in([stay])
        with clock.held_at(left):
            service.depart(stay, "OWN_WISH", "UNKNOWN")
        assert _nights_told(stay) == (nights, nights)


def _nights_told(stay):
    rows = session.scalars(
        sa.select(CaseEvent)
        .where(CaseEvent.kind.in_(("stay.started", "stay.ended")), CaseEvent.subject_id == stay.id)
        .order_by(CaseEvent.position)
    ).all()
    return rows[1].number, (rows[1].effective_on - rows[0].effective_on).days


def test_the_word_of_the_morning_is_of_the_coming_night(house):
    with access.acting_as(house.coordinator), clock.held_at(MORNING):
        restart()
        with house.db.as_owner():
            make_stay(house.woman, places_in(house.shelter, "M1")[0], first_night=NEXT, last_night=NEXT)
            restart()
        team = queries.shelters_of(access.current())[0]
        shown = service.word_to_give(team)
        assert shown.free == queries.occupancy(team.id, NEXT, NEXT, tonight=TONIGHT)[0].free
        assert shown.free == queries.occupancy(team.id, TONIGHT, TONIGHT, tonight=TONIGHT)[0].free - 1
        service.confirm_capacity(team)
        assert session.scalars(sa.select(CapacityWord.night)).all() == [NEXT]


def test_the_gate_writes_the_hour_of_the_paper_on_the_page(house, client):
    client.sign_in(house.gate)
    line = {"members-0-name": "Chela", "members-0-band": "18-59", "members-0-sex": "F", "verb": "first"}
    with clock.held_at(AFTERNOON):
        wrong = client.post("/shelter/walk-in", data={**line, "came_at": "2h"})
        assert wrong.status_code == 422 and 'value="2h"' in wrong.get_data(as_text=True)
        assert client.post("/shelter/walk-in", data={**line, "came_at": "0210"}).status_code == 302
    with house.db.as_owner():
        stay = session.scalars(sa.select(Stay)).one()
        assert (stay.arrived_at, stay.first_night, stay.last_night) == (BUS, TONIGHT, NEXT)
        assert session.scalars(sa.select(Presence.night)).all() == [date(2025, 11, 23)]


def _man(house):
    from tests.factories import make_person

    return make_person(house.desk, sex_in_document="M")
