"""Encryption of identifying data by the application.

Every case has its own data key (AES-256), wrapped by its country's key, which lives outside the
database. Values are AES-256-GCM, bound (AAD) to table, column and row id, so that a value copied to
another row does not open. Wrapped keys stand in the schema `keyring`, backed up apart from the data
and kept shortly: erasing a case deletes its key, and with it everything it ever wrote.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, Session, mapped_column, object_session

from caseapp.core import clock
from caseapp.core.db import Base, session
from config.settings import Purpose, country_key

NONCE = 12
FORMAT = b"\x01"


class KeyGone(Exception):
    """The data key was deleted: the case was erased."""


class CaseKey(Base):
    """A case's data key, wrapped. No foreign key to the case: the two are backed up apart."""

    __tablename__ = "case_key"
    __table_args__ = {"schema": "keyring"}

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    country: Mapped[str] = mapped_column(sa.CHAR(3))
    wrapped: Mapped[bytes] = mapped_column(sa.LargeBinary)
    made_at: Mapped[datetime]


def seal(key: bytes, plain: bytes, aad: bytes) -> bytes:
    """AES-256-GCM: format byte, nonce, ciphertext with tag."""
    nonce = os.urandom(NONCE)
    return FORMAT + nonce + AESGCM(key).encrypt(nonce, plain, aad)


def unseal(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    """The plain bytes; raises `cryptography.exceptions.InvalidTag` if key, place or bytes are not the same."""
    return AESGCM(key).decrypt(sealed[1 : 1 + NONCE], sealed[1 + NONCE :], aad)


def _wrap_aad(case_id: UUID, country: str) -> bytes:
    return f"case_key:{country}:{case_id}".encode()


def _keys(db: Session) -> dict[UUID, bytes]:
    return cast(dict[UUID, bytes], db.info.setdefault("case_keys", {}))


def new_key(case_id: UUID, country: str) -> None:
    """Make and store the data key of a new case, in the running transaction."""
    new_keys([case_id], country)


def new_keys(case_ids: Iterable[UUID], country: str) -> None:
    """Make and store the data keys of several new cases of one country in one statement."""
    keys = {case_id: os.urandom(32) for case_id in case_ids}
    if not keys:
        return
    wrapping, moment = country_key(country, Purpose.WRAPPING), clock.now()
    rows = [
        {
            "case_id": i,
            "country": country,
            "wrapped": seal(wrapping, k, _wrap_aad(i, country)),
            "made_at": moment,
        }
        for i, k in keys.items()
    ]
    session.execute(sa.insert(CaseKey), rows)
    _keys(session()).update(keys)


def destroy_key(case_id: UUID) -> None:
    """Delete the data key: whatever it encrypted can never be read again."""
    session.execute(sa.delete(CaseKey).where(CaseKey.case_id == case_id))
    _keys(session()).pop(case_id, None)


def load_keys(case_ids: Iterable[UUID], db: Session | None = None) -> None:
    """Fetch and unwrap many cases' keys in one statement (lists call this before they show names)."""
    db = db or session()
    have = _keys(db)
    wanted = [c for c in set(case_ids) if c not in have]
    if not wanted:
        return
    with db.no_autoflush:
        rows = db.execute(
            # One array, so that the statement reads the same however many are wanted, and stays prepared.
            sa.select(CaseKey.case_id, CaseKey.country, CaseKey.wrapped).where(
                CaseKey.case_id == sa.any_(sa.bindparam("wanted", wanted, pg.ARRAY(sa.Uuid())))
            )
        ).all()
    for case_id, country, wrapped in rows:
        have[case_id] = unseal(country_key(country, Purpose.WRAPPING), wrapped, _wrap_aad(case_id, country))


def key_of(case_id: UUID, db: Session | None = None) -> bytes:
    """A case's data key; on a miss the keys of every case in the session are fetched with it, so that
    a page of rows costs one statement. Raises `KeyGone` after erasure."""
    db = db or session()
    have = _keys(db)
    if case_id not in have:
        rows: list[Any] = [o for o in db.identity_map.values() if _is_keyed(o)]
        known = {row.case_id for row in rows}
        load_keys({case_id, *known}, db)
    try:
        return have[case_id]
    except KeyError:
        raise KeyGone(str(case_id)) from None


def _is_keyed(row: Any) -> bool:
    return any(isinstance(v, Encrypted) for c in type(row).__mro__ for v in vars(c).values())


class Encrypted:
    """A text attribute kept encrypted in `<name>_sealed` (bytes) of a row that has `id` and `case_id`.

    ``given_names = Encrypted("given_names")`` beside
    ``given_names_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)``.
    Reading after erasure gives None. Setting None clears the column.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.column = f"{name}_sealed"

    def _aad(self, row: Any) -> bytes:
        return _value_aad(row.__table__.name, self.name, row.id)

    def __get__(self, row: Any, owner: type[Any]) -> Any:
        if row is None:
            return self
        sealed = getattr(row, self.column)
        if sealed is None:
            return None
        cached = row.__dict__.get(f"_plain_{self.name}")
        if cached is not None and cached[0] == sealed:
            return cached[1]
        try:
            plain = unseal(key_of(row.case_id, object_session(row)), sealed, self._aad(row)).decode()
        except KeyGone:
            return None
        row.__dict__[f"_plain_{self.name}"] = (sealed, plain)
        return plain

    def __set__(self, row: Any, value: str | None) -> None:
        if value is None or value == "":
            setattr(row, self.column, None)
            return
        if row.case_id is None:
            raise ValueError("set case_id before an encrypted attribute")
        sealed = seal(key_of(row.case_id, object_session(row)), value.encode(), self._aad(row))
        setattr(row, self.column, sealed)
        row.__dict__[f"_plain_{self.name}"] = (sealed, value)


def reveal(table: str, name: str, row_id: UUID, case_id: UUID, sealed: bytes | None) -> str | None:
    """The plain text of an `Encrypted` attribute that came without its row (from a definer function); None where
    it is empty or the case was erased."""
    if sealed is None:
        return None
    try:
        return unseal(key_of(case_id), sealed, _value_aad(table, name, row_id)).decode()
    except KeyGone:
        return None


def _value_aad(table: str, name: str, row_id: UUID) -> bytes:
    return f"{table}:{name}:{row_id}".encode()


def pseudonym(country: str, kind: str, subject: UUID) -> UUID:
    """A keyed pseudonym (HMAC-SHA-256 cut to 128 bits) under the country's own key: the same person is
    the same pseudonym everywhere in one country, and nothing in another."""
    digest = hmac.new(country_key(country, Purpose.PSEUDONYMS), f"{kind}:{subject}".encode(), sha256).digest()
    return UUID(bytes=digest[:16])


__all__ = [
    "CaseKey", "Encrypted", "InvalidTag", "KeyGone", "destroy_key", "key_of", "load_keys", "new_key", "new_keys",
    "pseudonym", "reveal", "seal", "unseal",
]  # fmt: skip
