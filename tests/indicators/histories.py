"""Made-up journals: events written as the owner straight into the journal, for a database of one's own."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import sqlalchemy as sa

from caseapp.core import db as core_db
from caseapp.core.db import uuid7

NAMES = UUID("00000000-0000-7000-8000-000000000001")
#: The kind of a made-up site, where it is no shelter.
KINDS = {"MX-SUC": "BORDER_POINT"}
COLUMNS = (
    "id", "kind", "effective_on", "recorded_at", "country", "site_id", "actor", "withdraws_id", "person_key",
    "household_key", "subject_key", "other_key", "code", "reason", "reason_group", "sector", "outcome",
    "population", "sex", "age_band", "origin", "household_type", "number",
    "need_category",
)  # fmt: skip


def key(name: str) -> UUID:
    """The pseudonym of a made-up person, household or referral."""
    return uuid5(NAMES, name)


@dataclass
class Journal:
    """Collects events and writes them. `day` is ISO; events are recorded one minute after the other."""

    country: str = "MEX"
    waiting: list[dict[str, Any]] = field(default_factory=list)
    sites: dict[str, UUID] = field(default_factory=dict)
    clock: Any = field(default_factory=lambda: itertools.count(1))

    def event(self, kind: str, person: str | None, day: str | date, **values: Any) -> UUID:
        """Add one event; `household`, `subject`, `other`, `site` are names; default codes are a man of 18-59
        from Honduras, alone; `codes=False` leaves them out."""
        profile = {"sex": "M", "age_band": "18-59", "origin": "HND", "household_type": "ADULT_ALONE"}
        if values.pop("codes", True) is False or person is None:
            profile = {}
        names = {n: values.pop(n, None) for n in ("household", "subject", "other")}
        row = dict.fromkeys(COLUMNS) | profile | {
            "id": uuid7(), "kind": kind, "country": self.country, "actor": "system:test",
            "effective_on": date.fromisoformat(day) if isinstance(day, str) else day,
            "recorded_at": datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=next(self.clock)),
            "person_key": key(person) if person else None,
            **{f"{n}_key": key(f"{n} {v}" if n != "other" else v) for n, v in names.items() if v},
        }  # fmt: skip
        row["site_id"] = self._site(values.pop("site", "MX-TAP"))
        self.waiting.append(row | values)
        return row["id"]

    def _site(self, code: str | None) -> UUID | None:
        if code is None:
            return None
        return self.sites.setdefault(code, key(f"site {code}"))

    def write(self, rows: Iterable[dict[str, Any]] | None = None) -> None:
        """Write what is waiting (or these rows) in one transaction."""
        rows = self.waiting if rows is None else list(rows)
        columns = ", ".join(COLUMNS)
        with core_db.connect("owner") as connection:
            for code, site in self.sites.items():
                connection.execute(
                    sa.text(
                        "INSERT INTO site (id, code, country, kind, name, sort_key, timezone, admin1) VALUES "
                        "(:i, :c, :k, :s, :c, lower(:c), 'America/Mexico_City', 'MX07') "
                        "ON CONFLICT DO NOTHING"
                    ),
                    {"i": site, "c": code, "k": self.country, "s": KINDS.get(code, "SHELTER")},
                )
            if rows:
                connection.execute(
                    sa.text(
                        f"INSERT INTO case_event ({columns}) VALUES ({', '.join(':' + c for c in COLUMNS)})"
                    ),
                    rows,
                )
        self.waiting = []
