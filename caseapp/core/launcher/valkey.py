"""The embedded broker: a Valkey server on a unix socket, its append-only file in the home.

The socket stands in a folder of mode 0700, so only this account can speak to it. The append-only file is
written before a reply leaves, so that a ``kill -9`` of the broker loses no message that was accepted.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

from caseapp.core.launcher.binaries import valkey_server
from caseapp.core.launcher.errors import LauncherError
from caseapp.core.launcher.home import make_private, socket_folder
from caseapp.core.launcher.processes import CHECKOUT, Child

CLEAN_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}


def broker_url(home: Path) -> str:
    """The BROKER_URL of this home."""
    return f"unix://{_socket(home)}"


def broker(home: Path) -> Child:
    """The broker of ``home``, ready to be started; its folders are made here."""
    folder = home / "broker"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise LauncherError(f"The folder {folder} cannot be written: {error.strerror}.") from None
    path = make_private(socket_folder(home, "b")) / "valkey.sock"
    path.unlink(missing_ok=True)
    command: list[str | Path] = [
        *(valkey_server(), "--port", "0", "--unixsocket", path, "--unixsocketperm", "600"),
        *("--dir", folder, "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
        *("--maxmemory-policy", "noeviction", "--daemonize", "no", "--databases", "4"),
    ]
    return Child(
        name="broker",
        command=command,
        environment=CLEAN_ENVIRONMENT,
        ready=lambda: _answers(path),
        cwd=CHECKOUT,
        remove=(path.parent,),
    )


def _socket(home: Path) -> Path:
    return socket_folder(home, "b") / "valkey.sock"


def _answers(path: Path) -> bool:
    """Whether it says PONG: while it still reads its file it answers LOADING."""
    if not os.path.exists(path):
        return False
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2)
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
    except OSError:
        return False
