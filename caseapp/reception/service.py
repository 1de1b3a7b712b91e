"""Reception's verb: a family at the desk becomes files, a household and an arrival."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from caseapp.accounts.models import Team
from caseapp.core.db import session
from caseapp.people import service as people
from caseapp.people.service import KnownPerson, NewFamily, Numbers, Registered
from caseapp.reception import rules
from caseapp.reception.models import Arrival


@dataclass(frozen=True, slots=True)
class NewArrival:
    """The day at the site, where the family came in (P-code of the first or second level) and how."""

    on: date
    place: str | None = None
    mode: str = "NOT_ASKED"


def register_family(
    family: NewFamily,
    arrival: NewArrival,
    *,
    team: Team,
    on: date,
    numbers: Numbers = people.fresh_number,
    assigned_to: UUID | None = None,
) -> Registered:
    """Register a family that arrived: see `people.service.register`, and one arrival for each new file.

    `on` is the site's local date. Acts as the current principal; flushes, never commits. About fifteen
    statements whatever the size of the family.
    """
    assert team.site_id is not None
    rules.may_arrive(arrival.on, on)
    blank = arrival.mode in ("NOT_ASKED", "UNKNOWN", "DECLINED", "NOT_APPLICABLE")
    made = people.register(
        family,
        team=team,
        on=on,
        arrived_on=arrival.on,
        place=arrival.place,
        mode=None if blank else arrival.mode,
        numbers=numbers,
        assigned_to=assigned_to,
    )
    session.add_all(
        Arrival(
            case_id=case.id,
            site_id=team.site_id,
            arrived_on=arrival.on,
            place=arrival.place,
            mode=arrival.mode,
        )
        for member, case in zip(family.members, made.cases, strict=True)
        if not isinstance(member, KnownPerson)
    )
    session.flush()
    return made
