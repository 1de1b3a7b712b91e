"""The countries' keys: the file they stand in, and the keys derived from each.

The file is JSON, ``{"MEX": "<base64 of 32 bytes>", …}``; one that a demo wrote also says ``"demo": true``.
It lives outside the database: a copy of the database alone opens nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32


class SettingsError(Exception):
    """The configuration cannot be used; the message is one sentence for the person who starts the process."""


class CountryKeyMissing(SettingsError):
    """This installation holds no key for that country."""


class Purpose(StrEnum):
    """What a key derived from the country's key is for."""

    WRAPPING = "wrapping"
    TOKENS = "tokens"
    PSEUDONYMS = "pseudonyms"


@dataclass(frozen=True, repr=False)
class CountryKeys:
    """The keys by country; ``demo`` when they carry the demo's mark, ``any_country`` in tests only."""

    keys: Mapping[str, bytes]
    demo: bool
    any_country: bool = False

    def of(self, iso3: str) -> bytes:
        if self.any_country and re.fullmatch("[A-Z]{3}", iso3):
            return hashlib.sha256(f"demo-{iso3}".encode()).digest()
        try:
            return self.keys[iso3]
        except KeyError:
            raise CountryKeyMissing(f"There is no country key for {iso3}.") from None


def made_for_tests() -> CountryKeys:
    """Keys that need no file: the same in every run, for any country, worth nothing."""
    return CountryKeys(keys={}, demo=True, any_country=True)


def read_country_keys(file: Path) -> CountryKeys:
    """The keys in ``file``, checked; ``SettingsError`` says what is wrong with it, never what it holds."""
    try:
        written = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"The country keys cannot be read from {file}: {error.strerror}.") from None
    except ValueError:
        raise SettingsError(f"{file} is not a JSON file of country keys.") from None
    if not isinstance(written, dict):
        raise SettingsError(f"{file} is not a JSON file of country keys.")
    demo = bool(written.pop("demo", False))
    keys = {iso3: _checked(file, iso3, text) for iso3, text in written.items()}
    if len(set(keys.values())) != len(keys):
        raise SettingsError(f"{file} gives two countries the same key.")
    return CountryKeys(keys, demo)


def _checked(file: Path, iso3: str, text: object) -> bytes:
    if not re.fullmatch("[A-Z]{3}", iso3):
        raise SettingsError(f"{file} names a country that is not an ISO 3166 alpha-3 code.")
    try:
        key = base64.b64decode(str(text), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES or len(set(key)) < KEY_BYTES // 4:
        raise SettingsError(f"The key of {iso3} in {file} is not {KEY_BYTES} random bytes in base64.")
    return key


def derive(key: bytes, iso3: str, purpose: Purpose) -> bytes:
    """The key for ``purpose`` from a country's ``key`` by HKDF-SHA-256 (RFC 5869)."""
    info = f"acogida/1/{iso3}/{purpose.value}".encode()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(key)
