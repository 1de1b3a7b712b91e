"""Many clients at once for the last places: exactly as many win as fit, and nobody is told of a deadlock."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import sqlalchemy as sa

from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.shelter import errors, service
from caseapp.shelter.models import Stay
from tests.conftest import NOW
from tests.factories import make_person, make_team, make_user, principal_of
from tests.factories.shelter import make_shelter, open_to, places_in

CLIENTS = 16
NIGHTS = (date(2025, 11, 23), date(2025, 11, 25))


def arrange(database):
    """Sixteen parties of two people, and a men's room with three beds and a shared one with two."""
    owner = sa.create_engine(database.owner)
    session.remove()
    session(bind=owner)
    desk, shelter = make_team(), make_shelter()
    parties = []
    for _ in range(CLIENTS):
        pair = [make_person(desk, sex_in_document="M") for _ in range(2)]
        for person in pair:
            open_to(person, shelter)
        parties.append([p.case_id for p in pair])
    beds = [p.id for p in places_in(shelter, "H1")]
    coordinator = principal_of(make_user("SHELTER_COORDINATOR", shelter), ("SHELTER_COORDINATOR", shelter))
    shelter_id = shelter.id
    session.commit()
    session.remove()
    owner.dispose()
    return shelter_id, parties, beds, coordinator


def test_as_many_win_as_fit(committed_db):
    shelter_id, parties, beds, coordinator = arrange(committed_db)

    def attempt(number: int) -> str:
        cases = parties[number]
        # each wants two of the three beds, in every order, so that unordered locks would cross
        chosen = [beds[(number + i) % 3] for i in range(2)]
        if number % 2:
            chosen.reverse()
        with access.acting_as(coordinator), clock.held_at(NOW):
            try:
                service.book(
                    dict(zip(cases, chosen, strict=True)),
                    team_id=shelter_id,
                    first_night=NIGHTS[0],
                    last_night=NIGHTS[1],
                )
                session.commit()
                return "booked"
            except errors.PlaceTaken:
                session.rollback()
                return "taken"
            except Exception as error:
                session.rollback()
                return type(error).__name__
            finally:
                session.remove()

    with ThreadPoolExecutor(CLIENTS) as pool:
        told = Counter(pool.map(attempt, range(CLIENTS)))
    assert told == {"booked": 1, "taken": CLIENTS - 1}
    with access.acting_as(coordinator):
        assert session.scalar(sa.select(sa.func.count()).select_from(Stay)) == 2
        session.remove()
