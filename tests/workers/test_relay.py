"""The outbox against the real broker: whatever dies in between, each row has exactly one effect."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis
import sqlalchemy as sa
from celery import Celery
from kombu.exceptions import OperationalError

from caseapp.core import access, outbox
from caseapp.core.db import session, use_role
from caseapp.core.launcher.processes import Processes
from caseapp.core.launcher.valkey import broker, broker_url
from config.settings import environment_for_celery

ROOT = Path(__file__).resolve().parents[2]
ROWS = 200


class Station:
    """The broker and a worker of a test, which can be killed and started again."""

    def __init__(self, home: Path, database) -> None:
        self.home = home
        self.environment = {
            **os.environ, **database.environment(), "ACOGIDA_ENV": "test", "BROKER_URL": broker_url(home),
            "ACOGIDA_HOME": str(home),
        }  # fmt: skip
        for name in ("DATABASE_URL", "DATABASE_URL_FACTS", "DATABASE_URL_FIGURES"):
            self.environment.pop(name)
        self.environment = environment_for_celery(self.environment)
        self.broker = Processes(home)
        socket = broker_url(home).removeprefix("unix://")
        self.sender = Celery(broker=f"redis+socket://{socket}?virtual_host=0")
        self.children: list[subprocess.Popen[bytes]] = []

    def start_broker(self) -> None:
        self.broker = Processes(self.home)
        self.broker.start(broker(self.home))

    def kill_broker(self) -> None:
        pids = subprocess.run(
            ["pgrep", "-f", f"valkey-server.*{Path(broker_url(self.home).removeprefix('unix://')).parent}"],
            capture_output=True, text=True, check=False,
        ).stdout.split()  # fmt: skip
        for pid in pids:
            os.kill(int(pid), signal.SIGKILL)
        self.broker.stop()

    def start_worker(self) -> subprocess.Popen[bytes]:
        with (self.home / "worker.log").open("ab") as log:
            child = subprocess.Popen(
                [
                    *(sys.executable, "-m", "celery", "--app", "tests.workers.echo:app", "worker"),
                    *("--queues", "casework", "--concurrency", "2", "--without-gossip", "--without-mingle"),
                    *("--hostname", f"w{len(self.children)}@%h"),
                ],
                cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.children.append(child)
        return child

    def kill(self, child: subprocess.Popen[bytes]) -> None:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()

    def stop(self) -> None:
        for child in self.children:
            if child.poll() is None:
                self.kill(child)
        self.broker.stop()
        self.sender.close()

    def ask_relay(self) -> None:
        """What beat does every two seconds."""
        with contextlib.suppress(OperationalError, redis.RedisError):
            self.sender.send_task("workers.outbox.relay", queue="casework", expires=10, retry=False)


@pytest.fixture
def station(tmp_path, committed_db):
    (tmp_path / "log").mkdir()
    made = Station(tmp_path, committed_db)
    use_role("work")
    try:
        yield made
    finally:
        made.stop()
        session.remove()
        use_role("app")


def count(what: str) -> int:
    session.rollback()
    return session.scalar(sa.text(f"SELECT count(*) FROM {what}"))


def leave(number: int, topic: str) -> None:
    with access.acting_as(access.system("test")):
        for _ in range(number):
            outbox.leave(topic)
        session.commit()


def until(condition, *, station: Station, seconds: float = 90.0, relay: bool = True) -> None:
    end = time.monotonic() + seconds
    asked = 0.0
    while not condition():
        if time.monotonic() > end:
            raise AssertionError((station.home / "worker.log").read_text()[-3000:])
        if relay and time.monotonic() - asked > 1.0:
            station.ask_relay()
            asked = time.monotonic()
        time.sleep(0.05)


def test_each_row_has_one_effect_though_worker_and_broker_are_killed(station):
    leave(ROWS, "test.echo")
    station.start_broker()
    worker = station.start_worker()
    until(lambda: count("audit WHERE act = 'echoed'") >= 50, station=station)
    station.kill(worker)
    done = count("audit WHERE act = 'echoed'")
    assert 50 <= done < ROWS
    station.kill_broker()
    station.start_broker()
    station.start_worker()
    until(lambda: count("outbox WHERE done_at IS NULL") == 0, station=station)
    assert count("audit WHERE act = 'echoed'") == ROWS
    assert count("(SELECT DISTINCT subject_id FROM audit WHERE act = 'echoed') AS effects") == ROWS


def test_a_failure_is_put_off_and_at_last_shown(station):
    leave(1, "test.fails")
    station.start_broker()
    station.start_worker()
    until(lambda: count("outbox WHERE attempts = 1") == 1, station=station)
    row = session.scalars(sa.select(outbox.OutboxRow)).one()
    assert row.last_error == "RuntimeError" and row.failed_at is None and row.due_at > row.made_at
    for _ in range(outbox.MAX_ATTEMPTS):
        outbox.put_off(row.id, "RuntimeError")
    session.commit()
    assert count("outbox WHERE failed_at IS NOT NULL") == 1
    outbox.retry(row.id)
    session.commit()
    assert count("outbox WHERE failed_at IS NULL AND attempts = 0") == 1
