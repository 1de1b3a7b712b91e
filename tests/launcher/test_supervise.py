"""Everything under one process: ready, stopped, killed, and what it says when it cannot start."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from caseapp.core.launcher import LauncherError, children, is_running, must_be_free
from caseapp.core.launcher.processes import CHECKOUT
from tests.launcher.processes_seen import Seen, command_of, descendants, gone_within


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
    return number


def launch(home: Path, port: int, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.launcher.launch", str(home), str(port), *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
    )


@contextmanager
def launched(home: Path, port: int) -> Iterator[tuple[subprocess.Popen[str], set[Seen]]]:
    """A launcher that is ready, with everything that descends from it."""
    process = launch(home, port)
    try:
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            pytest.fail(process.communicate(timeout=30)[1])
        yield process, descendants(process.pid)
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=60)


def test_interrupted_it_stops_everything_in_order(home: Path, port: int) -> None:
    with launched(home, port) as (process, below):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in", timeout=5) as answer:
            assert answer.read() == b"here"
        commands = " ".join(command_of(seen) for seen in below)
        for program in ("bin/postgres", "valkey-server", "gunicorn", "time.sleep"):
            assert program in commands
        process.send_signal(signal.SIGINT)
        process.wait(30)
        assert process.returncode == 0
        assert gone_within(below, 0.5)
    assert "database system is shut down" in (home / "log" / "postgres.log").read_text()
    must_be_free("127.0.0.1", port)


def test_killed_it_leaves_no_orphan_and_can_be_started_again(home: Path, port: int) -> None:
    with launched(home, port) as (process, below):
        assert len(below) >= 12
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        # At once: the new one waits for what the old one left.
        with launched(home, port) as (_process, after):
            assert gone_within(below, 0.5)
    assert gone_within(after, 0.5)
    assert not is_running(home)


def test_a_child_that_is_killed_is_started_again(home: Path, port: int) -> None:
    with launched(home, port) as (process, below):
        [broker] = [seen for seen in below if command_of(seen).split(" ")[0].endswith("valkey-server")]
        os.kill(broker[0], signal.SIGKILL)
        assert process.stderr is not None
        assert process.stderr.readline().startswith("broker stopped (exit 137) and is started again")


def test_a_taken_port_is_one_sentence(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        process = launch(home, number)
        said = process.communicate(timeout=30)
    assert said == ("", f"Port {number} on 127.0.0.1 is taken: choose another with --port.\n")
    assert process.returncode == 1


def test_a_second_launcher_names_the_first(home: Path, port: int) -> None:
    with launched(home, port) as (process, _below):
        second = launch(home, port)
        said = second.communicate(timeout=30)
        assert said == ("", f"Acogida is already running in {home} (process {process.pid}).\n")
        assert second.returncode == 1


def test_a_missing_module_is_one_sentence_and_nothing_is_left(home: Path, port: int) -> None:
    process = launch(home, port, "broken")
    _out, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.count("\n") == 1 and said.startswith("web stopped while starting") and "log/web.log" in said
    assert not is_running(home)


def test_a_home_that_cannot_be_written(port: int) -> None:
    process = launch(Path("/proc/acogida"), port)
    said = process.communicate(timeout=30)
    assert said == ("", "The folder /proc/acogida cannot be written: No such file or directory.\n")
    assert process.returncode == 1


def test_a_file_in_the_place_of_the_home(home: Path, port: int) -> None:
    (home / "file").write_text("")
    process = launch(home / "file", port)
    said = process.communicate(timeout=30)
    assert said == ("", f"The folder {home / 'file'} cannot be written: Not a directory.\n")


def test_a_port_that_is_none() -> None:
    with pytest.raises(LauncherError, match=r"Port 70000 on 127[.]0[.]0[.]1 cannot be used"):
        must_be_free("127.0.0.1", 70000)


def test_each_process_is_given_its_own_credentials_and_no_others(tmp_path: Path) -> None:
    every = (
        "DATABASE_URL",
        "DATABASE_URL_APP",
        "DATABASE_URL_WORK",
        "DATABASE_URL_FACTS",
        "DATABASE_URL_FIGURES",
    )
    environment = dict.fromkeys(every, "postgresql://somewhere")
    given = {
        child.name: {name.removeprefix("DATABASE_URL") for name in every if name in child.environment}
        for child in (
            children.web(environment, "127.0.0.1", 1), children.worker("casework", environment),
            children.worker("figures", environment), children.beat(environment, tmp_path),
        )
    }  # fmt: skip
    assert given == {
        "web": {"_APP", "_FIGURES"}, "worker-casework": {"_APP", "_WORK"},
        "worker-figures": {"_FACTS", "_FIGURES"}, "beat": set(),
    }  # fmt: skip
