"""The embedded PostgreSQL of a test run: started once, shared by xdist workers, with a migrated template."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from caseapp.core import migrate
from caseapp.core.launcher import temporary_cluster

TEMPLATE = "acogida_template"
ROLE_PASSWORD = "demo-role-password"


@contextmanager
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The superuser's URL. The first worker starts the cluster; others find it by a file and, at the
    end, the last one out stops it."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        with temporary_cluster() as url:
            _prepare(url)
            yield url
        return
    shared = tmp_path_factory.getbasetemp().parent
    if _first(shared):
        with temporary_cluster() as url:
            _prepare(url)
            (shared / "cluster.tmp").write_text(json.dumps(url))
            (shared / "cluster.tmp").rename(shared / "cluster.json")
            try:
                yield url
            finally:
                _wait_for_others(shared)
        return
    mark = shared / f"in-{worker}"
    mark.touch()
    try:
        yield _wait_for_url(shared)
    finally:
        mark.unlink()


def _first(shared: Path) -> bool:
    try:
        (shared / "cluster.lock").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def _wait_for_url(shared: Path) -> str:
    for _ in range(1200):
        if (shared / "cluster.json").exists():
            return str(json.loads((shared / "cluster.json").read_text()))
        time.sleep(0.1)
    raise TimeoutError("the cluster of the test run did not start")


def _wait_for_others(shared: Path) -> None:
    """The worker that started the cluster outlives the others' use of it."""
    deadline = time.monotonic() + 1500
    while list(shared.glob("in-*")) and time.monotonic() < deadline:
        time.sleep(0.2)


def _prepare(url: str) -> None:
    plain = sa.engine.make_url(url).set(drivername="postgresql+psycopg")
    admin = sa.create_engine(plain.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {TEMPLATE}"))
    template = sa.create_engine(plain.set(database=TEMPLATE), poolclass=sa.pool.NullPool)
    with template.begin() as connection:
        migrate.ensure_roles(connection, dict.fromkeys(migrate.LOGIN_ROLES, ROLE_PASSWORD))
    migrate.upgrade(template)
    migrate.load_reference(template)
    template.dispose()
    admin.dispose()
