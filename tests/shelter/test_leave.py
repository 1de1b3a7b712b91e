"""Nobody is sent to a place in another state without the authority's leave; nobody at the door is sent away for it."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from caseapp.core import access
from caseapp.core.db import session
from caseapp.people import service as people_service
from caseapp.people.models import Case, MovementException, MovementLimit
from caseapp.people.rules import EXCEPTION_DAYS, LeaveNeeded
from caseapp.shelter import service
from caseapp.shelter.models import Stay
from tests.factories.shelter import TONIGHT, make_stay, places_in
from tests.shelter.conftest import restart

LAST = date(2025, 11, 25)


def limit(house, *people, admin1="MX09"):
    with house.db.as_owner():
        for person in people:
            session.add(MovementLimit(case_id=person.case_id, admin1=admin1, since=date(2025, 11, 1)))


def book(house, *, referral_id=None, first=TONIGHT):
    beds = places_in(house.shelter, "F1")
    wanted = {house.mother.case_id: beds[0].id, house.child.case_id: beds[1].id}
    return service.book(
        wanted, team_id=house.shelter.id, first_night=first, last_night=LAST, referral_id=referral_id
    )


@pytest.fixture
def sent(house):
    """A referral of the family, as a row only: what matters here is that they are sent."""
    from caseapp.core import clock
    from caseapp.referral.models import Referral

    with house.db.as_owner():
        row = Referral(
            number="R-PRUEBA", case_id=house.mother.case_id, country="MEX", from_team_id=house.desk.id,
            to_team_id=house.shelter.id, kind="SHELTER", sector="SHELTER", mode="SHARE", priority="URGENT", state="DRAFT",
            items=[], made_at=clock.now(), first_night=TONIGHT, last_night=LAST,
        )  # fmt: skip
        session.add(row)
        session.flush()
    return row.id


def test_whom_the_state_holds_gets_no_place_elsewhere(house, sent):
    limit(house, house.child)
    with access.acting_as(house.coordinator):
        restart()
        with pytest.raises(LeaveNeeded):
            book(house, referral_id=sent)
        assert session.scalar(sa.select(sa.func.count()).select_from(Stay)) == 0


def test_in_their_own_state_they_do(house, sent):
    limit(house, house.mother, house.child, admin1="MX07")
    with access.acting_as(house.coordinator):
        restart()
        assert len(book(house, referral_id=sent)) == 2


def test_nobody_at_the_door_is_sent_away_for_it(house):
    limit(house, house.mother, house.child)
    with access.acting_as(house.coordinator):
        restart()
        assert len(book(house)) == 2


@pytest.mark.parametrize(
    ("late", "allowed"), [(0, True), (EXCEPTION_DAYS, True), (EXCEPTION_DAYS + 1, False)]
)
def test_a_named_authority_lets_them_go_at_once_and_not_for_long(house, sent, late, allowed):
    limit(house, house.mother, house.child)
    with access.acting_as(house.caseworker):
        restart()
        for person in (house.mother, house.child):
            case = session.get_one(Case, person.case_id)
            on = TONIGHT - timedelta(days=late)
            row = people_service.except_movement(
                case, "MX07", ground="CHILD_AT_RISK", authority="Procuraduría de prueba", on=on
            )
            assert row.authority == "Procuraduría de prueba"
        restart()
    with access.acting_as(house.coordinator):
        restart()
        if allowed:
            assert len(book(house, referral_id=sent)) == 2
        else:
            with pytest.raises(LeaveNeeded):
                book(house, referral_id=sent)


def test_the_database_says_it_again(house, sent):
    limit(house, house.woman)
    with (
        house.db.as_owner(),
        pytest.raises(sa.exc.IntegrityError, match="leave to change state"),
        session.begin_nested(),
    ):
        make_stay(house.woman, places_in(house.shelter, "M1")[0], referral_id=sent)


def test_the_ground_is_one_of_two(house):
    with (
        house.db.as_owner(),
        pytest.raises(sa.exc.IntegrityError, match="ground_known"),
        session.begin_nested(),
    ):
        session.add(
            MovementException(
                id=uuid4(), case_id=house.woman.case_id, to_admin1="MX09", ground="FULL", authority_sealed=b"x",
                on=TONIGHT, until=TONIGHT,
            )
        )  # fmt: skip
        session.flush()
