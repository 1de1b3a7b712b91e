"""Sites, teams, users and principals."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

from caseapp.accounts.models import Membership, Team, User
from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.places.models import Site

_count = itertools.count(1)


def make_site(**values: Any) -> Site:
    n = next(_count)
    site = Site(
        **{
            "code": f"MX-{n % 1000:03d}", "country": "MEX", "kind": "RECEPTION_CENTRE", "name": f"Centro de prueba {n}",
            "sort_key": f"centro de prueba {n}", "admin1": "MX07", "timezone": "America/Mexico_City",
            **values,
        }
    )  # fmt: skip
    session.add(site)
    session.flush()
    return site


def make_team(site: Site | None = None, type: str = "RECEPTION_DESK", **values: Any) -> Team:
    if site is None and "country" not in values:
        site = make_site()
    n = next(_count)
    country = site.country if site else values["country"]
    team = Team(
        **{
            "code": f"{site.code if site else country}-{type}-{n}", "type": type, "country": country,
            "site_id": site.id if site else None, "name": f"Equipo {n}", "sort_key": f"equipo {n}", **values,
        }
    )  # fmt: skip
    session.add(team)
    session.flush()
    return team


def make_user(role: str = "CASEWORKER", team: Team | None = None, **values: Any) -> User:
    n = next(_count)
    team = team or make_team()
    user = User(
        **{
            "email": f"u{n}@prueba.example",
            "name": f"Persona Usuaria {n}",
            "created_at": clock.real_now(),
            **values,
        }
    )
    session.add(user)
    session.flush()
    session.add(Membership(user_id=user.id, team_id=team.id, role=role, valid_from=date(2013, 1, 1)))
    session.flush()
    return user


def principal_of(user: User, *pairs: tuple[str, Team]) -> access.Principal:
    """A principal with these roles in these teams."""
    grants = tuple(access.Grant(r, t.id, t.code, t.type, t.country, t.site_id) for r, t in pairs)
    return access.Principal(name=user.email, user_id=user.id, grants=grants, kind="user", language="es")
