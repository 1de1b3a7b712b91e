"""Plans, tasks, notes, raised alerts and approvals as plain values: each list and each edge."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from caseapp.casefile.rules import working
from caseapp.casefile.rules.alerts import DERIVED, SEEN_BY, STANDING
from caseapp.core import reference

TODAY = date(2025, 11, 23)


@pytest.mark.parametrize(
    ("list_name", "codes"),
    [
        ("task_kind", working.TASK_KINDS), ("task_outcome", working.TASK_OUTCOMES), ("task_doer", working.DOERS),
        ("note_level", working.NOTE_LEVELS), ("plan_agreed_with", working.AGREED_WITH),
        ("plan_review_outcome", working.PLAN_OUTCOMES), ("goal_state", working.GOAL_STATES),
        ("alert_outcome", working.ALERT_OUTCOMES), ("approval_subject", working.APPROVAL_SUBJECTS),
    ],
)  # fmt: skip
def test_the_rules_know_each_code_of_the_list(list_name, codes):
    assert tuple(c.code for c in reference.codes(list_name)) == codes


@pytest.mark.parametrize(
    ("agreed_with", "child", "refusal"),
    [
        ("PERSON", False, None), ("PERSON_AND_CARER", False, working.AgreedByOther),
        ("CARER", False, working.AgreedByOther), ("AUTHORITY", False, working.AgreedByOther),
        ("PERSON", True, working.CarerMissing), ("PERSON_AND_CARER", True, None), ("CARER", True, None),
        ("AUTHORITY", True, None),
    ],
)  # fmt: skip
def test_who_agrees_to_a_plan(agreed_with, child, refusal):
    if refusal is None:
        working.may_agree(agreed_with, child=child)
    else:
        with pytest.raises(refusal):
            working.may_agree(agreed_with, child=child)


@pytest.mark.parametrize(
    ("days", "child", "refusal"),
    [
        (None, False, working.ReviewMissing), (0, False, working.ReviewTooSoon), (1, False, None), (90, False, None),
        (91, False, working.ReviewTooLate), (30, True, None), (31, True, working.ReviewTooLate),
    ],
)  # fmt: skip
def test_when_a_plan_is_looked_at_again(days, child, refusal):
    on = None if days is None else TODAY + timedelta(days=days)
    if refusal is None:
        working.may_review_on(on, TODAY, child=child)
    else:
        with pytest.raises(refusal) as said:
            working.may_review_on(on, TODAY, child=child)
        assert "%(" not in str(said.value)


def test_which_reviews_are_the_last():
    assert {o for o in working.PLAN_OUTCOMES if working.ends_plan(o)} == {"ACHIEVED", "STOPPED_BY_PERSON"}


@pytest.mark.parametrize(
    ("words", "days", "doer", "assigned", "refusal"),
    [
        ("Llamar", 0, "TEAM", True, None), ("Llamar", 3, "TEAM", False, None), ("Ir", 3, "PERSON", False, None),
        (" ", 3, "TEAM", True, working.WordsMissing), ("Llamar", -1, "TEAM", True, working.DueInPast),
        ("Ir", 3, "PERSON", True, working.PersonDoesIt),
    ],
)  # fmt: skip
def test_what_a_task_needs(words, days, doer, assigned, refusal):
    due = TODAY + timedelta(days=days)
    if refusal is None:
        working.may_set_task(words, due, TODAY, doer=doer, assigned=assigned)
    else:
        with pytest.raises(refusal):
            working.may_set_task(words, due, TODAY, doer=doer, assigned=assigned)


@pytest.mark.parametrize("level", working.NOTE_LEVELS)
@pytest.mark.parametrize("same_team", [True, False])
@pytest.mark.parametrize("author", [True, False])
@pytest.mark.parametrize("supervisor", [True, False])
def test_who_reads_a_note(level, same_team, author, supervisor):
    reads = working.may_read_note(level, same_team=same_team, author=author, supervisor=supervisor)
    expected = {
        "TEAM": True,
        "SUPERVISOR": same_team and supervisor,
        "AUTHOR_AND_SUPERVISOR": same_team and (author or supervisor),
    }[level]
    assert reads is expected


@pytest.mark.parametrize(
    ("days", "derived", "refusal"),
    [
        (0, False, None), (7, False, None), (8, False, working.AlertReviewDate), (-1, False, working.AlertReviewDate),
        (1, True, working.AlertNotRaised),
    ],
)  # fmt: skip
def test_which_alerts_are_raised_and_when_they_are_looked_at_again(days, derived, refusal):
    on = TODAY + timedelta(days=days)
    if refusal is None:
        working.may_raise("CUSTODY", on, TODAY, 7, derived=derived)
    else:
        with pytest.raises(refusal):
            working.may_raise("CUSTODY", on, TODAY, 7, derived=derived)


@pytest.mark.parametrize(
    ("state", "own", "refusal"),
    [
        ("ASKED", False, None), ("ASKED", True, working.OwnApproval), ("APPROVED", False, working.ApprovalDecided),
        ("REFUSED", False, working.ApprovalDecided), ("WITHDRAWN", False, working.ApprovalDecided),
    ],
)  # fmt: skip
def test_who_decides_and_when(state, own, refusal):
    if refusal is None:
        working.may_decide(state, own=own)
    else:
        with pytest.raises(refusal):
            working.may_decide(state, own=own)


def test_every_alert_says_who_sees_it_what_to_do_and_when_it_is_looked_at_again():
    for code in reference.codes("alert"):
        assert code.extra["who_sees"] in SEEN_BY, code.code
        assert int(code.extra["review_days"]) >= 1
        for language in ("es", "en"):
            assert reference.text("alert", code.code, "what_to_do", language)
        assert ("S" in code.flags) == (code.extra["who_sees"] == "MATTER"), code.code
    known = {c.code for c in reference.codes("alert")}
    assert known >= DERIVED | STANDING
