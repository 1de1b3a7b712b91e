"""Reception's verb: a family at the desk becomes files, a household and an arrival."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from caseapp.accounts.models import Team
from caseapp.core import access
from caseapp.core.db import insert_rows, session
from caseapp.people import service as people
from caseapp.people.service import Came, Intake, KnownPerson, NewFamily, Numbers, Registered
from caseapp.reception import rules
from caseapp.reception.models import Arrival

BLANK_MODES = ("NOT_ASKED", "UNKNOWN", "DECLINED", "NOT_APPLICABLE")


@dataclass(frozen=True, slots=True)
class NewArrival:
    """The day at the site, where the family came in (P-code of the first or second level) and how."""

    on: date
    place: str | None = None
    mode: str = "NOT_ASKED"


@dataclass(frozen=True, slots=True)
class Arriving:
    """A family and its arrival: one for all members, or one for each."""

    family: NewFamily
    arrivals: tuple[NewArrival, ...]

    def of_each(self) -> tuple[NewArrival, ...]:
        many = len(self.arrivals) > 1
        return self.arrivals if many else self.arrivals * len(self.family.members)


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

    `on` is the site's local date. The files are assigned to whoever acts, unless said otherwise. Acts as the
    current principal; flushes, never commits. About fifteen statements whatever the size of the family.
    """
    who = assigned_to or access.current().user_id
    arriving = Arriving(family, (arrival,))
    return register_families([arriving], team=team, on=on, numbers=numbers, assigned_to=who)[0]


def register_families(
    arriving: Sequence[Arriving],
    *,
    team: Team,
    on: date,
    numbers: Numbers = people.fresh_number,
    assigned_to: UUID | None = None,
) -> list[Registered]:
    """`register_family` for many, in as many statements as for one. Without `assigned_to` the files are nobody's
    yet. Raises ArrivalImpossible and what `people.service.register` refuses."""
    assert team.site_id is not None
    for one in arriving:
        for arrival in one.arrivals:
            rules.may_arrive(arrival.on, on)
    made = people.register_all(
        [Intake(one.family, tuple(_came(a) for a in one.arrivals)) for one in arriving],
        team=team,
        on=on,
        numbers=numbers,
        assigned_to=assigned_to,
    )
    arrivals = [
        Arrival(
            case_id=case.id,
            site_id=team.site_id,
            arrived_on=arrival.on,
            place=arrival.place,
            mode=arrival.mode,
        )
        for one, became in zip(arriving, made, strict=True)
        for member, case, arrival in zip(one.family.members, became.cases, one.of_each(), strict=True)
        if not isinstance(member, KnownPerson)
    ]
    session.flush()
    insert_rows(arrivals)
    return made


def _came(arrival: NewArrival) -> Came:
    return Came(arrival.on, arrival.place, None if arrival.mode in BLANK_MODES else arrival.mode)
