"""Closing and alerts as pure rules: every reason, everything that keeps a file open."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from caseapp.casefile import rules
from caseapp.casefile.rules import AlertFacts, Attempt, ClosingFacts, closing
from caseapp.core import reference
from caseapp.solutions.rules import PATHWAYS, STEPS

TODAY = date(2025, 11, 23)
NOTHING = ClosingFacts(TODAY)
LOST = [
    Attempt("CALL", TODAY - timedelta(days=30)),
    Attempt("TEXT", TODAY - timedelta(days=12)),
    Attempt("CALL", TODAY - timedelta(days=2)),
]
#: What lets a file be closed for each reason.
ENOUGH = {
    "SOLUTION_LOCAL": {"newest_steps": {("LOCAL_INTEGRATION", "HELD_3M")}},
    "SOLUTION_NATURALISED": {"newest_steps": {("NATURALISATION", "HAPPENED")}},
    "SOLUTION_RESETTLED": {"newest_steps": {("RESETTLEMENT", "HAPPENED")}},
    "SOLUTION_PTA": {"newest_steps": {("PTA", "HAPPENED")}},
    "SOLUTION_PATHWAY": {"newest_steps": {("LABOUR_MOBILITY", "HAPPENED")}},
    "SOLUTION_REUNIFIED": {"newest_steps": {("FAMILY_REUNIFICATION", "HAPPENED")}},
    "SOLUTION_RETURN_VOLUNTARY": {"newest_steps": {("VOLUNTARY_RETURN", "HELD_3M")}},
    "SOLUTION_IDP": {"newest_steps": {("RELOCATION", "HAPPENED")}, "populations": {"IDP"}},
    "SOLUTION_REINTEGRATED": {"newest_steps": {("LOCAL_INTEGRATION", "HAPPENED")}, "populations": {"RETURNEE_WITH_NEEDS"}},
    "NEEDS_MET": {},
    "REFERRED_ON": {"handed_over": True},
    "NO_NEED_FOUND": {"main_outcome": "NO_FURTHER_NEED"},
    "PERSON_ASKED": {},
    "CONTACT_LOST": {"attempts": LOST},
    "LEFT_TOLD": {},
    "LEFT_LEARNT": {},
    "REMOVED": {"approved": True},
    "DIED": {"approved": True},
    "DUPLICATE": {"merged": True},
    "ERROR": {"approved": True},
}  # fmt: skip


def enough(reason, **more):
    return replace(NOTHING, **{**ENOUGH[reason], **more})


def test_the_reasons_are_those_of_the_list_with_its_flags():
    listed = reference.codes("case_closure_reason")
    assert {c.code for c in listed} == set(rules.REASONS) == set(ENOUGH)
    assert {c.code for c in listed if "R" in c.flags} == rules.REVIEWED
    assert {c.code for c in listed if c.group == "SOLUTION"} == set(rules.SOLUTIONS)
    assert {c.code for c in reference.codes("reopen_reason")} == set(rules.REOPENING)
    assert all(set(p) <= set(PATHWAYS) and set(s) <= set(STEPS) for p, s in rules.SOLUTIONS.values())


def test_a_rejected_claim_is_no_reason_to_close():
    assert not any("REJECT" in reason or "CLAIM" in reason for reason in rules.REASONS)
    with pytest.raises(rules.ReasonUnknown):
        rules.may_close("REJECTED", NOTHING)


@pytest.mark.parametrize("reason", rules.REASONS)
def test_each_reason_closes_when_nothing_is_open_and_it_holds(reason):
    rules.may_close(reason, enough(reason))


@pytest.mark.parametrize(
    ("reason", "refusal"),
    [
        *((r, rules.SolutionNotReached) for r in rules.SOLUTIONS),
        ("REFERRED_ON", rules.NotHandedOver),
        ("NO_NEED_FOUND", rules.NeedWasFound),
        ("CONTACT_LOST", rules.NotYetLost),
        ("DUPLICATE", rules.NotMerged),
        *((r, rules.SecondPersonNeeded) for r in sorted(rules.REVIEWED)),
    ],
)
def test_each_reason_is_refused_without_what_it_needs(reason, refusal):
    with pytest.raises(refusal):
        rules.may_close(reason, NOTHING)


OPEN = [
    ("an emergency", {"open_needs": ["EMERGENCY"]}, rules.UrgentNeedOpen),
    ("a high need", {"open_needs": ["LOW", "HIGH"]}, rules.UrgentNeedOpen),
    ("a stay", {"stay": True}, rules.StayOpen),
    ("a referral", {"referral": True}, rules.ReferralOpen),
    ("custody", {"custody": True}, rules.InCustody),
    ("a clock", {"legal_clocks": [TODAY + timedelta(days=30)]}, rules.LegalClockNear),
    ("a clock that ran out", {"legal_clocks": [TODAY - timedelta(days=1)]}, rules.LegalClockNear),
    ("a clock that ran out", {"legal_clocks": [TODAY - timedelta(days=1)]}, rules.LegalClockLate),
    ("a clock that stands still", {"legal_paused": True}, rules.LegalClockLate),
    ("an alert", {"alerts": ["CHILD_AGE_DISPUTED"], "child": True}, rules.AlertOpen),
    ("a child without carer", {"child": True, "carer": False}, rules.ChildWithoutCarer),
]


@pytest.mark.parametrize("reason", rules.REASONS)
def test_who_left_custody_is_met_again_before_the_file_closes(reason):
    holds = enough(reason, follow_up=True)
    if reason in {"DIED", "REMOVED", "DUPLICATE", "ERROR", "PERSON_ASKED"}:
        rules.may_close(reason, holds)
        return
    with pytest.raises(rules.FollowUpOpen):
        rules.may_close(reason, holds)


@pytest.mark.parametrize(("what", "facts", "refusal"), OPEN, ids=[o[0] for o in OPEN])
@pytest.mark.parametrize("reason", rules.REASONS)
def test_nothing_closes_over_what_is_open(reason, what, facts, refusal):
    holds = enough(reason, **facts)
    about_the_child = refusal in (rules.ChildWithoutCarer, rules.AlertOpen)
    if about_the_child and reason in rules.WITHOUT_CHILD:
        rules.may_close(reason, holds)
        return
    with pytest.raises(refusal):
        rules.may_close(reason, holds)


@pytest.mark.parametrize("ago", [0, 1, 400])
def test_an_authority_is_awaited_after_its_time_and_the_person_is_not(ago):
    day = TODAY - timedelta(days=ago)
    assert rules.awaited("CLAIM_DECIDE", day, TODAY)
    assert rules.awaited("CLAIM_APPEAL", day, TODAY) is (ago == 0)
    for rule in closing.THEIR_OWN_LIMITS:
        assert {r.extra.get("kind") for r in reference.clock_rules() if r.code == rule} == {"LEGAL"}


@pytest.mark.parametrize("reason", rules.REASONS)
def test_what_does_not_keep_a_file_open(reason):
    far = {"legal_clocks": [TODAY + timedelta(days=31)], "alerts": sorted(rules.STANDING), "child": True}
    rules.may_close(reason, enough(reason, **far))
    low = enough(reason, open_needs=["MEDIUM", "LOW"])
    if reason in rules.ALL_MET:
        with pytest.raises(rules.NeedsRemain):
            rules.may_close(reason, low)
    else:
        rules.may_close(reason, low)


@pytest.mark.parametrize("reason", rules.REASONS)
def test_a_closed_file_is_not_closed_again(reason):
    with pytest.raises(rules.AlreadyClosed):
        rules.may_close(reason, enough(reason, closed=True))


def test_a_possible_duplicate_is_resolved_by_closing_it_as_one():
    rules.may_close("DUPLICATE", enough("DUPLICATE", alerts=["POSSIBLE_DUPLICATE"]))
    with pytest.raises(rules.AlertOpen):
        rules.may_close("NEEDS_MET", enough("NEEDS_MET", alerts=["POSSIBLE_DUPLICATE"]))


@pytest.mark.parametrize("reason", rules.REASONS)
def test_nobody_at_risk_whose_whereabouts_are_unknown_is_closed_away(reason):
    """Decision 0370: only a reason that says what became of them, seen by a second person, resolves the alert."""
    absent = enough(reason, alerts=["ABSENT_AT_RISK"])
    if reason in ("DIED", "REMOVED", "LEFT_LEARNT"):
        rules.may_close(reason, replace(absent, approved=True))
        with pytest.raises(rules.SecondPersonNeeded):
            rules.may_close(reason, replace(absent, approved=False))
    else:
        with pytest.raises(rules.AbsentAtRisk):
            rules.may_close(reason, absent)
    # Once they were spoken with, or 30 days on, the alert is over, and so is what kept the file open.
    rules.may_close(reason, enough(reason))


def test_the_alerts_that_reasons_resolve_are_of_the_list():
    listed = {c.code for c in reference.codes("alert")}
    assert set(rules.RESOLVES) <= set(rules.REASONS)
    assert all(alerts <= listed for alerts in rules.RESOLVES.values())


@pytest.mark.parametrize(
    ("attempts", "lost"),
    [
        (LOST, True),
        (LOST[:2], False),
        ([replace(a, channel="CALL") for a in LOST], False),
        ([replace(LOST[0], on=TODAY - timedelta(days=29)), *LOST[1:]], False),
        ([*LOST, Attempt("VISIT", TODAY, reached=True)], False),
        ([Attempt("VISIT", TODAY - timedelta(days=60), reached=True), *LOST], True),
        ([], False),
    ],
)
def test_contact_is_lost_after_three_attempts_on_two_channels_over_thirty_days(attempts, lost):
    assert rules.contact_lost(attempts, TODAY) is lost


@pytest.mark.parametrize("reason", sorted(rules.SOLUTIONS))
@pytest.mark.parametrize("step", STEPS)
def test_a_solution_rests_on_its_own_step(reason, step):
    pathways, steps = rules.SOLUTIONS[reason]
    facts = enough(reason, newest_steps={(pathways[0], step)})
    assert rules.solution_reached(reason, facts) is (step in steps)
    stranger = next(p for p in PATHWAYS if p not in pathways)
    assert not rules.solution_reached(reason, enough(reason, newest_steps={(stranger, step)}))


@pytest.mark.parametrize("reason", ["SOLUTION_IDP", "SOLUTION_REINTEGRATED"])
def test_displaced_and_returned_people_are_of_their_own_population(reason):
    with pytest.raises(rules.SolutionNotReached):
        rules.may_close(reason, enough(reason, populations={"ASYLUM_SEEKER"}))


def test_no_need_is_not_said_of_one_who_ever_asked_for_protection():
    with pytest.raises(rules.NeedWasFound):
        rules.may_close("NO_NEED_FOUND", enough("NO_NEED_FOUND", ever_protection=True))


def test_the_screener_does_not_close_a_childs_file_alone():
    child = enough("PERSON_ASKED", child=True, screened_by_closer=True)
    with pytest.raises(rules.SecondPersonNeeded):
        rules.may_close("PERSON_ASKED", child)
    rules.may_close("PERSON_ASKED", replace(child, approved=True))
    rules.may_close("PERSON_ASKED", replace(child, child=False))


def test_nobody_decides_on_their_own_request():
    with pytest.raises(rules.OwnRequest):
        rules.may_decide_request("ASKED", own=True)
    for state in ("APPROVED", "REFUSED", "WITHDRAWN"):
        with pytest.raises(rules.RequestDecided):
            rules.may_decide_request(state, own=False)
    rules.may_decide_request("ASKED", own=False)


@pytest.mark.parametrize("reason", rules.REOPENING)
def test_opening_again(reason):
    rules.may_reopen(True, reason, False)
    with pytest.raises(rules.NotClosed):
        rules.may_reopen(False, reason, False)
    with pytest.raises(rules.StillMerged):
        rules.may_reopen(True, reason, True)
    with pytest.raises(rules.ReasonUnknown):
        rules.may_reopen(True, "", False)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, ()),
        ({"child": True}, ("CHILD_ALONE",)),
        ({"child": True, "guardian": True}, ()),
        ({"child": True, "adults_here": 1}, ("CHILD_WITH_UNVERIFIED_ADULT",)),
        ({"child": True, "adults_here": 2, "related_adults_here": 1}, ()),
        ({"child": True, "adults_here": 1, "related_adults_here": 1, "in_union": True}, ("CHILD_SPOUSE",)),
        ({"in_union": True}, ()),
        ({"child": True, "age_disputed": True, "guardian": True}, ("CHILD_AGE_DISPUTED",)),
        ({"custody": True}, ("CUSTODY",)),
        ({"custody": True, "child": True, "guardian": True}, ("CHILD_IN_CUSTODY",)),
        ({"turns_18_on": TODAY + timedelta(days=90)}, ("CHILD_TURNS_18",)),
        ({"turns_18_on": TODAY + timedelta(days=91)}, ()),
        ({"requirements": ["ALLERGY_LIFE", "COT"]}, ("ALLERGY_LIFE",)),
        ({"consents_end": [TODAY + timedelta(days=30)]}, ("CONSENT_ENDS",)),
        ({"consents_end": [TODAY - timedelta(days=1), TODAY + timedelta(days=31)]}, ()),
        ({"documents_end": [TODAY]}, ("DOCUMENT_EXPIRES",)),
        ({"legal_clocks": [TODAY + timedelta(days=7)]}, ("LEGAL_DEADLINE",)),
        ({"legal_clocks": [TODAY - timedelta(days=40)]}, ("LEGAL_DEADLINE",)),
        ({"legal_clocks": [TODAY + timedelta(days=8)]}, ()),
        ({"signature_due": TODAY - timedelta(days=1)}, ("WEEKLY_SIGN_IN_MISSED",)),
        ({"signature_due": TODAY}, ()),
        ({"stays_in": "MX07", "going_to": ["MX07", "MX09"]}, ("LEAVE_OF_STATE_NEEDED",)),
        ({"stays_in": "MX07", "going_to": ["MX07"]}, ()),
        ({"going_to": ["MX09"]}, ()),
        (
            {"interpreter_needed": True, "possible_duplicates": 1},
            ("POSSIBLE_DUPLICATE", "INTERPRETER_NEEDED"),
        ),
    ],
)
def test_alerts_follow_from_the_file(facts, expected):
    assert rules.alerts(AlertFacts(TODAY, **facts)) == expected
    assert all(reference.known("alert", code) for code in expected)


def test_every_need_has_services_that_answer_it():
    kinds = {c.code for c in reference.codes("service_kind")}
    for need in reference.codes("need_code"):
        services = rules.services_for(need.code, need.group or need.code)
        assert services and services <= kinds, need.code
