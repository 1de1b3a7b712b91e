"""What the tests of accounts share: an application with CSRF on, users with credentials, forms as typed."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pyotp

from caseapp.accounts.models import User
from caseapp.accounts.service import passwords, second_factor
from caseapp.core import clock
from tests.factories import make_site, make_team, make_user

PASSWORD = "cuatro palabras muy tranquilas"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def make_known(
    db: Any, role: str = "CASEWORKER", *, totp: bool = True, team: Any = None, **values: Any
) -> User:
    """A user who can sign in with PASSWORD and SECRET."""
    with db.as_owner():
        user = make_user(role, team or make_team(make_site()), **values)
        user.password_hash = passwords.hash_of(PASSWORD)
        user.totp_secret_sealed = second_factor.sealed(user.id, SECRET) if totp else None
    return user


def code(at: datetime | None = None, secret: str = SECRET) -> str:
    return pyotp.TOTP(secret).at(at or clock.real_now())


def csrf_of(answer: Any) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', answer.get_data(as_text=True))
    assert found, "the page has no CSRF token"
    return found[1]


def post(client: Any, url: str, *, page: str | None = None, **fields: Any) -> Any:
    """Send a form as a browser does: the token comes from the page it stands on."""
    return client.post(url, data={"csrf_token": csrf_of(client.get(page or url)), **fields})


def give_password(client: Any, user: User, password: str = PASSWORD, **fields: Any) -> Any:
    return post(client, "/sign-in", email=user.email, password=password, **fields)


def sign_in(client: Any, user: User, **fields: Any) -> Any:
    """Both steps; returns the last answer."""
    first = give_password(client, user, **fields)
    assert first.status_code == 302, first.get_data(as_text=True)
    return post(client, first.headers["Location"], code=code())


class Later:
    """Moves real time for the sessions (the business clock stands still in tests)."""

    def __init__(self, monkeypatch: Any) -> None:
        self.ahead = timedelta(0)
        real = clock.real_now
        monkeypatch.setattr(clock, "real_now", lambda: real() + self.ahead)

    def passes(self, **time: float) -> None:
        self.ahead += timedelta(**time)
