"""A table from a spreadsheet (CSV or XLSX), read row by row: text in, text out, numbered as the spreadsheet shows.

Nothing is computed: a formula is the text of the formula, a date is written as 2025-11-23. Neither the whole table
nor a whole worksheet is ever in memory.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import IO, Any

from openpyxl import load_workbook
from openpyxl.utils import range_boundaries

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l

LONGEST_CELL = 10_000
#: What a compressed workbook may become: far beyond 100,000 people, far below what fills a disk.
MOST_UNPACKED = 1 << 30
MOST_STRINGS = 160 << 20
EXACT = 10**15  # from here on a spreadsheet has rounded the number
_MERGED = re.compile(rb'<mergeCell ref="([A-Z]+[0-9]+:[A-Z]+[0-9]+)"')


class Unreadable(Refused):
    """The file as a whole cannot be read as a table."""

    sentence = _l("El archivo no se puede leer. Guárdelo como CSV UTF-8 o como libro de Excel (.xlsx).")
    field = "file"


@dataclass(frozen=True, slots=True)
class Row:
    """A row with something in it. `number` as the spreadsheet shows it; `merged` are the places (from 0) of cells
    that are covered by a merged one; `rounded` those of numbers that the spreadsheet cut."""

    number: int
    cells: tuple[str, ...]
    merged: frozenset[int] = frozenset()
    rounded: frozenset[int] = frozenset()


@dataclass
class Sheet:
    """The first row as `head`, and the others once (`rows`)."""

    head: tuple[str, ...]
    rows: Iterator[Row] = field(repr=False)


def open_sheet(content: IO[bytes]) -> Sheet:
    """The table in `content` (seekable; what it is follows from its first bytes). Raises Unreadable, also later
    while rows are read."""
    start = content.read(8)
    content.seek(0)
    if start.startswith(b"PK\x03\x04"):
        rows = _workbook_rows(content)
    elif start.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable(
            _l(
                "Es un libro de Excel antiguo o protegido. Guárdelo como .xlsx sin contraseña o como CSV UTF-8."
            )
        )
    else:
        rows = _csv_rows(content)
    head = next(rows, None)
    if head is None or head.number != 1:
        raise Unreadable(_l("La primera fila debe llevar los nombres de las columnas."))
    return Sheet(head.cells, rows)


# --- CSV ----------------------------------------------------------------------------------------------------


def _csv_rows(content: IO[bytes]) -> Iterator[Row]:
    text = io.TextIOWrapper(_Kept(content), encoding="utf-8-sig", errors="strict", newline="")
    number = 0
    try:
        delimiter = _delimiter(text)
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        for number, cells in enumerate(reader, start=1):
            found = tuple(_tidy(cell) for cell in cells)
            if any(found):
                yield Row(number, found)
    except UnicodeDecodeError:
        raise Unreadable(
            _l("El archivo no está en UTF-8: se perderían acentos. Guárdelo como «CSV UTF-8».")
        ) from None
    except csv.Error:
        raise Unreadable(
            _l(
                "Después de la fila %(row)s hay comillas sin cerrar o mal puestas. Corríjalas y vuelva a guardar."
            ),
            row=number,
        ) from None


class _Kept(io.BufferedReader):
    """Closing the text leaves the bytes open: they may be read again."""

    def __init__(self, content: IO[bytes]) -> None:
        super().__init__(content)  # type: ignore[arg-type]

    def close(self) -> None:
        if not self.closed:
            self.detach()


def _delimiter(text: io.TextIOWrapper) -> str:
    """Comma, semicolon or tabulator: whichever stands most often in the first line, outside quotes."""
    first = text.readline()
    text.seek(0)
    bare = re.sub(r'"[^"]*"', "", first)
    return max(",;\t", key=bare.count)


# --- XLSX ---------------------------------------------------------------------------------------------------


def _workbook_rows(content: IO[bytes]) -> Iterator[Row]:
    try:
        _check_size(content)
        book = load_workbook(content, read_only=True, data_only=False, keep_links=False)
    except Unreadable:
        raise
    except Exception:  # whatever a broken archive makes the reader stumble over
        raise Unreadable from None
    if not book.worksheets:
        raise Unreadable
    page: Any = book.worksheets[0]
    merged = _merged_cells(content, page)
    page.reset_dimensions()
    try:
        for number, cells in enumerate(page.iter_rows(), start=1):
            found = [_text(cell) for cell in cells]
            if any(text for text, _ in found):
                rounded = frozenset(i for i, (_, cut) in enumerate(found) if cut)
                yield Row(number, tuple(text for text, _ in found), merged.get(number, frozenset()), rounded)
    except Unreadable:
        raise
    except Exception:
        raise Unreadable from None
    finally:
        book.close()


def _check_size(content: IO[bytes]) -> None:
    with zipfile.ZipFile(content) as packed:
        sizes = {info.filename: info.file_size for info in packed.infolist()}
    if sum(sizes.values()) > MOST_UNPACKED or sizes.get("xl/sharedStrings.xml", 0) > MOST_STRINGS:
        raise Unreadable(_l("El libro es demasiado grande. Pártalo en varios o guárdelo como CSV UTF-8."))
    content.seek(0)


def _merged_cells(content: IO[bytes], page: Any) -> dict[int, frozenset[int]]:
    """Row → places of cells that a merged cell covers, its own corner aside. The reader that streams does not
    tell; the list stands at the end of the worksheet."""
    found: dict[int, set[int]] = {}
    path = str(page._worksheet_path).lstrip("/")
    with zipfile.ZipFile(content) as packed, packed.open(path) as stream:
        rest = b""
        while block := stream.read(1 << 20):
            text = rest + block
            for match in _MERGED.finditer(text):
                _cover(found, match[1].decode())
            last = text.rfind(b"<")
            rest = text[last:] if last >= 0 and len(text) - last < 200 else b""
    return {row: frozenset(places) for row, places in found.items()}


def _cover(found: dict[int, set[int]], reference: str) -> None:
    left, top, right, bottom = (n or 1 for n in range_boundaries(reference))
    for row in range(top, min(bottom, top + 5000) + 1):
        places = set(range(left - 1, min(right, left + 100)))
        if row == top:
            places.discard(left - 1)
        found.setdefault(row, set()).update(places)


def _text(cell: Any) -> tuple[str, bool]:
    """What stands in a cell as text, and whether it is a number that was rounded."""
    value = cell.value
    if value is None:
        return "", False
    if isinstance(value, str):
        return _tidy(value), False
    if isinstance(value, bool):
        return ("TRUE" if value else "FALSE"), False
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" "), False
    if isinstance(value, date):
        return value.isoformat(), False
    if isinstance(value, float):
        whole = value.is_integer()
        return (str(int(value)) if whole else repr(value)), abs(value) >= EXACT
    if isinstance(value, int):
        return str(value), abs(value) >= EXACT
    # A formula over several cells is an object that knows its text.
    return _tidy(str(getattr(value, "text", value))), False


def _tidy(text: str) -> str:
    """Without spaces around, without what cannot be seen; line breaks inside become spaces."""
    if text.isascii() and text.isprintable():
        return text.strip()
    seen = "".join(" " if c in "\r\n\t\v\f\xa0\u2028\u2029" else c for c in text)
    seen = "".join(c for c in seen if c.isprintable() and c != "\ufeff")
    return re.sub(r"  +", " ", seen).strip()


__all__ = ["LONGEST_CELL", "Row", "Sheet", "Unreadable", "open_sheet"]
