"""The guard ends a command with all that descends from it, whoever is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from caseapp.core.launcher.errors import LauncherError
from caseapp.core.launcher.processes import Child, Processes, Running
from tests.launcher.processes_seen import descendants, gone_within

# A child that starts a grandchild in a session of its own, as a daemon would.
DETACHED = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(600)
    os._exit(0)
open(sys.argv[1], 'w').close()
time.sleep(600)
"""
STUBBORN = """
import signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open(sys.argv[1], 'w').close()
time.sleep(600)
"""


def started(folder: Path, program: str, **options: object) -> Running:
    mark = folder / "ready"
    command = [sys.executable, "-c", program, mark]
    child = Child("child", command, dict(os.environ), ready=mark.exists, **options)  # type: ignore[arg-type]
    running = Running(child, folder / "child.log")
    running.start()
    running.wait_until_ready()
    return running


def test_a_detached_grandchild_ends_with_its_command(tmp_path: Path) -> None:
    running = started(tmp_path, DETACHED)
    assert running.pid is not None
    # The mark may be seen before the grandchild is listed.
    until = time.monotonic() + 10
    while len(below := descendants(running.pid)) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    assert len(below) >= 2
    running.stop()
    assert gone_within(below, 0.1)


def test_a_command_that_does_not_listen_is_killed_after_its_grace(tmp_path: Path) -> None:
    running = started(tmp_path, STUBBORN, grace=0.3)
    begun = time.monotonic()
    running.stop()
    assert 0.25 < time.monotonic() - begun < 5


def test_the_command_ends_when_its_guard_is_killed(tmp_path: Path) -> None:
    running = started(tmp_path, "import sys, time; open(sys.argv[1], 'w'); time.sleep(600)")
    assert running.pid is not None
    below = descendants(running.pid)
    os.kill(running.pid, signal.SIGKILL)
    assert gone_within(below, 5)
    running.stop()


def test_the_guard_leaves_with_the_exit_status_of_its_command(tmp_path: Path) -> None:
    running = Running(Child("child", ["/bin/sh", "-c", "exit 7"], {}), tmp_path / "log")
    running.start()
    while running.exit_code() is None:
        time.sleep(0.01)
    assert running.exit_code() == 7


def test_a_child_that_dies_while_starting_says_why(tmp_path: Path) -> None:
    child = Child("web", [sys.executable, "-m", "nowhere_to_be_found"], {}, ready=lambda: False)
    processes = Processes(tmp_path)
    with pytest.raises(LauncherError, match=r"^web stopped while starting \(exit 1\): .*nowhere_to_be_found"):
        processes.start(child)
    processes.stop()


def test_a_child_that_dies_is_started_again(tmp_path: Path) -> None:
    said: list[str] = []
    processes = Processes(tmp_path, say=said.append)
    count = tmp_path / "count"
    script = f"echo x >> {count}; test $(wc -l < {count}) -gt 1 && sleep 600"
    processes.start(Child("child", ["/bin/sh", "-c", script], {}))
    until = time.monotonic() + 10
    while not (count.exists() and len(count.read_text().split()) == 2) and time.monotonic() < until:
        processes.look_after()
        time.sleep(0.05)
    processes.stop()
    assert len(count.read_text().split()) == 2
    assert len(said) == 1 and said[0].startswith("child stopped (exit 1) and is started again")


def test_a_child_that_dies_again_and_again_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("caseapp.core.launcher.processes.MOST_RESTARTS", 1)
    processes = Processes(tmp_path, say=lambda _sentence: None)
    processes.start(Child("child", ["/bin/sh", "-c", "echo because >&2; exit 3"], {}))
    with pytest.raises(LauncherError, match=r"^child stops again and again \(exit 3\): because"):
        for _round in range(200):
            processes.look_after()
            time.sleep(0.05)
    processes.stop()


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    child = Child("web", ["/nowhere/program"], {}, ready=lambda: False)
    processes = Processes(tmp_path)
    with pytest.raises(LauncherError, match=r"/nowhere/program: No such file"):
        processes.start(child)
    processes.stop()


def test_the_owner_may_be_another_process(tmp_path: Path) -> None:
    """The workers of pytest-xdist share what one of them started; it lives as long as their parent."""
    owner = subprocess.Popen(["/bin/sleep", "600"])
    child = Child("child", ["/bin/sleep", "600"], {})
    running = Running(child, tmp_path / "log", owner=owner.pid)
    running.start()
    time.sleep(0.3)
    assert running.exit_code() is None
    owner.kill()
    owner.wait()
    until = time.monotonic() + 5
    while running.exit_code() is None and time.monotonic() < until:
        time.sleep(0.05)
    assert running.exit_code() == 128 + signal.SIGTERM
