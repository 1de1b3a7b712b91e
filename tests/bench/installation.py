"""A whole installation that is thrown away: PostgreSQL, broker, migrations, reference data."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from caseapp.core import db
from caseapp.core.launcher import Cluster
from caseapp.core.launcher.postgres import THROWN_AWAY
from caseapp.core.launcher.processes import Running
from caseapp.core.launcher.valkey import broker, broker_url
from config.settings import reset_settings


@dataclass
class Installation:
    """Where it lies and how each role signs in (`DATABASE_URL…` → URL)."""

    home: Path
    urls: dict[str, str]
    cluster: Cluster

    def environment(self) -> dict[str, str]:
        """What a process of this installation is given."""
        return {
            **{
                k: v
                for k, v in os.environ.items()
                if not k.startswith(("DATABASE_URL", "ACOGIDA_", "BROKER_"))
            },
            **self.urls,
            "ACOGIDA_ENV": "test",
            "ACOGIDA_HOME": str(self.home),
            "BROKER_URL": broker_url(self.home),
        }

    def connect(self, role: str = "") -> psycopg.Connection[tuple[object, ...]]:
        """A plain connection as the superuser, who bypasses policies, or as `app`, `work`, …"""
        return psycopg.connect(self.urls[f"DATABASE_URL_{role.upper()}" if role else "DATABASE_URL"])

    def flush_as_in_production(self) -> None:
        """Start PostgreSQL again with its ordinary settings: the data was filled in without flushing."""
        with self.connect() as connection:
            connection.execute("CHECKPOINT")
        db.session.remove()
        db.forget_engines()
        self.cluster.stop()
        self.cluster = _cluster(self.home, {})
        self.urls = self.cluster.start()


def _cluster(home: Path, options: Mapping[str, str]) -> Cluster:
    return Cluster(home, options={**options, "max_connections": "100"}, external=False)


def _become(environment: Mapping[str, str]) -> None:
    for name in [n for n in os.environ if n.startswith(("DATABASE_URL", "ACOGIDA_", "BROKER_"))]:
        del os.environ[name]
    os.environ.update(environment)
    reset_settings()


@contextmanager
def installed() -> Iterator[Installation]:
    """A migrated installation without people; this process belongs to it until the block ends."""
    # Not TMPDIR for root: PostgreSQL runs as another account, which has to come there.
    with tempfile.TemporaryDirectory(
        prefix="acogida-bench-", dir="/tmp" if os.geteuid() == 0 else None
    ) as folder:
        home = Path(folder)
        home.chmod(0o711)
        cluster = _cluster(home, THROWN_AWAY)
        made = Installation(home, cluster.start(), cluster)
        queue = Running(broker(home), home / "log" / "broker.log")
        try:
            queue.start()
            queue.wait_until_ready()
            _become(made.environment())
            from caseapp import load_areas
            from caseapp.core.running import prepare_database

            load_areas()
            prepare_database()
            yield made
        finally:
            db.session.remove()
            db.forget_engines()
            queue.stop()
            made.cluster.stop()
