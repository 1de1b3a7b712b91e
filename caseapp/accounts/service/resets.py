"""One-time links that set a password. An administrator or the command line makes one and hands it over in
person; the table keeps its SHA-256, it lives 30 minutes and works once. Looking at it spends nothing."""

from __future__ import annotations

import sqlalchemy as sa

from caseapp.accounts.models import PasswordReset, User
from caseapp.accounts.rules import RESET_LIVES, LinkSpent, OwnAccount, must_be_good
from caseapp.accounts.service import passwords, sessions, sign_in
from caseapp.core import access, audit, clock
from caseapp.core.db import session


def make_reset(user: User, *, clears_second_factor: bool = False) -> str:
    """A new link's token; earlier links of the user stop working. `clears_second_factor`: the telephone
    was lost, the next sign-in sets a new one."""
    who = access.current()
    if who.user_id == user.id:
        raise OwnAccount
    moment = clock.real_now()
    _spend(PasswordReset.user_id == user.id)
    token = sessions.new_token()
    session.add(
        PasswordReset(
            token_hash=sessions.hashed(token), user_id=user.id, made_by_id=who.user_id,
            clears_second_factor=clears_second_factor, created_at=moment, expires_at=moment + RESET_LIVES,
        )
    )  # fmt: skip
    session.flush()
    audit.record("reset_made", "user_account", user.id, "second_factor" if clears_second_factor else None)
    return token


def _spend(*where: sa.ColumnElement[bool]) -> int:
    spent = session.execute(
        sa.update(PasswordReset)
        .where(PasswordReset.used_at.is_(None), *where)
        .values(used_at=clock.real_now())
        .execution_options(synchronize_session=False)
    )
    return int(spent.rowcount)  # type: ignore[attr-defined]


def find_reset(token: str) -> tuple[PasswordReset, User]:
    """The link and its user while it is good; raises `LinkSpent`."""
    row = session.execute(
        sa.select(PasswordReset, User)
        .join(User, User.id == PasswordReset.user_id)
        .where(
            PasswordReset.token_hash == sessions.hashed(token),
            PasswordReset.used_at.is_(None),
            PasswordReset.expires_at > clock.real_now(),
            User.active,
        )
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise LinkSpent
    return row[0], row[1]


def use_reset(token: str, password: str) -> None:
    """Set the password and end every session. Raises `LinkSpent` or `PasswordWeak` (the link stays good)."""
    link, user = find_reset(token)
    must_be_good(password, user.email)
    if _spend(PasswordReset.id == link.id) != 1:
        raise LinkSpent
    user.password_hash = passwords.hash_of(password)
    if link.clears_second_factor:
        user.totp_secret_sealed = None
    session.flush()
    sign_in.forgive(user.id)
    sessions.revoke_all(user.id)
    with access.acting_as(access.Principal(name=user.email, user_id=user.id, kind="user")):
        audit.record("password_reset", "user_account", user.id)
