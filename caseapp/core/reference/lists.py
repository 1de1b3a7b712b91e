"""Code lists: one CSV file each, read once and checked."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from caseapp.core.reference.source import ROOT, CodeUnknown, ReferenceInvalid, language_of

COLUMNS = (
    "code",
    "label_en",
    "label_es",
    "group",
    "order",
    "valid_from",
    "valid_to",
    "maps_to",
    "flags",
    "source",
)
FLAGS = frozenset("RSCX")
UPPER_SNAKE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
# Lists whose codes are somebody else's standard and keep that standard's spelling.
SPELLING_OF = {
    "need_code": re.compile(r"[A-Z]{2}(-[A-Z]{2})?"),
    "age_band": re.compile(r"\d+-\d+|\d+\+|UNKNOWN"),
}


@dataclass(frozen=True, slots=True)
class Code:
    """One row of a code list; `valid_to` is the last day on which the code may be chosen."""

    list_name: str
    code: str
    label_es: str
    label_en: str
    group: str | None
    order: int
    valid_from: date
    valid_to: date | None
    maps_to: str | None
    flags: frozenset[str]
    source: str
    extra: Mapping[str, str]

    def label(self, locale: object | None = None) -> str:
        """The label in `locale` (a Babel locale or a string), or in the request's language."""
        return self.label_en if language_of(locale) == "en" else self.label_es

    def text(self, column: str, locale: object | None = None) -> str:
        """The extra column `<column>_es` or `<column>_en`; empty where the list has none."""
        return self.extra.get(f"{column}_{language_of(locale)}", "")

    def valid_on(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


class DatabaseRow(NamedTuple):
    """What the upsert of the table `reference_code` takes; `flags` is sorted."""

    list_name: str
    code: str
    label_es: str
    label_en: str
    group: str | None
    order: int
    valid_from: date
    valid_to: date | None
    maps_to: str | None
    flags: list[str]


def read_list(path: Path) -> dict[str, Code]:
    """Read and check one code list; raises `ReferenceInvalid` at the first bad line."""
    found: dict[str, Code] = {}
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
        if missing:
            raise ReferenceInvalid(path, 1, f"columns missing: {', '.join(missing)}")
        for row in reader:
            code = _code_from(row, path, reader.line_num)
            if code.code in found:
                raise ReferenceInvalid(path, reader.line_num, f"{code.code} stands twice")
            found[code.code] = code
    for line, code in enumerate(found.values(), start=2):
        if code.maps_to is not None and code.maps_to not in found:
            raise ReferenceInvalid(
                path, line, f"{code.code} maps to {code.maps_to}, which is not in the list"
            )
    return dict(sorted(found.items(), key=lambda item: item[1].order))


def _code_from(row: dict[str, str], path: Path, line: int) -> Code:
    def refuse(reason: str) -> ReferenceInvalid:
        return ReferenceInvalid(path, line, reason)

    if None in row or None in row.values():
        raise refuse("more or fewer cells than columns")
    name, code = path.stem, row["code"]
    if not SPELLING_OF.get(name, UPPER_SNAKE).fullmatch(code):
        raise refuse(f"{code!r} is not spelled as a code of this list")
    for column in ("label_es", "label_en"):
        if not row[column].strip():
            raise refuse(f"{code} has no {column}")
    if not row["order"].isdigit():
        raise refuse(f"{code}: order {row['order']!r} is not a number")
    flags = frozenset(row["flags"].split())
    if flags - FLAGS:
        raise refuse(f"{code}: unknown flags {' '.join(sorted(flags - FLAGS))}")
    try:
        valid_from = date.fromisoformat(row["valid_from"])
        valid_to = date.fromisoformat(row["valid_to"]) if row["valid_to"] else None
    except ValueError as error:
        raise refuse(f"{code}: {error}") from error
    if valid_to is not None and valid_to < valid_from:
        raise refuse(f"{code} ends before it begins")
    return Code(
        list_name=name,
        code=code,
        label_es=row["label_es"],
        label_en=row["label_en"],
        group=row["group"] or None,
        order=int(row["order"]),
        valid_from=valid_from,
        valid_to=valid_to,
        maps_to=row["maps_to"] or None,
        flags=flags,
        source=row["source"],
        extra=MappingProxyType({key: value for key, value in row.items() if key not in COLUMNS}),
    )


@cache
def _lists() -> Mapping[str, Mapping[str, Code]]:
    return MappingProxyType({path.stem: read_list(path) for path in sorted((ROOT / "codes").glob("*.csv"))})


def lists() -> tuple[str, ...]:
    """The names of all code lists."""
    return tuple(_lists())


def _list(name: str) -> Mapping[str, Code]:
    try:
        return _lists()[name]
    except KeyError:
        raise CodeUnknown(f"no code list {name!r}") from None


def code(name: str, code: str) -> Code:
    """One code of the list `name`. The four blanks are codes of every list (vocabulary A0)."""
    found = _list(name).get(code) or _list("blanks").get(code)
    if found is None:
        raise CodeUnknown(f"{code!r} is not in the list {name!r}")
    return found


def codes(name: str, on: date | None = None) -> tuple[Code, ...]:
    """The codes of a list in their order; without a date also the retired ones."""
    return tuple(each for each in _list(name).values() if on is None or each.valid_on(on))


def known(name: str, code: str) -> bool:
    """Whether the list has this code, current or retired, or it is one of the four blanks."""
    return code in _list(name) or code in _list("blanks")


def label(name: str, code_: str, locale: object | None = None) -> str:
    """The label of a code in `locale`, or in the language of the request (Spanish outside one)."""
    return code(name, code_).label(locale)


def outside_label(name: str, code_: str, locale: object | None = None) -> str | None:
    """What those outside the matter may read: the plain label, a neutral one, or None for nothing at all."""
    found = code(name, code_)
    if "S" not in found.flags and not found.extra.get("shown_as"):
        return found.label(locale)
    if found.extra.get("shown_as"):
        return code(name, found.extra["shown_as"]).label(locale)
    return found.text("outside", locale) or None


def text(name: str, code_: str, column: str, locale: object | None = None) -> str:
    """An extra text of a code in the reader's language, such as `what_to_do` of an alert."""
    return code(name, code_).text(column, locale)


def group_of(name: str, code_: str) -> str | None:
    """The group that indicators count; None where the list has no groups."""
    return code(name, code_).group


def choices(
    name: str, on: date | None = None, *, locale: object | None = None, blanks: bool = False
) -> list[tuple[str, str]]:
    """(code, label) pairs for a form field: those valid on the day (default today), blanks last if asked."""
    if on is None:
        from caseapp.core.clock import now

        on = now().date()
    locale = language_of(locale)  # asked of the request once, not for each code
    found = [(each.code, each.label(locale)) for each in codes(name, on)]
    if blanks:
        present = {value for value, _ in found}
        found += [(each.code, each.label(locale)) for each in codes("blanks", on) if each.code not in present]
    return found


def rows_for_database() -> Iterator[DatabaseRow]:
    """Every code of every list, for the idempotent upsert that follows the migrations."""
    for members in _lists().values():
        for each in members.values():
            yield DatabaseRow(
                each.list_name,
                each.code,
                each.label_es,
                each.label_en,
                each.group,
                each.order,
                each.valid_from,
                each.valid_to,
                each.maps_to,
                sorted(each.flags),
            )
