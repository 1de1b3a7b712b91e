"""Everything an installation needs on one machine, under one process in the foreground."""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from urllib.parse import quote, urlsplit, urlunsplit

from caseapp.core.launcher.errors import LauncherError
from caseapp.core.launcher.home import HomeLock, is_running, open_home
from caseapp.core.launcher.postgres import Cluster, database_urls
from caseapp.core.launcher.processes import Child, Processes
from caseapp.core.launcher.secrets import ROLES, HomeSecrets, home_secrets
from caseapp.core.launcher.valkey import broker, broker_url
from config.settings import reset_settings

Environment = dict[str, str]


class _Stopped(Exception):
    """Somebody pressed Ctrl-C or sent SIGTERM."""


def supervise(
    home: Path,
    *,
    prepare: Callable[[Environment], None],
    children: Callable[[Environment], Sequence[Child]],
    announce: Callable[[Environment], None],
    listen: tuple[str, int] = ("127.0.0.1", 8000),
    countries: Iterable[str] = (),
    seed: int | None = None,
    extra: Mapping[str, str] | None = None,
) -> None:
    """Start database and broker, ``prepare`` (migrate, seed), the children; stay until a signal.

    The callables get the environment, which is also put into ``os.environ`` so that ``settings()`` of this
    process reads it. ``children`` makes the web server, workers and beat (``children.py`` has the usual
    ones). Returns after Ctrl-C, SIGTERM or SIGHUP when all is stopped; raises ``LauncherError`` with one
    sentence otherwise.
    """
    home = open_home(home)
    with ExitStack() as stack:
        # The lock first: it waits for an earlier run's web server, which may still hold the port.
        lock = stack.enter_context(HomeLock(home))
        must_be_free(*listen)
        signals = stack.enter_context(_stop_by_signal())
        base = Processes(home, hold=lock.descriptor)
        work = Processes(home, hold=lock.descriptor)
        cluster = Cluster(home, lock=lock)
        stack.callback(cluster.stop)
        stack.callback(base.stop)
        stack.callback(work.stop)
        stack.callback(signals.deaf)
        try:
            cluster.start()
            if cluster.running is not None:
                base.adopt(cluster.running)
            if not os.environ.get("BROKER_URL"):
                base.start(broker(home))
            environment = home_environment(home, countries=countries, seed=seed)
            environment |= {"ACOGIDA_BASE_URL": f"http://{listen[0]}:{listen[1]}", **(extra or {})}
            os.environ.update(environment)
            reset_settings()
            prepare(environment)
            must_be_free(*listen)
            # One after the other, the web server first: whoever waits for a page does not wait for the workers.
            for child in children({**os.environ, **environment}):
                signals.heed()
                work.start(child)
            announce(environment)
            while True:
                signals.heed()
                base.look_after()
                work.look_after()
                time.sleep(0.3)
        except (_Stopped, KeyboardInterrupt):
            return


def home_environment(home: Path, *, countries: Iterable[str] = (), seed: int | None = None) -> Environment:
    """The environment of a process that works with this home: URLs of database and broker, secrets.

    What the caller's environment names already (an own database, an own broker) is kept. Another command with
    the same ``--home`` uses this to join a running demo; see ``must_be_running``.
    """
    secrets = home_secrets(home, countries=countries, seed=seed)
    own = os.environ.get("DATABASE_URL")
    urls = database_urls(home, secrets) if not own else {"DATABASE_URL": own, **_role_urls(own, secrets)}
    return {
        "ACOGIDA_ENV": "demo",
        "ACOGIDA_HOME": str(home),
        "ACOGIDA_COUNTRY_KEYS_FILE": str(secrets.country_keys_file),
        "BROKER_URL": os.environ.get("BROKER_URL") or broker_url(home),
        **urls,
        **secrets.environment,
    }


def _role_urls(owner: str, secrets: HomeSecrets) -> Environment:
    """The other roles' URLs on the owner's database, where the environment does not name them."""
    parts = urlsplit(owner)
    _login, at, place = parts.netloc.rpartition("@")
    urls = {}
    for name, role in ROLES.items():
        login = f"{role}:{quote(secrets.passwords[role], safe='')}@"
        urls[name] = os.environ.get(name) or urlunsplit(
            parts._replace(netloc=login + (place if at else parts.netloc))
        )
    return urls


def must_be_running(home: Path) -> None:
    """``LauncherError`` when nothing runs in ``home`` that a command could join."""
    if not os.environ.get("DATABASE_URL") and not is_running(home):
        raise LauncherError(f"Nothing is running in {home}: start it with acogida demo, or set DATABASE_URL.")


def must_be_free(host: str, port: int) -> None:
    """``LauncherError`` when the port cannot be listened on."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except PermissionError:
        raise LauncherError(f"Port {port} needs more rights: choose one above 1023 with --port.") from None
    except (OSError, OverflowError) as error:
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise LauncherError(f"Port {port} on {host} is taken: choose another with --port.") from None
        raise LauncherError(f"Port {port} on {host} cannot be used: {error}.") from None


class _Signals:
    """The first signal raises ``_Stopped`` where the program stands; further ones are not heard."""

    NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self) -> None:
        self.came = False

    def deaf(self) -> None:
        for number in self.NUMBERS:
            signal.signal(number, signal.SIG_IGN)

    def heed(self) -> None:
        """Raise ``_Stopped`` if a signal came: what is raised while Python tidies up an object is lost."""
        if self.came:
            raise _Stopped

    def stop(self, _number: int, _frame: FrameType | None) -> None:
        # Stopping takes a few seconds at most; a second Ctrl-C must not leave half of it undone.
        self.deaf()
        self.came = True
        print("Stopping …", file=sys.stderr, flush=True)
        raise _Stopped


@contextmanager
def _stop_by_signal() -> Iterator[_Signals]:
    """Turn the first signal into ``_Stopped``; afterwards signals do what they did before."""
    signals = _Signals()
    before = {number: signal.getsignal(number) for number in signals.NUMBERS}
    for number in signals.NUMBERS:
        signal.signal(number, signals.stop)
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
