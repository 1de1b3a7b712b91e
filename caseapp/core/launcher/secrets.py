"""The demo's own secrets, made once per home and kept in ``HOME/secrets`` (folder 0700, files 0600).

All begin with ``demo-``, and the country key file says ``"demo": true``: a production that is given one of
them by mistake refuses to start (``config.settings``).
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caseapp.core.launcher.errors import LauncherError

SUPERUSER = "postgres"
# Environment variable → the role whose credentials it holds; the roles themselves are made by the migrations.
ROLES = {
    "DATABASE_URL_APP": "acogida_app",
    "DATABASE_URL_WORK": "acogida_work",
    "DATABASE_URL_FACTS": "acogida_facts",
    "DATABASE_URL_FIGURES": "acogida_figures",
}


@dataclass(frozen=True, repr=False)
class HomeSecrets:
    """What a home keeps secret: SECRET_KEY and RELEASE_SECRET, passwords by role, the key file."""

    environment: dict[str, str]
    passwords: dict[str, str]
    country_keys_file: Path


def home_secrets(home: Path, *, countries: Iterable[str] = (), seed: int | None = None) -> HomeSecrets:
    """The secrets of ``home``; what is missing is made and kept.

    With ``seed`` the release secret comes from it, so that the same demo draws the same figures. A country
    that has a key keeps it.
    """
    folder = home / "secrets"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        kept = _read(folder / "secrets.json")
        wanted = {
            "environment": {
                "SECRET_KEY": _new(),
                "RELEASE_SECRET": _new() if seed is None else _from_seed(seed),
            },
            "passwords": {role: _new() for role in (SUPERUSER, *ROLES.values())},
        }
        whole = {part: {**wanted[part], **kept.get(part, {})} for part in wanted}
        if whole != kept:
            _write(folder / "secrets.json", whole)
        keys_file = folder / "country-keys.json"
        keys = _read(keys_file)
        missing = {iso3: base64.b64encode(os.urandom(32)).decode() for iso3 in countries if iso3 not in keys}
        if missing or not keys:
            _write(keys_file, {"demo": True, **keys, **missing})
    except OSError as error:
        raise LauncherError(f"The secrets in {folder} cannot be kept: {error.strerror}.") from None
    return HomeSecrets(whole["environment"], whole["passwords"], keys_file)


def _new() -> str:
    return f"demo-{secrets.token_hex(24)}"


def _from_seed(seed: int) -> str:
    return f"demo-{hashlib.sha256(f'release {seed}'.encode()).hexdigest()[:48]}"


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise LauncherError(f"{file} is damaged: restore it, or remove the whole home to begin anew.")
    return found


def _write(file: Path, content: dict[str, Any]) -> None:
    """Replace the file in one step; never readable by others, not even for a moment."""
    new = file.with_suffix(".new")
    with contextlib.suppress(FileNotFoundError):
        new.unlink()
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        json.dump(content, out, indent=1, sort_keys=True)
        out.flush()
        os.fsync(out.fileno())
    new.replace(file)
