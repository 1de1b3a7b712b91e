"""The rows of HSDS tables as a directory. What cannot be understood is said with its row; the rest is read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from zoneinfo import available_timezones

from caseapp.core import reference
from caseapp.places.exchange.tables import WEEKDAYS, Rows
from caseapp.places.models import CONTACTS, UNITS, ReferralMethod, SiteKind
from caseapp.places.rules.entry import Directory, Group, Offer, Problem, Spot, known_id

Row = Mapping[str, str]
SOURCE = "hsds"


@dataclass
class Read:
    """What a file holds, and what is wrong with it: `wrong` rows were left out, `left` values were not taken over,
    `repeated` rows stand in the file before."""

    directory: Directory = field(default_factory=Directory)
    rows: int = 0
    wrong: list[Problem] = field(default_factory=list)
    left: list[Problem] = field(default_factory=list)
    repeated: list[Problem] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)  # the row of each offer, where a table has one


class Wrong(Exception):
    """A row that cannot be read: its column and why."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(column, reason)
        self.column, self.reason = column, reason


class Reader:
    """The tables of a package, joined by their ids. `country` and `timezone` are for rows that say none."""

    def __init__(self, rows: Rows, country: str | None, timezone: str | None) -> None:
        self.rows, self.country, self.timezone = rows, country, timezone
        self.words: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for row in rows.get("attribute", ()):
            self.words[row.get("link_entity", ""), row.get("link_id", "")][row.get("link_type", "")].append(
                row.get("value", "")
            )
        self.by_service = {t: self._by(t, "service_id") for t in rows if t not in ("service", "attribute")}

    def _by(self, table: str, column: str) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows.get(table, ()):
            found[row.get(column, "")].append(row)
        return found

    def of(self, table: str, service_id: str) -> list[Row]:
        return self.by_service.get(table, {}).get(service_id, [])

    def word(self, entity: str, of: str, name: str) -> str | None:
        found = self.words[entity, of].get(name) or [""]
        return found[0] or None

    def read(self) -> Read:
        """Everything that can be understood."""
        found = Read(rows=len(self.rows.get("service", ())))
        groups = self._each("organization", self._group, found)
        spots = self._each("location", self._spot, found)
        ids = {s.id for s in spots}
        offers = [
            o for o in self._each("service", self._offer, found) if o.spot in ids or self._nowhere(o, found)
        ]
        key = lambda one: one.id  # noqa: E731
        found.directory = Directory(
            tuple(sorted(groups, key=key)), tuple(sorted(spots, key=key)), tuple(sorted(offers, key=key))
        )
        return found

    def _each(self, table: str, make: Any, found: Read) -> list[Any]:
        made = []
        for number, row in enumerate(self.rows.get(table, ()), start=2):
            try:
                made.append(make(row))
            except Wrong as wrong:
                found.wrong.append(Problem(number, f"{table}.{wrong.column}", wrong.reason))
        return made

    def _nowhere(self, offer: Offer, found: Read) -> bool:
        numbers = {known_id(r["id"], SOURCE): n for n, r in enumerate(self.rows["service"], start=2)}
        found.wrong.append(
            Problem(numbers[offer.id], "service_at_location.location_id", "its place was not read")
        )
        return False

    # -- the three records ---------------------------------------------------------------------------------
    def _group(self, row: Row) -> Group:
        marks = [
            r for r in self.rows.get("organization_identifier", ()) if r.get("organization_id") == row["id"]
        ]
        mark = marks[0] if marks else {}
        country = _country(mark.get("identifier_scheme") or self.country, "country")
        name = _text(row, "name")
        described = row.get("description") or None
        names = self.words["organization", row["id"]].get("alternate_name")
        return Group(
            known_id(row["id"], SOURCE), country, mark.get("identifier") or row["id"][:40], name,
            _code("provider_class", self.word("organization", row["id"], "provider_class") or "OTHER"),
            tuple(names if names is not None else filter(None, [row.get("alternate_name")])),
            described if described != name else None, row.get("website") or None,
        )  # fmt: skip

    def _spot(self, row: Row) -> Spot:
        def word(name: str) -> str | None:
            return self.word("location", row["id"], name)

        kind = word("kind") or "OFFICE"
        if kind not in set(SiteKind):
            raise Wrong("kind", f"{kind} is not a kind of site")
        if kind == SiteKind.SAFE_HOUSE:
            raise Wrong("kind", "a safe house never comes by file")
        timezone = word("timezone") or self.timezone or ""
        if timezone not in available_timezones():
            raise Wrong("timezone", f"{timezone or 'nothing'} is not an IANA time zone")
        address = next((r for r in self.rows.get("address", ()) if r.get("location_id") == row["id"]), {})
        phone = next((r for r in self.rows.get("phone", ()) if r.get("location_id") == row["id"]), {})
        ours = row.get("external_identifier_type") == "acogida:site"
        group = row.get("organization_id") or None
        return Spot(
            known_id(row["id"], SOURCE), row.get("external_identifier", "") if ours else "",
            _country(word("country") or self._address_country(address) or self.country, "country"), kind, _text(row, "name"),
            timezone, known_id(group, SOURCE) if group else None, word("admin1"), word("admin2"),
            _degrees(row, "latitude", 90), _degrees(row, "longitude", 180), address.get("address_1") or None,
            word("directions"), phone.get("number") or None,
        )  # fmt: skip

    @staticmethod
    def _address_country(address: Row) -> str | None:
        iso2 = address.get("country", "")
        return next((c.iso3 for c in reference.countries() if iso2 in (c.iso2, c.iso3)), None)

    def _offer(self, row: Row) -> Offer:
        of = row["id"]
        if row.get("status", "active") != "active":
            raise Wrong("status", f"the service is {row['status']}")
        method = self.word("service", of, "referral_method") or "PHONE"
        if method not in set(ReferralMethod):
            raise Wrong("referral_method", f"{method} is not a way to refer")
        where = next(iter(self.of("service_at_location", of)), {})
        cost = next(iter(self.of("cost_option", of)), {})
        offered: Row = next((r for r in self.of("schedule", of) if r.get("description") == "offered"), {})
        turns = [r for r in self.of("schedule", of) if r.get("opens_at")]
        return Offer(
            known_id(of, SOURCE), known_id(where.get("location_id", ""), SOURCE),
            _code("service_kind", self.word("service", of, "service_kind") or "OTHER"), _text(row, "name"), method,
            row.get("description") or None, _number(row, "minimum_age"), _number(row, "maximum_age"),
            row.get("eligibility_description") or None, _whole(self.word("service", of, "answer_hours"), "answer_hours"),
            self.word("cost_option", cost.get("id", ""), "cost"), row.get("fees_description") or None,
            any(r.get("description") == "always" for r in turns), _day(offered, "valid_from"), _day(offered, "valid_to"),
            _moment(row, "assured_date"), self.word("service", of, "source"), self.word("service", of, "source_key"),
            self._terms(of), tuple(sorted({_language(r) for r in self.of("language", of)})),
            tuple(sorted({h for r in turns if r.get("description") != "always" for h in _hours(r)})),
            tuple(sorted(_closure(r) for r in self.of("schedule", of) if r.get("description", "").startswith("closed"))),
            self._contacts(of), self._capacities(of),
        )  # fmt: skip

    # -- the side tables of a service -------------------------------------------------------------------------
    def _terms(self, of: str) -> tuple[tuple[str, str], ...]:
        lists = {
            "SEX": "sex_in_document", "POPULATION": "population", "HOUSEHOLD": "household_type",
            "ACCESSIBILITY": "service_accessibility",
        }  # fmt: skip
        words = self.words["service", of]
        found = {(kind, _code(name, code)) for kind, name in lists.items() for code in words.get(kind, ())}
        found |= {("AREA", r["extent"]) for r in self.of("service_area", of) if r.get("extent")}
        for row in self.of("required_document", of):
            code = self.word("required_document", row["id"], "DOCUMENT")
            if code:
                found.add(("DOCUMENT", _code("service_document", code)))
        return tuple(sorted(found))

    def _contacts(self, of: str) -> tuple[tuple[str, str | None, str | None, str | None], ...]:
        found = {}
        for row in self.of("contact", of):
            kind = row.get("title") if row.get("title") in CONTACTS else "PERSON"
            phone = next(
                (r.get("number") for r in self.rows.get("phone", ()) if r.get("contact_id") == row["id"]),
                None,
            )
            if phone or row.get("email"):
                found[str(kind)] = (
                    str(kind),
                    row.get("name") or None,
                    phone or None,
                    row.get("email") or None,
                )
        return tuple(found[k] for k in CONTACTS if k in found)

    def _capacities(self, of: str) -> tuple[tuple[str, int, int | None, str], ...]:
        units = {r["id"]: r.get("identifier", "") for r in self.rows.get("unit", ())}
        found = []
        for row in self.of("service_capacity", of):
            unit = units.get(row.get("unit_id", ""), "")
            if unit not in UNITS:
                raise Wrong("service_capacity.unit_id", f"{unit or 'nothing'} is not a unit")
            found.append(
                (unit, _number(row, "available") or 0, _number(row, "maximum"), str(_moment(row, "updated")))
            )
        return tuple(sorted(found))


# -- single values ----------------------------------------------------------------------------------------
def _text(row: Row, column: str) -> str:
    found = " ".join((row.get(column) or "").split())
    if not found:
        raise Wrong(column, "is missing")
    return found


def _country(code: str | None, column: str) -> str:
    if code not in {c.iso3 for c in reference.countries()}:
        raise Wrong(column, f"{code or 'nothing'} is not an ISO 3166 alpha-3 code; say --country")
    return str(code)


def _code(list_name: str, code: str) -> str:
    if code not in {c.code for c in reference.codes(list_name)}:
        raise Wrong(list_name, f"{code} is not in the list {list_name}")
    return code


def _number(row: Row, column: str) -> int | None:
    return _whole(row.get(column) or None, column)


def _whole(typed: str | None, column: str) -> int | None:
    if not typed:
        return None
    try:
        value = float(typed)
    except ValueError:
        raise Wrong(column, f"{typed} is not a number") from None
    if value != int(value):
        raise Wrong(column, f"{typed} is not a whole number")
    return int(value)


def _degrees(row: Row, column: str, most: int) -> str | None:
    typed = row.get(column) or None
    if typed is None:
        return None
    try:
        value = float(typed)
    except ValueError:
        raise Wrong(column, f"{typed} is not a number") from None
    if not -most <= value <= most:
        raise Wrong(column, f"{typed} is not on the Earth")
    return f"{value:.5f}"


def _day(row: Row, column: str) -> str | None:
    typed = row.get(column) or None
    try:
        return date.fromisoformat(typed).isoformat() if typed else None
    except ValueError:
        raise Wrong(f"schedule.{column}", f"{typed} is not a date") from None


def _moment(row: Row, column: str) -> str | None:
    typed = row.get(column) or None
    if typed is None:
        return None
    try:
        found = datetime.fromisoformat(typed)
    except ValueError:
        raise Wrong(column, f"{typed} is not a moment") from None
    return found.isoformat() if found.tzinfo else f"{found.isoformat()}+00:00"


def _language(row: Row) -> str:
    code = row.get("code", "")
    if code not in {x.iso639_3 for x in reference.languages()}:
        raise Wrong("language.code", f"{code or 'nothing'} is not a language of the list")
    return code


def _hours(row: Row) -> list[tuple[int, str, str]]:
    try:
        opens, closes = (time.fromisoformat(row.get(c, "")) for c in ("opens_at", "closes_at"))
        days = [WEEKDAYS.index(d.strip()) + 1 for d in row.get("byday", "").split(",") if d.strip()]
    except ValueError:
        raise Wrong("schedule.opens_at", "the hours cannot be read") from None
    return [(day, f"{opens:%H:%M}", f"{closes:%H:%M}") for day in days if opens != closes]


def _closure(row: Row) -> tuple[str, str, str]:
    reason = row.get("description", "").removeprefix("closed:").strip() or "OTHER"
    first, last = _day(row, "valid_from"), _day(row, "valid_to")
    if first is None or last is None:
        raise Wrong("schedule.valid_from", "a closure has no dates")
    return first, last, _code("service_closure_reason", reason)
