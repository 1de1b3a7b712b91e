"""What a page shows, as a file: CSV, CSV with HXL tags, and a workbook with a sheet of notes.

The same rows give the same bytes. No cell is ever executed by a spreadsheet.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import xlsxwriter
from flask import Response

from caseapp.core.pages import csv_answer, safe_cell
from caseapp.core.reference import ROOT

CSV, HXL, XLSX = "csv", "hxl", "xlsx"
FORMS = (CSV, XLSX, HXL)
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Download:
    """A table to take away. `columns`: of `figures.csv` (or others that hxl_columns.csv names); `notes`: lines of
    a label and words, which a workbook carries on a sheet of its own."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]
    notes: Sequence[tuple[str, str]]
    sheets: tuple[str, str] = ("Datos", "Notas")


@cache
def tags() -> Mapping[str, str]:
    """The HXL tag of each column."""
    with (ROOT / "hxl_columns.csv").open(encoding="utf-8") as file:
        return {row["column"]: row["tag"] for row in csv.DictReader(file)}


def answer(download: Download, form: str) -> Response:
    """The file in one of `FORMS`."""
    rows = [[_plain(row.get(column)) for column in download.columns] for row in download.rows]
    if form == XLSX:
        made = Response(_workbook(download), mimetype=SHEET)
        made.headers["Content-Disposition"] = f'attachment; filename="{download.name}.xlsx"'
        return made
    if form == CSV:
        return csv_answer(f"{download.name}.csv", download.columns, rows)
    return _tagged(download, rows)


def _tagged(download: Download, rows: Sequence[Sequence[Any]]) -> Response:
    """HXL: the row under the head holds the tags, unguarded, or no program would know them."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(download.columns)
    writer.writerow([tags().get(column, "") for column in download.columns])
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    made = Response(text.getvalue(), mimetype="text/csv")
    made.headers["Content-Disposition"] = f'attachment; filename="{download.name}.hxl.csv"'
    return made


def _plain(value: Any) -> Any:
    return "" if value is None else value


def _workbook(download: Download) -> bytes:
    """Numbers as numbers, words as words; head in sight; notes beside."""
    file = io.BytesIO()
    # Strings are never taken for formulas, numbers or links.
    never = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(file, {"in_memory": True, **never}) as book:
        book.set_properties({"title": download.name, "created": datetime(2000, 1, 1, tzinfo=UTC)})
        head, wrapped = book.add_format({"bold": True, "bottom": 1}), book.add_format({"text_wrap": True})
        data = book.add_worksheet(download.sheets[0])
        data.freeze_panes(1, 1)
        data.set_column(0, max(len(download.columns) - 1, 0), 14)
        for at, column in enumerate(download.columns):
            data.write_string(0, at, column, head)
        for line, row in enumerate(download.rows, start=1):
            for at, column in enumerate(download.columns):
                _write(data, line, at, row.get(column))
        notes = book.add_worksheet(download.sheets[1])
        notes.set_column(0, 0, 28, head)
        notes.set_column(1, 1, 100, wrapped)
        for line, (label, words) in enumerate(download.notes):
            notes.write_string(line, 0, label)
            notes.write_string(line, 1, words)
    return file.getvalue()


def _write(sheet: Any, line: int, at: int, value: Any) -> None:
    if isinstance(value, int | Decimal):
        sheet.write_number(line, at, float(value))
    elif value not in (None, ""):
        sheet.write_string(line, at, str(value))
