"""Cases, persons and households (made up)."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

from caseapp.accounts.models import Team
from caseapp.core import clock, crypto
from caseapp.core.db import session, uuid7
from caseapp.people.models import Case, ConsentWaiver, Household, HouseholdMember, Person, PersonNationality
from caseapp.people.rules import number_of

_count = itertools.count(1)


def make_case(team: Team, **values: Any) -> Case:
    assert team.site_id is not None
    case_id = uuid7()
    n = next(_count)
    case = Case(
        **{
            "id": case_id, "number": number_of("T", n), "country": team.country, "team_id": team.id,
            "site_id": team.site_id, "opened_on": date(2025, 11, 20), **values,
        }
    )  # fmt: skip
    session.add(case)
    session.flush()
    crypto.new_key(case.id, case.country)
    return case


def make_person(team: Team, *, nationality: str = "HND", case: Case | None = None, **values: Any) -> Person:
    case = case or make_case(team)
    n = next(_count)
    birth = values.pop("birth", date(1990, 5, 17))
    person = Person(
        case_id=case.id, birth_precision="DAY" if birth else "UNKNOWN", birth_from=birth, birth_to=birth, sex_in_document="F", created_at=clock.now()
    )  # fmt: skip
    named = {"given_names": f"Ana{n}", "surname_1": "Prueba", "surname_2": "Inventada", **values}
    for name, value in named.items():
        setattr(person, name, value)
    session.add(person)
    session.flush()
    session.add(PersonNationality(case_id=case.id, person_id=person.id, position=1, country=nationality))
    session.flush()
    return person


def make_household(team: Team, *persons: Person) -> Household:
    """A household of these persons; the first is the head."""
    n = next(_count)
    household = Household(
        number=f"H{n:08d}", country=team.country, team_id=team.id, formed_on=date(2025, 11, 20)
    )
    session.add(household)
    session.flush()
    for i, person in enumerate(persons):
        session.add(
            HouseholdMember(
                household_id=household.id,
                case_id=person.case_id,
                is_head=i == 0,
                joined_on=date(2025, 11, 20),
            )
        )
    session.flush()
    return household


def make_waiver(person: Person, **values: Any) -> ConsentWaiver:
    """Somebody acted without this person's consent, and nobody has looked at it."""
    row = ConsentWaiver(
        **{
            "case_id": person.case_id, "person_id": person.id, "purpose": "REFER_HEALTH", "adult": True,
            "basis": "VITAL_INTEREST", "made_at": clock.now(), "made_on": date(2025, 11, 22), **values,
        }
    )  # fmt: skip
    row.id = uuid7()
    row.reason = "Inconsciente, con sangrado."
    session.add(row)
    session.flush()
    return row
