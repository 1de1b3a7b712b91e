"""A PostgreSQL for tests: on a temporary folder, never flushed to disk, gone at the end."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from caseapp.core.launcher.home import is_alive
from caseapp.core.launcher.postgres import THROWN_AWAY, Cluster


@contextlib.contextmanager
def temporary_cluster(shared: Path | None = None) -> Iterator[dict[str, str]]:
    """URLs (as ``Cluster.start`` gives them) of a cluster that lives as long as the block.

    With ``shared``, a folder that several processes name (the workers of pytest-xdist: their base folder's
    parent), the first starts the cluster, the others use it, the last one to leave ends it; it never outlives
    the process that started them. ``DATABASE_URL`` is not looked at: tests must not reach a real database by
    accident.
    """
    if shared is None:
        home = _new_home()
        cluster = _cluster(home, os.getpid())
        try:
            yield cluster.start()
        finally:
            cluster.stop()
        return
    urls = _join(shared)
    try:
        yield urls
    finally:
        _leave(shared)


def _cluster(home: Path, owner: int) -> Cluster:
    options = {**THROWN_AWAY, "max_connections": "200"}
    return Cluster(home, options=options, owner=owner, external=False, remove=(home,))


def _new_home() -> Path:
    # Not TMPDIR for root: PostgreSQL runs as another account, which has to come there.
    home = Path(tempfile.mkdtemp(prefix="acogida-test-", dir="/tmp" if os.geteuid() == 0 else None))
    if os.geteuid() == 0:
        home.chmod(0o711)
    return home


def _join(shared: Path) -> dict[str, str]:
    with _locked(shared) as state:
        if not state or not is_alive(state["guard"]):
            cluster = _cluster(_new_home(), os.getppid())
            urls = cluster.start()
            running = cluster.running
            state.clear()
            state.update(guard=running.pid if running else 0, urls=urls, users=[])
        state["users"].append(os.getpid())
        found: dict[str, str] = state["urls"]
        return found


def _leave(shared: Path) -> None:
    with _locked(shared) as state:
        state["users"] = [pid for pid in state["users"] if pid != os.getpid() and is_alive(pid)]
        if state["users"]:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(state["guard"], signal.SIGTERM)
        until = time.monotonic() + 30
        while is_alive(state["guard"]) and time.monotonic() < until:
            time.sleep(0.02)
        state.clear()


@contextlib.contextmanager
def _locked(shared: Path) -> Iterator[dict[str, Any]]:
    """The state that the processes share, for one of them at a time; written back when the block ends."""
    with open(
        os.open(shared / "cluster.json", os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8"
    ) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        text = file.read()
        state: dict[str, Any] = json.loads(text) if text else {}
        try:
            yield state
        finally:
            file.seek(0)
            file.truncate()
            json.dump(state, file)
            file.flush()
