"""A made-up country for releases: sites, a steward, an approver, an analyst, and a journal of a few months."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.casefile.month.models import SiteMonth
from caseapp.core import access, clock
from caseapp.core import db as core_db
from caseapp.core.db import session
from caseapp.indicators import rollup
from caseapp.places.models import Site
from caseapp.publication import service
from caseapp.publication.sites import months_confirmed
from tests.factories import make_site, make_team, make_user, principal_of
from tests.indicators.histories import Journal

ORIGINS = ("HND", "HTI", "CUB", "VEN", "SLV")
BANDS = ("0-4", "5-11", "12-17", "18-59", "60+")
SITES = ("MX-TAP", "MX-TIJ", "MX-CDM")


@dataclass(frozen=True)
class People:
    """Who makes, decides and reads."""

    steward: access.Principal
    approver: access.Principal
    analyst: access.Principal


def staff(country: str = "MEX", code: str = "MX-ZZ9") -> People:
    """A steward, an approver and an analyst in the national team (committed as the owner)."""
    return People(*members(country, code, "DATA_STEWARD", "RELEASE_APPROVER", "COMMISSION_ANALYST"))


def members(
    country: str, code: str, *roles: str, team_type: str = "COMMISSION_STATISTICS"
) -> list[access.Principal]:
    """Somebody of each role in a new team at a new site (committed as the owner)."""
    engine = sa.create_engine(core_db.engine("owner").url)
    session.remove()
    with engine.begin() as connection:
        session(bind=connection, join_transaction_mode="create_savepoint")
        team = make_team(make_site(code=code, country=country, kind="OFFICE"), team_type)
        found = [principal_of(make_user(role, team), (role, team)) for role in roles]
        session.commit()
        session.remove()
    engine.dispose()
    return found


def journal(
    persons: int, first: date, last: date, country: str = "MEX", seed: int = 5, sites: Any = SITES
) -> Journal:
    """Persons who register, most of whom arrive, are screened, claim, are referred, stay; some at two sites."""
    chance = random.Random(seed)
    made = Journal(country)
    days = (last - first).days
    for number in range(persons):
        day = first + timedelta(days=chance.randint(0, days))
        who = {
            "sex": chance.choice("FM"), "age_band": chance.choices(BANDS, (10, 10, 10, 65, 5))[0],
            "origin": chance.choice(ORIGINS), "household": str(number // 3), "site": chance.choice(sites),
        }  # fmt: skip
        name = f"{country}{number}"
        made.event("person.registered", name, day, **who)
        made.event("case.opened", name, day, **who)
        if chance.random() < 0.7:
            made.event("intake.opened", name, day, **who)
            made.event("screening.completed", name, day + timedelta(days=chance.randint(0, 2)), **who)
        if chance.random() < 0.8:
            made.event("claim.lodged", name, day, code="N", subject=f"c{number}", **who)
        if chance.random() < 0.5:
            made.event("referral.sent", name, day, sector="SHELTER", subject=f"r{number}", **who)
            later = day + timedelta(days=1)
            made.event(
                "referral.accepted",
                name,
                later,
                outcome="ON_TIME",
                sector="SHELTER",
                subject=f"r{number}",
                **who,
            )
            made.event("referral.completed", name, later, sector="SHELTER", subject=f"r{number}", **who)
        if chance.random() < 0.1:
            made.event("person.registered", name, day + timedelta(days=2), **(who | {"site": sites[0]}))
    return made


def everybody_signs(*months: str, country: str = "MEX") -> int:
    """Each site of the country that is expected to report gets a team that has signed some months; returns how many."""
    with core_db.connect("facts") as connection:
        codes = [one.site for one in months_confirmed(connection, country, months[0], clock.now())]
    engine = sa.create_engine(core_db.engine("owner").url)
    session.remove()
    with engine.begin() as connection:
        session(bind=connection, join_transaction_mode="create_savepoint")
        for code in codes:
            site = session.scalars(sa.select(Site).where(Site.code == code)).one()
            team = make_team(site)
            signer = make_user("SUPERVISOR", team)
            for month in months:
                own = {"site_id": site.id, "team_id": team.id, "signed_by_id": signer.id}
                session.add(SiteMonth(**own, month=month, number=1, signed_at=clock.now()))
        session.commit()
        session.remove()
    engine.dispose()
    return len(codes)


def count_now() -> None:
    """Bring the facts up to date."""
    rollup.roll_up()


def release(people: People, period: str, country: str = "MEX", size: int | None = None) -> UUID:
    """Make and approve a month."""
    made = service.make(country, period, by=people.steward, size=size)
    approve(people, made)
    return made


def approve(people: People, made: UUID) -> None:
    session.rollback()
    with access.acting_as(people.approver):
        service.approve(made, by=people.approver)
        session.commit()
    session.remove()


def scalar(role: str, statement: str, **values: Any) -> Any:
    with core_db.connect(role) as connection:  # type: ignore[arg-type]
        return connection.scalar(sa.text(statement), values)


__all__ = ["People", "approve", "clock", "count_now", "journal", "release", "scalar", "staff"]
