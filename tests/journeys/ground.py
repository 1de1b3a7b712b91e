"""The made-up places and accounts of the journeys: a few sites and teams, one account for each role."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyotp

from caseapp.accounts.models import Membership, Team, User
from caseapp.accounts.service import passwords, second_factor
from caseapp.core import clock
from caseapp.core.db import session
from caseapp.places.models import Service, Site
from caseapp.shelter.models import Place, Unit

PASSWORD = "cuatro palabras muy tranquilas"


@dataclass
class Account:
    email: str
    totp: str


@dataclass
class LiveSite:
    """The address of the running application and the accounts to sign in with, by role."""

    address: str
    database: Any
    accounts: dict[str, Account] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    sites: dict[str, Site] = field(default_factory=dict)


def found_places() -> tuple[dict[str, Site], dict[str, Team]]:
    """A reception centre, a shelter with a family room and a women's room, a commission (all made up)."""
    sites = {
        "reception": Site(
            code="MX-REC", country="MEX", kind="RECEPTION_CENTRE", name="Centro Jacaranda", sort_key="centro jacaranda",
            admin1="MX07", timezone="America/Mexico_City",
        ),
        "shelter": Site(
            code="MX-CEI", country="MEX", kind="SHELTER", name="Albergue Ceiba", sort_key="albergue ceiba",
            admin1="MX07", timezone="America/Mexico_City", child_licence=True,
        ),
        "station": Site(
            code="MX-EST", country="MEX", kind="OFFICE", name="Estación Zapote", sort_key="estacion zapote",
            admin1="MX07", timezone="America/Mexico_City",
        ),
        "children": Site(
            code="MX-NIZ", country="MEX", kind="OFFICE", name="Procuraduría Almendro", sort_key="procuraduria almendro",
            admin1="MX07", timezone="America/Mexico_City",
        ),
        "cash": Site(
            code="MX-EFE", country="MEX", kind="OFFICE", name="Oficina Guanacaste", sort_key="oficina guanacaste",
            admin1="MX07", timezone="America/Mexico_City",
        ),
    }  # fmt: skip
    session.add_all(sites.values())
    session.flush()

    def team(code: str, kind: str, name: str, site: Site | None) -> Team:
        made = Team(
            code=code,
            type=kind,
            country="MEX",
            site_id=site.id if site else None,
            name=name,
            sort_key=name.lower(),
        )
        session.add(made)
        session.flush()
        return made

    teams = {
        "reception": team(
            "MX-REC-RECEPTION_DESK", "RECEPTION_DESK", "Recepción Jacaranda", sites["reception"]
        ),
        "shelter": team("MX-CEI-SHELTER", "SHELTER", "Albergue Ceiba", sites["shelter"]),
        "station": team("MX-EST-MIGRATION_CUSTODY", "MIGRATION_CUSTODY", "Estación Zapote", sites["station"]),
        "children": team(
            "MX-NIZ-CHILD_AUTHORITY", "CHILD_AUTHORITY", "Procuraduría Almendro", sites["children"]
        ),
        "cash": team("MX-EFE-CASH_PROVIDER", "CASH_PROVIDER", "Oficina Guanacaste", sites["cash"]),
        "commission": team("MEX-COMMISSION_STATISTICS", "COMMISSION_STATISTICS", "Estadística", None),
        "region": team("GTM-REGIONAL_SECRETARIAT", "REGIONAL_SECRETARIAT", "Secretaría", None),
    }
    session.add(
        Service(
            site_id=sites["shelter"].id, team_id=teams["shelter"].id, kind="SHELTER", name="Alojamiento",
            sort_key="alojamiento",
        )
    )  # fmt: skip
    found_units(sites["shelter"], teams["shelter"])
    session.flush()
    return sites, teams


def found_units(site: Site, team: Team) -> None:
    """A family room for six, a women's room, a men's room."""
    for code, takes, traits, beds in (
        ("F1", "FAMILIES", ["FAMILY_ROOM", "GROUND_FLOOR", "FRIDGE_FOR_MEDICINE"], 6),
        ("W1", "WOMEN", ["WOMEN_ONLY"], 4),
        ("M1", "MEN", [], 4),
    ):
        room = Unit(
            site_id=site.id, team_id=team.id, code=code, name=f"Cuarto {code}", sort_key=code.lower(), takes=takes,
            traits=traits, one_household="FAMILY_ROOM" in traits,
        )  # fmt: skip
        session.add(room)
        session.flush()
        for n in range(1, beds + 1):
            session.add(
                Place(
                    unit_id=room.id, team_id=team.id, code=f"{code}-{n}", kind="BED", traits=[],
                    opened_on=date(2020, 1, 1),
                )
            )  # fmt: skip
    session.flush()


ROLES = {
    "CASEWORKER": "reception", "SUPERVISOR": "reception", "SHELTER_COORDINATOR": "shelter", "GATE_NIGHT": "shelter",
    "DATA_STEWARD": "commission", "RELEASE_APPROVER": "commission", "COMMISSION_ANALYST": "commission",
    "REGIONAL_ANALYST": "region", "ADMINISTRATOR": "commission", "AUDITOR": "commission", "CUSTODY_LIAISON": "station",
    "CHILD_OFFICER": "children", "DATA_PROTECTION_OFFICER": "commission", "ASSISTANCE_OFFICER": "cash", "PAYMENTS_APPROVER": "cash",
    "SHELTER_VOLUNTEER": "shelter",
}  # fmt: skip


#: As their colleagues see them.
NAMES = {
    "CASEWORKER": "Lucía Herrera", "SUPERVISOR": "Tomás Aguilar", "SHELTER_COORDINATOR": "Irma Solano",
    "GATE_NIGHT": "Beto Ruiz", "DATA_STEWARD": "Noemí Vidal", "RELEASE_APPROVER": "Saúl Prado",
    "COMMISSION_ANALYST": "Elsa Cárdenas", "REGIONAL_ANALYST": "Pablo Ixchop", "ADMINISTRATOR": "Gloria Paniagua",
    "AUDITOR": "Rubén Lara", "CUSTODY_LIAISON": "Mario Canul", "CHILD_OFFICER": "Rocío Tzul",
    "DATA_PROTECTION_OFFICER": "Inés Ramírez", "ASSISTANCE_OFFICER": "Delia Montes", "PAYMENTS_APPROVER": "Hugo Beltrán",
    "SHELTER_VOLUNTEER": "Lupita Arce",
}  # fmt: skip


def found_accounts(teams: dict[str, Team]) -> dict[str, Account]:
    made = {}
    for role, where in ROLES.items():
        email = f"{role.lower()}@prueba.example"
        user = User(email=email, name=NAMES[role], created_at=clock.real_now())
        session.add(user)
        session.flush()
        secret = pyotp.random_base32()
        user.password_hash = passwords.hash_of(PASSWORD)
        user.totp_secret_sealed = second_factor.sealed(user.id, secret)
        session.add(
            Membership(user_id=user.id, team_id=teams[where].id, role=role, valid_from=date(2013, 1, 1))
        )
        made[role] = Account(email, secret)
    session.flush()
    return made
