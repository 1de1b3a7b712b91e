"""What may be done with a best-interests assessment, case by case."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from caseapp.core.errors import Refused
from caseapp.protection.best_interests import rules
from caseapp.protection.best_interests.rules import Action, Conclusion

KNOWN, TODAY = date(2025, 11, 10), date(2025, 11, 23)
TOLD = Conclusion(
    date(2025, 11, 20), "El niño y su tutora", "YES", "Quiere estudiar", "Está bien", date(2026, 2, 1)
)


@pytest.mark.parametrize(
    ("needs", "household", "first"),
    [
        ((), None, None),
        ((date(2025, 11, 3),), None, date(2025, 11, 3)),
        ((), date(2025, 11, 5), date(2025, 11, 5)),
        ((date(2025, 11, 8), date(2025, 11, 3)), date(2025, 11, 5), date(2025, 11, 3)),
    ],
)
def test_since_when_it_is_known(needs, household, first):
    assert rules.identified_on(needs, household) == first


@pytest.mark.parametrize(
    ("child", "identified", "runs", "why"),
    [
        (True, KNOWN, False, None),
        (False, KNOWN, False, rules.NotAChild),
        (True, None, False, rules.NotAlone),
        (True, KNOWN, True, rules.AssessmentRuns),
        (False, None, True, rules.NotAChild),
    ],
)
def test_who_is_assessed(child, identified, runs, why):
    if why is None:
        rules.may_open(child=child, identified=identified, runs=runs)
        return
    with pytest.raises(why):
        rules.may_open(child=child, identified=identified, runs=runs)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({}, None),
        ({"assessed_on": KNOWN}, None),
        ({"assessed_on": TODAY}, None),
        ({"assessed_on": KNOWN - timedelta(days=1)}, rules.DayWrong),
        ({"assessed_on": TODAY + timedelta(days=1)}, rules.DayWrong),
        ({"assessed_on": None}, rules.DayWrong),
        ({"took_part": " "}, rules.WhoMissing),
        ({"views_heard": ""}, rules.HeardMissing),
        ({"views_heard": "UNKNOWN"}, rules.HeardMissing),
        ({"views_heard": "NO", "views": "Tiene un año"}, None),
        ({"views": ""}, rules.ViewsMissing),
        ({"views_heard": "NO", "views": " "}, rules.ViewsMissing),
        ({"findings": ""}, rules.FindingsMissing),
        ({"review_on": None}, rules.ReviewWrong),
        ({"review_on": TOLD.assessed_on}, rules.ReviewWrong),
        ({"review_on": TOLD.assessed_on + timedelta(days=1)}, None),
        ({"review_on": TOLD.assessed_on + timedelta(days=180)}, None),
        ({"review_on": TOLD.assessed_on + timedelta(days=181)}, rules.ReviewWrong),
        ({"actions": [Action("Buscar a su tía", TODAY)]}, None),
        ({"actions": [Action("", TODAY)]}, rules.ActionWrong),
        ({"actions": [Action("Buscar a su tía", None)]}, rules.ActionWrong),
        ({"actions": [Action("Buscar a su tía", TODAY - timedelta(days=1))]}, rules.ActionWrong),
    ],
)
def test_what_a_conclusion_says(changed, why):
    told = replace(TOLD, **changed)
    if why is None:
        rules.may_conclude(told, KNOWN, TODAY)
        return
    with pytest.raises(why):
        rules.may_conclude(told, KNOWN, TODAY)


@pytest.mark.parametrize("state", rules.STATES)
@pytest.mark.parametrize("verb", rules.TRANSITIONS)
def test_each_verb_from_each_state(verb, state):
    before, then = rules.TRANSITIONS[verb]
    if state in before:
        assert rules.after(verb, state) == then
        return
    with pytest.raises(rules.StepWrong):
        rules.after(verb, state)


@pytest.mark.parametrize("approve", [True, False])
@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("remark", ["", " ", "Falta oír al niño"])
@pytest.mark.parametrize("state", rules.STATES)
def test_nobody_approves_their_own(state, approve, own, remark):
    allowed = state == "CONCLUDED" and not own and (approve or remark.strip())
    try:
        then = rules.may_decide(state, approve=approve, own=own, remark=remark)
    except Refused:
        assert not allowed
    else:
        assert allowed
        assert then == ("APPROVED" if approve else "OPEN")


@pytest.mark.parametrize(
    ("assessed", "due", "timing"),
    [
        (KNOWN, None, "NO_LIMIT"),
        (KNOWN, KNOWN, "ON_TIME"),
        (KNOWN, KNOWN - timedelta(days=1), "LATE"),
        (KNOWN, TODAY, "ON_TIME"),
    ],
)
def test_within_the_limit(assessed, due, timing):
    assert rules.timing(assessed, due) == timing
