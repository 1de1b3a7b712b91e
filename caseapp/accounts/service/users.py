"""Users and their roles. Who acts is the current principal: an administrator, the demo, or the command
line. A role ends on a day and is never deleted, so that the audit can be read years later."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from caseapp.accounts import queries
from caseapp.accounts.models import Membership, Role, Stage, Team, User
from caseapp.accounts.rules import (
    AdministratorAlone,
    EmailTaken,
    Held,
    LiaisonAlone,
    OwnAccount,
    PasswordWrong,
    RoleHeldAlready,
    RoleNotOfTeam,
    StewardAndApprover,
    may_be_held_in,
    may_hold,
    must_be_good,
)
from caseapp.accounts.service import passwords, sessions, sign_in
from caseapp.core import access, audit, clock
from caseapp.core.db import session
from caseapp.core.errors import says

says("ex_membership_steward_or_approver", StewardAndApprover)
says("ex_membership_administrator_alone", AdministratorAlone)
says("ex_membership_liaison_alone", LiaisonAlone)
says("ck_membership_role_in_its_team", RoleNotOfTeam)
says("membership_in_a_team_of_people", RoleNotOfTeam)
says("uq_user_account_email", EmailTaken)
says("uq_membership_user_id_team_id_role_valid_from", RoleHeldAlready)


def add_user(email: str, name: str, *, language: str = "es") -> User:
    """A new account without password: a one-time link sets it. Raises `EmailTaken`."""
    email = email.strip().lower()
    if queries.user_of_email(email) is not None:
        raise EmailTaken
    user = User(email=email, name=name.strip(), language=language, created_at=clock.real_now())
    session.add(user)
    session.flush()
    audit.record("user_added", "user_account", user.id)
    return user


def give_role(user: User, role: Role | str, team: Team, *, on: date | None = None) -> Membership:
    """Give a role in a team from a day on (default the team's today). Raises `AdministratorAlone`, `LiaisonAlone`,
    `StewardAndApprover`, `RoleNotOfTeam`, `RoleHeldAlready`; `OwnAccount` for one's own account."""
    _not_oneself(user.id)
    on = on or _today(team.id)
    wanted = Held(Role(role).value, on)
    may_be_held_in(wanted.role, team.type)
    held = [h.membership for h in queries.roles_of([user.id])[user.id]]
    periods = {m.id: Held(m.role, m.valid_from, m.valid_to) for m in held}
    may_hold(wanted, periods.values())
    same = [m for m in held if m.team_id == team.id and m.role == wanted.role]
    if any(wanted.meets(periods[m.id]) for m in same):
        raise RoleHeldAlready
    # Given and taken back on this very day: the same row counts again.
    membership = next((m for m in same if m.valid_from == on), None)
    if membership is not None:
        membership.valid_to = None
    else:
        membership = Membership(user_id=user.id, team_id=team.id, role=wanted.role, valid_from=on)
        session.add(membership)
    session.flush()
    audit.record("role_given", "membership", membership.id, wanted.role)
    return membership


def end_role(membership: Membership, *, on: date | None = None) -> None:
    """The role holds until the day before `on` (default the team's today: it ends at once)."""
    _not_oneself(membership.user_id)
    membership.valid_to = max(on or _today(membership.team_id), membership.valid_from)
    session.flush()
    audit.record("role_ended", "membership", membership.id, membership.role)


def disable(user: User) -> None:
    """Nobody signs in with the account any more; its sessions end now."""
    _not_oneself(user.id)
    user.active = False
    session.flush()
    sessions.revoke_all(user.id)
    audit.record("user_disabled", "user_account", user.id)


def enable(user: User) -> None:
    """The account may sign in again."""
    _not_oneself(user.id)
    user.active = True
    session.flush()
    audit.record("user_enabled", "user_account", user.id)


def choose_language(user_id: UUID, language: str) -> None:
    user = session.get_one(User, user_id)
    user.language = language
    session.flush()


def change_password(visit: sessions.Visit, current: str, new: str, browser: sign_in.Browser) -> str:
    """Change one's own password; every session ends and this browser gets a new one (its token is
    returned). Raises `PasswordWrong` (counted) or `PasswordWeak`."""
    user = session.get_one(User, visit.user_id, populate_existing=True)
    if not passwords.matches(user.password_hash, current):
        if sign_in.count_failure(user, "password"):
            sessions.revoke(visit.session_id)
        raise PasswordWrong
    must_be_good(new, user.email)
    user.password_hash = passwords.hash_of(new)
    session.flush()
    sessions.revoke_all(user.id)
    audit.record("password_changed", "user_account", user.id)
    return sessions.start(user.id, Stage.SIGNED_IN, address=browser.address, agent=browser.agent)


def _today(team_id: UUID) -> date:
    """The team's date, but never one that has not come in UTC, by which memberships are read."""
    return min(clock.today(queries.timezone_of(team_id)), clock.today())


def _not_oneself(user_id: UUID) -> None:
    if access.current().user_id == user_id:
        raise OwnAccount
