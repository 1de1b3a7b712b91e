"""Each kind of wrong cell has its reason, and what is right is understood however it is written."""

from __future__ import annotations

from datetime import date

import pytest

from caseapp.people.rules import Birth
from caseapp.reception.rules.reasons import SENTENCES, sentence
from caseapp.reception.rules.rows import check_head, check_row, is_total, number_holds, situation
from tests.reception.lists import WHERE, person

#: (what a row says, the column and reason it gets)
WRONG = [
    ({"given_names": "", "surname_1": ""}, ("given_names", "NAME_MISSING")),
    ({"given_names": "x" * 121}, ("given_names", "TOO_LONG")),
    ({"surname_2": "#N/A"}, ("surname_2", "CELL_ERROR")),
    ({"birth_date": "#¡VALOR!"}, ("birth_date", "CELL_ERROR")),
    ({"birth_date": "2023-02-29"}, ("birth_date", "DATE_IMPOSSIBLE")),
    ({"birth_date": "03/25/1990"}, ("birth_date", "DATE_IMPOSSIBLE")),
    ({"birth_date": "=TODAY()"}, ("birth_date", "DATE_IMPOSSIBLE")),
    ({"birth_date": "07/03/90"}, ("birth_date", "YEAR_SHORT")),
    ({"birth_date": "12-ene-90"}, ("birth_date", "YEAR_SHORT")),
    ({"birth_date": "12-xyz-1990"}, ("birth_date", "DATE_IMPOSSIBLE")),
    ({"birth_date": "29 de febrero de 2001"}, ("birth_date", "DATE_IMPOSSIBLE")),
    ({"birth_date": "33025"}, ("birth_date", "DATE_SERIAL")),
    ({"birth_date": "2026-01-01"}, ("birth_date", "DATE_FUTURE")),
    ({"birth_date": "1890-01-01"}, ("birth_date", "DATE_TOO_OLD")),
    ({"birth_date": "1990-01-01", "birth_precision": "EXACT"}, ("birth_precision", "PRECISION_UNKNOWN")),
    ({"birth_date": "1990", "birth_precision": "DAY"}, ("birth_precision", "PRECISION_DIFFERS")),
    ({"birth_date": "1990-05", "birth_precision": "UNKNOWN"}, ("birth_precision", "PRECISION_DIFFERS")),
    ({"birth_precision": "YEAR"}, ("birth_precision", "PRECISION_DIFFERS")),
    ({"birth_precision": "AGE_ESTIMATED"}, ("birth_precision", "PRECISION_DIFFERS")),
    ({"age": "130"}, ("age", "AGE_IMPOSSIBLE")),
    ({"age": "-3"}, ("age", "AGE_IMPOSSIBLE")),
    ({"age": "doce"}, ("age", "AGE_IMPOSSIBLE")),
    ({"birth_date": "1990-01-01", "age": "12"}, ("age", "AGE_DIFFERS")),
    ({"birth_date": "2025-11-22", "arrived_on": "2025-11-01"}, ("arrived_on", "BORN_AFTER_ARRIVAL")),
    ({"arrived_on": "2025-11-24"}, ("arrived_on", "DATE_FUTURE")),
    ({"arrived_on": "2009-01-01"}, ("arrived_on", "DATE_TOO_OLD")),
    ({"arrived_on": "2025-11"}, ("arrived_on", "DATE_IMPOSSIBLE")),
    ({"nationality": "ZZZ"}, ("nationality", "COUNTRY_UNKNOWN")),
    ({"nationality": "Ruritania"}, ("nationality", "COUNTRY_UNKNOWN")),
    ({"nationality": "HND, XXX"}, ("nationality", "NATIONALITY_COMBINED")),
    ({"nationality": "HND/HND"}, ("nationality", "NATIONALITY_COMBINED")),
    ({"languages": "klingon"}, ("languages", "LANGUAGE_UNKNOWN")),
    ({"languages": "spa;xx"}, ("languages", "LANGUAGE_UNKNOWN")),
    ({"sex": "H"}, ("sex", "SEX_AMBIGUOUS")),
    ({"sex": "?"}, ("sex", "SEX_UNKNOWN")),
    ({"document_type": "LIBRARY"}, ("document_type", "DOCUMENT_TYPE_UNKNOWN")),
    ({"document_type": "NONE", "document_number": "123456"}, ("document_type", "DOCUMENT_CONTRADICTS")),
    ({"document_type": "CURP", "document_number": "BOXW310820HNERXN08"}, ("document_number", "DOCUMENT_NUMBER_WRONG")),
    ({"document_type": "DIMEX", "document_number": "12345"}, ("document_number", "DOCUMENT_NUMBER_WRONG")),
    ({"document_type": "NATIONAL_ID", "document_number": "99", "nationality": "CRI"},
     ("document_number", "DOCUMENT_NUMBER_WRONG")),
    ({"household": "A", "relation": "vecina"}, ("relation", "RELATION_UNKNOWN")),
    ({"household": "A", "head": "sí", "relation": "CHILD"}, ("relation", "RELATION_OF_HEAD")),
    ({"relation": "CHILD"}, ("relation", "RELATION_ALONE")),
    ({"household": "A", "head": "quizá"}, ("head", "HEAD_UNKNOWN")),
    ({"arrival_place": "Atlantis"}, ("arrival_place", "PLACE_UNKNOWN")),
    ({"site": "GT-TEC"}, ("site", "SITE_OTHER")),
    ({"phone": "llamar a Ana"}, ("phone", "PHONE_WRONG")),
    ({"phone": "123"}, ("phone", "PHONE_WRONG")),
]  # fmt: skip
#: Reasons about several rows or about the sheet: tested with whole files (sheet, nasty, importing).
OF_FILES = {
    "CELL_MERGED", "NUMBER_ROUNDED", "CELLS_TOO_MANY", "COLUMN_UNKNOWN", "COLUMN_TWICE", "HEAD_TWICE",
    "HOUSEHOLD_TOO_BIG", "HOUSEHOLD_ROW_WRONG", "SAME_ID", "HEAD_NONE", "ALIKE_ROW", "ALIKE_REGISTERED",
}  # fmt: skip


@pytest.mark.parametrize(("says", "expected"), WRONG)
def test_a_wrong_cell_is_named_with_its_reason(says, expected):
    checked, wrong = check_row(7, person(**says), WHERE)
    assert checked is None
    assert [(w.column, w.code) for w in wrong] == [expected]


def test_every_reason_has_a_test_here_or_with_whole_files():
    assert {code for _, (_, code) in WRONG} | OF_FILES == set(SENTENCES)


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_no_sentence_repeats_a_cell(code):
    text = sentence(code, {"row": 4, "most": 25, "name": "apodo"})
    assert text and "%(" not in text


def test_everything_wrong_is_said_at_once():
    _, wrong = check_row(2, person(birth_date="2030-01-01", sex="?", nationality="ZZZ", phone="x"), WHERE)
    assert {w.column for w in wrong} == {"birth_date", "sex", "nationality", "phone"}


def test_a_name_is_enough():
    for name in ("given_names", "surname_1", "also_known_as"):
        checked, wrong = check_row(2, {name: "Ixchel"}, WHERE)
        assert not wrong and checked is not None
        assert (checked.nationalities, checked.sex, checked.arrived_on) == (("UNK",), "NOT_ASKED", WHERE.on)


@pytest.mark.parametrize(
    ("says", "birth"),
    [
        ({"birth_date": "1990-03-07"}, Birth("DAY", date(1990, 3, 7), date(1990, 3, 7))),
        ({"birth_date": "7/3/1990"}, Birth("DAY", date(1990, 3, 7), date(1990, 3, 7))),
        ({"birth_date": "07.03.1990"}, Birth("DAY", date(1990, 3, 7), date(1990, 3, 7))),
        ({"birth_date": "2024-02-29"}, Birth("DAY", date(2024, 2, 29), date(2024, 2, 29))),
        ({"birth_date": "03/1990"}, Birth("MONTH", date(1990, 3, 1), date(1990, 3, 31))),
        ({"birth_date": "1990"}, Birth("YEAR", date(1990, 1, 1), date(1990, 12, 31))),
        ({"birth_date": "1990-01-01", "birth_precision": "year"}, Birth("YEAR", date(1990, 1, 1), date(1990, 12, 31))),
        ({"birth_date": "1990-01-01", "birth_precision": "Solo el año", "age": "35"},
         Birth("YEAR", date(1990, 1, 1), date(1990, 12, 31))),
        ({"age": "34"}, Birth("AGE_ESTIMATED", date(1989, 11, 24), date(1992, 11, 23))),
        ({}, Birth()),
        ({"birth_precision": "UNKNOWN"}, Birth()),
    ],
)  # fmt: skip
def test_birth_is_kept_as_precisely_as_it_is_known(says, birth):
    checked, wrong = check_row(2, person(**says), WHERE)
    assert not wrong and checked is not None and checked.birth == birth


@pytest.mark.parametrize(
    ("column", "text", "attribute", "value"),
    [
        ("nationality", "hn", "nationalities", ("HND",)),
        ("nationality", "Haití", "nationalities", ("HTI",)),
        ("nationality", "HAITI", "nationalities", ("HTI",)),
        ("nationality", "El Salvador, Guatemala", "nationalities", ("SLV", "GTM")),
        ("nationality", "Apátrida", "nationalities", ("XXX",)),
        ("languages", "spa; Haitian Creole", "languages", ("spa", "hat")),
        ("languages", "español", "languages", ("spa",)),
        ("sex", "Mujer", "sex", "F"),
        ("sex", "m", "sex", "M"),
        ("sex", "No se preguntó", "sex", "NOT_ASKED"),
        ("document_type", "Pasaporte", "document_type", "PASSPORT"),
        ("document_number", "A-12", "document_type", "OTHER"),
        ("arrival_place", "chiapas", "place", "MX07"),
        ("arrival_place", "MX07089", "place", "MX07089"),
        ("site", "mx-tap", "place", None),
        ("phone", "+504 9988-7766", "phone", "+504 9988-7766"),
        ("given_names", "=HYPERLINK(1)", "given_names", "=HYPERLINK(1)"),
        ("given_names", "+Ana", "given_names", "+Ana"),
    ],
)
def test_words_are_understood(column, text, attribute, value):
    checked, wrong = check_row(2, person(**{column: text}), WHERE)
    assert not wrong and getattr(checked, attribute) == value


@pytest.mark.parametrize(
    ("kind", "number", "nationalities", "holds"),
    [
        ("CURP", "BOXW310820HNERXN09", (), True),
        ("CURP_TEMPORARY", "BOXW310820HNERXN08", (), False),
        ("DIMEX", "155812994816", (), True),
        ("DIMEX", "255812994816", (), False),
        ("NATIONAL_ID", "1-613-584", ("CRI",), True),
        ("NATIONAL_ID", "30-1234-1234", ("CRI",), False),
        ("NATIONAL_ID", "whatever", ("HND",), True),
        ("PASSPORT", "F1", (), True),
    ],
)
def test_identity_numbers_pass_their_published_check(kind, number, nationalities, holds):
    assert number_holds(kind, number, nationalities) is holds


@pytest.mark.parametrize(
    ("nationalities", "stated"),
    [
        (("HND",), ("ASYLUM_SEEKER",)),
        (("MEX",), ()),
        (("HND", "MEX"), ()),
        (("UNK",), ()),
        (("XXX",), ("ASYLUM_SEEKER",)),
    ],
)
def test_nobody_seeks_asylum_at_home(nationalities, stated):
    assert situation(nationalities, "MEX") == stated


def test_columns_are_found_however_they_are_spelled():
    places, wrong = check_head((" Given Names ", "SURNAME-1", "Arrived_On", ""))
    assert places == {"given_names": 0, "surname_1": 1, "arrived_on": 2} and not wrong
    _, wrong = check_head(("given_names", "apodo", "Given names"))
    assert [w.code for w in wrong] == ["COLUMN_UNKNOWN", "COLUMN_TWICE"] and wrong[0].facts == {
        "name": "apodo"
    }
    assert [w.code for w in check_head(("sex",))[1]] == ["NAME_MISSING"]


@pytest.mark.parametrize(
    ("cells", "sums"),
    [
        ({"source": "TOTAL", "age": "120"}, True),
        ({"given_names": "Totales:", "age": "=SUM(M2:M9)"}, True),
        ({"given_names": "Total", "surname_1": "Pérez"}, False),
        ({"age": "120"}, False),
    ],
)
def test_a_line_of_totals_is_nobody(cells, sums):
    assert is_total(cells) is sums
