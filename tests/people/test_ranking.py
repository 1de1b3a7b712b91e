"""What is typed in the search box, and how the records that were found are put in order."""

from __future__ import annotations

import csv
import random
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseapp.people.search import (
    BirthKnowledge,
    Candidate,
    Document,
    PersonNames,
    Reason,
    Scored,
    Sought,
    compare,
    found_enough,
    parse_query,
    possible_duplicate,
    rank,
)
from caseapp.people.search.likeness import word_likeness
from caseapp.people.search.names import REFERENCE

TODAY = date(2025, 11, 23)
CURP = Document("CURP", "PEGJ900302HHGRRN05")


def born(year: int, month: int = 3, day: int = 2) -> BirthKnowledge:
    return BirthKnowledge("DAY", date(year, month, day), date(year, month, day))


def in_year(year: int, last: int | None = None, precision: str = "YEAR") -> BirthKnowledge:
    return BirthKnowledge(precision, date(year, 1, 1), date(last or year, 12, 31))


def person(names: str, birth: BirthKnowledge | None = None, **more: object) -> Candidate:
    """A record from "given names / surname / surname"."""
    given_names, one, two = (part.strip() for part in f"{names}//".split("/")[:3])
    return Candidate(names, PersonNames(given_names, one, two), birth or BirthKnowledge(), **more)  # type: ignore[arg-type]


def score(query: Sought, candidate: Candidate) -> Scored:
    return rank(query, [candidate])[0]


# --- the search box -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words", "precision", "bounds"),
    [
        ("María Lopes 1990", ("maria", "lopes"), "YEAR", (date(1990, 1, 1), date(1990, 12, 31))),
        ("pepe castro 2/3/1990", ("pepe", "castro"), "DAY", (date(1990, 3, 2), date(1990, 3, 2))),
        ("1990-03-02 castro", ("castro",), "DAY", (date(1990, 3, 2), date(1990, 3, 2))),
        ("castro 12/25/1990", ("castro",), "DAY", (date(1990, 12, 25), date(1990, 12, 25))),
        ("Ana, 3 de marzo de 1990", ("ana",), "DAY", (date(1990, 3, 3), date(1990, 3, 3))),
        ("ana febrero 1992", ("ana",), "MONTH", (date(1992, 2, 1), date(1992, 2, 29))),
        ("ana 12/1992", ("ana",), "MONTH", (date(1992, 12, 1), date(1992, 12, 31))),
        ("Xiloj 35 años", ("xiloj",), "AGE_ESTIMATED", (date(1988, 1, 1), date(1992, 12, 31))),
        ("Xiloj", ("xiloj",), "UNKNOWN", (None, None)),
        ("", (), "UNKNOWN", (None, None)),
    ],
)
def test_names_and_birth_are_told_apart(
    text: str, words: tuple[str, ...], precision: str, bounds: tuple[date | None, date | None]
) -> None:
    sought = parse_query(text, today=TODAY)
    assert (sought.loose, sought.numbers) == (words, ())
    assert (sought.birth.precision, (sought.birth.date_from, sought.birth.date_to)) == (precision, bounds)


@pytest.mark.parametrize(
    ("text", "words", "numbers"),
    [
        ("0801-1990-12345", (), ("0801-1990-12345",)),
        ("0801 1990 12345", (), ("0801 1990 12345",)),
        ("PEGJ900302HHGRRN05 juan", ("juan",), ("PEGJ900302HHGRRN05",)),
        ("maria +504 9999-8888", ("maria",), ("+504 9999-8888",)),
        ("A1234567", (), ("A1234567",)),
        ("ana 12", ("ana",), ()),
    ],
)
def test_numbers_are_set_apart(text: str, words: tuple[str, ...], numbers: tuple[str, ...]) -> None:
    sought = parse_query(text, today=TODAY)
    assert (sought.loose, sought.numbers) == (words, numbers)
    assert sought.birth == BirthKnowledge()


def test_a_comma_keeps_the_parts() -> None:
    assert parse_query("López García, José 1990").names == PersonNames("José", "López García")


def test_an_age_means_nothing_without_a_day() -> None:
    assert parse_query("Xiloj 35 años").birth == BirthKnowledge()


@given(st.text(max_size=300))
def test_anything_may_be_typed(text: str) -> None:
    sought = parse_query(text, today=TODAY)
    assert all(word.isascii() and word.isalpha() for word in sought.loose)
    assert sought == parse_query(text, today=TODAY)


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_a_date_is_read_the_same_in_three_spellings(day: date) -> None:
    for text in (
        f"{day.day}/{day.month}/{day.year}",
        day.isoformat(),
        f"ana {day.day:02}.{day.month:02}.{day.year}",
    ):
        assert parse_query(text).birth.exact == day


# --- order ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("José / López / García", "José / Lopes / García"),
        ("José / Lopes / García", "José / Lara / García"),
        ("Pepe / López / García", "Pedro / López / García"),
        ("José / García / López", "José / Ruiz / García"),
        ("José / López", "José / López / Ruiz"),
        ("José Luis / López / García", "Juan Luis / López / García"),
    ],
)
def test_the_nearer_name_comes_first(better: str, worse: str) -> None:
    query = Sought(names=PersonNames("José", "López", "García"))
    assert [s.candidate.ref for s in rank(query, [person(worse), person(better)])] == [better, worse]


def test_births_in_order_of_how_well_they_fit() -> None:
    births = [
        born(1990), born(1990, 2, 3), born(1991), born(1990, 3, 9), in_year(1990, 1994, "AGE_ESTIMATED"),
        born(1990, 8, 17), born(1992, 8, 17), born(1975),
    ]  # fmt: skip
    candidates = [person("José / López / García", b) for b in births]
    mixed = random.Random(1).sample(candidates, len(candidates))
    ranked = rank(Sought(names=PersonNames("José", "López", "García"), birth=born(1990)), mixed)
    assert [s.candidate.birth for s in ranked] == births
    assert len({s.score for s in ranked}) == len(births)


@pytest.mark.parametrize(
    ("asked", "known", "reason"),
    [
        (born(1990), born(1990), Reason.SAME_BIRTH_DATE),
        (born(1990), born(1990, 2, 3), Reason.DAY_MONTH_SWAPPED),
        (born(1990), born(1991), Reason.BIRTH_YEAR_NEAR),
        (born(1987), born(1978), Reason.BIRTH_DATE_CLOSE),
        (born(1990), born(1990, 3, 9), Reason.BIRTH_DATE_CLOSE),
        (born(1990), born(1990, 8, 17), Reason.SAME_BIRTH_YEAR),
        (born(1990), in_year(1990), Reason.SAME_BIRTH_YEAR),
        (in_year(1991), born(1990), Reason.BIRTH_YEAR_NEAR),
        (born(1990), in_year(1988, 1992, "AGE_ESTIMATED"), Reason.BIRTH_FITS),
        (born(1990), BirthKnowledge("MONTH", date(1990, 3, 1), date(1990, 3, 31)), Reason.SAME_BIRTH_MONTH),
        (born(1990), born(1961, 8, 17), Reason.BIRTH_DIFFERS),
        (in_year(1970), born(1990), Reason.BIRTH_DIFFERS),
    ],
)
def test_the_birth_is_explained_the_same_either_way(
    asked: BirthKnowledge, known: BirthKnowledge, reason: Reason
) -> None:
    one, other = person("Ana / Xiloj", asked), person("Ana / Xiloj", known)
    assert reason in compare(one, other).reasons
    assert compare(one, other).score == compare(other, one).score


@pytest.mark.parametrize(
    ("asked", "known", "reason"),
    [
        ("Ana / Xiloj", "ANA / XILOJ", Reason.NAME_SAME),
        ("Ana / de la Cruz", "Ana / Delacruz", Reason.NAME_SAME),
        ("Hana / Siloj", "Ana / Xiloj", Reason.NAME_CLOSE),
        ("Jenifer / Vasquez", "Yennifer / Básquez", Reason.NAME_SOUNDS_ALIKE),
        ("Ana / Hermandez", "Ana / Hernández", Reason.NAME_CLOSE),
        ("Lupe / Xiloj", "Guadalupe / Xiloj", Reason.NICKNAME),
        ("Ana / Xiloj", "Ana / Xiloj / Tzul", Reason.NAME_PARTLY),
        ("Xiloj / Ana", "Ana / Xiloj", Reason.PARTS_EXCHANGED),
        ("Ana / Xiloj", "Pedro / Castro", Reason.NAME_DIFFERS),
    ],
)
def test_the_name_is_explained(asked: str, known: str, reason: Reason) -> None:
    assert reason in compare(person(asked), person(known)).reasons


def test_an_alias_is_found_and_said() -> None:
    names = PersonNames.of("Carlos", "Xiloj", None, "Carla Xiloj")
    found = score(Sought(names=PersonNames("Carla", "Xiloj")), Candidate(1, names))
    assert Reason.ALIAS in found.reasons
    assert found.score >= 95
    assert (
        Reason.ALIAS not in score(Sought(names=PersonNames("Carlos", "Xiloj")), Candidate(1, names)).reasons
    )


def test_words_without_parts_fit_whatever_their_order() -> None:
    candidate = person("Ana María / Xiloj / Tzul", born(1990))
    typed = [score(parse_query(text), candidate).score for text in ("ana xiloj 1990", "xiloj ana 1990")]
    assert typed[0] == typed[1] >= 90
    assert score(parse_query("ana castro 1990"), candidate).score < 75


def test_parts_exchanged_fit_a_little_less() -> None:
    exchanged = compare(person("Xiloj / Ana"), person("Ana / Xiloj"))
    assert 70 < exchanged.score < compare(person("Ana / Xiloj"), person("Ana / Xiloj")).score


def test_a_slip_of_the_pen_does_not_make_a_common_name_rare() -> None:
    slip, same = (compare(person(f"José / {s}"), person("José / López")).evidence for s in ("Lopwz", "López"))
    assert slip < same < compare(person("José / Xiloj"), person("José / Xiloj")).evidence


def test_the_first_of_january_says_less() -> None:
    on = {
        d: compare(person("Ana / Xiloj", born(1990, 1, d)), person("Ana / Xiloj", born(1990, 1, d)))
        for d in (1, 2)
    }
    assert on[1].score == on[2].score
    assert on[1].evidence < on[2].evidence


def test_what_is_heard_brings_words_nearer_than_what_is_written() -> None:
    heard = word_likeness("hernandez", "ermandes")
    assert 0.7 < heard < word_likeness("hernandez", "ernandes") < word_likeness("hernandez", "hernandez") == 1


def test_sex_is_weak_evidence_and_unknown_sex_none() -> None:
    query = Sought(names=PersonNames("Andrea", "Xiloj"), sex="F")
    unlike, like, unknown = (score(query, person("Andrea / Xiloj", sex=sex)) for sex in ("M", "F", "X"))
    assert unlike.score == like.score - 5 == unknown.score - 5
    assert Reason.SEX_DIFFERS in unlike.reasons
    assert Reason.SEX_DIFFERS not in unknown.reasons


def test_the_same_document_outweighs_the_name() -> None:
    query = Sought(names=PersonNames("Juan", "Pérez"), documents=(CURP,))
    ranked = rank(query, [person("Juan / Pérez"), person("Rosa / Tzul", documents=(CURP,))])
    assert [s.candidate.ref for s in ranked] == ["Juan / Pérez", "Rosa / Tzul"]
    assert ranked[1].reasons[0] is Reason.SAME_DOCUMENT
    assert ranked[1].score == 85
    assert score(query, person("Juan / Peres / Ruiz", documents=(CURP,))).score >= 97


def test_a_number_alone_finds_a_document_or_a_telephone() -> None:
    assert score(parse_query("pegj900302hhgrrn05"), person("Ana / Tzul", documents=(CURP,))).score == 97
    by_phone = score(parse_query("+502 5555 1234"), person("Ana / Tzul", phones=("55551234",)))
    assert (by_phone.score, by_phone.reasons) == (90, (Reason.SAME_PHONE,))
    assert score(parse_query("55550000"), person("Ana / Tzul", phones=("55551234",))).score == 0


def test_document_numbers_of_other_types_and_other_numbers() -> None:
    query = Sought(names=PersonNames("Ana", "Tzul"), documents=(Document("NATIONAL_ID", "0801199012345"),))
    elsewhere = score(query, person("Ana / Tzul", documents=(Document("PASSPORT", "0801199012345"),)))
    assert Reason.SAME_NUMBER_OTHER_TYPE in elsewhere.reasons
    another = score(query, person("Ana / Tzul", documents=(Document("NATIONAL_ID", "1703198500077"),)))
    assert Reason.DOCUMENT_DIFFERS in another.reasons
    assert another.score < elsewhere.score
    renewed = Sought(names=PersonNames("Ana", "Tzul"), documents=(Document("PASSPORT", "A111111"),))
    assert Reason.DOCUMENT_DIFFERS not in score(
        renewed, person("Ana / Tzul", documents=(Document("PASSPORT", "B999999"),))
    ).reasons  # fmt: skip


def test_the_wider_stage_may_be_left_out_when_somebody_fits() -> None:
    query = Sought(names=PersonNames("Ana", "Xiloj"), birth=born(1990))
    assert found_enough(rank(query, [person("Ana / Xiloj", born(1990))]))
    assert not found_enough(rank(query, [person("Ana / Castro", born(1961))]))
    assert not found_enough([])


# --- possible duplicates --------------------------------------------------------------------------------

SAME_PERSON = [
    (person("José Luis / López / García", born(1990)), person("Jose / Lopes", born(1990))),
    (person("José / López / García", born(1990)), person("Pepe / López / García", born(1990, 2, 3))),
    (person("María / Xiloj / Tzul", born(1990)), person("Maria / Xiloj / Tsul", in_year(1990))),
    (person("Guadalupe / Xiloj / Tzul"), person("Lupe / Xiloj / Tzul")),
    (person("Ana / Castro", born(1990), documents=(CURP,)), person("Rosa / Tzul", documents=(CURP,))),
    (person("Jean / Baptiste", born(1988, 7, 9)), person("Jan / Batiste", born(1988, 7, 9))),
]
OTHER_PERSON = [
    # Father and son, twins, siblings, namesakes by chance, nothing to tell them by.
    (person("José / López / García", born(1960)), person("José / López / García", born(1990, 8, 17))),
    (person("Ana / López / García", born(1990)), person("Rosa / López / García", born(1990))),
    (person("María José / Tzul / Ixcoy", born(1990)), person("María Fernanda / Tzul / Ixcoy", born(1990))),
    (person("Luis / Tzul / Ixcoy", born(1990)), person("Pedro / Tzul / Ixcoy", born(1991, 6, 1))),
    (person("Ixchel / Xiloj / Tzul", born(1990)), person("Ixchel / Xiloj / Ixcoy", born(1961, 8, 17))),
    (person("José / López"), person("José / López")),
    (person("María / López", in_year(1990)), person("María / López", in_year(1990))),
    (person(""), person("")),
]


@pytest.mark.parametrize(("one", "other"), SAME_PERSON)
def test_deserves_a_look(one: Candidate, other: Candidate) -> None:
    assert possible_duplicate(one, other)
    assert possible_duplicate(other, one)


@pytest.mark.parametrize(("one", "other"), OTHER_PERSON)
def test_deserves_no_look(one: Candidate, other: Candidate) -> None:
    assert not possible_duplicate(one, other)
    assert not possible_duplicate(other, one)


a_part = st.sampled_from(
    ["José", "Pepe", "María", "Ana María", "López", "Lopes", "Xiloj", "Tzul", "", "Jean", "J."]
)
a_birth = st.sampled_from(
    [
        born(1990),
        born(1990, 2, 3),
        born(1961),
        in_year(1990),
        in_year(1985, 1995, "AGE_ESTIMATED"),
        BirthKnowledge(),
    ]
)
a_record = st.builds(
    lambda g, a, b, birth, aliases: Candidate(0, PersonNames(g, a, b, aliases), birth),
    a_part, a_part, a_part, a_birth, st.lists(a_part.filter(bool), max_size=1).map(tuple),
)  # fmt: skip


@given(a_record, a_record)
def test_who_is_compared_with_whom_does_not_matter(one: Candidate, other: Candidate) -> None:
    there, back = compare(one, other), compare(other, one)
    assert 0 <= there.score <= 100
    assert possible_duplicate(one, other) is possible_duplicate(other, one)
    assert abs(there.score - back.score) <= 1


@given(a_record, a_record)
def test_nobody_is_more_like_a_person_than_themselves(one: Candidate, other: Candidate) -> None:
    assert compare(one, one).score >= compare(one, other).score


def test_every_reason_has_a_label() -> None:
    with (REFERENCE / "codes" / "match_reason.csv").open(encoding="utf-8", newline="") as file:
        labels = {row["code"]: row["label_es"] for row in csv.DictReader(file)}
    assert set(labels) == set(Reason)
    assert all(labels.values())
