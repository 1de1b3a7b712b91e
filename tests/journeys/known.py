"""A family that the desk knows already, made by the services as its caseworker: where a journey starts later."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from caseapp.accounts.models import Team, User
from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.people import queries
from caseapp.people import service as people
from caseapp.people.rules import birth_bounds
from caseapp.people.service import NewConsent, NewFamily, NewPerson
from caseapp.reception.service import NewArrival, register_family
from caseapp.referral import service as referral
from tests.factories import principal_of
from tests.journeys.ground import LiveSite

NIGHTS = {"first_night": date(2025, 11, 23), "last_night": date(2025, 11, 25)}


def _new(given: str, sex: str, born: int, relation: str | None = None) -> NewPerson:
    return NewPerson(
        given_names=given, surname_1="Orellana", surname_2="Cruz", sex_in_document=sex, nationalities=("SLV",),
        birth=birth_bounds("YEAR", on=clock.today(), year=born), populations=("ASYLUM_SEEKER",),
        relation_to_head=relation, evidence="DOCUMENT",
    )  # fmt: skip


def desk_of(site: LiveSite) -> tuple[Team, access.Principal]:
    """The reception desk and its caseworker, as the services know them."""
    team = session.get_one(Team, site.teams["reception"].id)
    user = session.scalars(sa.select(User).where(User.email == site.accounts["CASEWORKER"].email)).one()
    principal = principal_of(user, ("CASEWORKER", team))
    # Who acts is told to the database when a transaction begins.
    session.expunge_all()
    session.rollback()
    return team, principal


def known_family(site: LiveSite) -> list[str]:
    """Marta and her daughter Sofía with Marta's consent to be referred; their numbers."""
    session.remove()
    team, caseworker = desk_of(site)
    with access.acting_as(caseworker):
        on = clock.today(site.sites["reception"].timezone)
        made = register_family(
            NewFamily((_new("Marta Alicia", "F", 1989), _new("Sofía", "F", 2016, "CHILD"))),
            NewArrival(on),
            team=team,
            on=on,
        )
        head = made.cases[0]
        people.record_consent(
            head, queries.person_of(head.id), NewConsent("REFER_SHELTER", form="SIGNED", alone=True), on=on
        )
        numbers = [case.number for case in made.cases]
        session.commit()
    session.remove()
    return numbers


def referred_family(site: LiveSite, priority: str = "EMERGENCY") -> str:
    """The same family, referred to the shelter for three nights; the referral's number."""
    numbers = known_family(site)
    team, caseworker = desk_of(site)
    shelter = site.teams["shelter"]
    with access.acting_as(caseworker):
        cases = [queries.case_by_number(number, caseworker).id for number in numbers]
        found = referral.refer(
            cases, from_team=team, to_team=session.get_one(Team, shelter.id), kind="SHELTER",
            priority=priority, **NIGHTS,
        )  # fmt: skip
        number = found.number
        session.commit()
    session.remove()
    return str(number)
