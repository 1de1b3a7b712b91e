"""What a key is, what it may be made for, and what state it is in: decisions on plain values."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date
from enum import StrEnum
from hashlib import sha256

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l


class Scope(StrEnum):
    """What a key may read."""

    RELEASES = "releases:read"
    FIGURES = "figures:read"
    CELLS = "cells:read"


#: Every scope: what a whole release folder needs.
EVERYTHING = frozenset(Scope)
PREFIX = "acg_"
#: 256 random bits as `secrets.token_urlsafe(32)` writes them, after the prefix.
_FORM = re.compile(r"acg_[A-Za-z0-9_-]{43}")
LONGEST_DAYS = 366
LONGEST_NAME = 80


class State(StrEnum):
    """Whether a key still opens anything."""

    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"


class NotKeySteward(Refused):
    """A key is made by the data steward of every country that it reads."""

    sentence = _l("Solo quien administra los datos de un país da llaves para leer sus cifras.")
    field = "countries"


class NothingToRead(Refused):
    """A key without a scope, or with one that does not exist, is good for nothing."""

    sentence = _l("Elija al menos una cosa que la llave permita leer.")
    field = "scopes"


class LivesTooLong(Refused):
    """A key expires, after a year at most."""

    sentence = _l("Una llave vale entre un día y un año.")
    field = "days"


class NameMissing(Refused):
    """A key is known by what it is for."""

    sentence = _l("Escriba para qué es la llave, con 80 letras como máximo.")
    field = "name"


class RevokedAlready(Refused):
    """A key is taken back once."""

    sentence = _l("Esta llave ya está retirada.")


def may_make(
    name: str, *, scopes: Collection[str], countries: Collection[str], days: int, steward_of: Collection[str]
) -> None:
    """Whether a steward may make a key for `countries`. Raises the refusals above."""
    if not 0 < len(name) <= LONGEST_NAME:
        raise NameMissing
    if not scopes or not set(scopes) <= {str(one) for one in Scope}:
        raise NothingToRead
    if not countries or not set(countries) <= set(steward_of):
        raise NotKeySteward
    if not 0 < days <= LONGEST_DAYS:
        raise LivesTooLong


def state_of(*, revoked: bool, expires_on: date, today: date) -> State:
    """A key is good until the end of its last day (UTC), unless it was taken back."""
    if revoked:
        return State.REVOKED
    return State.ACTIVE if today <= expires_on else State.EXPIRED


def may_revoke(*, revoked: bool) -> None:
    """Raises RevokedAlready."""
    if revoked:
        raise RevokedAlready


def bearer(header: str | None) -> str | None:
    """The key in an `Authorization: Bearer …` header (RFC 6750); None if there is none that could be one of ours."""
    kind, _, token = (header or "").strip().partition(" ")
    token = token.strip()
    return token if kind.lower() == "bearer" and _FORM.fullmatch(token) else None


def hashed(token: str) -> bytes:
    """What is kept of a key."""
    return sha256(token.encode()).digest()
