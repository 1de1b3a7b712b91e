"""The embedded PostgreSQL of a test run: started once, shared by xdist workers, with a migrated template."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from caseapp.core import migrate
from caseapp.core.launcher import temporary_cluster

TEMPLATE = "acogida_template"
ROLE_PASSWORD = "demo-role-password"


@contextmanager
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The superuser's URL of a cluster that holds the migrated template; all workers share one."""
    shared = tmp_path_factory.getbasetemp().parent if os.environ.get("PYTEST_XDIST_WORKER") else None
    with temporary_cluster(shared) as urls:
        with alone(tmp_path_factory):
            _prepare(urls["DATABASE_URL"])
        yield urls["DATABASE_URL"]


@contextmanager
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One worker of the run at a time: for what belongs to the whole cluster."""
    with (tmp_path_factory.getbasetemp().parent / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _prepare(url: str) -> None:
    plain = sa.engine.make_url(url).set(drivername="postgresql+psycopg")
    admin = sa.create_engine(plain.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        if connection.scalar(sa.text("SELECT 1 FROM pg_database WHERE datname = :n"), {"n": TEMPLATE}):
            return
        connection.execute(sa.text(f"CREATE DATABASE {TEMPLATE}"))
    template = sa.create_engine(plain.set(database=TEMPLATE), poolclass=sa.pool.NullPool)
    with template.begin() as connection:
        migrate.ensure_roles(connection, dict.fromkeys(migrate.LOGIN_ROLES, ROLE_PASSWORD))
    migrate.upgrade(template)
    migrate.load_reference(template)
    template.dispose()
    admin.dispose()
