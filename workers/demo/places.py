"""Organisations, sites, teams, services, rooms and workers of the demo, from `demo/sites.yml`.

All of it is upserted by code, so that a start that was interrupted goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from caseapp.accounts.models import Membership, Team, User
from caseapp.accounts.service import founding, second_factor
from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.shelter import service as shelter
from caseapp.shelter.models import Unit
from workers.demo import calibration
from workers.demo.accounts import Account, Post, hashes, posts
from workers.demo.acting import acting


def opening(today: date) -> date:
    """The first day of the demo's world: 1 January of the year before `today`'s."""
    return date(today.year - 1, 1, 1)


def found(accounts: Sequence[Account], seed: int, today: date) -> None:
    """Write everything that stands before the first family arrives; commits nothing."""
    start = datetime(today.year - 1, 1, 1, tzinfo=UTC)
    with clock.held_at(start), acting(access.system("demo")):
        file: dict[str, Any] = calibration.sites_file()
        everywhere = file | {"sites": [*file["sites"], *file["without_accounts"]]}
        teams = founding.found(everywhere, opening(today), start).teams
        _users(accounts, teams, seed, opening(today))
        session.flush()
    _rooms(teams, start, opening(today))


def _users(accounts: Sequence[Account], teams: dict[str, Team], seed: int, since: date) -> None:
    there = set(session.scalars(sa.select(User.email)))
    known = {p.email: p for p in posts()}
    new = [a for a in accounts if a.email not in there and a.email in known]
    rows = []
    for account, hashed in zip(new, hashes(new), strict=True):
        user = User(
            email=account.email, name=_worker_name(account, seed), password_hash=hashed, created_at=clock.now(),
            language="en" if account.country == "BLZ" else "es",
        )  # fmt: skip
        user.totp_secret_sealed = second_factor.sealed(user.id, account.totp)
        rows.append((user, known[account.email]))
    session.add_all(user for user, _ in rows)
    session.flush()
    session.add_all(
        Membership(user_id=user.id, team_id=teams[code].id, role=role, valid_from=_joined(post, seed, since))
        for user, post in rows
        for code in post.teams
        for role in (post.role, *post.also)
    )
    session.flush()


def _joined(post: Post, seed: int, since: date) -> date:
    """The second caseworker of a desk comes in the course of the first year."""
    if not post.email.startswith("caseworker2."):
        return since
    return since + timedelta(days=calibration.stream(seed, "joins", post.email).randrange(20, 330))


def _worker_name(account: Account, seed: int) -> str:
    random = calibration.stream(seed, "worker", account.email)
    given = calibration.given_names(random.choice("FM"), "spa").draw(random)
    return f"{given} {calibration.surnames('spa').draw(random)}"


def _rooms(teams: dict[str, Team], moment: datetime, opened_on: date) -> None:
    """The units of each shelter, opened by its coordinator."""
    file: dict[str, Any] = calibration.sites_file()
    for line in file["sites"]:
        if "units" not in line:
            continue
        team = teams[f"{line['code']}-SHELTER"]
        with clock.held_at(moment), acting(worker("SHELTER_COORDINATOR", team.code)):
            have = set(session.scalars(sa.select(Unit.code).where(Unit.team_id == team.id)))
            for unit in line["units"]:
                if unit["code"] not in have:
                    shelter.add_unit(
                        team, code=unit["code"], name=unit["name"], takes=unit["for"], traits=unit.get("traits", ()),
                        places=unit["places"], opened_on=opened_on,
                    )  # fmt: skip


# --- who acts -------------------------------------------------------------------------------------------


@cache
def _post_of(role: str, team: str, second: bool) -> Post:
    for post in posts():
        if post.role == role and team in post.teams and (post.email.split(".")[0][-1] == "2") == second:
            return post
    raise LookupError(f"nobody is {role} in {team}")


_workers: dict[tuple[str, bool], tuple[str, access.Principal]] = {}


def worker(role: str, team: str, *, second: bool = False) -> access.Principal:
    """The made-up worker who holds `role` in the team called `team`, as a principal."""
    post = _post_of(role, team, second)
    database = str(session.connection().engine.url)
    kept = _workers.get((post.email, second))
    if kept is None or kept[0] != database:
        kept = _workers[post.email, second] = (database, _principal(post.email))
    return kept[1]


def _principal(email: str) -> access.Principal:
    user = session.scalars(sa.select(User).where(User.email == email)).one()
    rows = session.execute(
        sa.select(Membership.role, Team)
        .join(Team, Team.id == Membership.team_id)
        .where(Membership.user_id == user.id)
    ).all()
    grants = tuple(access.Grant(role, t.id, t.code, t.type, t.country, t.site_id) for role, t in rows)
    return access.Principal(name=email, user_id=user.id, grants=grants, kind="user", language=user.language)


@cache
def _site_lines() -> dict[str, dict[str, Any]]:
    file: dict[str, Any] = calibration.sites_file()
    return {line["code"]: line for line in file["sites"]}


def sites_with(country: str, *types: str) -> list[str]:
    """Codes of a country's sites that have a team of one of these types, in the order of the file."""
    return [
        code
        for code, line in _site_lines().items()
        if line["country"] == country and set(types) & set(line["teams"])
    ]


def timezone(site: str) -> str:
    """The IANA time zone of a site."""
    return str(_site_lines()[site]["timezone"])


def division(site: str) -> str:
    """The P-code of the first-level division that a site lies in."""
    return str(_site_lines()[site]["admin1"])


def second_division(site: str) -> str:
    """The P-code of the second level, the first where there is none."""
    line = _site_lines()[site]
    return str(line.get("admin2") or line["admin1"])


def team_types(site: str) -> list[str]:
    """The types of the teams at a site."""
    return list(_site_lines()[site]["teams"])
