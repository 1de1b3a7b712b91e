"""Plans: complete, in order of time, the same whatever the slicing."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseapp.people.rules import is_number
from workers.demo import calibration, confirming, upkeep
from workers.demo.acts import edge
from workers.demo.calibration import COUNTRIES
from workers.demo.plan import Plan, plan
from workers.demo.referring import LIMITS

TODAY = date(2025, 11, 23)
days = st.dates(date(2016, 1, 1), date(2027, 12, 31))


def stories(made: Plan) -> list:  # type: ignore[type-arg]
    return [made.story(i) for i in range(len(made.slots))]


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 1000), cases=st.integers(84, 300), today=days)
def test_a_plan_holds_exactly_its_cases(seed: int, cases: int, today: date) -> None:
    made = plan(seed, cases, today)
    assert made.ends[-1] == cases
    by_country = Counter[str]()
    for slot in made.slots:
        by_country[slot.country] += slot.cases
        assert slot.arrived < today
        assert slot.arrived >= date(today.year - 1, 1, 1) or slot.scene is not None
    assert by_country == calibration.cases_by_country(cases, today)
    numbers = [n for s in made.slots for n in (*s.numbers, *s.household_numbers)]
    assert len(set(numbers)) == len(numbers)
    assert all(map(is_number, numbers))
    assert all(len(s.numbers) == s.cases for s in made.slots)


def test_where_the_work_stops_changes_nothing() -> None:
    made = plan(7, 200, TODAY)
    done, positions = 0, []
    while (position := made.next_after(done)) is not None:
        positions.append(position)
        done = made.ends[position]
    assert positions == list(range(len(made.slots)))
    again = [made.story(i) for i in reversed(range(20))]
    assert again == [made.story(i) for i in reversed(range(20))]
    plan.cache_clear()
    assert plan(7, 200, TODAY).slots == made.slots


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 1000), today=days)
def test_histories_make_sense_in_time(seed: int, today: date) -> None:
    for story in stories(plan(seed, 120, today)):
        acts = story.acts
        assert acts[0].verb == "register"
        assert [a.at for a in acts] == sorted(a.at for a in acts)
        assert acts[-1].at < edge(today)
        assert all(a.on is None or a.on <= a.at.date() for a in acts)
        assert acts[0].args["arrived"] <= acts[0].at.date()
        closings = [a for a in acts if a.verb == "close_case"]
        assert len(closings) <= 1
        if closings:
            after = {a.verb for a in acts if a.at > closings[0].at}
            assert not after - {"register_again", "merge", "correct", "withdraw_consent"}
        for act in acts:
            if act.verb in ("accept", "decline", "lapse"):
                asked = next(a for a in acts if a.verb == "refer" and a.ref == act.ref)
                limit = LIMITS[asked.args["priority"]][1]
                assert asked.at < act.at <= asked.at + timedelta(minutes=limit + 2)
            if act.verb == "depart":
                assert any(a.verb == "check_in" and a.ref == act.ref and a.at <= act.at for a in acts)
            if act.verb in ("decide", "close_claim"):
                assert any(a.verb == "lodge" and a.at <= act.at for a in acts)


def test_every_country_is_in_the_middle_of_something() -> None:
    made = plan(7, 84, TODAY)
    for country in COUNTRIES:
        scenes = {s.scene.name for s in made.slots if s.country == country and s.scene}
        assert {"expected", "waiting"} <= scenes


def test_the_head_of_the_order_has_every_country_and_is_recent() -> None:
    made = plan(7, 1000, TODAY)
    head = [s for s, end in zip(made.slots, made.ends, strict=True) if end <= 200]
    assert {s.country for s in head} == set(COUNTRIES)
    recent = [s for s in head if (TODAY - s.arrived).days < 200]
    assert len(recent) > len(head) / 2


def test_the_commonest_end_of_claims_is_otherwise_closed() -> None:
    ends = Counter(a.verb for s in stories(plan(7, 600, TODAY)) for a in s.acts)
    assert ends["close_claim"] > ends["decide"] > 0


@pytest.mark.parametrize("today", [date(2024, 2, 29), date(2025, 1, 1), date(2025, 12, 31), TODAY])
def test_what_happens_beside_families_lies_in_the_past(today: date) -> None:
    found = confirming.confirmations(7, today)
    assert found and all(c.at < edge(today) for c in found)
    counted = upkeep.counting_days(today)
    assert (counted == sorted(set(counted)) and counted[-1] < today) or counted == [today]
    assert all((d + timedelta(days=1)).day == 1 for d in counted[1:])
