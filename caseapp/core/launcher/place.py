"""Where the embedded PostgreSQL lives: data, programs and the account it runs as."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

from caseapp.core.launcher.binaries import postgres_version
from caseapp.core.launcher.errors import LauncherError
from caseapp.core.launcher.home import make_private

ELSEWHERE = Path("/var/lib/acogida")
# An account that owns nothing of value; each exists on some systems only.
ACCOUNTS = ("nobody", "postgres", "daemon")


@dataclass(frozen=True)
class Place:
    """``account`` is (uid, gid) of the account PostgreSQL runs as, None where it is this one."""

    data: Path
    programs: Path
    account: tuple[int, int] | None


def find_place(home: Path, programs: Path, *, elsewhere: Path = ELSEWHERE) -> Place:
    """The place for this home; makes the folder that holds ``data``, closed to others."""
    try:
        if os.geteuid() != 0:
            return Place(make_private(home / "postgres") / "data", programs, None)
        account = _other_account()
        if not can_reach(programs, account):
            programs = _copied(programs, elsewhere)
        if can_reach(home, account):
            return Place(make_private(home / "postgres", account) / "data", programs, account)
        return Place(_elsewhere(home, elsewhere, account) / "data", programs, account)
    except OSError as error:
        raise LauncherError(f"There is no place for the database of {home}: {error.strerror}.") from None


def _other_account() -> tuple[int, int]:
    for name in ACCOUNTS:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        if found.pw_uid != 0:
            return found.pw_uid, found.pw_gid
    raise LauncherError(
        "PostgreSQL refuses to run as root and there is no account nobody: start as another user."
    )


def can_reach(folder: Path, account: tuple[int, int]) -> bool:
    """Whether ``account`` may pass through every folder down to this one (by mode bits alone)."""
    uid, gid = account
    for part in (folder.resolve(), *folder.resolve().parents):
        found = part.stat()
        bit = 0o100 if found.st_uid == uid else 0o010 if found.st_gid == gid else 0o001
        if not found.st_mode & bit:
            return False
    return True


def _elsewhere(home: Path, base: Path, account: tuple[int, int]) -> Path:
    """The folder outside the home, remembered in ``HOME/postgres.json``; removes those whose home is gone."""
    base.mkdir(mode=0o755, parents=True, exist_ok=True)
    _remove_forsaken(base)
    note = home / "postgres.json"
    name = json.loads(note.read_text())["name"] if note.exists() else uuid.uuid4().hex[:12]
    folder = base / Path(name).name
    if not folder.exists():
        note.write_text(json.dumps({"name": name, "folder": str(folder)}))
        make_private(folder, account)
        folder.with_suffix(".home").write_text(str(home))
    return make_private(folder, account)


def _remove_forsaken(base: Path) -> None:
    """Data whose home was deleted, or was made anew and no longer names it."""
    for mark in base.glob("*.home"):
        home = Path(mark.read_text())
        note = home / "postgres.json"
        named = json.loads(note.read_text())["name"] if note.exists() else None
        if home.parent.exists() and named != mark.stem:
            shutil.rmtree(mark.with_suffix(""), ignore_errors=True)
            mark.unlink()


def _copied(programs: Path, base: Path) -> Path:
    """A copy of the installation (``bin``, ``lib``, ``share``; 40 MB) that the account can reach."""
    program = (programs / "postgres").stat()
    copy = base / f"postgresql-{postgres_version(programs)}-{program.st_size}-{int(program.st_mtime)}"
    if not copy.exists():
        base.mkdir(mode=0o755, parents=True, exist_ok=True)
        new = base / f"{copy.name}.{os.getpid()}"
        shutil.copytree(programs.parent, new, symlinks=True)
        new.chmod(0o755)
        try:
            new.rename(copy)
        except OSError:
            # Another launcher was faster.
            shutil.rmtree(new, ignore_errors=True)
    return copy / programs.name
