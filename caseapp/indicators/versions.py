"""The definitions that a country counts by: those of the files, and the versions that its steward published.

Read anew for each page and each release, in one statement, so that no process holds an old one: there is no stamp to
compare and nothing to forget. Only the check of an entry is remembered, by its id; what is published never changes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import NoReturn
from uuid import UUID

import sqlalchemy as sa

from caseapp.indicators import catalogue
from caseapp.indicators.catalogue import Indicator
from caseapp.indicators.located import Entries


class EntryRefused(Exception):
    """An entry that the catalogue does not take: the word at fault (with the keys below it) and the reason."""

    def __init__(self, reason: str, at: tuple[str, ...]) -> None:
        super().__init__(f"{'.'.join(at)}: {reason}")
        self.reason, self.at = reason, at


class Typed(Entries):
    """An entry as a steward typed it, or as it was published: entries without lines."""

    def refuse(self, reason: str, *at: str) -> NoReturn:
        raise EntryRefused(reason, at[1:])


#: Domains that are splits of another since (0330): a country's own version on one of them gives way to the files'.
RETIRED = ("cash", "open_claims", "packages", "uasc")


def last_day(month: str) -> date:
    """The last day of a month such as `2025-09`: a month is counted by the definitions in force then."""
    year, number = int(month[:4]), int(month[5:7])
    return date(year + number // 12, number % 12 + 1, 1) - timedelta(days=1)


@dataclass(frozen=True)
class Version:
    """A definition, and why it came about; without `decided_at` it came with the program."""

    indicator: Indicator
    reason: str = ""
    decided_at: datetime | None = None


class Catalogue:
    """What one country counts, on every day. Of each indicator the versions, oldest first, each ended by the next."""

    def __init__(self, versions: Mapping[str, Sequence[Version]]) -> None:
        self._versions = {code: _in_turn(versions[code]) for code in sorted(versions)}

    def all(self, on: date | None = None) -> tuple[Indicator, ...]:
        """Every indicator in the order of its code as it stands on a day, or in its newest version."""
        found = (self._on(code, on) for code in self._versions)
        return tuple(one for one in found if one is not None)

    def get(self, code: str, on: date | None = None) -> Indicator:
        """The indicator with this code as it stands on a day, or in its newest version. Raises LookupError."""
        found = self._on(code, on)
        if found is None:
            raise LookupError(f"no indicator {code!r} on {on}")
        return found

    def history(self, code: str) -> tuple[Version, ...]:
        """Every version, oldest first. Raises LookupError."""
        if code not in self._versions:
            raise LookupError(f"no indicator {code!r}")
        return self._versions[code]

    def _on(self, code: str, on: date | None) -> Indicator | None:
        found = [one.indicator for one in self._versions.get(code, ())]
        if on is None:
            return found[-1] if found else None
        return next((one for one in reversed(found) if one.in_force(on)), None)


def _in_turn(versions: Sequence[Version]) -> tuple[Version, ...]:
    """In order of their validity, each ended on the day before the next."""
    ordered = sorted(versions, key=lambda one: (one.indicator.valid_from, one.indicator.version))
    ended = []
    for one, after in pairwise(ordered):
        last = after.indicator.valid_from - timedelta(days=1)
        until = min(one.indicator.valid_to or last, last)
        ended.append(replace(one, indicator=replace(one.indicator, valid_to=until)))
    return (*ended, *ordered[-1:])


def shipped() -> Catalogue:
    """The definitions of the files alone, which every country begins with."""
    return Catalogue({one.code: [Version(one)] for one in catalogue.all()})


_PUBLISHED = """
    SELECT id, code, number, valid_from, CAST(entry AS text) AS entry, reason, decided_at
    FROM released.definition WHERE state = 'PUBLISHED' AND country = :country ORDER BY code, number
"""


def of(connection: sa.Connection, country: str) -> Catalogue:
    """A country's catalogue, asked as any role that may read figures or make them."""
    found: dict[str, list[Version]] = {one.code: [Version(one)] for one in catalogue.all()}
    for row in connection.execute(sa.text(_PUBLISHED), {"country": country}):
        if json.loads(row.entry).get("domain") in RETIRED:
            continue
        indicator = _checked(row.id, row.code, row.number, row.valid_from, row.entry)
        found.setdefault(row.code, []).append(Version(indicator, row.reason, row.decided_at))
    return Catalogue(found)


@lru_cache(maxsize=4096)
def _checked(_: UUID, code: str, number: int, valid_from: date, entry: str) -> Indicator:
    whole = {**json.loads(entry), "version": number, "valid_from": valid_from}
    return catalogue.checked(Typed(), code, whole)
