"""A desk that refers, a shelter and a health service that answer, and a family."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from caseapp.accounts.models import Team
from caseapp.core import access
from caseapp.core.db import session
from caseapp.people.models import Person
from caseapp.referral import queries, service
from caseapp.referral.models import Referral
from tests.factories import make_household, make_person, make_site, make_team, make_user, principal_of
from tests.factories.referral import consent, offer
from tests.factories.shelter import make_shelter, places_in, relate, require

FIRST, LAST = date(2025, 11, 23), date(2025, 11, 25)


def restart() -> None:
    """Commit the savepoint and forget, so that the identity hook speaks again."""
    session.commit()
    session.expunge_all()


@dataclass
class World:
    db: Any
    desk: Team
    shelter: Team
    health: Team
    mother: Person
    child: Person
    father: Person
    caseworker: access.Principal
    coordinator: access.Principal
    gate: access.Principal
    nurse: access.Principal
    stranger: access.Principal

    @property
    def family(self) -> list[Any]:
        return [self.mother.case_id, self.child.case_id, self.father.case_id]

    def nights(self) -> dict[str, Any]:
        return {"first_night": FIRST, "last_night": LAST}

    def refer(self, *cases: Any, kind: str = "SHELTER", priority: str = "IMMEDIATE", **values: Any) -> str:
        """Sent by the caseworker, committed; returns the number."""
        with access.acting_as(self.caseworker):
            restart()
            to = self.shelter if kind == "SHELTER" else self.health
            nights = self.nights() if kind == "SHELTER" else {}
            desk, to = session.merge(self.desk), session.merge(to)
            found = service.refer(
                list(cases) or self.family,
                from_team=desk,
                to_team=to,
                kind=kind,
                priority=priority,
                **nights,
                **values,
            )
            number = found.number
            restart()
        return number

    def accepted(self, **values: Any) -> str:
        """Sent, and accepted by the shelter with a place for each, committed; returns the number."""
        number = self.refer(**values)
        with access.acting_as(self.coordinator):
            restart()
            service.accept(self.open(self.coordinator, number), self.beds())
            restart()
        return number

    def open(self, who: access.Principal, number: str) -> Referral:
        return queries.referral(who, number, lock=True)

    def beds(self, *cases: Any, unit: str = "F1") -> dict[Any, Any]:
        places = places_in(self.shelter, unit)
        return {case: place.id for case, place in zip(cases or self.family, places, strict=False)}


@pytest.fixture
def world(db: Any) -> World:
    with db.as_owner():
        site = make_site()
        desk, shelter, health = (
            make_team(site),
            make_shelter(make_site(kind="SHELTER")),
            make_team(site, "HEALTH"),
        )
        offer(shelter, "SHELTER")
        offer(health, "HEALTH")
        mother = make_person(desk, called_name="Lucha", birth=date(1992, 3, 4))
        child = make_person(desk, birth=date(2018, 7, 1))
        father = make_person(desk, birth=date(1990, 2, 2), sex_in_document="M")
        make_household(desk, mother, child, father)
        relate(mother, child)
        relate(father, child)
        consent(mother)
        consent(father)
        require(mother, "STEP_FREE")
        require(child, "ALLERGY_LIFE", "cacahuate", life_critical=True)
        users = {
            role: make_user(role, team)
            for role, team in (
                ("CASEWORKER", desk),
                ("SHELTER_COORDINATOR", shelter),
                ("GATE_NIGHT", shelter),
                ("SERVICE_FOCAL_POINT", health),
            )
        }
        elsewhere = make_team()
        other = make_user("CASEWORKER", elsewhere)
    return World(
        db, desk, shelter, health, mother, child, father, principal_of(users["CASEWORKER"], ("CASEWORKER", desk)),
        principal_of(users["SHELTER_COORDINATOR"], ("SHELTER_COORDINATOR", shelter)),
        principal_of(users["GATE_NIGHT"], ("GATE_NIGHT", shelter)),
        principal_of(users["SERVICE_FOCAL_POINT"], ("SERVICE_FOCAL_POINT", health)),
        principal_of(other, ("CASEWORKER", elsewhere)),
    )  # fmt: skip
