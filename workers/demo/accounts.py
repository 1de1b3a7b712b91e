"""The demo's accounts: who there is, and the file in which their passwords stand.

Passwords and second factors are random for each home, kept in `HOME/accounts.json` (mode 0600) before the
database knows them, and never change while the file is there.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from caseapp.accounts.models import Role
from caseapp.accounts.service import passwords, second_factor
from workers.demo import calibration

FILE = "accounts.json"
DESKS = ("RECEPTION_DESK", "BORDER_POINT")
SERVICES = ("HEALTH", "MHPSS", "LEGAL_AID", "ASYLUM_AUTHORITY", "CHILD_AUTHORITY")
NATIONAL = (
    Role.COMMISSION_ANALYST, Role.DATA_STEWARD, Role.RELEASE_APPROVER, Role.ADMINISTRATOR, Role.AUDITOR,
    Role.REGIONAL_ANALYST, Role.DATA_PROTECTION_OFFICER,
)  # fmt: skip
ISO2 = {"MEX": "MX", "GTM": "GT", "HND": "HN", "SLV": "SV", "CRI": "CR", "PAN": "PA", "BLZ": "BZ"}
_WORDS = (
    "ceiba", "cedro", "jade", "lluvia", "nube", "puente", "faro", "maíz", "cacao", "trigo", "río", "luna",
    "sendero", "volcán", "barro", "tejido", "mango", "canoa", "garza", "tucán", "arena", "orilla", "ámbar",
    "coral", "bosque", "piedra", "semilla", "campana", "farol", "brújula", "cometa", "ventana",
)  # fmt: skip


@dataclass(frozen=True)
class Post:
    """An account to be: `email` says role and place; `teams` are codes of the teams in which the role is held, and
    `also` further roles held there (whoever applies a child's best interests holds files as well)."""

    email: str
    role: str
    country: str
    site: str | None
    teams: tuple[str, ...]
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Account:
    """A line of `accounts.json`."""

    email: str
    password: str
    totp: str
    role: str
    country: str
    site: str | None


def posts() -> list[Post]:
    """Every account of the demo, in the order of the sites file; a second caseworker and a second coordinator
    where two people must agree or work side by side."""
    file: dict[str, Any] = calibration.sites_file()
    found: list[Post] = []
    for site in file["sites"]:
        found += _posts_of(site["code"], site["country"], site["teams"])
    for country in calibration.COUNTRIES:
        statistics, secretariat = f"{country}-COMMISSION_STATISTICS", "GTM-REGIONAL_SECRETARIAT"
        for role in NATIONAL:
            team = secretariat if role is Role.REGIONAL_ANALYST else statistics
            found.append(Post(_email(role, country), role.value, country, None, (team,)))
        # Files are erased by rule by two persons.
        officer = Role.DATA_PROTECTION_OFFICER
        found.append(Post(_email(officer, country, "2"), officer.value, country, None, (statistics,)))
    return found


def _posts_of(site: str, country: str, types: list[str]) -> Iterator[Post]:
    def post(role: Role, *among: str, second: bool = False, also: tuple[Role, ...] = ()) -> Iterator[Post]:
        teams = tuple(f"{site}-{t}" for t in types if t in among)
        if teams:
            yield Post(_email(role, site, "2" if second else ""), role.value, country, site, teams, also)

    yield from post(Role.CASEWORKER, *DESKS)
    yield from post(Role.CASEWORKER, "RECEPTION_DESK", second=True, also=(Role.CHILD_OFFICER,))
    yield from post(Role.SUPERVISOR, *DESKS)
    yield from post(Role.SHELTER_COORDINATOR, "SHELTER")
    yield from post(Role.SHELTER_COORDINATOR, "SHELTER", second=True)
    yield from post(Role.GATE_NIGHT, "SHELTER")
    yield from post(Role.SERVICE_FOCAL_POINT, *SERVICES)
    yield from post(Role.CUSTODY_LIAISON, "MIGRATION_CUSTODY")
    yield from _child_officer(site, country, types)
    yield from post(Role.ASSISTANCE_OFFICER, "CASH_PROVIDER")
    yield from post(Role.PAYMENTS_APPROVER, "CASH_PROVIDER")
    yield from post(Role.PAYMENTS_APPROVER, "CASH_PROVIDER", second=True)
    yield from post(Role.SHELTER_VOLUNTEER, "SHELTER")


def _child_officer(site: str, country: str, types: list[str]) -> Iterator[Post]:
    """The child authority's officer, who also sits at the country's first reception desk and assesses children there."""
    if "CHILD_AUTHORITY" not in types:
        return
    sites: list[dict[str, Any]] = calibration.sites_file()["sites"]
    desks = (s["code"] for s in sites if s["country"] == country and "RECEPTION_DESK" in s["teams"])
    teams = (f"{site}-CHILD_AUTHORITY", *(f"{desk}-RECEPTION_DESK" for desk in list(desks)[:1]))
    yield Post(_email(Role.CHILD_OFFICER, site), Role.CHILD_OFFICER.value, country, site, teams)


def _email(role: Role, place: str, mark: str = "") -> str:
    return f"{role.value}{mark}.{place}@demo.example".lower()


def kept(home: Path) -> list[Account]:
    """The accounts of this home; made and written down at the first call."""
    file = home / FILE
    try:
        return [Account(**line) for line in json.loads(file.read_text("utf-8"))]
    except FileNotFoundError:
        pass
    made = [
        Account(p.email, _password(), second_factor.new_secret(), p.role, p.country, p.site) for p in posts()
    ]
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        json.dump([asdict(a) for a in made], out, ensure_ascii=False, indent=1)
        out.flush()
        os.fsync(out.fileno())
    new.replace(file)
    return made


def _password() -> str:
    """Three words and a number: easy to type from a table, and random enough for invented people."""
    words = [secrets.choice(_WORDS) for _ in range(3)]
    return "-".join([*words, f"{secrets.randbelow(10_000):04d}"])


def hashes(accounts: list[Account]) -> list[str]:
    """The Argon2id hashes of their passwords, two at a time (Argon2 lets go of Python's lock)."""
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        return list(pool.map(passwords.hash_of, (a.password for a in accounts)))
