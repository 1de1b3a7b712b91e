"""Time-based one-time codes (RFC 6238). The secret is kept encrypted with a key derived from SECRET_KEY,
bound to the user; each 30-second step is accepted once, one step early or late is forgiven."""

from __future__ import annotations

import hmac
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import pyotp
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from caseapp.core import crypto
from config.settings import settings

SECONDS = 30


@lru_cache(maxsize=2)
def _key(secret_key: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"acogida second factor").derive(secret_key.encode())


def _aad(user_id: UUID) -> bytes:
    return f"user_account:totp:{user_id}".encode()


def new_secret() -> str:
    """160 random bits, base32."""
    return pyotp.random_base32()


def sealed(user_id: UUID, secret: str) -> bytes:
    return crypto.seal(_key(settings().secret_key), secret.encode(), _aad(user_id))


def opened(user_id: UUID, kept: bytes) -> str | None:
    """The secret, or None if SECRET_KEY has changed since: the second factor must then be set anew."""
    try:
        return crypto.unseal(_key(settings().secret_key), kept, _aad(user_id)).decode()
    except crypto.InvalidTag:
        return None


def accepted_step(secret: str, code: str, moment: datetime, last: int | None) -> int | None:
    """The step whose code this is, if it is near `moment` and later than the `last` one used; else None."""
    now = int(moment.timestamp()) // SECONDS
    totp = pyotp.TOTP(secret)
    found = None
    for step in (now, now - 1, now + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()):
            found = step
    return found if found is not None and (last is None or found > last) else None


def next_code(secret: str, moment: datetime, last: int | None) -> str | None:
    """A code that `accepted_step` would take at `moment`; None while both the current and the next are used."""
    now = int(moment.timestamp()) // SECONDS
    step = now if last is None else max(now, last + 1)
    return pyotp.TOTP(secret).generate_otp(step) if step <= now + 1 else None


def address(secret: str, email: str) -> str:
    """What an authenticator reads from the square (`otpauth://…`)."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name="Acogida")
