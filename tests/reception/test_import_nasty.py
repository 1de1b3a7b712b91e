"""A made-up file with everything that goes wrong in spreadsheets, and the report that it must get."""

from __future__ import annotations

from pathlib import Path

from caseapp.reception.service import reading
from caseapp.reception.service.reading import leave_families_whole, lines
from tests.reception.lists import WHERE

NASTY = Path(__file__).parent / "data" / "nasty.csv"


def test_the_report_names_every_row_and_column():
    with NASTY.open("rb") as content:
        *_, found = reading.read(content, WHERE)
        assert found.rows == 24 and found.repeated == {17}
        assert [(row, w.column, w.code) for row, w in found.errors] == [
            (6, "birth_date", "DATE_IMPOSSIBLE"),
            (7, "birth_date", "DATE_FUTURE"),
            (8, "sex", "SEX_UNKNOWN"),
            (8, "nationality", "COUNTRY_UNKNOWN"),
            (8, "languages", "LANGUAGE_UNKNOWN"),
            (8, "arrival_place", "PLACE_UNKNOWN"),
            (8, "phone", "PHONE_WRONG"),
            (8, "site", "SITE_OTHER"),
            (9, "age", "AGE_DIFFERS"),
            (9, "document_number", "DOCUMENT_NUMBER_WRONG"),
            (10, "document_number", "DOCUMENT_NUMBER_WRONG"),
            (12, "head", "HEAD_TWICE"),
            (13, "external_id", "SAME_ID"),
            (14, "relation", "RELATION_ALONE"),
            (15, "given_names", "NAME_MISSING"),
            (16, "surname_1", "CELL_ERROR"),
            (18, "arrived_on", "BORN_AFTER_ARRIVAL"),
            (18, "document_type", "DOCUMENT_CONTRADICTS"),
            (19, "", "CELLS_TOO_MANY"),
            (21, "birth_date", "DATE_IMPOSSIBLE"),
            (22, "birth_date", "DATE_SERIAL"),
            (23, "head", "HEAD_NONE"),
            (25, "birth_precision", "PRECISION_DIFFERS"),
            (25, "head", "HEAD_UNKNOWN"),
            (26, "age", "AGE_IMPOSSIBLE"),
            (26, "arrived_on", "DATE_FUTURE"),
            (26, "phone", "PHONE_WRONG"),
        ]
        leave_families_whole(content, found)
        right = [line.checked for line in lines(content, found)]
    assert [(c.number, c.given_names, c.surname_1) for c in right] == [
        (2, "Rosa Elena", "Quispeluna"),
        (3, "Nahomy", "Zambranillo"),
        (5, '=HYPERLINK("x")', "@Bracamonteverde"),
        (20, "Chimalma", ""),  # one name, born on 29 February of a leap year
        (24, "Basilio", "Coc"),  # 12-ene-1990
    ]
