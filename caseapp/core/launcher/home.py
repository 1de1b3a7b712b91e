"""The home: the one folder in which an installation keeps its own files, and its lock.

The lock is a ``flock`` on ``HOME/lock``, so it never outlives the processes that hold it: the launcher, and
the guards of its children (they inherit the descriptor). After a ``kill -9`` of the launcher the lock is
therefore free as soon as the last child is gone, and not before: a new launcher waits for that moment instead
of starting a second PostgreSQL on the same data. The process number in the file is only for the sentence.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import stat
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from caseapp.core.launcher.errors import LauncherError

# sun_path holds 108 bytes with its closing zero; PostgreSQL appends "/.s.PGSQL.65535.lock".
LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.65535.lock")
PATIENCE_SECONDS = 30.0


def open_home(home: Path) -> Path:
    """Make the home where it is missing and see that it can be written; its absolute path.

    A new home is closed to others. Started by root it may be passed through (0711, not listed), because
    PostgreSQL refuses to be root and has to reach its data inside; everything secret in it is 0600 in a
    folder that is 0700.
    """
    home = home.expanduser().absolute()
    try:
        if not home.exists():
            home.mkdir(parents=True)
            home.chmod(0o711 if os.geteuid() == 0 else 0o700)
        (home / "log").mkdir(mode=0o700, exist_ok=True)
        probe = home / f".write-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise LauncherError(f"The folder {home} cannot be written: {error.strerror}.") from None
    return home


class HomeLock:
    """Holds a home for one launcher; ``LauncherError`` where another one has it."""

    def __init__(self, home: Path, *, patience: float = PATIENCE_SECONDS) -> None:
        self.home = home
        self._patience = patience
        self._descriptor: int | None = None

    @property
    def descriptor(self) -> int:
        """For the guards, which keep the lock as long as they live."""
        if self._descriptor is None:
            raise LauncherError(f"The folder {self.home} is not locked.")
        return self._descriptor

    def take(self) -> Self:
        """Take it; waits for the children of a launcher that is gone, refuses beside one that lives."""
        descriptor = os.open(self.home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        until = time.monotonic() + self._patience
        while not _locked(descriptor):
            owner = _owner(descriptor)
            if owner is not None and is_alive(owner):
                os.close(descriptor)
                raise LauncherError(f"Acogida is already running in {self.home} (process {owner}).")
            if time.monotonic() > until:
                os.close(descriptor)
                raise LauncherError(
                    f"An earlier run in {self.home} is still stopping: try again in a moment."
                )
            time.sleep(0.05)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor
        return self

    def release(self) -> None:
        """Let go. Not LOCK_UN: that would take it from guards that are still ending their child."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self.take()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.release()


def is_running(home: Path) -> bool:
    """Whether a launcher (or what is left of one) holds this home."""
    try:
        descriptor = os.open(home / "lock", os.O_RDWR)
    except OSError:
        return False
    try:
        return not _locked(descriptor)
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner(descriptor: int) -> int | None:
    text = os.pread(descriptor, 32, 0).strip()
    return int(text) if text.isdigit() else None


def is_alive(pid: int) -> bool:
    """Whether the process still runs (one that has ended and was not collected does not)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    with contextlib.suppress(OSError):
        # A zombie has ended; only its parent has not looked yet.
        return Path(f"/proc/{pid}/stat").read_text(encoding="latin-1").rpartition(")")[2].split()[0] != "Z"
    return True


def socket_folder(home: Path, purpose: str) -> Path:
    """Where the sockets of ``purpose`` in this home are: short, outside the home, the same at every start."""
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:10]
    candidates = (
        [Path("/run")] if os.geteuid() == 0 else [Path(os.environ.get("XDG_RUNTIME_DIR", "/nowhere"))]
    )
    for base in [*candidates, Path("/tmp")]:
        folder = base / f"acogida-{os.geteuid()}-{name}-{purpose}"
        if len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER and os.access(base, os.W_OK | os.X_OK):
            return folder
    raise LauncherError("There is no folder for sockets: neither the runtime folder nor /tmp can be written.")


def make_private(folder: Path, account: tuple[int, int] | None = None) -> Path:
    """Make ``folder`` with mode 0700 for the account given or this one; refuses somebody else's."""
    wanted = account or (os.geteuid(), os.getegid())
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), wanted[0]}:
        raise LauncherError(f"{folder} belongs to somebody else: remove it and start again.")
    if os.geteuid() == 0:
        os.chown(folder, *wanted)
    folder.chmod(0o700)
    return folder


def remove_private(folder: Path) -> None:
    """Remove a folder that ``make_private`` made; nothing happens where there is none."""
    shutil.rmtree(folder, ignore_errors=True)
