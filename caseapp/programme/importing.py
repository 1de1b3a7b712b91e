"""A register's entries from a file (CSV or XLSX). Nothing is entered while a row is wrong; a file read twice enters
nothing twice, also what was withdrawn since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.core.db import session
from caseapp.core.errors import Refused
from caseapp.core.i18n import _l
from caseapp.core.sheet import open_sheet
from caseapp.programme import queries, rules
from caseapp.programme.rules import Wrong
from caseapp.programme.service import MODELS, enter

MOST_ROWS = 20_000


class TooManyRows(Refused):
    """More rows than one file may have."""

    sentence = _l("El archivo tiene más de %(most)s filas. Pártalo en varios.")
    field = "file"


@dataclass
class Report:
    """What became of a file's rows; `errors` are (row, what is wrong), the first row of the file is 1."""

    rows: int = 0
    created: int = 0
    existing: int = 0
    errors: list[tuple[int, Wrong]] = field(default_factory=list)


@dataclass(frozen=True)
class _Line:
    number: int
    values: Mapping[str, Any]
    key: bytes


def take_in(kind: str, content: IO[bytes], *, team: Team, dry_run: bool) -> Report:
    """Read a file into a register of the team. With `dry_run`, or while a row is wrong, nothing is entered. Raises
    Unreadable, TooManyRows."""
    report = Report()
    lines = _lines(kind, content, team, report)
    if report.errors:
        return report
    with session.begin_nested() as all_of_them:
        _enter(kind, lines, team, report)
        if report.errors or dry_run:
            all_of_them.rollback()
    if report.errors:
        report.created = 0
    return report


def _lines(kind: str, content: IO[bytes], team: Team, report: Report) -> list[_Line]:
    sheet = open_sheet(content)
    names, wrong = rules.heading(kind, sheet.head)
    report.errors += [(1, each) for each in wrong]
    if wrong:
        return []
    known = queries.known_of(team)
    seen: Counter[bytes] = Counter()
    found = []
    for row in sheet.rows:
        report.rows += 1
        if report.rows > MOST_ROWS:
            raise TooManyRows(most=MOST_ROWS)
        values, wrong = rules.read(kind, _typed(names, row.cells), known)
        if wrong:
            report.errors += [(row.number, each) for each in wrong]
            continue
        plain = rules.key_of(kind, values, 0)
        seen[plain] += 1
        found.append(_Line(row.number, values, rules.key_of(kind, values, seen[plain])))
    return found


def _typed(names: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    return {name: cells[at] for at, name in enumerate(names) if name and at < len(cells)}


def _enter(kind: str, lines: Sequence[_Line], team: Team, report: Report) -> None:
    table = MODELS[kind]
    there = set(
        session.scalars(sa.select(table.row_key).where(table.team_id == team.id, table.row_key.is_not(None)))
    )
    for line in lines:
        if line.key in there:
            report.existing += 1
            continue
        try:
            enter(kind, line.values, team=team, row_key=line.key)
        except Refused as refusal:
            report.errors.append((line.number, Wrong(refusal.field or "", str(refusal))))
        else:
            report.created += 1
