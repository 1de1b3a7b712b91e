"""Organisations, services of the directory and a safe house (made up). Written as owner."""

from __future__ import annotations

from datetime import time
from typing import Any

from caseapp.accounts.models import Team
from caseapp.core.db import session
from caseapp.places.models import (
    Organisation,
    Service,
    ServiceContact,
    ServiceHours,
    ServiceLanguage,
    ServiceTerm,
    SiteAddress,
)
from caseapp.places.rules.naming import sort_key
from tests.factories.places import make_site, make_team

WORKING_WEEK = tuple((day, time(8), time(16)) for day in range(1, 6))


def make_organisation(
    code: str = "RED", country: str = "MEX", name: str = "Red Jacinto", **values: Any
) -> Organisation:
    made = Organisation(code=code, country=country, name=name, sort_key=sort_key(name), **values)
    session.add(made)
    session.flush()
    return made


def make_service(team: Team | None = None, kind: str = "HEALTH", **values: Any) -> Service:
    """A service with its terms (`terms`), languages, hours (`WORKING_WEEK` by default) and a contact (`phone`)."""
    terms, languages = values.pop("terms", ()), values.pop("languages", ())
    hours, phone = values.pop("hours", WORKING_WEEK), values.pop("phone", None)
    site_id = values.pop("site_id", None) or (team.site_id if team else make_site().id)
    name = values.pop("name", "Consulta general")
    made = Service(
        **{
            "site_id": site_id,
            "team_id": team.id if team else None,
            "kind": kind,
            "name": name,
            "sort_key": sort_key(name),
            **values,
        }
    )
    session.add(made)
    session.flush()
    session.add_all(ServiceTerm(service_id=made.id, kind=k, code=c) for k, c in terms)
    session.add_all(ServiceLanguage(service_id=made.id, language=x) for x in languages)
    session.add_all(ServiceHours(service_id=made.id, weekday=d, opens=a, closes=b) for d, a, b in hours)
    if phone:
        session.add(ServiceContact(service_id=made.id, kind="DUTY", phone=phone))
    session.flush()
    return made


def make_address(site_id: Any, address: str = "Calle Invento 12") -> SiteAddress:
    made = SiteAddress(site_id=site_id, address=address, phone="962 000 0000")
    session.add(made)
    session.flush()
    return made


def make_safe_house(**values: Any) -> Team:
    """The team of a safe house, which offers a protected shelter."""
    site = make_site(kind="SAFE_HOUSE", name="Casa Alba", sort_key="casa alba", **values)
    team = make_team(site, "SAFE_HOUSE", name="Casa Alba")
    make_service(team, "SAFE_SHELTER", name="Alojamiento Alba")
    return team
