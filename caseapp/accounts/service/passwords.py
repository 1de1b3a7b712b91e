"""Passwords are kept as Argon2id (RFC 9106, low-memory parameters). In the demo and in tests the smaller
parameters of OWASP's sheet are used: there are a hundred made-up accounts, and no secret behind them."""

from __future__ import annotations

import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from config.settings import settings


@cache
def _hasher(thorough: bool) -> PasswordHasher:
    return PasswordHasher() if thorough else PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


def hasher() -> PasswordHasher:
    return _hasher(settings().is_production)


@cache
def _decoy(thorough: bool) -> str:
    return _hasher(thorough).hash("nobody has this password")


def _same_form(password: str) -> str:
    # Two keyboards may send «ñ» as one character or as two.
    return unicodedata.normalize("NFC", password)


def hash_of(password: str) -> str:
    """The Argon2id hash to keep."""
    return hasher().hash(_same_form(password))


def matches(stored: str | None, given: str) -> bool:
    """Whether `given` is the password; takes as long when there is no such user (`stored` is None)."""
    try:
        hasher().verify(stored or _decoy(settings().is_production), _same_form(given))
    except (Argon2Error, InvalidHashError):
        return False
    return stored is not None


def is_outdated(stored: str) -> bool:
    """The parameters have changed since the hash was made: make it anew while the password is at hand."""
    return hasher().check_needs_rehash(stored)
