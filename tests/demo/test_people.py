"""Invented families: sensible, named by the lists, and belonging to nobody."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseapp.people.service import NewPerson
from workers.demo import calibration, people
from workers.demo.calibration import COUNTRIES, stream

ARRIVED = date(2025, 5, 1)
countries = st.sampled_from(COUNTRIES)


def families(country: str, seed: int, persons: int = 60) -> list[people.Family]:
    shapes = people.shapes(country, persons, stream(seed, country))
    return [people.invent(country, s, ARRIVED, stream(seed, country, i)) for i, s in enumerate(shapes)]


@settings(max_examples=40, deadline=None)
@given(country=countries, seed=st.integers(0, 10_000), persons=st.integers(11, 150))
def test_shapes_hold_exactly_the_persons_and_bands_of_the_country(
    country: str, seed: int, persons: int
) -> None:
    shapes = people.shapes(country, persons, stream(seed))
    assert sum(map(len, shapes)) == persons
    wanted = calibration.shared_out(persons, calibration.age_sex(country))
    assert Counter((p.sex, p.band) for s in shapes for p in s) == {k: n for k, n in wanted.items() if n}
    assert all(s[0].role == "HEAD" and [p.role for p in s].count("HEAD") == 1 for s in shapes)


@settings(max_examples=25, deadline=None)
@given(country=countries, seed=st.integers(0, 10_000))
def test_ages_and_relations_make_sense(country: str, seed: int) -> None:
    for family in families(country, seed, 40):
        head = family.members[0]
        for member in family.members[1:]:
            older = head.age(ARRIVED) - member.age(ARRIVED)
            if member.role == "CHILD" and head.age(ARRIVED) >= 18:
                assert 15 <= older <= 59
            if member.role == "PARENT":
                assert older <= -15
            if member.role in ("SPOUSE", "PARTNER"):
                assert member.age(ARRIVED) >= 18


@settings(max_examples=25, deadline=None)
@given(country=countries, seed=st.integers(0, 10_000))
def test_nobody_is_a_real_person(country: str, seed: int) -> None:
    known = {
        n for sex in "FM" for naming in ("spa", "hat") for n in calibration.given_names(sex, naming).words
    }
    family_names = {n for naming in ("spa", "hat") for n in calibration.surnames(naming).words}
    nick = {n for words in calibration.nicknames().values() for n in words}
    for family in families(country, seed, 30):
        for person in family.new.members:
            assert isinstance(person, NewPerson)
            assert all(_is_made_of(person.given_names, known) for _ in (0,))
            assert person.surname_1 in family_names
            assert person.surname_2 in family_names | {""}
            assert person.called_name in known | nick
            assert all(d.number.startswith("DEMO-") for d in person.documents if d.number)
            for contact in person.contacts:
                # Subscriber numbers do not begin with a zero in any of the seven numbering plans.
                assert not contact.number or re.fullmatch(r"\+5(2 000|0[1-7] 0)\d{7}", contact.number)


def _is_made_of(text: str, names: set[str]) -> bool:
    """Whether a text is one name of the list, or two (names may hold a space themselves)."""
    words = text.split(" ")
    return any(
        " ".join(words[:i]) in names and (i == len(words) or " ".join(words[i:]) in names)
        for i in range(1, len(words) + 1)
    )


def test_children_carry_a_surname_of_each_parent() -> None:
    both = [
        f for f in families("MEX", 3, 400)
        if {"CHILD"} <= {m.role for m in f.members} & {"CHILD"} and len(f.members) > 2
        and f.members[1].role in ("SPOUSE", "PARTNER") and f.language == "spa"
    ]  # fmt: skip
    assert both
    for family in both:
        one, other = family.new.members[0], family.new.members[1]
        child = next(p for p, m in zip(family.new.members, family.members, strict=True) if m.role == "CHILD")
        assert isinstance(one, NewPerson) and isinstance(other, NewPerson) and isinstance(child, NewPerson)
        assert {child.surname_1, child.surname_2} == {one.surname_1, other.surname_1}


@pytest.mark.parametrize("country", COUNTRIES)
def test_the_same_words_invent_the_same_families(country: str) -> None:
    assert families(country, 7) == families(country, 7)
    assert families(country, 7) != families(country, 8)
