"""Waiting lists: every step from every state, every criterion, and the order, which is total and blind."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseapp.core import reference
from caseapp.referral.models import PRIORITIES
from caseapp.referral.waiting import rules
from caseapp.referral.waiting.rules import Somebody, Waiting

NOW = datetime(2025, 11, 23, 12, tzinfo=UTC)

#: Read line by line: what each state lets happen.
EXPECTED = {
    "WAITING": {"OFFERED": "OFFERED", "ASKED": "ASKED", "LEFT": "LEFT"},
    "OFFERED": {"NOT_NOW": "WAITING", "OFFER_LAPSED": "WAITING", "ASKED": "ASKED", "LEFT": "LEFT"},
    "ASKED": {"BACK": "WAITING", "PLACED": "PLACED", "LEFT": "LEFT"},
    "PLACED": {"BACK": "WAITING"},
    "LEFT": {},
}


@pytest.mark.parametrize("state", rules.STATES)
@pytest.mark.parametrize("step", list(rules.TRANSITIONS))
def test_every_step_from_every_state(step, state):
    assert rules.next_state(step, state) == EXPECTED[state].get(step)


def test_lists_and_rules_know_the_same_codes():
    assert [c.code for c in reference.codes("waiting_step")] == list(rules.STEPS)
    assert [c.code for c in reference.codes("waiting_passed_reason")] == list(rules.PASSED_REASONS)
    told = {c.code for c in reference.codes("waiting_criterion") if c.group == "ASKED"}
    assert told == rules.TOLD
    kinds = {c.code for c in reference.codes("service_kind")}
    assert all(set(c.extra["kinds"].split("|")) <= kinds for c in reference.codes("waiting_criterion"))


ADULT, CHILD, BABY = Somebody(False, (30, 30)), Somebody(True, (9, 9)), Somebody(True, (4, 4))
ALONE, OLD, UNKNOWN = Somebody(True, (15, 15), with_family=False), Somebody(False, (60, 60)), Somebody(False)
HELD = [
    ([ADULT], [], [], set()),
    ([UNKNOWN], [], [], set()),
    ([ADULT, ADULT, CHILD], [], [], set()),
    ([ADULT, CHILD], [], [], {"ONE_ADULT_WITH_CHILDREN"}),
    ([ADULT, ADULT, BABY], [], [], {"YOUNG_CHILD"}),
    ([ADULT, ADULT, Somebody(True, (5, 5))], [], [], set()),
    ([ADULT, ADULT, Somebody(True, (4, 6))], [], [], {"YOUNG_CHILD"}),  # not exact: for the child
    ([ALONE], [], [], {"CHILD_WITHOUT_ADULT"}),
    ([ADULT, ALONE], [], [], {"CHILD_WITHOUT_ADULT", "ONE_ADULT_WITH_CHILDREN"}),
    ([OLD], [], [], {"OLDER_PERSON"}),
    ([Somebody(False, (59, 59))], [], [], set()),
    ([Somebody(False, (59, 61))], [], [], {"OLDER_PERSON"}),
    ([ADULT], ["STEP_FREE"], [], {"ADAPTED_PLACE"}),
    ([ADULT], ["FAMILY_ROOM", "QUIET"], [], set()),
    ([ADULT], [], ["NO_ROOF_TONIGHT"], {"NO_ROOF_TONIGHT"}),
    ([ADULT], [], ["DATE_SET", "NATIONALITY"], set()),  # not of this kind; not a criterion at all
]


@pytest.mark.parametrize(("people", "requirements", "told", "expected"), HELD)
def test_which_criteria_hold_for_a_shelter(people, requirements, told, expected):
    assert rules.criteria_that_hold("SHELTER", people, requirements, told) == expected


@pytest.mark.parametrize("requirement", sorted(rules.ADAPTED))
def test_what_only_some_places_answer_counts(requirement):
    assert "ADAPTED_PLACE" in rules.criteria_that_hold("SHELTER", [ADULT], [requirement])


def test_legal_aid_has_its_own_criteria():
    told = ["DATE_SET", "NO_ROOF_TONIGHT"]
    assert rules.criteria_that_hold("LEGAL", [ADULT, BABY], ["STEP_FREE"], told) == {"DATE_SET"}


def test_priority_then_criteria_in_their_order_then_time():
    criteria = rules.criteria_of("SHELTER")
    entries = [
        ("now", Waiting("IMMEDIATE", frozenset(), NOW)),
        *((code, Waiting("URGENT", frozenset([code]), NOW)) for code in criteria),
        ("longer", Waiting("URGENT", frozenset(), NOW - timedelta(days=9))),
        ("shorter", Waiting("URGENT", frozenset(), NOW)),
        ("all of it, later", Waiting("NORMAL", frozenset(criteria), NOW - timedelta(days=90))),
    ]
    expected = [name for name, _ in entries]
    random.Random(3).shuffle(entries)
    assert rules.in_order("SHELTER", entries) == expected


WAITINGS = st.builds(
    Waiting,
    st.sampled_from(PRIORITIES),
    st.frozensets(st.sampled_from([c.code for c in reference.codes("waiting_criterion")])),
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)


@given(st.lists(WAITINGS, min_size=2, max_size=12))
def test_the_text_sorts_as_the_rule_says(found):
    order = [c.code for c in reference.codes("referral_priority")]
    criteria = rules.criteria_of("SHELTER")

    def plainly(w: Waiting) -> tuple[object, ...]:
        return (order.index(w.priority), [c not in w.criteria for c in criteria], w.since)

    by_text = rules.in_order("SHELTER", list(enumerate(found)))
    assert [plainly(found[i]) for i in by_text] == sorted(plainly(w) for w in found)


def test_who_is_passed_over():
    ranks = {"a": 1, "b": 2, "c": 3, "d": 4}
    states = {"a": "OFFERED", "b": "WAITING", "c": "WAITING", "d": "WAITING"}
    assert rules.passed_over(ranks, states, "d") == ["b", "c"]  # who has an offer is not passed over
    assert rules.passed_over(ranks, states, "a") == []
