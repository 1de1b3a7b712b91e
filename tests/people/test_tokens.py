"""Phonetic keys, keyed tokens, and what is asked for a search."""

from __future__ import annotations

import hashlib
import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseapp.people.search import (
    TOKEN_VERSION,
    BirthKnowledge,
    Document,
    Kind,
    PersonNames,
    Sought,
    StageName,
    query_tokens,
    stored_tokens,
    too_general,
)
from caseapp.people.search.frequency import BOUND, Frequency, Population, estimate, frozen
from caseapp.people.search.names import REFERENCE, also_called, given_and_surnames, name_words
from caseapp.people.search.phonetics import phonetic
from caseapp.people.search.tokens import document_number, near_dates, phone_number

KEY = b"k" * 32
OTHER_KEY = b"o" * 32
NAMES = [
    "María",
    "José",
    "Luis",
    "Ana",
    "Carlos",
    "Lupe",
    "Xiomara",
    "Jhon",
    "Wilner",
    "Guerline",
    "Ignacio",
    "Ángela",
    "López",
    "García",
    "Xiloj",
    "Tzul",
    "Hernández",
    "Peña",
    "Baptiste",
    "Étienne",
    "Souza",
    "Carvalho",
    "Echeverría",
    "Zúñiga",
    "Ixcoy",
    "Cuauhtémoc",
    "Wright",
]
a_name = st.sampled_from(NAMES)
birth_days = st.dates(date(1930, 1, 1), date(2025, 12, 28))


def born(day: date) -> BirthKnowledge:
    return BirthKnowledge("DAY", day, day)


def in_year(year: int) -> BirthKnowledge:
    return BirthKnowledge("YEAR", date(year, 1, 1), date(year, 12, 31))


def kinds(names: PersonNames, birth: BirthKnowledge | None = None) -> set[Kind]:
    return {t.kind for t in stored_tokens(names, birth or BirthKnowledge(), key=KEY)}


def stages_that_find(
    sought: Sought, names: PersonNames, birth: BirthKnowledge | None = None
) -> set[StageName]:
    stored = stored_tokens(names, birth or BirthKnowledge(), key=KEY)
    return {stage.name for stage in query_tokens(sought, key=KEY) if stage.tokens & stored}


# --- keys -----------------------------------------------------------------------------------------------

SOUND_ALIKE = [
    "López Lopes Lópe LOPEZ", "Hernández Ernandez Hernandes Hernándes", "Jiménez Giménez Ximénez Jimenes",
    "Vázquez Básques Vasquez Bazquez", "Jhon John Yon Jon", "Jennifer Yenifer Llenifer Jenifer Yennifer",
    "Jessica Yessica Yesica", "Ximena Jimena", "Xiomara Siomara Ciomara", "Huerta Werta Güerta",
    "Guadalupe Wadalupe", "Walter Gualter", "Agüero Agwero", "Peña Pena", "Acuña Acunha", "Ignacio Inacio",
    "Zambrano Sanbrano", "Yolanda Llolanda", "Valle Baye", "Carvalho Carballo", "Michelle Michel",
    "Christian Cristian", "Quispe Kispe", "Enrique Enrrique Henrique", "Mejía Megía", "Souza Sosa Sousa",
    "Louis Luis Lwi", "Philippe Filipe Felipe", "Cháves Chavez", "Daisy Daysi", "Reyes Relles",
    "Dayana Daiana", "Kevin Quevin", "Josué Yosue", "Thomas Tomás", "Torres Torre", "David Davi",
    "Moreau Moro", "Sharon Charon", "Guzmán Gusman",
]  # fmt: skip
SOUND_APART = [
    "López Lara", "Pérez Flores", "García Gracia", "Martínez Martín", "María Mario", "Ana Inés",
    "Castro Castillo", "Rojas Reyes", "Ramos Ramírez", "Luis Lucas", "Jean Joseph", "Pierre Paul",
    "Guerra Jerez", "Peña Piña-Alba", "Cruz Cortés", "Mora Moreno", "Silvia Salvia", "Chávez Sáez",
    "Wilson Nelson", "Karla Carmen", "Flor Flores", "Juan Joan-Luz",
]  # fmt: skip


@pytest.mark.parametrize("words", SOUND_ALIKE)
def test_what_sounds_alike_shares_a_key(words: str) -> None:
    assert len({phonetic(word) for word in words.split()}) == 1


@pytest.mark.parametrize("words", SOUND_APART)
def test_other_names_have_other_keys(words: str) -> None:
    one, other = words.split()
    assert phonetic(one) != phonetic(other)


def test_a_word_without_latin_letters_has_no_key() -> None:
    assert (phonetic("123"), phonetic(""), phonetic("مريم")) == ("", "", "")


@given(st.text(max_size=30))
def test_a_key_holds_plain_letters_only_and_is_the_same_for_both_unicode_forms(text: str) -> None:
    key = phonetic(text)
    assert key == phonetic(unicodedata.normalize("NFD", text))
    assert not key or (key.isascii() and key.islower() and key.isalpha())


@given(a_name)
def test_accents_and_case_do_not_matter(name: str) -> None:
    bare = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))
    assert phonetic(bare.upper()) == phonetic(name) == phonetic(name.lower()) != ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("de la Cruz", ["cruz"]),
        ("Delacruz", ["cruz"]),
        ("Del Valle", ["valle"]),
        ("Delgado", ["delgado"]),
        ("San Martín", ["sanmartin"]),
        ("Sanmartín", ["sanmartin"]),
        ("María de los Ángeles", ["maria", "angeles"]),
        ("Ma. Guadalupe", ["maria", "guadalupe"]),
        ("dos Santos", ["santos"]),
        ("de la O", ["o"]),
        ("Jean-Baptiste", ["jean", "baptiste"]),
        ("O'Connor", ["oconnor"]),
        ("D’Angelo", ["dangelo"]),
        ("  ", []),
    ],
)
def test_particles_fall_and_san_is_joined(text: str, words: list[str]) -> None:
    assert name_words(text) == words


def test_an_alias_gives_more_names_and_its_middle_word_may_be_either() -> None:
    names = PersonNames.of("José", "Xiloj", None, "Pepe / Carla Inés Tzul", "Chepe")
    assert names.aliases == ("Pepe", "Carla Inés Tzul", "Chepe")
    assert given_and_surnames(names) == (
        ["jose", "pepe", "carla", "ines", "chepe"],
        ["xiloj", "ines", "tzul"],
    )


def test_nicknames_go_both_ways() -> None:
    for nickname, name in (("Pepe", "José"), ("Paco", "Francisco"), ("Lupe", "Guadalupe"), ("Zé", "José")):
        assert phonetic(name) in also_called(phonetic(nickname))
        assert phonetic(nickname) in also_called(phonetic(name))
    assert also_called(phonetic("Xiloj")) == frozenset()


# --- what is stored -------------------------------------------------------------------------------------


@given(a_name, a_name, a_name, birth_days)
def test_the_order_of_surnames_does_not_matter(name: str, one: str, other: str, day: date) -> None:
    there = stored_tokens(PersonNames(name, one, other), born(day), key=KEY)
    assert there == stored_tokens(PersonNames(name, other, one), born(day), key=KEY)
    assert there


@given(a_name, a_name, a_name, birth_days)
def test_another_key_gives_other_tokens(name: str, one: str, other: str, day: date) -> None:
    names = PersonNames(name, one, other)
    mine, theirs = (stored_tokens(names, born(day), key=key) for key in (KEY, OTHER_KEY))
    assert len(mine) == len(theirs)
    assert not mine & theirs


@given(a_name, a_name, birth_days)
def test_a_token_fits_a_signed_32_bit_integer(name: str, surname: str, day: date) -> None:
    document = Document("PASSPORT", f"A{day:%Y%m%d}")
    tokens = stored_tokens(PersonNames(name, surname), born(day), [document], ["+502 5555 1234"], key=KEY)
    assert all(-(2**31) <= t.token < 2**31 for t in tokens)
    assert min(t.kind for t in tokens) is Kind.DOCUMENT


def test_kinds_are_kept_apart() -> None:
    tokens = stored_tokens(PersonNames("Xiloj", "Xiloj"), key=KEY)
    single = {t.kind: t.token for t in tokens if t.kind in (Kind.GIVEN, Kind.SURNAME)}
    assert single[Kind.GIVEN] != single[Kind.SURNAME]


def test_a_rare_person_has_pairs_and_singles() -> None:
    assert kinds(PersonNames("Cuauhtémoc", "Xiloj", "Tzul"), born(date(1990, 3, 2))) == {
        Kind.SURNAMES, Kind.GIVEN_SURNAME, Kind.SURNAME_YEAR, Kind.GIVEN_DATE, Kind.SURNAME, Kind.GIVEN,
    }  # fmt: skip


def test_a_common_person_has_no_pair_of_names_but_triples() -> None:
    assert kinds(PersonNames("José", "López", "García"), born(date(1990, 3, 2))) == {
        Kind.GIVEN_DATE, Kind.GIVEN_SURNAMES, Kind.SURNAMES_YEAR, Kind.GIVEN_SURNAME_YEAR,
    }  # fmt: skip
    assert kinds(PersonNames("José", "López")) == set()


def test_what_is_too_frequent_is_decided_by_the_frequencies_given() -> None:
    names = PersonNames("Aa", "Bb", "Cc")
    common = Frequency({phonetic("Aa"): 0.02}, {phonetic("Bb"): 0.02, phonetic("Cc"): 1e-6})
    stored = stored_tokens(names, key=KEY, frequency=common)
    assert sorted(t.kind for t in stored) == [Kind.SURNAMES, Kind.GIVEN_SURNAME, Kind.SURNAME]
    asked = query_tokens(Sought(names=names), key=KEY, frequency=common)
    assert stored == asked[1].tokens | (asked[2].tokens & stored)
    shares = dict.fromkeys(map(phonetic, ("Aa", "Bb", "Cc", "BbCc")), 1.0)
    everybody = Frequency(shares, shares)
    assert stored_tokens(names, in_year(1990), key=KEY, frequency=everybody) == frozenset()
    assert not any(s.tokens for s in query_tokens(Sought(names=names), key=KEY, frequency=everybody))


def test_the_first_of_january_is_written_where_only_the_year_is_known() -> None:
    names = PersonNames("José", "Xiloj")
    very_common = Frequency({phonetic("José"): 0.15}, {})
    by_day = [stored_tokens(names, born(date(1990, 1, d)), key=KEY, frequency=very_common) for d in (1, 2)]
    assert [Kind.GIVEN_DATE in {t.kind for t in tokens} for tokens in by_day] == [False, True]


def test_birth_is_stored_as_it_is_known() -> None:
    names = PersonNames("Cuauhtémoc", "Xiloj")
    year = {t for t in stored_tokens(names, in_year(1990), key=KEY) if t.kind is Kind.SURNAME_YEAR}
    exact = stored_tokens(names, born(date(1990, 3, 2)), key=KEY)
    assert len(year) == 1
    assert year < exact
    about = BirthKnowledge("AGE_ESTIMATED", date(1988, 1, 1), date(1992, 12, 31))
    assert sum(t.kind is Kind.SURNAME_YEAR for t in stored_tokens(names, about, key=KEY)) == 5
    grown_up = BirthKnowledge("AGE_ESTIMATED", date(1940, 1, 1), date(2007, 12, 31))
    assert Kind.SURNAME_YEAR not in kinds(names, grown_up)


def test_stored_tokens_change_only_with_the_version() -> None:
    """If this fails, stored tokens would no longer be found: raise TOKEN_VERSION, reindex, and write the new
    digest here under the new version."""
    people = [
        PersonNames(f"{NAMES[i]} {NAMES[i - 3]}", NAMES[i - 1], NAMES[i - 2], ("Chepe",))
        for i in range(len(NAMES))
    ]
    tokens = [sorted(stored_tokens(p, born(date(1990, 3, 2)), key=KEY)) for p in people]
    text = repr([[(int(k), t) for k, t in one] for one in tokens]) + repr([phonetic(w) for w in NAMES])
    text += (REFERENCE / "name_frequency.csv").read_text(encoding="utf-8")
    digests = {1: "9eff90ebc4dd6f66"}
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == digests[TOKEN_VERSION]


# --- what is asked --------------------------------------------------------------------------------------


@given(st.lists(a_name, min_size=1, max_size=2), a_name, a_name, birth_days)
def test_the_same_names_and_birth_are_always_found_at_once(
    names: list[str], one: str, other: str, day: date
) -> None:
    person = PersonNames(" ".join(names), one, other)
    assert StageName.PAIRS in stages_that_find(Sought(names=person, birth=born(day)), person, born(day))
    loose = Sought(loose=(*names, other, one), birth=born(day))
    assert StageName.PAIRS in stages_that_find(loose, person, born(day))


@given(st.lists(a_name, max_size=4), birth_days)
def test_no_stage_repeats_a_token(loose: list[str], day: date) -> None:
    stages = query_tokens(Sought(loose=tuple(loose), birth=born(day), numbers=("A1234567",)), key=KEY)
    assert [stage.name for stage in stages] == list(StageName)
    assert len(frozenset.union(*(s.tokens for s in stages))) == sum(len(s.tokens) for s in stages)


STORED = PersonNames("Guadalupe Ixchel", "Xiloj", "Hernández")
BORN = born(date(1990, 3, 2))
IN_PAIRS = {
    "by ear": Sought(names=PersonNames("Wadalupe", "Siloj", "Ernandes")),
    "nickname": Sought(names=PersonNames("Lupita", "Hernández"), birth=born(date(1990, 3, 2))),
    "day and month": Sought(names=PersonNames("Guadalupe", "Pérez"), birth=born(date(1990, 2, 3))),
    "a year off": Sought(names=PersonNames("Guadalupe", "Pérez"), birth=born(date(1991, 3, 2))),
    "surname and year beside": Sought(loose=("xiloj",), birth=in_year(1989)),
    "exchanged": Sought(loose=("hernandez", "xiloj")),
}  # fmt: skip


@pytest.mark.parametrize("how", IN_PAIRS)
def test_pairs_find_in_spite_of(how: str) -> None:
    assert StageName.PAIRS in stages_that_find(IN_PAIRS[how], STORED, BORN)


# What is sought, who is stored, and whether the pairs find them too (then the wider stage only adds a way).
WIDER = {
    "one rare surname": (Sought(loose=("Xiloj",)), STORED, False),
    "one rare given name": (Sought(loose=("Ixchel",)), STORED, False),
    "slip of the pen": (
        Sought(names=PersonNames("José", "Lpoez"), birth=in_year(1990)),
        PersonNames("José", "López"),
        False,
    ),
    "parts exchanged": (
        Sought(names=PersonNames("Castro", "Rosaura")),
        PersonNames("Rosaura", "Castro"),
        False,
    ),
    "two words as one": (
        Sought(names=PersonNames("Ana Bella", "Castro")),
        PersonNames("Anabella", "Castro"),
        False,
    ),
    "a year beside": (Sought(loose=("Xiloj",), birth=in_year(1990)), STORED, True),
}


@pytest.mark.parametrize("how", WIDER)
def test_the_wider_stage_finds(how: str) -> None:
    sought, stored, in_pairs = WIDER[how]
    found = stages_that_find(sought, stored, in_year(1990))
    assert StageName.WIDER in found
    assert (StageName.PAIRS in found) is in_pairs


def test_a_word_whose_part_is_unknown_is_no_pair_with_itself() -> None:
    _, pairs, wider = query_tokens(Sought(loose=("Xiloj",)), key=KEY)
    assert pairs.tokens == frozenset()
    assert {t.kind for t in wider.tokens} == {Kind.SURNAME, Kind.GIVEN}
    assert Kind.GIVEN_SURNAME in kinds(PersonNames("Xiloj", "Xiloj"))


@pytest.mark.parametrize("text", ["María", "López", "José", "José López"])
def test_a_common_name_alone_finds_nobody(text: str) -> None:
    sought = Sought(loose=tuple(text.split()))
    assert stages_that_find(sought, PersonNames("José María", "López"), BORN) == set()


@pytest.mark.parametrize(
    ("sought", "general"),
    [
        (Sought(loose=("José", "López")), True),
        (Sought(names=PersonNames("Jean", "Toussaint")), True),
        (Sought(loose=("María",)), True),
        (Sought(birth=BORN), True),
        (Sought(), True),
        (Sought(loose=("José", "López", "García")), False),
        (Sought(loose=("José", "López"), birth=in_year(1990)), False),
        (Sought(loose=("José",), birth=BORN), False),
        (Sought(loose=("José", "Xiloj")), False),
        (Sought(loose=("Xiloj",)), False),
        (Sought(numbers=("A1234567",)), False),
    ],
)
def test_a_search_is_too_general_when_many_would_answer(sought: Sought, general: bool) -> None:
    assert too_general(sought) is general


def test_a_birth_alone_asks_nothing() -> None:
    assert all(not stage.tokens for stage in query_tokens(Sought(birth=BORN), key=KEY))


def test_dates_that_do_not_exist_are_not_asked() -> None:
    assert near_dates(born(date(2000, 2, 29))) == (date(2000, 2, 29),)
    assert near_dates(born(date(2000, 5, 5))) == (date(2000, 5, 5), date(1999, 5, 5), date(2001, 5, 5))
    assert near_dates(in_year(2000)) == ()


@given(st.lists(st.sampled_from(["Lina", "Tito", "Chencho", "Beto", *NAMES]), min_size=6, max_size=30))
def test_absurd_questions_are_bounded(words: list[str]) -> None:
    text = " ".join(words)
    about = BirthKnowledge("AGE_ESTIMATED", date(1985, 1, 1), date(1995, 12, 31))
    sought = Sought(names=PersonNames(text, text, text), birth=about)
    assert max(len(stage.tokens) for stage in query_tokens(sought, key=KEY)) <= 400
    assert len(stored_tokens(sought.names, about, key=KEY)) <= 96


# --- numbers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document_type", "written", "compared"),
    [
        ("NATIONAL_ID", "0801-1990-12345", "0801199012345"),
        ("PASSPORT", " a 123.456 ", "A123456"),
        ("CURP", "PEGJ9OO3O2HHGRRN05", "PEGJ900302HHGRRN05"),
        ("DIMEX", "DIMEX 155-8123 45678", "155812345678"),
        ("NONE", "12345678", ""),
        ("OTHER", "123", ""),
        ("OTHER", "000000", ""),
    ],
)
def test_document_numbers_are_compared_without_marks(document_type: str, written: str, compared: str) -> None:
    assert document_number(Document(document_type, written)) == compared


def test_a_document_is_found_exactly_and_within_its_type() -> None:
    stored = stored_tokens(
        PersonNames(), BirthKnowledge(), [Document("CURP_TEMPORARY", "PEGJ900302HHGRRN05")], key=KEY
    )
    for sought, found in (
        (Sought(documents=(Document("CURP", "pegj900302hhgrrn05"),)), True),
        (Sought(numbers=("PEGJ-900302-HHGRRN05",)), True),
        (Sought(documents=(Document("PASSPORT", "PEGJ900302HHGRRN05"),)), False),
        (Sought(documents=(Document("CURP", "PEGJ900302HHGRRN06"),)), False),
    ):
        exact = query_tokens(sought, key=KEY)[0]
        assert exact.name is StageName.EXACT
        assert bool(exact.tokens & stored) is found


def test_a_telephone_is_the_same_with_and_without_its_country() -> None:
    assert phone_number("+502 5555-1234") == phone_number("5555 1234") == phone_number("(00502) 55551234")
    assert phone_number("55551235") != phone_number("55551234")
    assert phone_number("12345") == phone_number("00000000") == ""
    stored = stored_tokens(PersonNames(), phones=["+502 5555-1234"], key=KEY)
    assert query_tokens(Sought(numbers=("5555 1234",)), key=KEY)[0].tokens & stored


# --- frequencies ----------------------------------------------------------------------------------------


def test_frequencies_are_shares_of_persons() -> None:
    found = estimate(
        [
            Population("surname", "es", [("López", 60), ("Lopes", 20), ("", 20)]),
            Population("surname", "es", [("Tzul", 1)]),
            Population("surname", "ht", [("Jean-Louis", 1), ("Tzul", 9)]),
            Population("given", "es", [("María Luz", 2), ("Luz", 2)]),
        ]
    )
    assert found.surname == pytest.approx(
        {phonetic("López"): 0.8, phonetic("Tzul"): 1.0, phonetic("Jean"): 0.2, phonetic("Louis"): 0.2}
    )
    assert found.given == pytest.approx({phonetic("María"): 0.85, phonetic("Luz"): 1.0})
    assert found.of_surnames(phonetic("López"), phonetic("Jean")) == pytest.approx(0.08)


def test_the_list_in_use_knows_common_names() -> None:
    in_use = frozen()
    assert in_use.of_surnames(phonetic("García"), phonetic("Hernández")) > BOUND
    assert in_use.of_given(phonetic("María")) > 0.05
    assert in_use.of_surname(phonetic("Xiloj")) < BOUND
