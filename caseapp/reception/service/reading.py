"""The first reading of a file of people: every row checked, households put together, nothing written.

What is kept of a row is a hash and a few numbers, so that a hundred thousand of them fit in little memory.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO

from caseapp.core.sheet import Row, Sheet, open_sheet
from caseapp.reception.rules.reasons import Wrong
from caseapp.reception.rules.rows import COLUMNS, NAMES, Checked, Where, check_head, check_row, is_total
from caseapp.reception.rules.words import folded
from config.settings import country_key

MOST_MEMBERS = 25
PER_STEP = 500
_BARE_M = "m"


@dataclass(slots=True)
class _Household:
    """What the rows of one household say together."""

    rows: int = 0
    head: int = 0
    first: int = 0
    relatives: int = 0


@dataclass
class Reading:
    """What the first reading found. `errors` are (row, what is wrong); `left_out` the rows that are not imported
    because of them; `repeated` rows that say what an earlier one says."""

    where: Where
    rows: int = 0
    errors: list[tuple[int, Wrong]] = field(default_factory=list)
    left_out: set[int] = field(default_factory=set)
    repeated: set[int] = field(default_factory=set)
    households: dict[str, _Household] = field(default_factory=dict)
    _identities: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    _bare_m: list[int] = field(default_factory=list)
    _some_h: bool = False

    def wrong(self, row: int, found: Wrong) -> None:
        self.errors.append((row, found))
        if row > 1:
            self.left_out.add(row)


@dataclass(frozen=True, slots=True)
class Line:
    """A row that was understood, with the key of where it came from."""

    checked: Checked
    key: bytes


def read(content: IO[bytes], where: Where) -> Iterator[Reading]:
    """Check the whole file; yields what was found so far now and then, and at the end. Raises Unreadable."""
    found = Reading(where)
    sheet, places = _opened(content, found)
    for row in sheet.rows:
        cells = _cells(row, places)
        if is_total(cells):
            continue
        found.rows += 1
        _look(found, row, cells, len(sheet.head), places)
        if found.rows % PER_STEP == 0:
            yield found
    _look_together(found)
    found.errors.sort(key=lambda e: e[0])
    yield found


def lines(content: IO[bytes], found: Reading) -> Iterator[Line]:
    """The rows that may be imported, read again in their order."""
    sheet, places = _opened(content, Reading(found.where))
    for row in sheet.rows:
        if row.number in found.left_out or row.number in found.repeated:
            continue
        cells = _cells(row, places)
        if is_total(cells):
            continue
        checked, _ = check_row(row.number, cells, found.where)
        assert checked is not None, "a row that was right is right"
        yield Line(checked, key_of(cells, found.where.country))


def _opened(content: IO[bytes], found: Reading) -> tuple[Sheet, dict[str, int]]:
    content.seek(0)
    sheet = open_sheet(content)
    places, wrong = check_head(sheet.head)
    for one in wrong:
        found.wrong(1, one)
    return sheet, places


def _cells(row: Row, places: Mapping[str, int]) -> dict[str, str]:
    cells, most = row.cells, len(row.cells)
    return {name: cells[place] for name, place in places.items() if place < most}


def _look(found: Reading, row: Row, cells: dict[str, str], width: int, places: Mapping[str, int]) -> None:
    number = row.number
    checked, wrong = check_row(number, cells, found.where)
    for one in wrong:
        found.wrong(number, one)
    for one in _about_the_sheet(row, width, places):
        found.wrong(number, one)
    _look_at_sex(found, number, cells.get("sex", ""))
    identity = key_of(cells, found.where.country)
    content = hash(tuple(cells.get(c, "") for c in COLUMNS))
    first = found._identities.setdefault(identity, (number, content))
    if first[0] != number:
        if first[1] == content:
            found.repeated.add(number)
            return
        found.wrong(number, Wrong("external_id", "SAME_ID", {"row": first[0]}))
    name = folded(cells.get("household", ""))
    if name:
        _put_together(found, number, name, checked)


def _about_the_sheet(row: Row, width: int, places: Mapping[str, int]) -> Iterator[Wrong]:
    if any(row.cells[width:]):
        yield Wrong("", "CELLS_TOO_MANY")
    if row.merged or row.rounded:
        for name, place in places.items():
            if place in row.merged:
                yield Wrong(name, "CELL_MERGED")
            if place in row.rounded:
                yield Wrong(name, "NUMBER_ROUNDED")


def _look_at_sex(found: Reading, number: int, text: str) -> None:
    word = text.strip().lower()
    if word == _BARE_M:
        found._bare_m.append(number)
    elif word == "h":
        found._some_h = True


def _put_together(found: Reading, number: int, name: str, checked: Checked | None) -> None:
    household = found.households.setdefault(name, _Household())
    household.rows += 1
    household.first = household.first or number
    household.relatives += checked is not None and checked.relation is not None and not checked.head
    if household.rows == MOST_MEMBERS + 1:
        found.wrong(number, Wrong("household", "HOUSEHOLD_TOO_BIG", {"most": MOST_MEMBERS}))
    if checked is not None and checked.head:
        if household.head:
            found.wrong(number, Wrong("head", "HEAD_TWICE", {"row": household.head}))
        else:
            household.head = number


def _look_together(found: Reading) -> None:
    """Where «H» stands for men, «M» may stand for women: then no bare M is believed. Where everybody is somebody's
    relative, nobody says whose: the first would become the head, and a child a child alone."""
    for household in found.households.values():
        if not household.head and household.relatives == household.rows:
            found.wrong(household.first, Wrong("head", "HEAD_NONE"))
    if found._some_h:
        for number in found._bare_m:
            found.wrong(number, Wrong("sex", "SEX_AMBIGUOUS"))
    found._bare_m.clear()
    found._identities.clear()


def leave_families_whole(content: IO[bytes], found: Reading) -> None:
    """Before importing what is right: a family with a wrong row waits for it, for nobody is registered as alone
    whose mother's row has a slip. Adds an error for each row that waits for another."""
    first_wrong: dict[str, int] = {}
    members: list[tuple[int, str]] = []
    sheet, places = _opened(content, Reading(found.where))
    for row in sheet.rows:
        name = folded(_cells(row, places).get("household", ""))
        if not name or row.number in found.repeated:
            continue
        if row.number in found.left_out:
            first_wrong.setdefault(name, row.number)
        else:
            members.append((row.number, name))
    for number, name in members:
        if name in first_wrong:
            found.wrong(number, Wrong("household", "HOUSEHOLD_ROW_WRONG", {"row": first_wrong[name]}))
    found.errors.sort(key=lambda e: e[0])


def key_of(cells: Mapping[str, str], country: str) -> bytes:
    """Where a row came from, as a keyed hash: its source and external id (with the names, where no source is
    named), else everything that it says."""
    source, external = folded(cells.get("source", "")), cells.get("external_id", "")
    if external and source:
        said = ["id", source, external]
    elif external:  # two lists that number their rows from 1 are two lists
        said = ["id", external, *(folded(cells.get(name, "")) for name in NAMES)]
    else:
        said = ["row", *(cells.get(c, "") for c in COLUMNS)]
    message = json.dumps(["import", country, *said], ensure_ascii=False).encode()
    return hmac.digest(country_key(country, "pseudonyms"), message, "sha256")
