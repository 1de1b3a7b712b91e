"""Who is acting, and what each role may do.

A `Principal` is a signed-in user or a named system process. Permissions stand in each area's
`access.py`; every route declares one with `@needs(...)` or is listed as open. The database's second
wall gets the principal's teams through one hook on the casework session (`init_identity`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import event

from caseapp.core.db import CaseworkSession, session
from caseapp.core.errors import NotPermitted

#: Roles whose teams open case files, and roles whose teams open a shelter's stays (VOCABULARY A6).
CASE_ROLES = frozenset(
    {
        "CASEWORKER", "SUPERVISOR", "SHELTER_COORDINATOR", "SERVICE_FOCAL_POINT", "CHILD_OFFICER",
        "ASSISTANCE_OFFICER", "PAYMENTS_APPROVER",
    }
)  # fmt: skip
SITE_ROLES = frozenset({"SHELTER_COORDINATOR", "GATE_NIGHT"})
#: Roles that count what a shelter gives, by number, and open nobody.
COUNT_ROLES = frozenset({"SHELTER_VOLUNTEER"})
#: Roles that look after a country without opening any file.
OVERSIGHT_ROLES = frozenset({"AUDITOR", "DATA_PROTECTION_OFFICER"})


@dataclass(frozen=True)
class Grant:
    """One active membership: a role in a team (at a site, in a country, ISO 3166 alpha-3)."""

    role: str
    team_id: UUID
    team_code: str
    team_type: str
    country: str
    site_id: UUID | None = None


@dataclass(frozen=True)
class Principal:
    """Somebody who acts. `user_id` is None for the system and for anonymous visitors."""

    name: str = "anonymous"
    user_id: UUID | None = None
    grants: tuple[Grant, ...] = ()
    kind: str = "anonymous"  # anonymous | user | system | guest
    language: str | None = None
    #: A guest has no account and no team; this is the one record that was opened to them.
    guest_of: UUID | None = None
    _extra: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(g.role for g in self.grants)

    @property
    def case_teams(self) -> tuple[UUID, ...]:
        """Teams whose case files this principal opens."""
        return tuple(sorted({g.team_id for g in self.grants if g.role in CASE_ROLES}))

    @property
    def site_teams(self) -> tuple[UUID, ...]:
        """Teams whose stays this principal sees."""
        return tuple(sorted({g.team_id for g in self.grants if g.role in SITE_ROLES}))

    @property
    def count_teams(self) -> tuple[UUID, ...]:
        """Teams for which this principal counts by number."""
        return tuple(sorted({g.team_id for g in self.grants if g.role in COUNT_ROLES}))

    @property
    def overseen(self) -> tuple[str, ...]:
        """Countries whose auditing or data protection this principal looks after; `*` is all (the system)."""
        if self.kind == "system":
            return ("*",)
        return tuple(sorted({g.country for g in self.grants if g.role in OVERSIGHT_ROLES}))

    @property
    def countries(self) -> tuple[str, ...]:
        return tuple(sorted({g.country for g in self.grants}))

    def teams_as(self, *roles: str) -> tuple[UUID, ...]:
        """Teams in which this principal holds one of these roles."""
        return tuple(sorted({g.team_id for g in self.grants if g.role in roles}))

    def may(self, permission: Permission) -> bool:
        return not self.roles.isdisjoint(permission.roles)


ANONYMOUS = Principal()
_current: ContextVar[Principal] = ContextVar("principal", default=ANONYMOUS)


def current() -> Principal:
    """The principal of this request, task or command."""
    return _current.get()


def become(principal: Principal) -> None:
    """Act as `principal` from here on in this context (the request hook uses it)."""
    _current.set(principal)


@contextmanager
def acting_as(principal: Principal) -> Iterator[Principal]:
    """Act as `principal` for a block (tasks, commands, tests)."""
    token = _current.set(principal)
    try:
        yield principal
    finally:
        _current.reset(token)


def system(name: str) -> Principal:
    """A named system principal, such as `system("clocks")`; the audit shows the name."""
    return Principal(name=f"system:{name}", kind="system")


@dataclass(frozen=True)
class Permission:
    """A named thing that roles may do. `reads_case` marks pages whose opening is audited."""

    name: str
    roles: frozenset[str]

    def __str__(self) -> str:
        return self.name


_permissions: dict[str, Permission] = {}


def permission(name: str, *roles: str) -> Permission:
    """Declare a permission (`area.verb`) and the roles that hold it; names are unique."""
    if name in _permissions:
        raise ValueError(f"permission {name} is declared twice")
    made = _permissions[name] = Permission(name, frozenset(roles))
    return made


def permissions() -> dict[str, Permission]:
    """All declared permissions by name."""
    return dict(_permissions)


#: Every role that an account may hold.
ROLES = (
    "CASEWORKER", "SUPERVISOR", "SHELTER_COORDINATOR", "SERVICE_FOCAL_POINT", "COMMISSION_ANALYST",
    "REGIONAL_ANALYST", "DATA_STEWARD", "RELEASE_APPROVER", "ADMINISTRATOR", "AUDITOR", "GATE_NIGHT",
    "CUSTODY_LIAISON", "CHILD_OFFICER", "DATA_PROTECTION_OFFICER", "ASSISTANCE_OFFICER", "PAYMENTS_APPROVER", "SHELTER_VOLUNTEER",
)  # fmt: skip
SIGNED_IN = permission("signed_in", *ROLES)

View = TypeVar("View", bound=Callable[..., Any])


def needs(wanted: Permission) -> Callable[[View], View]:
    """Refuse (403) whoever's roles lack `wanted`; anonymous visitors are sent to sign in before this."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if not current().may(wanted):
                raise NotPermitted
            return view(*args, **kwargs)

        guarded.permission = wanted  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def open_to_all(view: View) -> View:
    """Mark a view that needs no sign-in (sign-in itself, health, static)."""
    view.permission = None  # type: ignore[attr-defined]
    return view


def _array(ids: tuple[UUID, ...]) -> str:
    return "{" + ",".join(str(i) for i in ids) + "}"


@contextmanager
def admitted(guest: Principal, in_session: Any) -> Iterator[Principal]:
    """Act as a guest for a block of the running transaction, whose database is told so, and of the one before when
    the block ends (`core.db.session` as `in_session`)."""
    with acting_as(guest):
        tell_database(None, None, in_session.connection())
        yield guest
        in_session.flush()
    tell_database(None, None, in_session.connection())


@event.listens_for(CaseworkSession, "after_begin")
def tell_database(session: Any, transaction: Any, connection: sa.Connection) -> None:
    """Tell PostgreSQL who acts, at the beginning of *every* transaction: the setting is lost at each
    commit, and a pooled connection keeps an empty one, so it is always set, to empty when anonymous."""
    who = current()
    connection.execute(
        sa.text(
            "SELECT set_config('app.user', :user, true), set_config('app.teams', :teams, true), "
            "set_config('app.site_teams', :sites, true), set_config('app.overseen', :overseen, true), "
            "set_config('app.guest', :guest, true), set_config('app.count_teams', :counts, true)"
        ),
        {
            "user": str(who.user_id or ""),
            "teams": _array(who.case_teams) if who.grants else "",
            "sites": _array(who.site_teams) if who.grants else "",
            "counts": _array(who.count_teams) if who.grants else "",
            "overseen": "{" + ",".join(who.overseen) + "}" if who.overseen else "",
            "guest": str(who.guest_of or ""),
        },
    )


@contextmanager
def standing_in(grant: Grant) -> Iterator[Principal]:
    """For one verb, the acting person also does the work of a team that is not theirs: the gate at night opens a
    file that the desk goes on with, and reads nothing of it afterwards. Journal and audit keep their own name.

    Call it inside a savepoint: an error that leaves the block takes the database's knowledge of it back with the
    savepoint; otherwise it is told anew who acts. One place does this (decision 0140), and a test says which."""
    lent = replace(current(), grants=(*current().grants, grant))
    session.flush()
    with acting_as(lent):
        tell_database(session(), None, session.connection())
        yield lent
        session.flush()
    tell_database(session(), None, session.connection())
