"""Signing in: password, then code. Every failure is counted on the account, audited and answered by the
same sentence; an unknown address takes as long as a known one."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import Stage, User, UserSession
from caseapp.accounts.rules import CodeWrong, NotSignedIn, PasswordWrong, WithoutRole, locked_until
from caseapp.accounts.service import passwords, second_factor, sessions
from caseapp.core import access, audit, clock
from caseapp.core.db import session
from config.settings import settings

_QUIET = {"synchronize_session": False}


@dataclass(frozen=True)
class Browser:
    """Where a request comes from."""

    address: str | None = None
    agent: str | None = None


@dataclass(frozen=True)
class Begun:
    """The password was right: the token of the short session until the code is given."""

    token: str
    enrols: bool


def _user(user_id: UUID) -> User:
    return session.get_one(User, user_id, populate_existing=True)


def _locked(user: User) -> bool:
    return user.locked_until is not None and user.locked_until > clock.real_now()


def count_failure(user: User, why: str) -> bool:
    """Count one failure; returns whether the account is closed for a while now."""
    failures = session.scalars(
        sa.update(User)
        .where(User.id == user.id)
        .values(failed_count=User.failed_count + 1)
        .returning(User.failed_count)
        .execution_options(**_QUIET)
    ).one()
    until = locked_until(failures, clock.real_now())
    if until is not None:
        session.execute(
            sa.update(User).where(User.id == user.id).values(locked_until=until).execution_options(**_QUIET)
        )
    audit.record("sign_in_failed", "user_account", user.id, why)
    return until is not None


def forgive(user_id: UUID) -> None:
    """Start counting failures anew."""
    session.execute(
        sa.update(User)
        .where(User.id == user_id)
        .values(failed_count=0, locked_until=None)
        .execution_options(**_QUIET)
    )


def give_password(email: str, password: str, browser: Browser) -> Begun:
    """First step. Raises `NotSignedIn` whatever was wrong; what it wrote must be committed all the same."""
    user = session.scalars(
        sa.select(User).where(User.email == email.strip().lower()).execution_options(populate_existing=True)
    ).one_or_none()
    right = passwords.matches(user.password_hash if user else None, password)
    if user is None:
        audit.record("sign_in_failed", "user_account", None, "unknown")
        raise NotSignedIn
    if _locked(user) or not user.active:
        audit.record("sign_in_failed", "user_account", user.id, "locked" if user.active else "disabled")
        raise NotSignedIn
    if not right:
        count_failure(user, "password")
        raise NotSignedIn
    if passwords.is_outdated(user.password_hash or ""):
        user.password_hash = passwords.hash_of(password)
        session.flush()
    enrols = user.totp_secret_sealed is None
    secret = second_factor.sealed(user.id, second_factor.new_secret()) if enrols else None
    token = sessions.start(
        user.id, Stage.PASSWORD_GIVEN, address=browser.address, agent=browser.agent, enrol_secret=secret
    )
    return Begun(token, enrols)


def secret_to_enrol(visit: sessions.Visit) -> str | None:
    """The secret that the short session offers to a user who has no second factor yet."""
    kept = session.scalar(
        sa.select(UserSession.enrol_secret_sealed)
        .join(User, User.id == UserSession.user_id)
        .where(UserSession.id == visit.session_id, User.totp_secret_sealed.is_(None))
    )
    return second_factor.opened(visit.user_id, kept) if kept is not None else None


def _use_step(user: User, secret: str, code: str) -> bool:
    """Accept a code once: two requests with the same code cannot both win."""
    step = second_factor.accepted_step(secret, code, clock.real_now(), user.totp_last_step)
    if step is None:
        return False
    won = session.execute(
        sa.update(User)
        .where(User.id == user.id, sa.or_(User.totp_last_step.is_(None), User.totp_last_step < step))
        .values(totp_last_step=step)
        .execution_options(**_QUIET)
    )
    return bool(won.rowcount == 1)  # type: ignore[attr-defined]


def _refuse_code(user: User, visit: sessions.Visit) -> None:
    if count_failure(user, "code"):
        sessions.revoke(visit.session_id)
        raise NotSignedIn
    raise CodeWrong


def give_code(visit: sessions.Visit, code: str, browser: Browser) -> str:
    """Second step: returns the token of the new session; the short one ends (rotation).

    Raises `CodeWrong`, `NotSignedIn` (closed meanwhile) or `WithoutRole`; what it wrote must be committed.
    """
    user = _user(visit.user_id)
    if _locked(user):
        sessions.revoke(visit.session_id)
        raise NotSignedIn
    secret = second_factor.opened(user.id, user.totp_secret_sealed) if user.totp_secret_sealed else None
    if secret is None or not _use_step(user, secret, code):
        _refuse_code(user, visit)
    return _complete(user, visit, browser)


def code_in_demo(visit: sessions.Visit) -> str | None:
    """The code that would be accepted now, in the demo only: its accounts are invented and nobody's telephone holds
    their secrets."""
    if not settings().is_demo:
        return None
    user = _user(visit.user_id)
    secret = second_factor.opened(user.id, user.totp_secret_sealed) if user.totp_secret_sealed else None
    return second_factor.next_code(secret, clock.real_now(), user.totp_last_step) if secret else None


def enrol(visit: sessions.Visit, code: str, browser: Browser) -> str:
    """First sign-in: keep the offered secret once a code from it is right; then as `give_code`."""
    user, secret = _user(visit.user_id), secret_to_enrol(visit)
    if _locked(user) or secret is None:
        sessions.revoke(visit.session_id)
        raise NotSignedIn
    if not _use_step(user, secret, code):
        _refuse_code(user, visit)
    session.execute(
        sa.update(User)
        .where(User.id == user.id)
        .values(totp_secret_sealed=second_factor.sealed(user.id, secret))
        .execution_options(**_QUIET)
    )
    with access.acting_as(visit.principal()):
        audit.record("second_factor_set", "user_account", user.id)
    return _complete(user, visit, browser)


def _complete(user: User, visit: sessions.Visit, browser: Browser) -> str:
    sessions.revoke(visit.session_id)
    forgive(user.id)
    with access.acting_as(visit.principal()):
        if not visit.grants:
            audit.record("sign_in_failed", "user_account", user.id, "no_role")
            raise WithoutRole
        audit.record("signed_in", "user_account", user.id)
    session.execute(
        sa.update(User)
        .where(User.id == user.id)
        .values(last_seen_at=clock.real_now())
        .execution_options(**_QUIET)
    )
    return sessions.start(user.id, Stage.SIGNED_IN, address=browser.address, agent=browser.agent)


def unlock(visit: sessions.Visit, password: str) -> None:
    """Show the screen again. Raises `PasswordWrong`, or `NotSignedIn` after too many failures (the session
    has ended then)."""
    user = _user(visit.user_id)
    if passwords.matches(user.password_hash, password) and not _locked(user):
        forgive(user.id)
        sessions.unlock(visit.session_id)
        return
    if _locked(user) or count_failure(user, "unlock"):
        sessions.revoke(visit.session_id)
        raise NotSignedIn
    raise PasswordWrong(field="password")


def sign_out(visit: sessions.Visit) -> None:
    sessions.revoke(visit.session_id)
    audit.record("signed_out", "user_account", visit.user_id)
