"""Which door an answer opens: the one rule, and when nobody may act without it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from caseapp.core import reference
from caseapp.people import rules
from caseapp.people.rules.waiver import BASES, REFUSALS, NoteMissing, OutcomeMissing

ON = date(2025, 11, 23)
A, B = uuid4(), uuid4()


@dataclass(frozen=True)
class Answer:
    state: str
    recipient_team_id: UUID | None = None
    recipient_country: str | None = None
    purpose: str = "REFER_SHELTER"
    given_by: str = "SELF"
    expires_on: date | None = ON


YES, NO = Answer("GIVEN"), Answer("REFUSED")
TO_A = Answer("GIVEN", A)


@pytest.mark.parametrize(
    ("answers", "for_a", "for_b"),
    [
        ([], None, None),
        ([YES], "GIVEN", "GIVEN"),
        ([NO], "REFUSED", "REFUSED"),
        ([Answer("NOT_ASKED")], None, None),
        ([Answer("WITHDRAWN")], "WITHDRAWN", "WITHDRAWN"),
        ([Answer("EXPIRED")], "EXPIRED", "EXPIRED"),
        ([Answer("GIVEN", expires_on=ON - timedelta(days=1))], "EXPIRED", "EXPIRED"),
        ([YES, NO], "REFUSED", "REFUSED"),  # the latest decides
        ([NO, YES], "GIVEN", "GIVEN"),
        ([YES, Answer("NOT_ASKED")], "GIVEN", "GIVEN"),
        ([TO_A], "GIVEN", "OTHER_RECIPIENT"),
        ([NO, TO_A], "GIVEN", "REFUSED"),
        ([TO_A, NO], "REFUSED", "REFUSED"),
        # a no to this very recipient stands until a yes to the same
        ([Answer("REFUSED", A), YES], "REFUSED", "GIVEN"),
        ([Answer("WITHDRAWN", A), YES], "WITHDRAWN", "GIVEN"),
        ([Answer("REFUSED", A), YES, TO_A], "GIVEN", "GIVEN"),
        ([Answer("REFUSED", A)], "REFUSED", None),
        # the assent of a child is no key
        ([Answer("GIVEN", given_by="CHILD_ASSENT")], None, None),
        ([YES, Answer("REFUSED", given_by="CHILD_ASSENT")], "GIVEN", "GIVEN"),
        ([Answer("GIVEN", purpose="REFER_HEALTH")], None, None),
        ([Answer("GIVEN", recipient_country="GTM")], "OTHER_RECIPIENT", "OTHER_RECIPIENT"),
    ],
)
def test_which_door_the_answers_open(answers, for_a, for_b):
    for team, expected in ((A, for_a), (B, for_b)):
        to = rules.Recipient(team)
        assert rules.consent_state(answers, "REFER_SHELTER", to, ON) == expected
        assert rules.consent_opens(answers, "REFER_SHELTER", to, ON) is (expected == "GIVEN")
        key = rules.key_that_opens(answers, "REFER_SHELTER", to, ON)
        assert (key is not None) is (expected == "GIVEN")


@pytest.mark.parametrize("purpose", ["CROSS_BORDER", "CONSULAR", "COUNTRY_OF_ORIGIN"])
def test_what_faces_another_country_opens_for_that_country_only(purpose):
    to_guatemala = [Answer("GIVEN", recipient_country="GTM", purpose=purpose)]
    nobody = [Answer("GIVEN", purpose=purpose)]
    for country, opens in (("GTM", True), ("HND", False), (None, False)):
        assert rules.consent_opens(to_guatemala, purpose, rules.Recipient(A, country), ON) is opens
        assert not rules.consent_opens(nobody, purpose, rules.Recipient(A, country), ON)


def test_the_keys_of_a_page_are_the_standing_answers():
    answers = [YES, TO_A, NO, Answer("NOT_ASKED"), Answer("GIVEN", given_by="CHILD_ASSENT")]
    assert rules.keys_held(answers) == (NO, TO_A)


@pytest.mark.parametrize("purpose", [c.code for c in reference.codes("consent_purpose")])
def test_how_long_each_purpose_lasts_and_when_its_end_is_announced(purpose):
    grave = purpose in ("CONSULAR", "RETURN_ASSISTANCE", "COUNTRY_OF_ORIGIN")
    ends = rules.consent_ends_on(purpose, ON, None)
    assert ends == (ON + timedelta(days=30) if grave else date(2026, 11, 23))
    assert (ends - rules.consent_warned_from(purpose, ends)).days == (7 if grave else 30)
    if grave:
        assert rules.asked_apart(purpose)
        with pytest.raises(rules.Until):
            rules.consent_ends_on(purpose, ON, ON + timedelta(days=31))


@pytest.mark.parametrize(
    ("birth", "status", "last"),
    [
        (rules.Birth("DAY", date(2008, 3, 1), date(2008, 3, 1)), "STATED", date(2026, 2, 28)),
        (rules.Birth("DAY", date(2008, 2, 29), date(2008, 2, 29)), "STATED", date(2026, 2, 28)),
        # whoever may be a child is one: the latest day on which they can turn 18 decides
        (rules.Birth("YEAR", date(2008, 1, 1), date(2008, 12, 31)), "STATED", date(2026, 12, 30)),
        (rules.Birth("DAY", date(2008, 3, 1), date(2008, 3, 1)), "DECIDED_CHILD", date(2026, 2, 28)),
        (rules.Birth("DAY", date(2000, 3, 1), date(2000, 3, 1)), "DISPUTED_TREATED_AS_CHILD", None),
        (rules.Birth("DAY", date(2008, 3, 1), date(2008, 3, 1)), "DECIDED_ADULT", None),
        (rules.UNKNOWN_BIRTH, "DECIDED_CHILD", None),
    ],
)
def test_nobody_answers_for_a_child_beyond_the_last_day_of_childhood(birth, status, last):
    assert rules.child_until(birth, status) == last
    until = rules.consent_ends_on("CASH", ON, None, child_until=last)
    assert until == min(rules.consent_ends_on("CASH", ON, None), last or date.max)
    if last is not None:
        assert rules.is_child(birth, status, last)
        assert not rules.is_child(birth, status, last + timedelta(days=1))
        assert birth.latest > rules.adult_if_born_by(last)
        assert birth.latest <= rules.adult_if_born_by(last + timedelta(days=1))


def test_a_year_from_the_29th_of_february_is_the_28th():
    assert rules.consent_ends_on("CASH", date(2028, 2, 29), None) == date(2029, 2, 28)


@pytest.mark.parametrize(
    ("age", "assent", "given_by", "refused"),
    [
        (11, None, "PARENT", False), (12, None, "PARENT", True), (12, "GIVEN", "PARENT", False),
        (12, "REFUSED", "PARENT", False), (17, "NOT_ASKED", "GUARDIAN", True), (17, None, "CHILD_ASSENT", False),
        (None, None, "CHILD_AUTHORITY", False),
    ],
)  # fmt: skip
def test_from_twelve_the_childs_answer_is_recorded(age, assent, given_by, refused):
    said = {
        "purpose": "CASH", "state": "GIVEN", "given_by": given_by, "adult": False, "through_another": True, "alone": None,
        "form": "SIGNED", "country_named": False, "legal_advice_on": None, "asked_on": ON, "age": age, "assent": assent,
    }  # fmt: skip
    if refused:
        with pytest.raises(rules.AssentMissing):
            rules.may_consent(**said)
    else:
        rules.may_consent(**said)


NEVER = ("CONSULAR", "COUNTRY_OF_ORIGIN", "MEDIA", "RESEARCH_IDENTIFIED")


@pytest.mark.parametrize("purpose", [c.code for c in reference.codes("consent_purpose")])
@pytest.mark.parametrize("basis", [*BASES, "URGENT", "OTHER"])
@pytest.mark.parametrize("child", [True, False])
@pytest.mark.parametrize("consented", [True, False])
def test_on_what_ground_somebody_acts_without_consent(purpose, basis, child, consented):
    said = rules.why_not_waive(purpose, basis, "artículo 43 de la ley", child=child, consented=consented)
    if consented:
        assert said == "CONSENT_THERE"
    elif purpose in NEVER:
        assert said == "NEVER_WITHOUT_CONSENT"
    elif basis not in BASES:
        assert said == "BASIS_UNKNOWN"
    elif basis == "CHILD_BEST_INTERESTS" and not child:
        assert said == "ONLY_FOR_A_CHILD"
    else:
        assert said is None
    assert said is None or said in REFUSALS


def test_the_four_bases_are_the_list():
    assert set(BASES) == {c.code for c in reference.codes("no_consent_basis")}


@pytest.mark.parametrize("basis", BASES)
def test_a_basis_without_its_reason_is_none(basis):
    assert rules.why_not_waive("REFER_HEALTH", basis, "  ", child=True) == "REASON_MISSING"


def test_a_legal_duty_names_its_article():
    assert (
        rules.why_not_waive("REFER_HEALTH", "LEGAL_DUTY", "la ley lo manda", child=False) == "ARTICLE_MISSING"
    )
    assert rules.why_not_waive("REFER_HEALTH", "LEGAL_DUTY", "art. 43, Ley X", child=False) is None


def test_a_second_person_reviews_once_and_says_why_not():
    actor, other = uuid4(), uuid4()
    rules.may_review(made_by=actor, reviewer=other, reviewed=False, outcome="UPHELD", note="")
    for change, refusal in (
        ({"reviewer": actor}, rules.SecondPersonReviews),
        ({"reviewer": None}, rules.SecondPersonReviews),
        ({"reviewed": True}, rules.AlreadyReviewed),
        ({"outcome": ""}, OutcomeMissing),
        ({"outcome": "NOT_UPHELD"}, NoteMissing),
    ):
        held = {"made_by": actor, "reviewer": other, "reviewed": False, "outcome": "UPHELD", "note": ""}
        with pytest.raises(refusal):
            rules.may_review(**{**held, **change})


def test_the_person_is_told_after_it_happened_and_not_tomorrow():
    rules.may_tell(made_on=ON, told_on=ON, today=ON)
    for told in (ON - timedelta(days=1), ON + timedelta(days=1)):
        with pytest.raises(rules.ToldBefore):
            rules.may_tell(made_on=ON, told_on=told, today=ON)


@pytest.mark.parametrize(
    ("born", "fits"),
    [
        (date(2025, 1, 1), True), (date(2023, 11, 24), True), (date(2023, 11, 23), False), (date(1990, 1, 1), False),
        (None, False),
    ],
)  # fmt: skip
def test_a_cot_is_for_a_child_under_two(born, fits):
    birth = rules.Birth("DAY", born, born) if born else rules.UNKNOWN_BIRTH
    assert rules.fits_age("COT", birth, ON) is fits
    assert rules.fits_age("QUIET", birth, ON)
