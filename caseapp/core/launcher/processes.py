"""Children of the launcher: started under a guard, waited for, started again, stopped in order."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from caseapp.core.launcher import guard
from caseapp.core.launcher.errors import LauncherError

CHECKOUT = Path(__file__).resolve().parents[3]
LARGEST_LOG = 10_000_000
LONG_ENOUGH = 20.0
MOST_RESTARTS = 5


@dataclass(frozen=True)
class Child:
    """What to start. ``ready`` is asked until it says yes; ``stop`` is the signal for an orderly end.

    ``account`` (uid, gid) is the account to run as, where it is not this one; ``remove`` the folders that the
    guard deletes once the child has been ended.
    """

    name: str
    command: Sequence[str | Path]
    environment: Mapping[str, str]
    ready: Callable[[], bool] = lambda: True
    ready_within: float = 30.0
    stop: signal.Signals = signal.SIGTERM
    grace: float = 10.0
    account: tuple[int, int] | None = None
    cwd: Path = CHECKOUT
    remove: Sequence[Path] = ()


@dataclass
class Running:
    """A started child; ``hold`` is the home lock's descriptor, ``owner`` whom it must not outlive."""

    child: Child
    log: Path
    hold: int | None = None
    owner: int = field(default_factory=os.getpid)
    _process: subprocess.Popen[bytes] | None = None
    _since: float = 0.0
    _log_from: int = 0

    def start(self) -> None:
        """Start without waiting; the output goes to the log file."""
        watch = _pidfd(self.owner)
        inherited = [descriptor for descriptor in (watch, self.hold) if descriptor is not None]
        try:
            with _open_log(self.log) as output:
                self._log_from = output.tell()
                self._process = subprocess.Popen(
                    self._guarded(watch),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    env=dict(self.child.environment),
                    cwd=self.child.cwd,
                    pass_fds=inherited,
                    # Ctrl-C in the terminal goes to the launcher alone, which stops everything in order.
                    start_new_session=True,
                )
        except OSError as error:
            raise LauncherError(f"{self.child.name} cannot be started: {error.strerror}.") from None
        finally:
            if watch is not None:
                os.close(watch)
        self._since = time.monotonic()

    def _guarded(self, watch: int | None) -> list[str]:
        child = self.child
        options = ["--owner", str(self.owner), "--stop", child.stop.name, "--grace", str(child.grace)]
        for name, number in (("--watch", watch), ("--hold", self.hold)):
            options += [name, str(number)] if number is not None else []
        if child.account is not None:
            options += ["--uid", str(child.account[0]), "--gid", str(child.account[1])]
        for folder in child.remove:
            options += ["--remove", str(folder)]
        interpreter = [sys.executable, "-I", "-S", guard.__file__]
        return [*interpreter, *options, "--", *(str(part) for part in child.command)]

    @property
    def pid(self) -> int | None:
        """The process number of the guard."""
        return self._process.pid if self._process else None

    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll() if self._process else None

    def lived(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self._since

    def wait_until_ready(self) -> None:
        """Return once it answers; ``LauncherError`` when it dies before or takes too long."""
        until = time.monotonic() + self.child.ready_within
        pause = 0.02
        while not self.child.ready():
            code = self.exit_code()
            if code is not None:
                raise LauncherError(
                    f"{self.child.name} stopped while starting (exit {code}): {self.last_words()}"
                )
            if time.monotonic() > until:
                waited = f"{self.child.ready_within:.0f} seconds"
                raise LauncherError(f"{self.child.name} did not answer in {waited}: see {self.log}")
            time.sleep(pause)
            pause = min(pause * 1.3, 0.2)

    def last_words(self) -> str:
        """The last line it wrote, and where the rest stands."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(self._log_from, self.log.stat().st_size - 8192))
                lines = [line.strip() for line in file.read().decode(errors="replace").splitlines()]
        except OSError:
            lines = []
        said = next((line for line in reversed(lines) if line), "it said nothing")
        return f"{said[:300]} (see {self.log})"

    def ask_to_stop(self) -> None:
        """Tell the guard to end the child; returns at once."""
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()

    def stop(self) -> None:
        """End the child and everything it started; returns when they are gone."""
        self.ask_to_stop()
        if self._process is None:
            return
        try:
            self._process.wait(self.child.grace + 10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Processes:
    """The children of one launcher, in the order of their start."""

    def __init__(
        self, home: Path, *, hold: int | None = None, say: Callable[[str], None] | None = None
    ) -> None:
        self._logs = home / "log"
        self._hold = hold
        self._say = say or (lambda sentence: print(sentence, file=sys.stderr, flush=True))
        self._running: list[Running] = []
        self._deaths: dict[str, int] = {}
        self._again_at: dict[str, float] = {}

    def start(self, *children: Child) -> None:
        """Start the children side by side; returns when all are ready."""
        started = []
        for child in children:
            running = Running(child, self._logs / f"{child.name}.log", self._hold)
            self._running.append(running)
            running.start()
            started.append(running)
        for running in started:
            running.wait_until_ready()

    def adopt(self, running: Running) -> None:
        """Look after a child that was started elsewhere; who started it also stops it."""
        self._running.append(running)

    def look_after(self) -> None:
        """One round: start again whoever died, later each time; gives up on one that dies again and again."""
        for running in self._running:
            code = running.exit_code()
            if code is None:
                continue
            name = running.child.name
            if name not in self._again_at:
                self._note_death(running, code)
            elif time.monotonic() >= self._again_at[name]:
                del self._again_at[name]
                running.start()

    def _note_death(self, running: Running, code: int) -> None:
        name = running.child.name
        deaths = 1 if running.lived() > LONG_ENOUGH else self._deaths.get(name, 0) + 1
        self._deaths[name] = deaths
        if deaths > MOST_RESTARTS:
            raise LauncherError(f"{name} stops again and again (exit {code}): {running.last_words()}")
        self._again_at[name] = time.monotonic() + min(0.5 * 2 ** (deaths - 1), 10.0)
        self._say(f"{name} stopped (exit {code}) and is started again; see {running.log}")

    def stop(self) -> None:
        """End all, the last started first; those of one kind of work end side by side."""
        for running in reversed(self._running):
            running.ask_to_stop()
        for running in reversed(self._running):
            running.stop()
        self._running.clear()


def _open_log(log: Path) -> IO[bytes]:
    """Append to the log, private to this account; one older file is kept when it has grown large."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LARGEST_LOG:
            log.replace(log.with_suffix(".log.1"))
    output = os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")
    output.seek(0, os.SEEK_END)
    return output


def _pidfd(pid: int) -> int | None:
    """A descriptor that becomes readable when the process ends; None where the system has none."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None
