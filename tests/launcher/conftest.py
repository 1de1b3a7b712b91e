"""Homes for the launcher's tests, and a look at the processes it leaves behind."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from caseapp.core.launcher.home import remove_private, socket_folder

# What the environment of the other tests may name; the launcher must start its own.
NAMED = ("DATABASE_URL", "BROKER_URL", "PG_BINDIR", "ACOGIDA_HOME")


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home that the account of PostgreSQL can come to, as a demo's usually is."""
    for name in NAMED:
        monkeypatch.delenv(name, raising=False)
    folder = Path(tempfile.mkdtemp(prefix="acogida-home-", dir="/tmp"))
    if os.geteuid() == 0:
        folder.chmod(0o711)
    yield folder
    for purpose in ("p", "b"):
        remove_private(socket_folder(folder, purpose))
    shutil.rmtree(folder, ignore_errors=True)
