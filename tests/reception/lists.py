"""Made-up lists of people as files."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

from openpyxl import Workbook

from caseapp.reception.rules.rows import COLUMNS, Where

TODAY = date(2025, 11, 23)
WHERE = Where("MX-TAP", "MEX", TODAY)


def csv_file(*rows: dict[str, str], columns: tuple[str, ...] = COLUMNS) -> io.BytesIO:
    """The rows as CSV with all columns (or these)."""
    import csv

    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([row.get(c, "") for c in columns] for row in rows)
    return io.BytesIO(text.getvalue().encode())


def workbook(rows: list[list[Any]], merge: str | None = None) -> io.BytesIO:
    book = Workbook()
    page = book.active
    for row in rows:
        page.append(row)
    if merge:
        page.merge_cells(merge)
    made = io.BytesIO()
    book.save(made)
    made.seek(0)
    return made


def person(**values: str) -> dict[str, str]:
    return {"given_names": "Zulma", "surname_1": "Bracamonteverde", "nationality": "HND", **values}


def held_of(team: Any, run_id: Any, **values: Any) -> Any:
    """A family of one that waits (written directly)."""
    import json

    from caseapp.core import clock, crypto
    from caseapp.core.db import session, uuid7
    from caseapp.reception.models import ImportHeld

    row = ImportHeld(
        id=uuid7(), run_id=run_id, team_id=team.id, country=team.country, first_row=2, alike=[],
        made_at=clock.now(), **values,
    )  # fmt: skip
    crypto.new_key(row.id, team.country)
    row.people = json.dumps([
        {"number": 2, "given_names": "Zulma", "surname_1": "Bracamonteverde", "surname_2": "", "also_known_as": "",
         "sex": "F", "nationalities": ["HND"], "languages": [], "document_type": "", "document_number": "",
         "place": None, "phone": "", "household": "", "head": False, "relation": None, "birth": ["UNKNOWN", None, None],
         "arrived_on": "2025-11-20", "key": "00" * 32, "file": None, "known": False}
    ])  # fmt: skip
    session.add(row)
    session.flush()
    return row
