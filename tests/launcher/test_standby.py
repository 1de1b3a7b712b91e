"""Two PostgreSQL of one machine, the second a streaming replica of the first: the pages of figures read there, and
nothing else does (docs/scale.md)."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from caseapp.core import db
from caseapp.core.launcher import Cluster
from caseapp.core.launcher.binaries import postgres_folder
from caseapp.core.launcher.home import socket_folder
from caseapp.core.launcher.place import find_place
from caseapp.core.launcher.postgres import _run_as
from caseapp.core.launcher.secrets import SUPERUSER, home_secrets
from config.settings import reset_settings

SENDING = {"wal_level": "replica", "max_wal_senders": "4", "wal_keep_size": "64MB"}


def copied(home: Path, second: Path) -> None:
    """A base backup of the running cluster of `home`, which follows it when it is started."""
    shutil.copytree(home / "secrets", second / "secrets")
    place = find_place(second, postgres_folder())
    password = home_secrets(home).passwords[SUPERUSER]
    source = f"host={socket_folder(home, 'p')} user={SUPERUSER} password={password} dbname=postgres"
    done = _run_as(
        place,
        [
            place.programs / "pg_basebackup",
            "-d",
            source,
            "-D",
            place.data,
            "-R",
            "-X",
            "stream",
            "-c",
            "fast",
        ],
    )
    assert done.returncode == 0, done.stderr
    place.data.chmod(0o700)


@pytest.fixture
def two(home: Path, tmp_path_factory: pytest.TempPathFactory):
    second = home.with_name(home.name + "-2")
    second.mkdir(mode=0o711)
    first = Cluster(home, options=SENDING)
    urls = first.start()
    standby = Cluster(second)
    try:
        with psycopg.connect(urls["DATABASE_URL"], autocommit=True) as owner:
            owner.execute("CREATE SCHEMA released")
            owner.execute("CREATE TABLE released.figure (value int)")
            owner.execute("INSERT INTO released.figure VALUES (5)")
        copied(home, second)
        yield urls, standby.start()
    finally:
        db.forget_engines()
        standby.stop()
        first.stop()
        shutil.rmtree(second, ignore_errors=True)


def wait_for(connection: psycopg.Connection[tuple[int]], wanted: int) -> int:
    for _ in range(200):
        found = connection.execute("SELECT sum(value) FROM released.figure").fetchone()
        if found and found[0] == wanted:
            return wanted
        time.sleep(0.05)
    return -1


def test_figures_are_read_at_a_replica_that_nothing_can_be_written_to(two, monkeypatch):
    urls, there = two
    monkeypatch.setenv("ACOGIDA_ENV", "test")
    for name in [n for n in os.environ if n.startswith("DATABASE_URL")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DATABASE_URL_FIGURES", urls["DATABASE_URL"])
    monkeypatch.setenv("DATABASE_URL_FIGURES_READ", there["DATABASE_URL"])
    reset_settings()
    db.forget_engines()
    try:
        question = sa.text("SELECT sum(value) FROM released.figure")
        with db.connect("figures_read") as connection:
            assert connection.scalar(question) == 5
            assert connection.scalar(sa.text("SELECT pg_is_in_recovery()")) is True
        with db.connect("figures") as connection:
            assert connection.scalar(sa.text("SELECT pg_is_in_recovery()")) is False
            connection.execute(sa.text("INSERT INTO released.figure VALUES (10)"))
        with psycopg.connect(there["DATABASE_URL"], autocommit=True) as reader:
            assert wait_for(reader, 15) == 15
        with pytest.raises(sa.exc.InternalError, match="read-only"), db.connect("figures_read") as connection:
            connection.execute(sa.text("INSERT INTO released.figure VALUES (1)"))
    finally:
        db.forget_engines()
        monkeypatch.undo()
        reset_settings()


def test_without_a_replica_figures_are_read_where_they_are_written(monkeypatch):
    monkeypatch.setenv("DATABASE_URL_FIGURES", "postgresql://figures@/here")
    monkeypatch.delenv("DATABASE_URL_FIGURES_READ", raising=False)
    reset_settings()
    try:
        assert db._url("figures_read") == db._url("figures") == "postgresql+psycopg://figures@/here"
    finally:
        monkeypatch.undo()
        reset_settings()
