"""The embedded PostgreSQL: who may connect, what it keeps, and the temporary one of the tests."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from caseapp.core.launcher import Cluster, LauncherError, is_running, temporary_cluster
from caseapp.core.launcher.home import socket_folder
from caseapp.core.launcher.place import can_reach, find_place
from tests.launcher.processes_seen import children

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become another account")


def ask(url: str, question: str) -> Any:
    """The first column of the first row."""
    with psycopg.connect(url) as connection:
        row = connection.execute(question.encode()).fetchone()
    return row[0] if row else None


def test_keeps_its_data_and_starts_again_quickly(home: Path) -> None:
    cluster = Cluster(home)
    url = cluster.start()["DATABASE_URL"]
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS x")
    assert is_running(home)
    cluster.stop()
    assert not is_running(home)
    assert not socket_folder(home, "p").exists()
    begun = time.monotonic()
    url = cluster.start()["DATABASE_URL"]
    took = time.monotonic() - begun
    assert ask(url, "SELECT x FROM kept") == 7
    cluster.stop()
    assert took < 3


def test_only_the_password_opens_and_only_by_socket(home: Path) -> None:
    with Cluster(home):
        folder = socket_folder(home, "p")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        for login in ("user=postgres", "user=postgres password=wrong"):
            with pytest.raises(psycopg.OperationalError, match=r"password|no password supplied"):
                psycopg.connect(f"host={folder} dbname=postgres {login}")
        secrets = home / "secrets" / "secrets.json"
        assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
        assert stat.S_IMODE(secrets.parent.stat().st_mode) == 0o700


def test_trigram_search_knows_the_letters_of_spanish() -> None:
    """With LC_CTYPE=C a word of ``ñ`` has no trigram at all and is never found."""
    with temporary_cluster() as urls:
        url = urls["DATABASE_URL"]
        locale = ask(
            url, "SELECT concat(datlocprovider, datlocale) FROM pg_database WHERE datname = 'acogida'"
        )
        assert locale == "bC.UTF-8"
        with psycopg.connect(url) as connection:
            connection.execute("CREATE EXTENSION pg_trgm")
        assert ask(url, "SELECT show_trgm('ñ') <> '{}'")
        assert ask(url, "SELECT lower('ÑANDÚ')") == "ñandú"
        assert ask(url, "SHOW fsync") == "off"
        assert ask(url, "SHOW listen_addresses") == ""


def test_two_launchers_do_not_share_a_home(home: Path) -> None:
    said = rf"already running in {home} \(process {os.getpid()}\)"
    with Cluster(home), pytest.raises(LauncherError, match=said):
        Cluster(home).start()


def test_a_tcp_port_when_asked_for(home: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with Cluster(home, tcp_port=port), pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"host=127.0.0.1 port={port} user=postgres dbname=postgres connect_timeout=3")


def test_a_database_that_does_not_answer_is_one_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody@/nowhere?host=/nowhere")
    with pytest.raises(LauncherError, match=r"^The database of DATABASE_URL does not answer: [^\n]+$"):
        Cluster(home).start()


def test_data_of_another_version_is_refused(home: Path) -> None:
    with Cluster(home):
        pass
    version = find_place(home, Path("/usr/bin")).data / "PG_VERSION"
    version.write_text("16\n")
    with pytest.raises(LauncherError, match=r"is of PostgreSQL 16, the program is \d+"):
        Cluster(home).start()


def test_a_temporary_cluster_leaves_nothing() -> None:
    with temporary_cluster() as urls:
        data = Path(ask(urls["DATABASE_URL"], "SHOW data_directory"))
        assert data.exists()
    assert not data.exists()
    assert not data.parents[1].exists()


JOIN = """
import sys, time
from pathlib import Path
from caseapp.core.launcher import temporary_cluster
with temporary_cluster(Path(sys.argv[1])) as urls:
    print(urls["DATABASE_URL"], flush=True)
    sys.stdin.readline()
"""


def test_a_shared_cluster_ends_with_the_last_who_leaves(home: Path, tmp_path: Path) -> None:
    def join() -> subprocess.Popen[str]:
        command = [sys.executable, "-c", JOIN, str(tmp_path)]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def leave(process: subprocess.Popen[str]) -> None:
        process.communicate("\n", timeout=30)

    first, second = join(), join()
    assert first.stdout and second.stdout
    url = first.stdout.readline().strip()
    assert second.stdout.readline().strip() == url
    data = Path(ask(url, "SHOW data_directory"))
    # The one that started it may be the first to leave.
    leave(first)
    assert ask(url, "SELECT 1") == 1
    leave(second)
    assert not data.exists()


@as_root
def test_root_runs_it_as_an_account_without_groups(home: Path) -> None:
    with Cluster(home) as cluster:
        assert cluster.running and cluster.running.pid
        [(postmaster, _since)] = children(cluster.running.pid)
        lines = Path(f"/proc/{postmaster}/status").read_text().splitlines()
        status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
        assert "0" not in status["Uid"].split() and "0" not in status["Gid"].split()
        assert status["Groups"].split() == []


@as_root
def test_a_home_that_the_account_cannot_reach(home: Path, tmp_path: Path) -> None:
    """The data then lives outside, no folder is opened for it, and it goes when its home has gone."""
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    place = find_place(closed, Path("/usr/bin"), elsewhere=home / "elsewhere")
    assert place.account and place.data.parent.parent == home / "elsewhere"
    assert can_reach(place.data.parent, place.account)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert find_place(closed, Path("/usr/bin"), elsewhere=home / "elsewhere") == place
    (closed / "postgres.json").unlink()
    closed.rmdir()
    other = home / "other"
    other.mkdir(mode=0o700)
    find_place(other, Path("/usr/bin"), elsewhere=home / "elsewhere")
    assert not place.data.parent.exists()
