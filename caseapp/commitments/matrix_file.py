"""A matrix of commitments as a file: CSV or XLSX in, rows and what is wrong with them out. No session."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from caseapp.commitments import rules
from caseapp.commitments.rules import CommitmentClass
from caseapp.core.errors import Refused
from caseapp.core.i18n import _, _l

COLUMNS = (
    "country", "code", "pillar", "class", "text_es", "text_en", "owner", "partners", "start", "due", "score", "scored_on",
    "evidence", "evidence_url", "evidence_date", "year", "currency", "budgeted", "funded", "cost_source", "indicator",
    "target_period", "target",
)  # fmt: skip
NEEDED = ("country", "code", "pillar", "text_es")
MOST_ROWS = 5000
LARGEST = 5 * 1024 * 1024
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9./_-]{0,39}")


class NotAMatrix(Refused):
    sentence = _l(
        "El archivo no es una matriz: un CSV en UTF-8 o un XLSX, con los nombres de columna de la plantilla."
    )
    field = "file"


@dataclass(frozen=True)
class Problem:
    """What is wrong with a row (the first below the head is 2, as a spreadsheet counts) and in which column."""

    row: int
    column: str
    reason: str


@dataclass(frozen=True)
class Line:
    """A row that can be taken in."""

    row: int
    country: str
    code: str
    pillar: int
    commitment_class: str
    text_es: str
    text_en: str | None
    owner: str | None
    partners: tuple[str, ...]
    starts_on: date | None
    due_on: date | None
    score: int | None
    scored_on: date | None
    evidence: str
    evidence_url: str
    evidence_date: date | None
    cost: tuple[int, str, Decimal, Decimal, str] | None
    target: tuple[str, str, Decimal] | None


@dataclass
class Read:
    """A file read: good lines, problems, and rows named twice in it."""

    rows: int
    lines: list[Line]
    errors: list[Problem]
    duplicates: int


def read(
    content: bytes, *, countries: Collection[str], today: date, indicators: Collection[str] = ()
) -> Read:
    """The rows of a file. Raises NotAMatrix. `countries`: those whose commitments the reader may bring in; `indicators`:
    the codes that a target may name."""
    table = list(_rows(content))
    found = Read(len(table), [], [], 0)
    seen: dict[tuple[str, str], int] = {}
    for number, cells in table:
        parsed = _Row(number, cells, countries, today, indicators)
        line = parsed.line()
        found.errors += parsed.problems
        if line is None:
            continue
        key = (line.country, line.code)
        if key in seen:
            found.duplicates += 1
            found.errors.append(
                Problem(number, "code", _("Ese código está también en la fila %(row)s.", row=seen[key]))
            )
            continue
        seen[key] = number
        found.lines.append(line)
    return found


def _rows(content: bytes) -> Iterable[tuple[int, dict[str, str]]]:
    if not content or len(content) > LARGEST:
        raise NotAMatrix
    table = _sheet(content) if content.startswith(b"PK\x03\x04") else _text(content)
    head = [cell.strip().lower() for cell in next(table, [])]
    if (
        not set(NEEDED) <= set(head)
        or len(set(head) - {""}) != len([h for h in head if h])
        or set(head) - {"", *COLUMNS}
    ):
        raise NotAMatrix
    for number, cells in enumerate(table, 2):
        if number > MOST_ROWS + 1:
            raise NotAMatrix
        if any(cell.strip() for cell in cells):
            named = dict(zip(head, (cell.strip() for cell in cells), strict=False))
            yield number, {column: named.get(column, "") for column in COLUMNS}


def _text(content: bytes) -> Any:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotAMatrix from None
    first = text.split("\n", 1)[0]
    try:
        return iter(
            list(csv.reader(io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ","))
        )
    except csv.Error:
        raise NotAMatrix from None


def _sheet(content: bytes) -> Any:
    """The first sheet's values. A workbook that unpacks to far more than a matrix is refused before it is read."""
    import openpyxl

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(each.file_size for each in packed.infolist()) > 20 * LARGEST:
                raise NotAMatrix
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        found = [
            [_cell(value) for value in row]
            for row in sheet.iter_rows(max_row=MOST_ROWS + 2, max_col=2 * len(COLUMNS), values_only=True)
        ]
        book.close()
    except (zipfile.BadZipFile, KeyError, ValueError, IndexError):
        raise NotAMatrix from None
    return iter(found)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


class _Row:
    """One row on its way to a line; every problem is noted, not only the first."""

    def __init__(
        self, number: int, cells: dict[str, str], countries: Collection[str], today: date, indicators: Collection[str]
    ) -> None:  # fmt: skip
        self.number, self.cells, self.countries, self.today = number, cells, countries, today
        self.indicators = indicators
        self.problems: list[Problem] = []

    def wrong(self, column: str, reason: str) -> None:
        self.problems.append(Problem(self.number, column, reason))

    def line(self) -> Line | None:
        c = self.cells
        country = c["country"].upper()
        if country not in self.countries:
            self.wrong(
                "country", _("País desconocido o que usted no lleva: %(code)s.", code=c["country"] or "—")
            )
        if not CODE.fullmatch(c["code"]):
            self.wrong("code", _("Escriba un código de letras, cifras, punto o guion."))
        pillar = self._whole("pillar", rules.PILLARS, rules.PillarUnknown)
        score = self._whole("score", rules.SCORES, rules.ScoreUnknown) if c["score"] else None
        days = {name: self._day(name) for name in ("start", "due", "scored_on", "evidence_date")}
        kind = c["class"].upper() or (CommitmentClass.PILLAR_5 if pillar == 5 else CommitmentClass.COUNTRY)
        self._stands(country, pillar, str(kind), days)
        self._scored(score, days)
        cost, target = self._cost(), self._target()
        if self.problems or pillar is None:
            return None
        return Line(
            self.number, country, c["code"], pillar, str(kind), c["text_es"], c["text_en"] or None, c["owner"] or None,
            tuple(p.strip() for p in c["partners"].split("|") if p.strip()), days["start"], days["due"], score, days["scored_on"],
            c["evidence"], c["evidence_url"], days["evidence_date"], cost, target,
        )  # fmt: skip

    def _whole(self, column: str, among: tuple[int, ...], error: type[Refused]) -> int | None:
        text = self.cells[column].removeprefix("P")
        if text.isascii() and text.isdigit() and int(text) in among:
            return int(text)
        self.wrong(column, str(error()))
        return None

    def _day(self, column: str) -> date | None:
        text = self.cells[column]
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            self.wrong(column, _("Escriba la fecha como 2025-03-07."))
            return None

    def _stands(self, country: str, pillar: int | None, kind: str, days: dict[str, date | None]) -> None:
        if len(self.cells["text_es"]) > rules.LONGEST_TEXT:
            self.wrong("text_es", _("El texto tiene más de 1000 letras."))
        try:
            rules.may_stand(
                country=country, pillar=pillar or 1, commitment_class=kind, text_es=self.cells["text_es"],
                starts_on=days["start"], due_on=days["due"],
            )  # fmt: skip
        except rules.ClassMismatch as error:
            if pillar is not None and not any(p.column == "country" for p in self.problems):
                self.wrong("class", str(error))
        except Refused as error:
            self.wrong({"due_on": "due"}.get(error.field or "", error.field or ""), str(error))

    def _scored(self, score: int | None, days: dict[str, date | None]) -> None:
        for column in ("scored_on", "evidence_date"):
            day = days[column]
            if day is not None and day > self.today:
                self.wrong(column, _("Esta fecha aún no llega."))
        try:
            rules.link(self.cells["evidence_url"])
        except Refused as error:
            self.wrong("evidence_url", str(error))

    def _cost(self) -> tuple[int, str, Decimal, Decimal, str] | None:
        c = self.cells
        if not any(c[name] for name in ("budgeted", "funded", "year", "currency")):
            return None
        if not (c["year"].isascii() and c["year"].isdigit() and 2013 <= int(c["year"]) <= 2100):
            self.wrong("year", _("Escriba el año del costo, por ejemplo 2025."))
            return None
        try:
            budgeted, funded = Decimal(c["budgeted"] or "0"), Decimal(c["funded"] or "0")
            rules.may_cost(budgeted, funded, c["currency"].upper())
        except InvalidOperation:
            self.wrong("budgeted", str(rules.AmountUnfit()))
            return None
        except Refused as error:
            self.wrong(error.field or "", str(error))
            return None
        return (
            int(c["year"]),
            c["currency"].upper(),
            budgeted,
            funded,
            c["cost_source"] or _("Matriz importada"),
        )

    def _target(self) -> tuple[str, str, Decimal] | None:
        c = self.cells
        if not any(c[name] for name in ("indicator", "target_period", "target")):
            return None
        if c["indicator"].upper() not in self.indicators:
            self.wrong("indicator", str(rules.IndicatorUnknown()))
        if not rules.PERIOD.fullmatch(c["target_period"]):
            self.wrong("target_period", _("Escriba 2025, 2025-Q3 o 2025-09."))
        try:
            value = Decimal(c["target"])
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or not 0 <= value <= rules.LARGEST_AMOUNT:
            self.wrong("target", str(rules.AmountUnfit()))
            return None
        return c["indicator"].upper(), c["target_period"], value
