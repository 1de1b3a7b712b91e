"""The embedded PostgreSQL of the demo and the tests; production brings its own (``DATABASE_URL``).

Who may connect: only unix sockets (no TCP unless a port is asked for), in a folder of mode 0700 outside the
home, *and* SCRAM passwords, random per home and kept in ``HOME/secrets`` (0600). ``trust`` would let every
account of a shared machine in by TCP, and every process of the same account in by socket without a secret;
``peer`` would tie six roles to one account. The folder keeps others away, the password is what each role is
given.

Who it runs as: PostgreSQL refuses to be root. Started by root it runs as ``nobody`` (without supplementary
groups), which owns the data folder and the socket folder and nothing else; no parent folder is ever changed.
Where that account cannot come to the home (a home under ``/root``), the data lives in
``/var/lib/acogida/<name>/`` and ``HOME/postgres.json`` says so; where it cannot come to the programs (a
checkout under ``/root``), they are copied beside. A data folder whose home is gone is removed at the next
start.

Locale: the built-in C.UTF-8. With LC_CTYPE=C trigram search silently drops ``ñ``; a system locale would make
the order of an index depend on the machine.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from caseapp.core.launcher.binaries import OLDEST_POSTGRES, postgres_folder, postgres_version
from caseapp.core.launcher.errors import LauncherError
from caseapp.core.launcher.home import HomeLock, make_private, open_home, remove_private, socket_folder
from caseapp.core.launcher.place import Place, find_place
from caseapp.core.launcher.processes import Child, Running
from caseapp.core.launcher.secrets import ROLES, SUPERUSER, HomeSecrets, home_secrets

DATABASE = "acogida"
PORT = 5432
CLEAN_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"}
SETTINGS = {
    "cluster_name": "acogida",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "unix_socket_permissions": "0700",
    # Pages ask many small questions; compiling a plan costs more than it saves.
    "jit": "off",
    "max_connections": "100",
    "shared_buffers": "128MB",
    # Never the values: they may be names.
    "log_parameter_max_length_on_error": "0",
    "log_statement": "none",
}
# For a cluster that is thrown away: nothing is ever flushed.
THROWN_AWAY = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


class Cluster:
    """PostgreSQL of one home: ``start()`` gives the URLs, ``stop()`` ends it; also a context manager.

    Where ``DATABASE_URL`` is set, that database is used and nothing is started. ``tcp_port`` also listens on
    127.0.0.1. ``lock`` is the home's lock when the caller holds it already. ``owner`` is the process that the
    cluster must not outlive (this one).
    """

    def __init__(
        self,
        home: Path,
        *,
        lock: HomeLock | None = None,
        tcp_port: int | None = None,
        options: Mapping[str, str] | None = None,
        owner: int | None = None,
        external: bool = True,
        remove: tuple[Path, ...] = (),
    ) -> None:
        self.home = home.expanduser().absolute()
        self._lock = lock
        self._own_lock: HomeLock | None = None
        self._tcp_port = tcp_port
        self._options = {**SETTINGS, **(options or {})}
        self._owner = owner or os.getpid()
        self._external = external
        self._remove = remove
        self._running: Running | None = None

    def start(self) -> dict[str, str]:
        """Start (making the cluster the first time) and return the URLs by environment variable.

        ``DATABASE_URL`` is the superuser's, the others carry the roles' passwords; the roles themselves are
        made by ``acogida migrate``.
        """
        given = os.environ.get("DATABASE_URL")
        if self._external and given:
            must_be_new_enough(given)
            return {name: os.environ[name] for name in ("DATABASE_URL", *ROLES) if os.environ.get(name)}
        open_home(self.home)
        if self._lock is None:
            self._own_lock = self._lock = HomeLock(self.home).take()
        try:
            secrets = home_secrets(self.home)
            self._start(secrets)
        except BaseException:
            self.stop()
            raise
        return database_urls(self.home, secrets, self._port)

    def _start(self, secrets: HomeSecrets) -> None:
        place = find_place(self.home, postgres_folder())
        sockets = make_private(socket_folder(self.home, "p"), place.account)
        if not (place.data / "PG_VERSION").exists():
            _initialise(place, secrets.passwords[SUPERUSER])
        _must_fit(place)
        url = _url(sockets, SUPERUSER, secrets.passwords[SUPERUSER], "postgres", self._port)
        child = Child(
            name="postgres",
            command=self._command(place, sockets),
            environment=CLEAN_ENVIRONMENT,
            ready=lambda: _answers(url),
            # The fast shutdown: sessions are ended, the data is left in order.
            stop=signal.SIGINT,
            grace=20.0,
            account=place.account,
            cwd=Path("/"),
            remove=(sockets, *self._remove),
        )
        hold = self._lock.descriptor if self._lock else None
        self._running = Running(child, self.home / "log" / "postgres.log", hold, self._owner)
        self._running.start()
        self._running.wait_until_ready()
        _create_database(url)

    def _command(self, place: Place, sockets: Path) -> list[str | Path]:
        options = {
            **self._options,
            "unix_socket_directories": str(sockets),
            "listen_addresses": "127.0.0.1" if self._tcp_port else "",
            "port": str(self._port),
        }
        given = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [place.programs / "postgres", "-D", place.data, *given]

    @property
    def _port(self) -> int:
        """It is part of the socket's name even without TCP."""
        return self._tcp_port or PORT

    @property
    def running(self) -> Running | None:
        """The started process, None where the database is somebody else's."""
        return self._running

    def stop(self) -> None:
        """End it (sessions are closed, the data stays) and let go of the home."""
        if self._running is not None:
            self._running.stop()
            self._running = None
            remove_private(socket_folder(self.home, "p"))
        if self._own_lock is not None:
            self._own_lock.release()
            self._own_lock = self._lock = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.stop()


def database_urls(home: Path, secrets: HomeSecrets, port: int = PORT) -> dict[str, str]:
    """The URLs of this home's cluster by environment variable, for libpq and for ``config.settings``."""
    sockets = socket_folder(home, "p")
    users = {"DATABASE_URL": SUPERUSER, **ROLES}
    return {
        name: _url(sockets, user, secrets.passwords[user], DATABASE, port) for name, user in users.items()
    }


def _url(sockets: Path, user: str, password: str, database: str, port: int) -> str:
    place = f"host={quote(str(sockets), safe='/')}" + ("" if port == PORT else f"&port={port}")
    return f"postgresql://{user}:{quote(password, safe='')}@/{database}?{place}"


def _initialise(place: Place, password: str) -> None:
    """Make the cluster beside its place and move it there when it is whole: a half-made one is never used."""
    new = place.data.with_name("data.new")
    shutil.rmtree(new, ignore_errors=True)
    password_file = place.data.with_name("password")
    try:
        password_file.unlink(missing_ok=True)
        # O_EXCL: the folder is the other account's, which must not be able to lead root's hand by a link.
        with open(os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(password)
        if place.account:
            os.chown(password_file, *place.account)
        command: list[str | Path] = [
            *(place.programs / "initdb", "--pgdata", new, "--username", SUPERUSER, "--pwfile", password_file),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"),
            *("--no-sync", "--no-instructions"),
        ]
        done = _run_as(place, command)
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
            raise LauncherError(f"The database cannot be made in {place.data}: {said[-1]}")
        new.rename(place.data)
    except OSError as error:
        raise LauncherError(f"The database cannot be made in {place.data}: {error.strerror}.") from None
    finally:
        password_file.unlink(missing_ok=True)


def _run_as(place: Place, command: list[str | Path]) -> subprocess.CompletedProcess[str]:
    whole = {"capture_output": True, "text": True, "env": CLEAN_ENVIRONMENT, "cwd": "/", "timeout": 120}
    if place.account is None:
        return subprocess.run(command, **whole, check=False)  # type: ignore[call-overload, no-any-return]
    uid, gid = place.account
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        command, **whole, user=uid, group=gid, extra_groups=[], check=False
    )


def _must_fit(place: Place) -> None:
    """A data folder is tied to the major version that made it."""
    made_by = (place.data / "PG_VERSION").read_text().strip()
    found = postgres_version(place.programs)
    if made_by != str(found):
        raise LauncherError(f"The data in {place.data} is of PostgreSQL {made_by}, the program is {found}.")


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise LauncherError(
                "The password in HOME/secrets does not open the database: restore it."
            ) from None
        return False
    return True


def _create_database(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def must_be_new_enough(url: str) -> None:
    """``LauncherError`` when the database at ``url`` does not answer or is older than PostgreSQL 17."""
    try:
        with psycopg.connect(url.replace("+psycopg", "", 1), connect_timeout=5) as connection:
            version = connection.info.server_version // 10000
    except psycopg.Error as error:
        said = (str(error).strip().splitlines() or ["no reason given"])[0]
        raise LauncherError(f"The database of DATABASE_URL does not answer: {said}") from None
    if version < OLDEST_POSTGRES:
        raise LauncherError(
            f"The database of DATABASE_URL is PostgreSQL {version}: Acogida needs 17 or newer."
        )
