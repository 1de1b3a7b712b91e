"""The draw's randomness: one generator for each cube, period and attempt, from a secret that is never published."""

from __future__ import annotations

import hmac
from hashlib import sha256

import numpy as np

SHORTEST_SECRET = 16


class SecretTooShort(ValueError):
    """Whoever can guess the secret can undo the draw."""


def generator(secret: bytes, cube: str, period: str, counter: int, edition: int = 0) -> np.random.Generator:
    """A generator seeded by HMAC-SHA-256 over cube (with its country), period, counter and edition.

    `edition` is 0 for the first publication of a period and counts its revisions. The same arguments give the same
    numbers: a release can be made again, byte for byte, by whoever holds the secret.
    """
    if len(secret) < SHORTEST_SECRET:
        raise SecretTooShort(f"the secret needs at least {SHORTEST_SECRET} bytes")
    message = "\x1f".join((cube, period, str(counter), str(edition))).encode()
    digest = hmac.new(secret, message, sha256).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))
