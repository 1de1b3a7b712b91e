"""A valid request for each route of accounts, aimed at a record of the namespace's team."""

from __future__ import annotations

from typing import Any

from caseapp.accounts.models import Membership, Stage, UserSession
from caseapp.accounts.service import sessions
from caseapp.core import clock
from caseapp.core.db import session, uuid7
from caseapp.core.outbox import OutboxRow
from tests.factories import make_user

PASSWORD = "cuatro palabras muy tranquilas"


def public(build: Any) -> Any:
    """The record belongs to no team: the same for everybody with the role."""
    build.public = True
    return build


def page(url: str) -> Any:
    return lambda db, ns: url


def sent(url: str, **data: str) -> Any:
    return lambda db, ns: (url, data)


def colleague(db: Any, ns: Any, **values: Any) -> Any:
    with db.as_owner():
        return make_user("CASEWORKER", ns.team, **values)


def own_session(db: Any, ns: Any) -> Any:
    moment = clock.real_now()
    with db.as_owner():
        row = UserSession(
            token_hash=sessions.hashed(str(uuid7())), user_id=ns.user.id, stage=Stage.SIGNED_IN,
            created_at=moment, last_seen_at=moment, expires_at=moment + sessions.KEPT_AFTER_END,
        )  # fmt: skip
        session.add(row)
    return f"/account/sessions/{row.id}/end", {}


def of_user(suffix: str = "", **data: str) -> Any:
    return lambda db, ns: (f"/users/{colleague(db, ns).id}{suffix}", data)


def give_role(db: Any, ns: Any) -> Any:
    return f"/users/{colleague(db, ns).id}/roles", {"team": str(ns.team.id), "role": "SUPERVISOR"}


def end_role(db: Any, ns: Any) -> Any:
    user = colleague(db, ns)
    held = session.query(Membership).filter_by(user_id=user.id).one()
    return f"/users/{user.id}/roles/{held.id}/end", {}


def new_user(db: Any, ns: Any) -> Any:
    return "/users/new", {
        "name": "Persona Nueva", "email": f"n{uuid7().hex}@prueba.example", "team": str(ns.team.id),
        "role": "CASEWORKER", "language": "es",
    }  # fmt: skip


@public
def retry(db: Any, ns: Any) -> Any:
    moment = clock.real_now()
    with db.as_owner():
        row = OutboxRow(topic="try", queue="casework", made_at=moment, due_at=moment, failed_at=moment)
        session.add(row)
    return f"/jobs/{row.id}/retry", {}


def url_only(build: Any) -> Any:
    return lambda db, ns: build(db, ns)[0]


ROUTES = {
    ("account.show", "GET"): page("/account"),
    ("account.language", "POST"): sent("/account/language", language="en"),
    ("account.password", "GET"): page("/account/password"),
    ("account.password", "POST"): sent(
        "/account/password",
        current=PASSWORD,
        password="otras palabras largas",
        repeat="otras palabras largas",
    ),
    ("account.end_session", "POST"): own_session,
    ("account.sign_out", "POST"): sent("/sign-out"),
    ("account.locked", "GET"): page("/lock"),
    ("account.lock", "POST"): sent("/lock"),
    ("account.users", "GET"): page("/users?q=a"),
    ("account.new_user", "GET"): page("/users/new"),
    ("account.new_user", "POST"): new_user,
    ("account.user", "GET"): url_only(of_user()),
    ("account.give_role", "POST"): give_role,
    ("account.end_role", "GET"): url_only(end_role),
    ("account.end_role", "POST"): end_role,
    ("account.disable", "GET"): url_only(of_user("/disable")),
    ("account.disable", "POST"): of_user("/disable"),
    ("account.enable", "POST"): of_user("/enable"),
    ("account.make_reset", "POST"): of_user("/reset", second_factor="lost"),
    ("account.teams", "GET"): page("/teams"),
    ("account.sites", "GET"): page("/sites"),
    ("account.jobs", "GET"): page("/jobs"),
    ("account.retry", "POST"): retry,
    ("account.audit", "GET"): page("/audit"),
}
