"""Every state, exit, rank and reason of custody, by table."""

from __future__ import annotations

from datetime import date

import pytest

from caseapp.core import reference
from caseapp.custody import queries, rules
from caseapp.custody.rules import Exit, InQueue, Placement, Standing

TODAY = date(2025, 11, 23)
SINCE = date(2025, 11, 20)
BEFORE = tuple(c.code for c in reference.codes("tripartite_exit_rank", date(2021, 1, 10)))
NOW = tuple(c.code for c in reference.codes("tripartite_exit_rank", date(2021, 1, 11)))


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("custody_authority", rules.AUTHORITIES), ("custody_basis", rules.BASES), ("custody_safeguard", rules.SAFEGUARDS),
        ("custody_exit", rules.EXITS), ("custody_follow_up", rules.FOLLOW_UP_OUTCOMES),
        ("tripartite_exit_rank", rules.RANKS), ("custody_departure_reason", rules.DEPARTURE_REASONS),
    ],
)  # fmt: skip
def test_the_lists_are_those_of_the_reference_in_their_order(name, codes):
    assert tuple(c.code for c in reference.codes(name)) == codes


def test_flags_and_clocks_are_those_of_the_reference():
    assert {c.code for c in reference.codes("custody_exit") if "R" in c.flags} == rules.REVIEWED
    assert {c.code for c in reference.codes("tripartite_exit_rank") if "S" in c.flags} == {"LGBTI_PEOPLE"}
    for rule in (*rules.FOLLOW_UPS.values(), "CUSTODY_SAFEGUARDS", "CUSTODY_CHILD_AUTHORITY"):
        assert reference.clock_rule(rule, TODAY).value
        assert reference.known("clock", rule)
    first, second = (reference.clock_rule(r, TODAY) for r in rules.FOLLOW_UPS.values())
    assert (first.value, first.unit, second.value, second.unit) == (72, "hours", 30, "days")


def test_the_order_is_that_of_the_report_and_families_end_with_the_law():
    assert BEFORE == rules.RANKS
    assert NOW == ("SINGLE_WOMEN", "LGBTI_PEOPLE", "SINGLE_MEN")
    assert date(2021, 1, 11) == rules.NO_CHILD_HELD_FROM
    assert queries.ranks_on(date(2021, 1, 10)) == BEFORE and queries.ranks_on(date(2021, 1, 11)) == NOW


@pytest.mark.parametrize(
    ("facts", "before", "now"),
    [
        ({"household_type": "SINGLE_PARENT_FAMILY", "child_held": True}, "SINGLE_PARENT_FAMILIES", "ALARM"),
        ({"household_type": "FAMILY", "child_held": True}, "FAMILIES", "ALARM"),
        ({"household_type": "CHILD_SEPARATED", "child_held": True}, "FAMILIES", "ALARM"),
        ({"household_type": "CHILD_UNACCOMPANIED", "child_held": True}, "ALARM", "ALARM"),
        ({"household_type": "ADULTS_GROUP", "woman": True}, "FAMILIES", "SINGLE_WOMEN"),
        ({"household_type": "ADULTS_GROUP"}, "FAMILIES", "SINGLE_MEN"),
        ({"woman": True}, "SINGLE_WOMEN", "SINGLE_WOMEN"),
        ({"woman": True, "lgbti": True}, "SINGLE_WOMEN", "SINGLE_WOMEN"),
        ({"lgbti": True}, "LGBTI_PEOPLE", "LGBTI_PEOPLE"),
        ({}, "SINGLE_MEN", "SINGLE_MEN"),
        # A child who is not in custody does not make an alarm of a mother who is; she is ranked as herself.
        ({"household_type": "SINGLE_PARENT_FAMILY", "woman": True}, "SINGLE_PARENT_FAMILIES", "SINGLE_WOMEN"),
        # Being held elsewhere, or not known to ask for asylum, never hides a child.
        ({"station": False, "child_held": True, "household_type": "CHILD_UNACCOMPANIED"}, "ALARM", "ALARM"),
        ({"asylum": False, "child_held": True, "household_type": "FAMILY"}, "NOT_ASYLUM", "ALARM"),
        ({"station": False}, "NOT_STATION", "NOT_STATION"),
        ({"asylum": False, "woman": True}, "NOT_ASYLUM", "NOT_ASYLUM"),
    ],
)
def test_where_somebody_stands(facts, before, now):
    def stands(ranks):
        found = rules.place_in_order(Standing(**facts), ranks)
        assert (found.kind == "RANKED") == (found.rank is not None)
        return found.rank or found.why or found.kind

    assert (stands(BEFORE), stands(NOW)) == (before, now)


def test_no_household_with_a_child_held_has_a_rank_since_the_law():
    for kind in (c.code for c in reference.codes("household_type")):
        for woman in (False, True):
            for lgbti in (False, True):
                facts = Standing(child_held=True, household_type=kind, woman=woman, lgbti=lgbti)
                assert rules.place_in_order(facts, NOW) == Placement("ALARM")


def waiting(id, rank, day, party=None, agreed=None):
    return InQueue(id, party or id, rank, date(2025, 11, day), agreed)


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([], ()),
        ([waiting("w", "SINGLE_WOMEN", 21)], ("w",)),
        ([waiting("l", "LGBTI_PEOPLE", 21), waiting("w", "SINGLE_WOMEN", 22)], ("w", "l")),
        ([waiting("m", "SINGLE_MEN", 9)], ("m",)),  # held longer
        ([waiting("m", "SINGLE_MEN", 10)], ()),  # as long
        ([waiting("m", "SINGLE_MEN", 11)], ()),
        ([waiting("w", "SINGLE_WOMEN", 21, party="mine")], ()),  # the same household
        ([waiting("w", "SINGLE_WOMEN", 21, agreed=TODAY)], ()),  # leaves the same day
        ([waiting("w", "SINGLE_WOMEN", 21, agreed=date(2025, 11, 24))], ("w",)),
        (
            [waiting("w", "SINGLE_WOMEN", 21, agreed=date(2025, 11, 22))],
            ("w",),
        ),  # it passed, and she is still held
        ([waiting("w", "SINGLE_WOMEN", 23)], ("w",)),  # held from that day
        ([waiting("w", "SINGLE_WOMEN", 24)], ()),  # not held yet
    ],
)
def test_who_is_passed_over(others, expected):
    leaving = waiting("me", "SINGLE_MEN", 10, party="mine")
    passed = rules.passed_over([leaving, *others], leaving, TODAY, TODAY)
    assert tuple(q.id for q in passed) == expected


def test_an_exit_that_is_written_down_late_is_not_excused_by_a_day_that_passed():
    leaving = waiting("me", "SINGLE_MEN", 10)
    queue = [
        leaving,
        waiting("w", "SINGLE_WOMEN", 5, agreed=date(2025, 11, 12)),
        waiting("l", "LGBTI_PEOPLE", 16),
    ]
    passed = rules.passed_over(queue, leaving, date(2025, 11, 15), TODAY)
    assert [q.id for q in passed] == ["w"]


@pytest.mark.parametrize(
    ("was", "child", "called", "expected"),
    [
        (False, False, False, None), (False, False, True, None), (True, True, False, None), (True, True, True, None),
        (False, True, False, "START"), (False, True, True, None),
        (True, False, False, "CANCEL"), (True, False, True, "CANCEL"),
    ],
)  # fmt: skip
def test_the_clock_of_the_child_authority_follows_the_age(was, child, called, expected):
    assert rules.child_clock(was, child, called) == expected


@pytest.mark.parametrize("code", rules.EXITS)
@pytest.mark.parametrize("ranked", [True, False])
@pytest.mark.parametrize("passed", [True, False])
def test_whether_an_exit_kept_the_order(code, ranked, passed):
    expected = "NOT_IN_ORDER"
    if code == "TRIPARTITE" and ranked:
        expected = "ORDER_DEPARTED" if passed else "ORDER_KEPT"
    assert rules.order_outcome(code, ranked, passed) == expected


@pytest.mark.parametrize(
    ("has_open", "future", "placed", "refusal"),
    [
        (False, False, True, None), (True, False, True, rules.CustodyOpen), (False, True, True, rules.SinceInFuture),
        (False, False, False, rules.PlaceMissing),
    ],
)  # fmt: skip
def test_when_custody_may_be_opened(has_open, future, placed, refusal):
    check(refusal, lambda: rules.may_open(has_open, future, placed))


def check(refusal, act):
    if refusal is None:
        act()
        return
    with pytest.raises(refusal):
        act()


@pytest.mark.parametrize("child", [True, False])
def test_nothing_unasked_is_taken_for_an_answer(child):
    asked = rules.asked_of(child)
    assert ("CHILD_AUTHORITY_CALLED" in asked) is child
    assert set(asked) | {"CHILD_AUTHORITY_CALLED"} == set(rules.SAFEGUARDS)
    assert rules.missing({}, child) == asked
    assert rules.missing(dict.fromkeys(asked, "NOT_ASKED"), child) == asked
    assert rules.missing(dict.fromkeys(asked, "NO"), child) == ()
    assert rules.refused(dict.fromkeys(asked, "NO"), child) == asked
    assert rules.refused(dict.fromkeys(asked, "YES"), child) == ()


@pytest.mark.parametrize(
    ("state", "on", "refusal"),
    [
        ("HELD", TODAY, None), ("HELD", date(2026, 1, 22), None), ("HELD", date(2026, 1, 23), rules.DateTooFar),
        ("HELD", date(2025, 11, 22), rules.DatePast), ("EXIT_ASKED", TODAY, rules.NotHeld),
        ("RELEASED", TODAY, rules.NotHeld),
    ],
)  # fmt: skip
def test_when_a_day_of_exit_may_be_agreed(state, on, refusal):
    check(refusal, lambda: rules.may_agree(state, on, TODAY))


@pytest.mark.parametrize("code", rules.EXITS)
def test_each_exit_by_itself(code):
    child = code == "CHILD_TRANSFER"
    rules.may_release("HELD", SINCE, TODAY, Exit(code, TODAY, True, child, return_consented=True))
    assert rules.needs_second_person(code) == (code in ("REMOVED", "DIED"))


@pytest.mark.parametrize(
    ("state", "exit", "refusal"),
    [
        ("EXIT_ASKED", Exit("COURT", TODAY, True, False), rules.NotHeld),
        ("RELEASED", Exit("COURT", TODAY, True, False), rules.NotHeld),
        ("HELD", Exit("COURT", date(2025, 11, 24), True, False), rules.DateInFuture),
        ("HELD", Exit("COURT", date(2025, 11, 19), True, False), rules.DateBefore),
        ("HELD", Exit("COURT", SINCE, True, False), None),
        ("HELD", Exit("TRIPARTITE", TODAY, False, False), rules.NotFromStation),
        ("HELD", Exit("CHILD_TRANSFER", TODAY, True, False), rules.NotAChild),
        ("HELD", Exit("VOLUNTARY_RETURN", TODAY, True, False), rules.ReturnNotConsented),
        ("HELD", Exit("TRIPARTITE", TODAY, True, False, passed=True), rules.DepartureReasonMissing),
        ("HELD", Exit("TRIPARTITE", TODAY, True, False, passed=True, departure_reason="X"), rules.DepartureReasonMissing),
        ("HELD", Exit("TRIPARTITE", TODAY, True, False, passed=True, departure_reason="OTHER"), rules.NoteMissing),
        ("HELD", Exit("TRIPARTITE", TODAY, True, False, passed=True, departure_reason="OTHER", departure_note="x"), None),
        ("HELD", Exit("COURT", TODAY, True, False, passed=True), None),
    ],
)  # fmt: skip
def test_when_an_exit_may_be_recorded(state, exit, refusal):
    check(refusal, lambda: rules.may_release(state, SINCE, TODAY, exit))


@pytest.mark.parametrize("reason", [r for r in rules.DEPARTURE_REASONS if r != "OTHER"])
def test_each_reason_to_depart_from_the_order(reason):
    rules.may_release(
        "HELD", SINCE, TODAY, Exit("TRIPARTITE", TODAY, True, False, passed=True, departure_reason=reason)
    )


@pytest.mark.parametrize("state", rules.STATES)
@pytest.mark.parametrize("own", [True, False])
def test_who_confirms_an_exit(state, own):
    refusal = rules.NothingAsked if state != "EXIT_ASKED" else rules.OwnExit if own else None
    check(refusal, lambda: rules.may_decide(state, own))


@pytest.mark.parametrize("order", [None, *rules.ORDER_OUTCOMES])
@pytest.mark.parametrize("reviewed", [True, False])
@pytest.mark.parametrize("own", [True, False])
def test_who_looks_at_a_departure(order, reviewed, own):
    refusal = (
        rules.NoDeparture if order != "ORDER_DEPARTED" or reviewed else rules.OwnDeparture if own else None
    )
    check(refusal, lambda: rules.may_review(order, reviewed, own))


@pytest.mark.parametrize("code", rules.EXITS)
def test_after_which_exits_somebody_is_followed(code):
    refusal = rules.NotFollowed if code in ("REMOVED", "DIED") else None
    check(refusal, lambda: rules.may_follow_up("RELEASED", code, (), "FIRST", SINCE, TODAY, TODAY))


@pytest.mark.parametrize(
    ("state", "done", "step", "on", "refusal"),
    [
        ("RELEASED", ("FIRST",), "SECOND", TODAY, None),
        ("RELEASED", ("FIRST",), "FIRST", TODAY, rules.NotFollowed),
        ("RELEASED", (), "THIRD", TODAY, rules.NotFollowed),
        ("HELD", (), "FIRST", TODAY, rules.NotFollowed),
        ("EXIT_ASKED", (), "FIRST", TODAY, rules.NotFollowed),
        ("RELEASED", (), "FIRST", date(2025, 11, 24), rules.DateInFuture),
        ("RELEASED", (), "FIRST", date(2025, 11, 19), rules.DateBefore),
    ],
)
def test_when_a_follow_up_may_be_recorded(state, done, step, on, refusal):
    check(refusal, lambda: rules.may_follow_up(state, "COURT", done, step, SINCE, on, TODAY))
