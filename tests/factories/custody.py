"""Somebody in custody (made up). Written as owner."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from caseapp.accounts.models import Team
from caseapp.core.db import session
from caseapp.custody.models import Custody
from caseapp.people.models import Person, PersonPopulation


def hold(person: Person, station: Team | None, day: int = 20, **values: Any) -> Custody:
    """The person is held at a station since a day of November 2025, and asks for asylum."""
    since = datetime(2025, 11, day, 16, 0, tzinfo=UTC)
    row = Custody(
        **{
            "case_id": person.case_id, "authority": "MIGRATION_AUTHORITY", "basis": "ENTRY_OR_STAY",
            "station_id": station.id if station else None, "place": "MX07", "since_on": since.date(), "since_at": since,
            "child": False, **values,
        }
    )  # fmt: skip
    session.add(row)
    asks(person)
    session.flush()
    return row


def asks(person: Person) -> None:
    """The person is an asylum-seeker."""
    session.add(
        PersonPopulation(
            case_id=person.case_id, person_id=person.id, population="ASYLUM_SEEKER",
            since=datetime(2025, 11, 20, tzinfo=UTC).date(),
        )
    )  # fmt: skip
    session.flush()
