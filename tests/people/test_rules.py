"""Decisions about people, line by line."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseapp.core import reference
from caseapp.people import rules
from caseapp.people.models.household import RELATIONS
from caseapp.people.rules import Birth, Member
from caseapp.people.rules.number import ALPHABET

ON = date(2025, 11, 23)


def exactly(day: date) -> Birth:
    return Birth("DAY", day, day)


# -- age -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("born", "band"),
    [
        (date(2025, 11, 23), "0-4"), (date(2020, 11, 24), "0-4"), (date(2020, 11, 23), "5-11"),
        (date(2013, 11, 24), "5-11"), (date(2013, 11, 23), "12-17"), (date(2007, 11, 24), "12-17"),
        (date(2007, 11, 23), "18-59"), (date(1965, 11, 24), "18-59"), (date(1965, 11, 23), "60+"),
        (date(1910, 1, 1), "60+"),
    ],
)  # fmt: skip
def test_bands_turn_on_the_birthday(born, band):
    assert rules.age_band(exactly(born), "STATED", ON) == band


@pytest.mark.parametrize(
    ("status", "birth", "child", "band"),
    [
        ("STATED", Birth(), False, "UNKNOWN"),
        ("DISPUTED_TREATED_AS_CHILD", Birth(), True, "12-17"),
        ("DECIDED_CHILD", Birth(), True, "12-17"),
        ("DECIDED_ADULT", Birth(), False, "UNKNOWN"),
        ("DISPUTED_TREATED_AS_CHILD", exactly(date(2000, 1, 1)), True, "12-17"),
        ("DECIDED_ADULT", exactly(date(2010, 1, 1)), False, "18-59"),
        ("STATED", Birth("YEAR", date(2007, 1, 1), date(2007, 12, 31)), True, "12-17"),
        ("STATED", Birth("YEAR", date(2006, 1, 1), date(2006, 12, 31)), False, "18-59"),
        ("STATED", Birth("AGE_ESTIMATED", date(2005, 1, 1), date(2008, 12, 31)), True, "12-17"),
        ("DOCUMENTED", exactly(date(2007, 11, 23)), False, "18-59"),
    ],
)
def test_in_doubt_a_child(status, birth, child, band):
    assert rules.is_child(birth, status, ON) is child
    assert rules.age_band(birth, status, ON) == band


@pytest.mark.parametrize(
    ("precision", "parts", "earliest", "latest"),
    [
        ("DAY", {"day": 7, "month": 3, "year": 1990}, date(1990, 3, 7), date(1990, 3, 7)),
        ("MONTH", {"month": 2, "year": 2000}, date(2000, 2, 1), date(2000, 2, 29)),
        ("YEAR", {"year": 1990}, date(1990, 1, 1), date(1990, 12, 31)),
        ("AGE_ESTIMATED", {"age": 30}, date(1993, 11, 24), date(1996, 11, 23)),
        ("AGE_ESTIMATED", {"age": 0}, date(2023, 11, 24), ON),
        ("UNKNOWN", {}, None, None),
    ],
)
def test_birth_as_precisely_as_known(precision, parts, earliest, latest):
    assert rules.birth_bounds(precision, on=ON, **parts) == Birth(precision, earliest, latest)


@pytest.mark.parametrize(
    ("precision", "parts"),
    [
        ("DAY", {"day": 31, "month": 2, "year": 1990}), ("DAY", {"month": 2, "year": 1990}), ("MONTH", {"year": 1990}),
        ("YEAR", {}), ("YEAR", {"year": 1890}), ("AGE_ESTIMATED", {}), ("AGE_ESTIMATED", {"age": 130}),
        ("AGE_ESTIMATED", {"age": -1}), ("SOMETHING", {"year": 1990}),
    ],
)  # fmt: skip
def test_a_birth_that_cannot_be_is_refused(precision, parts):
    with pytest.raises(rules.BirthIncomplete):
        rules.birth_bounds(precision, on=ON, **parts)


def test_a_birth_to_come_is_refused():
    with pytest.raises(rules.BirthInFuture):
        rules.birth_bounds("YEAR", on=ON, year=2026)


@given(st.integers(0, 110))
def test_an_estimated_age_contains_the_age_said(age):
    low, high = rules.age_range(rules.birth_bounds("AGE_ESTIMATED", on=ON, age=age), ON)
    assert low <= age <= high <= age + 1 and low >= age - 1


@given(st.dates(date(1900, 1, 1), ON), st.dates(date(1990, 1, 1), ON))
def test_completed_years_never_fall(born, day):
    assert rules.years_between(born, day) <= rules.years_between(born, day + timedelta(days=1))


def test_a_birthday_on_a_leap_day_counts_from_the_first_of_march():
    born = date(2008, 2, 29)
    assert rules.years_between(born, date(2026, 2, 28)) == 17
    assert rules.years_between(born, date(2026, 3, 1)) == 18


# -- household -----------------------------------------------------------------------------------------
A, C = Member(False), Member(True)
CP, CC = Member(True, True, True), Member(True, False, True)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ([A], "ADULT_ALONE"), ([A, A], "ADULTS_GROUP"), ([C], "CHILD_UNACCOMPANIED"), ([C, C], "CHILD_UNACCOMPANIED"),
        ([CP, C], "CHILD_UNACCOMPANIED"), ([A, CP], "SINGLE_PARENT_FAMILY"), ([A, A, CP], "FAMILY"),
        ([A, A, CP, C], "FAMILY"), ([A, CC], "CHILD_SEPARATED"), ([A, A, C], "CHILD_SEPARATED"), ([], "ADULT_ALONE"),
    ],
)  # fmt: skip
def test_household_type(members, expected):
    assert rules.household_type(members) == expected


@pytest.mark.parametrize("relation", RELATIONS)
def test_every_relation_has_an_inverse_and_the_list_agrees(relation):
    assert rules.inverse(rules.inverse(relation)) == relation
    assert reference.code("relation", relation).extra["inverse"] == rules.inverse(relation)


def test_links_say_who_has_a_parent_from_either_side():
    links = [("mother", "son", "PARENT"), ("daughter", "mother", "CHILD"), ("aunt", "niece", "AUNT_UNCLE")]
    parent, carer = rules.with_parent_or_carer(links)
    assert parent == {"son", "daughter"} and carer == {"son", "daughter", "niece"}


@pytest.mark.parametrize(
    ("relation", "evidence"), list(product(RELATIONS, ["CLAIMED", "DOCUMENT", "DISPROVED"]))
)
def test_a_claim_unlocks_nothing_and_a_spouse_never_relates(relation, evidence):
    related = rules.is_related(relation, evidence)
    assert related is (
        evidence == "DOCUMENT"
        and relation in {"PARENT", "GUARDIAN_LEGAL", "SIBLING", "GRANDPARENT", "AUNT_UNCLE"}
    )


# -- numbers -------------------------------------------------------------------------------------------
numbers = st.integers(0, 31**7 - 1).map(lambda bits: rules.number_of("M", bits))


@given(numbers)
def test_a_number_is_one(number):
    assert rules.is_number(number) and rules.is_number(f" {number.lower()} ") and len(number) == 9


@given(numbers, st.integers(0, 8), st.sampled_from(ALPHABET))
def test_every_wrong_character_is_found(number, at, wrong):
    other = number[:at] + wrong + number[at + 1 :]
    assert rules.is_number(other) is (other == number)


@given(numbers, st.integers(0, 7))
def test_every_exchange_of_neighbours_is_found(number, at):
    other = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    assert rules.is_number(other) is (other == number)


@pytest.mark.parametrize("text", ["", "M", "M4K7Q2XABC", "MMMMMMM-M", "García"])
def test_what_is_no_number(text):
    assert not rules.is_number(text)


@given(st.integers(0, 31**7 - 1), st.integers(0, 31**7 - 1))
def test_numbers_differ_with_their_bits(one, other):
    assert (rules.number_of("H", one) == rules.number_of("H", other)) is (one == other)


# -- registration --------------------------------------------------------------------------------------
@pytest.mark.parametrize("population", [c.code for c in reference.codes("population")])
@pytest.mark.parametrize("nationalities", [("MEX",), ("HND", "MEX"), ("HND",), ("XXX",), ("UNK",)])
def test_only_a_national_is_no_asylum_seeker(population, nationalities):
    if population == "ASYLUM_SEEKER" and "MEX" in nationalities:
        with pytest.raises(rules.NationalNotAsylumSeeker):
            rules.may_be(population, nationalities, "MEX")
    else:
        rules.may_be(population, nationalities, "MEX")


@pytest.mark.parametrize(
    ("names", "nationalities", "error"),
    [
        ((None, "", " "), ("HND",), rules.NameMissing),
        (("Ana",), (), rules.NationalityMissing),
        (("Ana",), ("HND", "HND"), rules.StatelessWithNationality),
        (("Ana",), ("XXX", "HND"), rules.StatelessWithNationality),
        (("Ana",), ("HND", "UNK"), rules.StatelessWithNationality),
    ],
)
def test_who_cannot_be_registered(names, nationalities, error):
    with pytest.raises(error):
        rules.may_register(names=names, nationalities=nationalities, populations=(), country="MEX")


def test_two_nationalities_and_a_called_name_are_enough():
    rules.may_register(
        names=("", "", "Nana"), nationalities=("HND", "GTM"), populations=("REFUGEE",), country="MEX"
    )


def test_records_are_not_merged_in_a_circle_or_across_countries():
    a, b = uuid4(), uuid4()
    rules.may_merge(a, b, kept_leads_to=[b], same_country=True, merged=False)
    for change in (
        {"kept_leads_to": [b, a], "same_country": True, "merged": False},
        {"kept_leads_to": [b], "same_country": False, "merged": False},
        {"kept_leads_to": [b], "same_country": True, "merged": True},
    ):
        with pytest.raises(rules.NotMergeable):
            rules.may_merge(a, b, **change)
    with pytest.raises(rules.NotMergeable):
        rules.may_merge(a, a, kept_leads_to=[], same_country=True, merged=False)


# -- consent -------------------------------------------------------------------------------------------
GOOD = {
    "purpose": "REFER_SHELTER", "state": "GIVEN", "given_by": "SELF", "adult": True, "through_another": False,
    "alone": True, "form": "SIGNED", "country_named": False, "legal_advice_on": None, "asked_on": ON,
}  # fmt: skip
CHILD = {"adult": False, "given_by": "PARENT", "through_another": True}
GRAVE = {"purpose": "CONSULAR", "country_named": True, "legal_advice_on": ON}
RETURN = {"purpose": "RETURN_ASSISTANCE", "legal_advice_on": ON}


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({}, None),
        ({"alone": None}, None),
        ({"given_by": "SUPPORTED_DECISION"}, None),
        ({"state": "REFUSED", "form": None}, None),
        ({"state": "NOT_ASKED", "form": None}, None),
        ({"form": None}, rules.FormMissing),
        ({"state": "WITHDRAWN"}, rules.NotYetAsked),
        ({"purpose": "MEDIA"}, rules.NotCollectedHere),
        ({"through_another": True}, rules.AdultDecidesAlone),
        *[({"given_by": g}, rules.AdultDecidesAlone) for g in ("PARENT", "GUARDIAN", "CHILD_AUTHORITY", "CHILD_ASSENT")],
        ({"given_by": "PARENT", "state": "REFUSED"}, rules.AdultDecidesAlone),
        *[({**CHILD, "given_by": g}, None) for g in ("PARENT", "GUARDIAN", "CHILD_AUTHORITY", "CHILD_ASSENT")],
        *[({**CHILD, "given_by": g}, rules.ChildNeedsCarer) for g in ("SELF", "SUPPORTED_DECISION")],
        ({"purpose": "CROSS_BORDER"}, rules.CountryMissing),
        ({"purpose": "CROSS_BORDER", "country_named": True}, None),
        (GRAVE, None), (RETURN, None),
        ({**GRAVE, "country_named": False}, rules.CountryMissing),
        ({**GRAVE, "alone": False}, rules.AloneMissing),
        ({**GRAVE, "alone": None}, rules.AloneMissing),
        ({**RETURN, "alone": None}, rules.AloneMissing),
        ({**GRAVE, "legal_advice_on": None}, rules.AdviceMissing),
        ({**RETURN, "legal_advice_on": None}, rules.AdviceMissing),
        ({**GRAVE, "legal_advice_on": ON + timedelta(days=1)}, rules.AdviceMissing),
        ({**GRAVE, "state": "REFUSED", "alone": None, "legal_advice_on": None, "form": None}, None),
    ],
)  # fmt: skip
def test_may_consent(change, refusal):
    if refusal is None:
        rules.may_consent(**{**GOOD, **change})
    else:
        with pytest.raises(refusal):
            rules.may_consent(**{**GOOD, **change})


@pytest.mark.parametrize(
    ("purpose", "wished", "ends"),
    [
        ("REFER_SHELTER", None, 365), ("REFER_SHELTER", 10, 10), ("REFER_SHELTER", 700, 700), ("CONSULAR", None, 30),
        ("CONSULAR", 30, 30), ("CONSULAR", 31, None), ("RETURN_ASSISTANCE", 31, None), ("REFER_SHELTER", -1, None),
    ],
)  # fmt: skip
def test_consent_ends(purpose, wished, ends):
    day = None if wished is None else ON + timedelta(days=wished)
    if ends is None:
        with pytest.raises(rules.Until):
            rules.consent_ends_on(purpose, ON, day)
    else:
        assert rules.consent_ends_on(purpose, ON, day) == ON + timedelta(days=ends)


def test_what_must_be_said_to_whoever_records():
    warned = rules.consent_warnings(adult=True, alone=False, interpreter="FAMILY_MEMBER", age=30)
    assert list(warned) == ["NOT_ALONE", "FAMILY_INTERPRETS"]
    assert list(rules.consent_warnings(adult=False, alone=None, interpreter=None, age=6)) == [
        "ASSENT_NOT_ASKED"
    ]
    assert rules.consent_warnings(adult=True, alone=True, interpreter="STAFF", age=30) == ()
    child = {"adult": False, "alone": None, "interpreter": None, "age": 3}
    assert rules.consent_warnings(**child, given_by="PARENT") == ()
    assert list(rules.consent_warnings(**child, given_by="PARENT", carer_proven=False)) == [
        "CARER_NOT_PROVEN"
    ]
    assert rules.consent_warnings(**child, given_by="CHILD_AUTHORITY", carer_proven=False) == ()


@pytest.mark.parametrize("state", ["REFUSED", "WITHDRAWN", "EXPIRED", "NOT_ASKED"])
def test_only_what_was_given_is_withdrawn(state):
    rules.may_withdraw("GIVEN")
    with pytest.raises(rules.NotYetAsked):
        rules.may_withdraw(state)
