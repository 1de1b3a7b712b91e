"""The same seed, day and number of cases write the same demo, whoever does how much of it at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from caseapp import create_app
from caseapp.core.db import session
from tests.conftest import Database, _environment, cloned
from workers.demo import accounts, filling, places, upkeep
from workers.demo.acting import acting
from workers.demo.plan import plan

TODAY = date(2025, 11, 23)
CASES, GOAL = 84, 24
JOURNAL = """
    SELECT c.number, e.kind, e.effective_on, e.recorded_at, s.code, t.code, e.code, e.reason, e.reason_group, e.priority,
           e.sector, e.outcome, e.population, e.place, e.need_category, e.sex, e.age_band, e.origin, e.household_type,
           e.number
    FROM case_event e LEFT JOIN "case" c ON c.id = e.case_id LEFT JOIN site s ON s.id = e.site_id
    LEFT JOIN team t ON t.id = e.team_id
"""


@pytest.fixture(scope="module")
def filled(cluster_url: URL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[dict[str, Any]]]:
    """Two databases with the same first families: one in a go, one in small turns and stopped in between."""
    found = []
    alive, filling.ALIVE = filling.ALIVE, GOAL - 4
    for name, turns in (("demo_one", [GOAL]), ("demo_two", [1, 9, 10, GOAL])):
        with cloned(cluster_url, f"{name}_{os.getpid()}") as database, _environment(database):
            found.append(_filled(database, turns, tmp_path_factory.mktemp(name)))
    filling.ALIVE = alive
    yield found


def _filled(database: Database, turns: list[int], home: Any) -> dict[str, Any]:
    with create_app().app_context():
        refused = upkeep.first_steps(home, 7, CASES, TODAY, turns[0])
        for until in turns[1:]:
            refused += filling.fill(7, CASES, TODAY, until=until)
        names = _names()
    with sa.create_engine(database.owner).connect() as owner:
        journal = sorted((tuple(row) for row in owner.execute(sa.text(JOURNAL))), key=str)
        stays = owner.execute(
            sa.text("SELECT count(*), count(*) FILTER (WHERE state = 'BOOKED') FROM stay")
        ).one()
        late = owner.scalar(sa.text("SELECT count(*) FROM case_event WHERE recorded_at >= '2025-11-23'"))
        numbers = list(owner.scalars(sa.text("SELECT number FROM referral ORDER BY number")))
    return {
        "refused": refused, "names": names, "journal": journal, "stays": tuple(stays), "late": late, "referrals": numbers
    }  # fmt: skip


def _names() -> dict[str, str]:
    """Names by case number, as the desks read them."""
    from caseapp.people.models import Case, Person

    found = {}
    filling.casework_session()
    for country in ("MEX", "GTM", "HND", "SLV", "CRI", "PAN", "BLZ"):
        for site in places.sites_with(country, *accounts.DESKS):
            team = f"{site}-{'RECEPTION_DESK' if 'RECEPTION_DESK' in places.team_types(site) else 'BORDER_POINT'}"
            with acting(places.worker("SUPERVISOR", team)):
                rows = session.execute(sa.select(Case.number, Person).join(Person, Person.case_id == Case.id))
                found.update({number: person.full_name for number, person in rows})
    session.remove()
    return found


def test_two_demos_are_the_same(filled: list[dict[str, Any]]) -> None:
    one, two = filled
    assert one["names"] == two["names"]
    assert one["referrals"] == two["referrals"]
    assert one["journal"] == two["journal"]
    assert one["stays"] == two["stays"]


def test_what_is_written_is_what_was_planned(filled: list[dict[str, Any]]) -> None:
    made = plan(7, CASES, TODAY)
    wanted = [n for slot, end in zip(made.slots, made.ends, strict=True) if end <= GOAL for n in slot.numbers]
    assert set(wanted) <= set(filled[0]["names"])
    assert all(filled[0]["names"].values())


def test_nothing_was_refused_and_nothing_lies_in_the_future(filled: list[dict[str, Any]]) -> None:
    for one in filled:
        assert not one["refused"]
        assert one["late"] == 0


def test_the_day_is_alive(filled: list[dict[str, Any]]) -> None:
    kinds = {row[1] for row in filled[0]["journal"]}
    assert {
        "person.registered",
        "consent.given",
        "screening.completed",
        "referral.sent",
        "stay.booked",
    } <= kinds
    assert {"staff.counted", "capacity.confirmed"} <= kinds
    assert filled[0]["stays"][1] > 0
