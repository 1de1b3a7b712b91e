"""Lists of invented people as a partner's spreadsheet would hold them: families, slips, somebody twice."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random

from openpyxl import Workbook

from caseapp.reception.rules.rows import COLUMNS
from tests.bench.names import DEMO_NAMES, Names, a_birth, read_names

ORIGINS = (("HND", 40), ("SLV", 14), ("GTM", 12), ("CUB", 10), ("HTI", 12), ("VEN", 8), ("NIC", 4))
AGAIN = 0.004  # rows whose person stands in the list already, spelled a little otherwise


def people(count: int, today: date, random: Random, source: str = "LISTA") -> Iterator[dict[str, str]]:
    """`count` rows of families and people alone, each with an external id; about one in 250 is somebody again."""
    names = read_names(DEMO_NAMES)
    made = 0
    while made < count:
        size = min(random.choice((1, 1, 1, 2, 3, 4)), count - made)
        family = list(_family(names, size, f"F{made}", today, random))
        for row in family:
            made += 1
            yield {**row, "source": source, "external_id": str(made)}
        if made < count and random.random() < AGAIN:
            made += 1
            again = {**family[0], "household": "", "head": "", "relation": "", "phone": ""}
            yield {**again, "source": source, "external_id": str(made)}


def _family(names: Names, size: int, household: str, today: date, random: Random) -> Iterator[dict[str, str]]:
    origin = random.choices([o for o, _ in ORIGINS], [w for _, w in ORIGINS])[0]
    language = "hat" if origin == "HTI" else "spa"
    given, given_weights = names.given[language]
    surname, surname_weights = names.surnames[language]
    one, two = random.choices(surname, surname_weights, k=2)
    arrived = today - timedelta(days=random.randint(0, 60))
    for place in range(size):
        birth = a_birth(random)
        row = {
            "given_names": " ".join(dict.fromkeys(random.choices(given, given_weights, k=random.choice((1, 2))))),
            "surname_1": one, "surname_2": "" if language == "hat" else two, "sex": random.choice("FM"),
            "nationality": origin, "languages": language, "arrived_on": arrived.isoformat(), "arrival_place": "Chiapas",
            "household": household if size > 1 else "", "head": "sí" if size > 1 and not place else "",
            "relation": "CHILD" if place else "",
        }  # fmt: skip
        if birth.exact:
            row["birth_date"] = birth.exact.strftime("%d/%m/%Y")
        elif birth.date_from and birth.precision == "YEAR":
            row["birth_date"] = str(birth.date_from.year)
        elif birth.date_from:
            row["age"] = str(today.year - birth.date_from.year - 2)
        if random.random() < 0.2:
            row |= {
                "document_type": "PASSPORT",
                "document_number": f"{random.choice('EFGK')}{random.randrange(10**7):07d}",
            }
        if random.random() < 0.4:
            row["phone"] = f"+504 {random.randrange(3 * 10**7, 10**8)}"
        yield row


def write_csv(path: Path, rows: Iterator[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(rows)


def write_workbook(path: Path, rows: Iterator[dict[str, str]]) -> None:
    """The same as XLSX, days of arrival as real dates."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(COLUMNS)
    for row in rows:
        said: dict[str, object] = {**row, "arrived_on": date.fromisoformat(row["arrived_on"])}
        sheet.append([said.get(column) or None for column in COLUMNS])
    book.save(path)
