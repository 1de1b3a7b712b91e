"""Screening as pure rules: who is asked what, what follows, and when it is finished."""

from __future__ import annotations

import pytest

from caseapp.core.reference import questionnaire
from caseapp.protection import rules
from caseapp.protection.rules import Conditions, Decision, Facts

FIRST = questionnaire("first_contact")
ADULT = Facts(35, "ADULT_ALONE", 1, 1, 0)
CHILD = Facts(11, "SINGLE_PARENT_FAMILY", 2, 1, 1)
PRIVATE = Conditions("YES", "YES", "NONE")


def section(name):
    return next(s for s in FIRST.sections if s.id == name)


def ids(questions):
    return [q.id for q in questions]


@pytest.mark.parametrize(
    ("alone", "place", "interpreter", "private", "why"),
    [
        ("YES", "YES", "NONE", True, None),
        ("YES", "YES", "PROFESSIONAL", True, None),
        ("YES", "YES", "REMOTE", True, None),
        ("CHILD_WITH_SUPPORT", "YES", "STAFF", True, None),
        ("YES", "YES", "FAMILY_MEMBER", False, "NO_INTERPRETER"),
        ("CHILD_WITH_SUPPORT", "YES", "FAMILY_MEMBER", False, "NO_INTERPRETER"),
        ("NO", "YES", "NONE", False, "NO_PRIVACY"),
        ("YES", "NO", "NONE", False, "NO_PRIVACY"),
        ("NO", "NO", "FAMILY_MEMBER", False, "NO_INTERPRETER"),
    ],
)
def test_privacy(alone, place, interpreter, private, why):
    conditions = Conditions(alone, place, interpreter)
    assert conditions.private is private
    assert rules.reason_of(conditions) == why


def test_a_support_person_sits_with_children_only():
    rules.may_start(Conditions("CHILD_WITH_SUPPORT", "YES", "NONE"), child=True)
    with pytest.raises(rules.SupportIsForChildren):
        rules.may_start(Conditions("CHILD_WITH_SUPPORT", "YES", "NONE"), child=False)


@pytest.mark.parametrize("missing", [("", "YES", "NONE"), ("YES", "", "NONE"), ("YES", "YES", "SOMEONE")])
def test_conditions_are_all_said(missing):
    with pytest.raises(rules.ConditionMissing):
        rules.may_start(Conditions(*missing), child=False)


@pytest.mark.parametrize(
    ("known", "child", "decided", "age"),
    [
        ((34, 34), False, False, 34), ((16, 19), True, False, 17), ((17, 20), False, True, 18), (None, True, True, 17),
        (None, False, True, 18), (None, False, False, None), ((20, 24), True, True, 17), ((9, 11), True, False, 10),
    ],
)  # fmt: skip
def test_age_as_the_person_is_treated(known, child, decided, age):
    assert rules.age_as_treated(known, child, decided) == age


def test_sensitive_questions_wait_for_a_private_talk():
    open_talk = {q.id for s in FIRST.sections for q in rules.to_ask(s, {}, ADULT, private=False)}
    private = {q.id for s in FIRST.sections for q in rules.to_ask(s, {}, ADULT, private=True)}
    kept_back = {q.id for q in FIRST.questions if q.sensitive or q.alone}
    assert not open_talk & kept_back
    assert private & kept_back and open_talk < private


def test_only_children_are_asked_as_children():
    assert rules.to_ask(section("child"), {}, ADULT, True) == ()
    assert "child_with_whom" in ids(rules.to_ask(section("child"), {}, CHILD, True))


def test_a_question_of_the_same_page_is_shown_with_what_it_depends_on():
    assert {"pregnant", "pregnancy_weeks"} <= set(ids(rules.to_ask(section("health"), {}, ADULT, True)))


def test_what_no_longer_applies_does_not_count():
    answers = {"pregnant": "NO", "pregnancy_weeks": 38}
    assert "pregnancy_weeks" not in rules.counted(FIRST, answers, ADULT, True)
    assert "pregnancy_weeks" in rules.counted(FIRST, {**answers, "pregnant": "WELL"}, ADULT, True)
    assert rules.counted(FIRST, {"pregnant": "WELL"}, ADULT, False) == {}


def test_an_empty_answer_is_not_asked_yet_and_never_no():
    kept = rules.taken({"urgent_health": "YES"}, section("now"), {"urgent_health": "", "place_tonight": "NO"})
    assert kept == {"place_tonight": "NO"}
    with pytest.raises(rules.AnswerNotOffered):
        rules.taken({}, section("now"), {"urgent_health": "PERHAPS"})
    assert rules.taken({}, section("now"), {"asylum_wish": "YES"}) == {}


@pytest.mark.parametrize("blank", ["NOT_ASKED", "UNKNOWN", "DECLINED", "NOT_APPLICABLE"])
def test_the_four_blanks_propose_nothing_and_stay_apart(blank):
    answers = {q.id: blank for q in FIRST.questions}
    counting = rules.counted(FIRST, answers, ADULT, True)
    assert rules.propose(FIRST, counting, ADULT) == ()
    assert set(counting.values()) == {blank}
    skipped = rules.not_asked(FIRST, answers, ADULT, True)
    assert bool(skipped) is (blank == "NOT_ASKED")


def test_the_same_need_is_proposed_once_with_the_more_pressing_priority_and_both_reasons():
    answers = {"daily_medicine": "YES", "medicine_days_left": 2}
    needs = [p for p in rules.propose(FIRST, answers, ADULT) if p.kind == "NEED"]
    assert [(p.code, p.priority) for p in needs] == [("SM-CI", "EMERGENCY")]
    assert len(needs[0].reasons) == 2 and "tres días" in needs[0].reason("es")


def test_an_older_person_with_children_is_seen_from_facts_alone():
    facts = Facts(64, "FAMILY", 3, 1, 2)
    assert "ER-MC" in {p.code for p in rules.propose(FIRST, {}, facts)}


def wish():
    return rules.propose(FIRST, {"asylum_wish": "YES", "place_tonight": "NO"}, ADULT)


def test_a_wish_to_ask_for_asylum_is_firm():
    firm = [p for p in wish() if p.firm]
    assert [(p.kind, p.code) for p in firm] == [("OUTCOME", "IP_WISH")]
    with pytest.raises(rules.FirmStays):
        rules.may_decide(
            wish(), [Decision("OUTCOME", "IP_WISH", False, reason="NOT_PRESENT")], all_of_them=False
        )
    refused = [
        Decision("NEED", "LP-BN", False, reason="ALREADY_ANSWERED"),
        Decision("OUTCOME", "SOCIAL_ASSISTANCE", False, reason="ALREADY_ANSWERED"),
    ]
    rules.may_decide(wish(), refused, all_of_them=True)
    assert rules.outcomes_of(wish(), refused, ()) == ("IP_WISH",)


@pytest.mark.parametrize(
    ("decisions", "refusal"),
    [
        ([], rules.Undecided),
        ([Decision("NEED", "LP-BN", False)], rules.ReasonMissing),
        ([Decision("NEED", "LP-BN", False, reason="BECAUSE")], rules.ReasonMissing),
        ([Decision("NEED", "LP-BN", True, priority="SOON")], rules.Undecided),
    ],
)
def test_every_proposal_is_decided_with_a_reason(decisions, refusal):
    with pytest.raises(refusal):
        rules.may_decide(wish(), decisions, all_of_them=True)


@pytest.mark.parametrize(
    ("state", "skipped", "conditions", "outcomes", "main", "needs", "refusal"),
    [
        ("COMPLETED", (), PRIVATE, ("IP_WISH",), "IP_WISH", 0, rules.NotOpen),
        ("UNFINISHED", (), PRIVATE, ("IP_WISH",), "IP_WISH", 0, rules.NotOpen),
        ("STARTED", (FIRST.questions[0],), PRIVATE, ("IP_WISH",), "IP_WISH", 0, rules.NotAllAsked),
        ("STARTED", (), Conditions("NO", "YES", "NONE"), ("IP_WISH",), "IP_WISH", 0, rules.NotAllAsked),
        (
            "STARTED",
            (),
            Conditions("YES", "YES", "FAMILY_MEMBER"),
            ("IP_WISH",),
            "IP_WISH",
            0,
            rules.NotAllAsked,
        ),
        ("STARTED", (), PRIVATE, ("IP_WISH",), "HEALTH_NOW", 0, rules.MainMissing),
        ("STARTED", (), PRIVATE, (), "", 0, rules.MainMissing),
        ("STARTED", (), PRIVATE, ("IP_WISH",), "INCOMPLETE", 0, rules.MainMissing),
        (
            "STARTED",
            (),
            PRIVATE,
            ("IP_WISH", "NO_FURTHER_NEED"),
            "NO_FURTHER_NEED",
            0,
            rules.NoNeedContradicted,
        ),
        ("STARTED", (), PRIVATE, ("NO_FURTHER_NEED",), "NO_FURTHER_NEED", 1, rules.NoNeedContradicted),
        ("STARTED", (), PRIVATE, ("NO_FURTHER_NEED",), "NO_FURTHER_NEED", 0, None),
        ("STARTED", (), PRIVATE, ("IP_WISH", "HEALTH_NOW"), "HEALTH_NOW", 2, None),
    ],
)
def test_when_a_screening_is_complete(state, skipped, conditions, outcomes, main, needs, refusal):
    if refusal is None:
        rules.may_complete(state, skipped, conditions, outcomes, main, needs)
        return
    with pytest.raises(refusal):
        rules.may_complete(state, skipped, conditions, outcomes, main, needs)


@pytest.mark.parametrize("reason", rules.INCOMPLETE_REASONS)
def test_leaving_needs_a_reason(reason):
    rules.may_leave("STARTED", reason)
    with pytest.raises(rules.NotOpen):
        rules.may_leave("COMPLETED", reason)
    with pytest.raises(rules.WhyMissing):
        rules.may_leave("STARTED", "")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("screening_outcome", rules.OUTCOMES), ("screening_incomplete_reason", rules.INCOMPLETE_REASONS),
        ("interpreter_kind", rules.INTERPRETERS), ("screening_alone", rules.ALONE),
        ("need_refused_reason", rules.REFUSED_REASONS), ("need_priority", rules.PRIORITIES),
    ],
)  # fmt: skip
def test_the_lists_of_the_rules_are_those_of_the_reference(name, values):
    from caseapp.core import reference

    assert {c.code for c in reference.codes(name)} == set(values)


@pytest.mark.parametrize("answer", rules.DIFFICULTIES)
def test_all_six_answers_are_the_washington_group_whatever_they_are(answer):
    said = dict.fromkeys(rules.WASHINGTON_GROUP, answer)
    assert rules.is_washington_group(said)
    for question in rules.WASHINGTON_GROUP:
        assert not rules.is_washington_group({q: a for q, a in said.items() if q != question})
        assert not rules.is_washington_group(said | {question: "PREFERS_NOT"})


def test_the_washington_group_is_in_the_questionnaire_word_for_word():
    asked = {q.id: q for section in FIRST.sections for q in section.questions if q.source == "wgss"}
    assert set(asked) == set(rules.WASHINGTON_GROUP)
