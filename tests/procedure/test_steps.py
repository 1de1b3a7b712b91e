"""Which step may come next: every step of the list, in the order of every country."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from caseapp.core import reference
from caseapp.procedure import rules
from caseapp.procedure.rules import Taken, next_steps

TODAY = date(2025, 11, 23)
COUNTRIES = ("MEX", "GTM", "HND", "SLV", "CRI", "PAN", "BLZ")


def order(country, on=TODAY):
    return reference.claim_procedure(country, on).steps


def taken(*steps):
    """`DECISION:REJECTED` is a step with its code; a day apart from one another, the last one today."""
    first = TODAY - timedelta(days=len(steps) - 1)
    return [
        Taken(step.split(":")[0], first + timedelta(days=n), step.split(":")[1] if ":" in step else None)
        for n, step in enumerate(steps)
    ]


MEXICO = [
    ([], ["INTENTION", "LODGED"]),
    (["INTENTION"], ["LODGED", "CLOSED"]),
    (["LODGED"], ["REGISTERED", "CLOSED"]),
    (["LODGED", "REGISTERED"], ["DOCUMENT_ISSUED", "INTERVIEW", "CLOSED"]),
    (["LODGED", "REGISTERED", "INTERVIEW"], ["DOCUMENT_ISSUED", "INTERVIEW", "DECISION", "CLOSED"]),
    (["LODGED", "REGISTERED", "INTERVIEW", "DECISION:RECOGNISED"], ["DOCUMENT_ISSUED", "NOTIFIED"]),
    (["LODGED", "REGISTERED", "INTERVIEW", "DECISION:RECOGNISED", "NOTIFIED"], ["DOCUMENT_ISSUED"]),
    (["LODGED", "REGISTERED", "INTERVIEW", "DECISION:REJECTED", "NOTIFIED"], ["DOCUMENT_ISSUED", "APPEAL"]),
    (["LODGED", "REGISTERED", "INTERVIEW", "DECISION:COMPLEMENTARY", "NOTIFIED"], ["DOCUMENT_ISSUED", "APPEAL"]),
    (
        ["LODGED", "REGISTERED", "INTERVIEW", "DECISION:REJECTED", "NOTIFIED", "APPEAL"],
        ["DOCUMENT_ISSUED", "INTERVIEW", "DECISION", "CLOSED"],
    ),
    (
        ["LODGED", "REGISTERED", "INTERVIEW", "DECISION:REJECTED", "NOTIFIED", "APPEAL", "DECISION:RECOGNISED"],
        ["DOCUMENT_ISSUED", "NOTIFIED"],
    ),
    (["LODGED", "CLOSED:DEPARTED"], ["REOPENED"]),
    (["LODGED", "CLOSED:DEPARTED", "REOPENED:FOUND"], ["REGISTERED", "CLOSED"]),
]  # fmt: skip


@pytest.mark.parametrize(("before", "expected"), MEXICO)
def test_what_may_come_next_in_mexico(before, expected):
    assert list(next_steps(order("MEX"), taken(*before))) == expected


@pytest.mark.parametrize(
    ("country", "before", "expected"),
    [
        ("BLZ", [], ["INTENTION"]),
        ("CRI", [], ["INTENTION"]),
        ("PAN", ["LODGED"], ["INTERVIEW", "CLOSED"]),
        ("PAN", ["LODGED", "INTERVIEW"], ["INTERVIEW", "REGISTERED", "CLOSED"]),
        ("GTM", ["LODGED", "REGISTERED"], ["DOCUMENT_ISSUED", "CLOSED"]),
        ("GTM", ["LODGED", "REGISTERED", "DOCUMENT_ISSUED"], ["DOCUMENT_ISSUED", "INTERVIEW", "CLOSED"]),
        ("BLZ", ["INTENTION", "LODGED"], ["DOCUMENT_ISSUED", "REGISTERED", "CLOSED"]),
    ],
)
def test_each_country_has_its_own_order(country, before, expected):
    assert list(next_steps(order(country), taken(*before))) == expected


def test_the_order_changes_with_the_date():
    assert next_steps(order("CRI", date(2022, 11, 30)), []) == ("INTENTION", "LODGED")
    assert next_steps(order("CRI", date(2022, 12, 1)), []) == ("INTENTION",)


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_claim_comes_to_a_notified_decision_in_every_country(country):
    """Taking always the first step that was not taken yet, whatever repeats once."""
    steps: list[str] = []
    for _ in range(12):
        following = [
            s for s in next_steps(order(country), taken(*steps))
            if s not in {x.split(":")[0] for x in steps} and s not in ("CLOSED", "APPEAL")
        ]  # fmt: skip
        if not following:
            break
        steps.append("DECISION:REJECTED" if following[0] == "DECISION" else following[0])
    assert steps[-1] == "NOTIFIED" and set(next_steps(order(country), taken(*steps))) == {
        "DOCUMENT_ISSUED",
        "APPEAL",
    }


@pytest.mark.parametrize("step", rules.STEPS)
@pytest.mark.parametrize(("before", "expected"), MEXICO)
def test_no_other_step_than_the_next_ones_is_taken(before, expected, step):
    if step in expected:
        rules.may_take(order("MEX"), taken(*before), step, TODAY, TODAY)
        with pytest.raises(rules.DateInFuture):
            rules.may_take(order("MEX"), taken(*before), step, TODAY + timedelta(days=1), TODAY)
    else:
        with pytest.raises(rules.NotNext):
            rules.may_take(order("MEX"), taken(*before), step, TODAY, TODAY)


def test_no_step_lies_before_what_comes_before_it():
    with pytest.raises(rules.DateBefore):
        rules.may_take(order("MEX"), taken("LODGED"), "REGISTERED", TODAY - timedelta(days=1), TODAY)
    # A document that was given before the interview may be written down after it.
    rules.may_take(
        order("MEX"),
        taken("LODGED", "REGISTERED", "INTERVIEW"),
        "DOCUMENT_ISSUED",
        TODAY - timedelta(days=1),
        TODAY,
    )
    with pytest.raises(rules.DateBefore):
        rules.may_take(
            order("MEX"), taken("LODGED", "REGISTERED"), "CLOSED", TODAY - timedelta(days=1), TODAY
        )


def test_every_clock_of_a_step_is_a_rule_of_the_reference_data():
    known = {rule.code for rule in reference.clock_rules()}
    for clocks in (rules.STARTS, rules.MEETS):
        assert set(clocks) < set(rules.STEPS) and {c for each in clocks.values() for c in each} <= known


def test_the_lists_are_those_of_the_reference():
    assert tuple(c.code for c in reference.codes("claim_step")) == rules.STEPS
    assert {c.code for c in reference.codes("claim_applicant")} == set(rules.ROLES)
    assert {c.code for c in reference.codes("claim_left_reason")} == set(rules.LEFT_REASONS)
    assert {c.code: c.group for c in reference.codes("claim_closure_reason")} == rules.CLOSURE_GROUPS
    assert set(rules.OUTCOMES) < {c.code for c in reference.codes("decision_outcome")}
    assert set(rules.APPLICATION_TYPES) < {c.code for c in reference.codes("claim_application_type")}
    assert set(rules.REOPENING) < {c.code for c in reference.codes("reopen_reason")}
    assert {p.country for p in reference.claim_procedures()} == set(COUNTRIES)


@pytest.mark.parametrize(("met", "said"), [(True, "IN_TIME"), (False, "LATE"), (None, "NO_LIMIT")])
def test_how_a_decision_stood_to_its_limit(met, said):
    assert rules.within(met) == said


def test_what_a_reopened_claim_awaits_again():
    ended = [
        ("CLAIM_DECIDE", "MET", None),
        ("CLAIM_DECIDE", "CANCELLED", rules.CLOSED_WITH),  # the newest decides
        ("CLAIM_INTERVIEW", "CANCELLED", rules.CLOSED_WITH),
        ("CLAIM_INTERVIEW", "MET", None),
        ("CLAIM_DOCUMENT_ISSUE", "CANCELLED", "NO_LONGER_NEEDED"),
        ("CLAIM_OPINION", "RUNNING", None),
    ]
    assert rules.begin_again(ended) == ("CLAIM_DECIDE",)
    assert rules.begin_again([]) == ()


@pytest.mark.parametrize("reason", rules.CLOSURE_GROUPS)
def test_no_machine_closes_a_claim(reason):
    rules.may_close(reason, by_person=True)
    with pytest.raises(rules.AbandonmentByClock):
        rules.may_close(reason, by_person=False)


@pytest.mark.parametrize("role", [*rules.ROLES, None])
def test_who_may_leave_a_claim(role):
    if role == "DERIVATIVE":
        for reason in rules.LEFT_REASONS:
            rules.may_leave(role, reason)
        with pytest.raises(rules.ReasonUnknown):
            rules.may_leave(role, "OTHER")
    else:
        with pytest.raises(rules.NotInClaim if role is None else rules.PrincipalStays):
            rules.may_leave(role, "DIED")
