"""A plain table (CSV) as a directory, by a map: which column is which field, and which value which code.

The map is YAML of ours (`config/reference/maps/`, explained in `docs/directory.md`). A value that the map does not know is
left out and said; a row without organisation, place or kind is wrong and is not read.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Any

import yaml

from caseapp.core import reference
from caseapp.places.exchange.reading import Read, Wrong
from caseapp.places.models import ReferralMethod, SiteKind, Term
from caseapp.places.rules.entry import Directory, Group, Offer, Problem, Spot, made_id
from caseapp.places.rules.naming import sort_key

CLOCK = re.compile(r"(\d{1,2})[:.](\d{2})\s*([ap]m)?", re.IGNORECASE)
LISTS = {
    "kind": "service_kind", "cost": "service_cost", "SEX": "sex_in_document", "POPULATION": "population",
    "HOUSEHOLD": "household_type", "DOCUMENT": "service_document", "ACCESSIBILITY": "service_accessibility",
}  # fmt: skip


class BadMap(ValueError):
    """The map itself is wrong: what, in a sentence."""


@dataclass(frozen=True)
class ListMap:
    """A map, read and checked."""

    source: str
    country: str
    timezone: str
    given: Mapping[str, Any]

    def column(self, name: str) -> Any:
        return self.given.get(name)


def read_map(path: Path) -> ListMap:
    """Read a map and check that its codes are of our lists. Raises BadMap."""
    try:
        return map_of(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise BadMap(f"{path} is not a map: {str(error).splitlines()[0]}") from None


def map_of(text: str, path: str) -> ListMap:
    """A map from its text, called `path` in what is said of it. Raises BadMap."""
    try:
        given = yaml.safe_load(text)
        found = ListMap(given["source"], given["country"], given["timezone"], given["fields"])
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise BadMap(f"{path} is not a map: {str(error).splitlines()[0]}") from None
    if found.country not in {c.iso3 for c in reference.countries()}:
        raise BadMap(f"{found.country} is not an ISO 3166 alpha-3 code")
    for name, wanted in (*_coded(found.given), *_coded(found.given.get("terms") or {})):
        listed = LISTS.get(name)
        codes = {str(ReferralMethod(m)) for m in ReferralMethod} if name == "referral_method" else set()
        codes |= {c.code for c in reference.codes(listed)} if listed else set()
        unknown = sorted({str(c) for c in wanted} - codes) if codes else []
        if unknown:
            raise BadMap(f"{name}: {', '.join(unknown)} is not of the list")
    return found


def _coded(fields: Mapping[str, Any]) -> list[tuple[str, list[Any]]]:
    found = []
    for name, how in fields.items():
        if isinstance(how, dict) and "codes" in how and (name in LISTS or name == "referral_method"):
            flat = [
                c for v in how["codes"].values() for c in (v if isinstance(v, list) else [v]) if c is not None
            ]
            found.append((name, flat))
    return found


def read_list(content: bytes, by: ListMap) -> Read:
    """The rows of a table as a directory. Raises BadMap for a column that the table does not have."""
    rows = list(_reader(content))
    head = set(rows[0]) if rows else set()
    missing = sorted(_columns(by.given) - head) if rows else []
    if missing:
        raise BadMap(f"the table has no column {', '.join(missing)}")
    return _Listing(by).read(rows)


def _reader(content: bytes) -> csv.DictReader[str]:
    """The table's rows. A spreadsheet in Spanish separates columns with semicolons."""
    text = content.decode("utf-8-sig")
    first = text.partition("\n")[0]
    separator = ";" if first.count(";") > first.count(",") else ","
    return csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)


def head_of(content: bytes) -> set[str]:
    """The names of a table's columns."""
    return set(_reader(content).fieldnames or ())


def _columns(fields: Mapping[str, Any]) -> set[str]:
    found: set[str] = set()
    for name, how in fields.items():
        if name == "terms":
            found |= _columns(how)
        elif isinstance(how, str):
            found.add(how)
        elif isinstance(how, list):
            found |= set(how)
        elif isinstance(how, dict):
            column = how.get("column")
            found |= {column} if isinstance(column, str) else set()
            found |= set(how["columns"]) if "columns" in how else set()
            found |= {how[x] for x in ("days", "opens", "closes") if isinstance(how.get(x), str)}
            found |= set(how.get("unless") or ())
    return found


class _Listing:
    """One table on its way: organisations and sites by name, services by the map's key."""

    def __init__(self, by: ListMap) -> None:
        self.by = by
        self.found = Read()
        self.groups: dict[str, Group] = {}
        self.spots: dict[str, Spot] = {}
        self.offers: dict[str, Offer] = {}
        self.seen: dict[tuple[str, ...], int] = {}
        self.duplicates: list[Problem] = []

    def read(self, rows: list[dict[str, str]]) -> Read:
        self.found.rows = len(rows)
        for number, row in enumerate(rows, start=2):  # as a spreadsheet numbers them: the head is row 1
            clean = {k: " ".join((v or "").split()) for k, v in row.items() if k}
            try:
                self._take(number, clean)
            except Wrong as wrong:
                self.found.wrong.append(Problem(number, wrong.column, wrong.reason))
        order = lambda one: one.id  # noqa: E731
        self.found.directory = Directory(
            tuple(sorted(self.groups.values(), key=order)), tuple(sorted(self.spots.values(), key=order)),
            tuple(sorted(self.offers.values(), key=order)),
        )  # fmt: skip
        self.found.repeated = self.duplicates
        return self.found

    def _take(self, number: int, row: dict[str, str]) -> None:
        keys = self.by.given["key"]
        plain = tuple(v for k, v in sorted(row.items()) if k not in self.by.given.get("not_compared", ()))
        if plain in self.seen:
            self.duplicates.append(
                Problem(number, keys[0], f"the same as row {self.seen[plain]} in everything else")
            )
            return
        key = "|".join(row[k] for k in keys)
        if not row[keys[0]]:
            raise Wrong(keys[0], "is missing")
        offer_id = made_id("list", self.by.source, key)
        if offer_id in self.offers:
            self.duplicates.append(
                Problem(number, keys[0], "the key of the row stands for another row already")
            )
            return
        offer = self._offer(number, row, offer_id, key)
        self.seen[plain] = number
        self.offers[offer_id] = offer
        self.found.numbers[offer_id] = number

    # -- organisation, site, service ---------------------------------------------------------------------
    def _text(self, row: Mapping[str, str], name: str, *, needed: bool = False) -> str | None:
        how = self.by.column(name)
        columns = [how] if isinstance(how, str) else how or []
        found = " · ".join(row[c] for c in columns if row[c])
        if needed and not found:
            raise Wrong(columns[0] if columns else name, "is missing")
        return found or None

    def _spot(self, row: Mapping[str, str], number: int) -> Spot:
        who, where = (
            str(self._text(row, "organisation", needed=True)),
            str(self._text(row, "site", needed=True)),
        )
        country = self.by.country
        group = Group(
            made_id("organisation", country, sort_key(who)), country,
            re.sub(r"[^A-Z0-9]+", "-", sort_key(who).upper()).strip("-")[:30], who,
        )  # fmt: skip
        spot_id = made_id("site", country, sort_key(who), sort_key(where))
        if spot_id not in self.spots:
            latitude, longitude = (self._degrees(row, x, number) for x in ("latitude", "longitude"))
            both = latitude is not None and longitude is not None
            self.groups[group.id] = group
            self.spots[spot_id] = Spot(
                spot_id, "", country, SiteKind.OFFICE, f"{where} ({who})", self.by.timezone, group.id,
                next(iter(self._codes(number, row, "division", self.by.column("division"))), None),
                latitude=latitude if both else None, longitude=longitude if both else None, address=self._text(row, "address"),
            )  # fmt: skip
        return self.spots[spot_id]

    def _degrees(self, row: Mapping[str, str], name: str, number: int) -> str | None:
        column = self.by.column(name)
        typed = row[column] if column else ""
        try:
            value = float(typed) if typed else None
        except ValueError:
            value = 999.0
        if value is None:
            return None
        if abs(value) > (90 if name == "latitude" else 180):
            self._left(number, column, f"«{typed}» is not on the Earth")
            return None
        return f"{value:.5f}"

    def _offer(self, number: int, row: Mapping[str, str], offer_id: str, key: str) -> Offer:
        kinds = self._codes(number, row, "kind", self.by.column("kind"))
        if not kinds:
            raise Wrong(self.by.column("kind")["column"], "is of no kind of service that the map knows")
        spot = self._spot(row, number)
        always, hours = self._hours(number, row)
        dates = [self._date(number, row, x) for x in ("offered_from", "offered_to")]
        if all(dates) and str(dates[0]) > str(dates[1]):
            self._left(
                number, self.by.column("offered_to"), f"ends on {dates[1]}, before it begins on {dates[0]}"
            )
            dates = [None, None]
        method = next(
            iter(self._codes(number, row, "referral_method", self.by.column("referral_method"))), "PHONE"
        )
        answer = next(iter(self._codes(number, row, "answer_hours", self.by.column("answer_hours"))), None)
        return Offer(
            offer_id, spot.id, kinds[0], str(self._text(row, "name", needed=True)), method, self._text(row, "description"),
            eligibility_note=self._note(row), answer_hours=int(answer) if answer else None, always_open=always,
            offered_from=dates[0], offered_to=dates[1], source=self.by.source, source_key=key,
            terms=self._terms(number, row), hours=hours, contacts=self._contacts(row),
        )  # fmt: skip

    # -- values -----------------------------------------------------------------------------------------
    def _left(self, number: int, column: str, why: str) -> None:
        self.found.left.append(Problem(number, column, f"left out: {why}"))

    def _codes(self, number: int, row: Mapping[str, str], name: str, how: Any) -> list[str]:
        """The codes of a column by the map; a value that the map does not know is left out and said."""
        if not how:
            return []
        typed, found = row[how["column"]], []
        parts = [typed] if "split" not in how else [p.strip() for p in typed.split(how["split"])]
        for part in filter(None, parts):
            if part not in how["codes"]:
                self._left(number, how["column"], f"«{part}» is not in the map")
                continue
            code = how["codes"][part]
            found += [str(c) for c in (code if isinstance(code, list) else [code]) if c is not None]
        return found

    def _contacts(self, row: Mapping[str, str]) -> tuple[tuple[str, str | None, str | None, str | None], ...]:
        """The telephone and the address for mail of whoever answers."""
        phone, email = self._text(row, "phone"), self._text(row, "email")
        return (("DUTY", None, phone, email),) if phone or email else ()

    def _terms(self, number: int, row: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        wanted = self.by.column("terms") or {}
        return tuple(
            sorted(
                {
                    (str(Term(kind)), c)
                    for kind, how in wanted.items()
                    for c in self._codes(number, row, kind, how)
                }
            )
        )

    def _note(self, row: Mapping[str, str]) -> str | None:
        """Conditions in the words of the source, each with its column's label."""
        labels = self.by.column("eligibility_note") or {}
        silent = set(labels.get("silent") or ())
        said = [
            f"{label}: {row[column]}"
            for column, label in zip(labels.get("columns") or (), labels.get("labels") or (), strict=True)
            if row[column] and row[column] not in silent
        ]
        return ". ".join(said) or None

    def _date(self, number: int, row: Mapping[str, str], name: str) -> str | None:
        column = self.by.column(name)
        if not column or not row[column]:
            return None
        try:
            return date.fromisoformat(row[column]).isoformat()
        except ValueError:
            self._left(number, column, f"«{row[column]}» is not a date")
            return None

    def _hours(self, number: int, row: Mapping[str, str]) -> tuple[bool, tuple[tuple[int, str, str], ...]]:
        """Day and night, or the week; unknown unless days, opening and closing can all be read."""
        how = self.by.column("hours")
        if not how:
            return False, ()
        days, opens, closes = (row[how[x]] for x in ("days", "opens", "closes"))
        if {opens, closes} & set(how.get("always") or ()):
            return True, ()
        if not opens and not closes:
            return False, ()
        for column, values in (how.get("unless") or {}).items():
            if row[column] in values:
                self._left(number, how["opens"], f"hours that do not hold every week ({row[column]})")
                return False, ()
        if days not in how["weekdays"]:
            self._left(number, how["days"], f"«{days}» names no weekdays")
            return False, ()
        first, last = _clock(opens), _clock(closes)
        if first is None or last is None or first == last:
            self._left(number, how["opens"], f"«{opens}» to «{closes}» is no opening that can be read")
            return False, ()
        return False, tuple((day, first, last) for day in sorted(how["weekdays"][days]))


def _clock(typed: str) -> str | None:
    """`8:30am` as 08:30, `Close at 17:00pm` as 17:00; None where no time, or more than one, stands."""
    found = CLOCK.findall(typed)
    if len(found) != 1:
        return None
    hour, minute, half = int(found[0][0]), int(found[0][1]), found[0][2].lower()
    if half == "pm" and hour < 12:
        hour += 12
    if half == "am" and hour == 12:
        hour = 0
    try:
        return f"{time(hour, minute):%H:%M}"
    except ValueError:
        return None
