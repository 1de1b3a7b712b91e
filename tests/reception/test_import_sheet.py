"""Files as they come: marks, separators, line breaks, formulas, merged cells, empty lines."""

from __future__ import annotations

import io
from datetime import date, datetime

import pytest

from caseapp.core.sheet import Unreadable, open_sheet
from caseapp.reception.service import reading
from caseapp.reception.service.reading import leave_families_whole, lines
from tests.reception.lists import WHERE, csv_file, person, workbook


def read(content):
    *_, found = reading.read(content, WHERE)
    return found


def problems(content):
    return [(row, w.column, w.code) for row, w in read(content).errors]


def table(text: str, encoding: str = "utf-8"):
    sheet = open_sheet(io.BytesIO(text.encode(encoding)))
    return sheet.head, [(r.number, r.cells) for r in sheet.rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_separators_and_marks(encoding, mark):
    head, rows = table(f"given_names{mark}surname_1\r\nÑusta{mark}Güeña\r\n", encoding)
    assert head == ("given_names", "surname_1") and rows == [(2, ("Ñusta", "Güeña"))]


def test_rows_are_numbered_as_a_spreadsheet_shows_them():
    """A record with line breaks in quotes is one row; an empty line is a row with nothing in it."""
    _, rows = table('given_names,surname_1\n"Ana\nMaría",Paz\n\n,\nLuz,Sol\n')
    assert rows == [(2, ("Ana María", "Paz")), (5, ("Luz", "Sol"))]


def test_what_cannot_be_seen_is_left_out():
    _, rows = table("given_names,surname_1\n\u200bAna\u00a0 Luz ,\u202ePaz\u202c\n")
    assert rows == [(2, ("Ana Luz", "Paz"))]


@pytest.mark.parametrize(
    "content",
    [b"", b"\n\nx,y\n", "given_names\nMu\u00f1oz\n".encode("latin-1"), b'given_names\n"Ana\nLuz,Sol\n',
     b"PK\x03\x04 not a workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", b"\xff\xfeg\x00i\x00"],
)  # fmt: skip
def test_what_is_no_table_is_refused_as_a_whole(content):
    with pytest.raises(Unreadable):
        list(open_sheet(io.BytesIO(content)).rows)


def test_a_workbook_is_text():
    sheet = open_sheet(workbook([
        ["given_names", "birth_date", "arrived_on", "document_number", "age", "head"],
        ["=1+1", date(1990, 3, 7), datetime(2025, 11, 20), 12345678, 35.0, True],  # noqa: DTZ001
        [],
        ["@Ana", "1990", None, "0012", None, None],
    ]))  # fmt: skip
    rows = list(sheet.rows)
    assert rows[0].cells == ("=1+1", "1990-03-07", "2025-11-20", "12345678", "35", "TRUE")
    assert (rows[1].number, rows[1].cells[:2], rows[1].cells[3]) == (4, ("@Ana", "1990"), "0012")


def test_merged_cells_are_asked_to_be_separated():
    content = workbook(
        [["given_names", "household"], ["Ana", "A"], ["Luz", None], ["Sol", None]], merge="B2:B3"
    )
    assert problems(content) == [(3, "household", "CELL_MERGED")]


def test_a_number_that_the_spreadsheet_cut_is_not_believed():
    content = workbook([["given_names", "document_number"], ["Ana", 12345678901234567]])
    assert problems(content) == [(2, "document_number", "NUMBER_ROUNDED")]


def test_more_cells_than_columns():
    content = io.BytesIO(b"given_names,surname_1\nAna,Paz,Luz\nSol,Mar,\n")
    assert problems(content) == [(2, "", "CELLS_TOO_MANY")]


def test_unknown_and_repeated_columns():
    content = io.BytesIO(b"given_names,apodo,given names\nAna,x,y\n")
    assert problems(content) == [(1, "apodo", "COLUMN_UNKNOWN"), (1, "given_names", "COLUMN_TWICE")]


def test_totals_and_empty_lines_are_not_people():
    found = read(io.BytesIO(b"given_names,age\nAna,30\n,\nTotal,30\n"))
    assert found.rows == 1 and not found.errors


def test_two_heads_and_too_many_members():
    rows = [person(external_id=str(i), household="A", head="1" if i in (2, 4) else "") for i in range(1, 28)]
    assert problems(csv_file(*rows)) == [
        (5, "head", "HEAD_TWICE"),
        (27, "household", "HOUSEHOLD_TOO_BIG"),
    ]


def test_the_same_identifier_with_other_data():
    same = person(source="L", external_id="1")
    found = read(
        csv_file(
            same, same, person(source="L", external_id="1", sex="F"), person(source="M", external_id="1")
        )
    )
    assert found.repeated == {3} and [(r, w.code, dict(w.facts)) for r, w in found.errors] == [
        (4, "SAME_ID", {"row": 2})
    ]


def test_lists_without_a_source_that_both_number_from_one_are_two_lists():
    found = read(csv_file(person(external_id="1"), person(external_id="1", given_names="Otra")))
    assert not found.errors and not found.repeated


def test_without_an_identifier_the_content_is_the_identity():
    found = read(csv_file(person(), person(), person(age="30")))
    assert found.repeated == {3} and not found.errors


def test_where_h_stands_for_men_a_bare_m_is_not_believed():
    found = read(
        csv_file(
            person(sex="M", external_id="1"),
            person(sex="H", external_id="2"),
            person(sex="F", external_id="3"),
        )
    )
    assert sorted((r, w.code) for r, w in found.errors) == [(2, "SEX_AMBIGUOUS"), (3, "SEX_AMBIGUOUS")]


def test_a_family_with_a_wrong_row_waits_for_it():
    content = csv_file(
        person(external_id="1", household="A"), person(external_id="2", household="A", sex="?"),
        person(external_id="3"),
    )  # fmt: skip
    found = read(content)
    leave_families_whole(content, found)
    assert [(r, w.code) for r, w in found.errors] == [(2, "HOUSEHOLD_ROW_WRONG"), (3, "SEX_UNKNOWN")]
    assert [line.checked.number for line in lines(content, found)] == [4]
