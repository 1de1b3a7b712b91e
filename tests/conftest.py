"""The harness: one embedded PostgreSQL for the run, one migrated template, one database per worker.

`db` is a session in a savepoint, as the application's restricted role: factories write as the owner on
the same connection, then the role is `acogida_app` and policies speak. `committed_db` is a database of
its own, cloned from the template, for what only shows after a commit.
"""

from __future__ import annotations

import logging
import os

os.environ["ACOGIDA_ENV"] = "test"
for _name in [
    n
    for n in os.environ
    if n.startswith(("DATABASE_URL", "ACOGIDA_"))
    and n not in ("ACOGIDA_ENV", "ACOGIDA_REQUIRE_BROWSER", "ACOGIDA_PICTURES", "ACOGIDA_PAGES")
]:
    del os.environ[_name]

from collections.abc import Iterator  # noqa: E402
from contextlib import contextmanager  # noqa: E402
from dataclasses import dataclass  # noqa: E402
from datetime import UTC, datetime  # noqa: E402
from typing import Any  # noqa: E402

import hypothesis  # noqa: E402
import pytest  # noqa: E402
import sqlalchemy as sa  # noqa: E402
import structlog  # noqa: E402
from sqlalchemy.engine import URL, make_url  # noqa: E402

from caseapp.core import access, clock, migrate  # noqa: E402
from caseapp.core import db as core_db  # noqa: E402
from config.settings import reset_settings  # noqa: E402
from tests import cluster as test_cluster  # noqa: E402

# A line for every request is for those who look after an installation.
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
# How long an example takes says more about the machine than about us.
hypothesis.settings.register_profile("calm", deadline=None)
hypothesis.settings.load_profile("calm")

ROLE_PASSWORD = "demo-role-password"
NOW = datetime(2025, 11, 23, 18, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def cluster_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    """URL of the cluster's superuser; shared by all xdist workers, with the migrated template in it."""
    with test_cluster.running(tmp_path_factory) as url:
        yield make_url(url).set(drivername="postgresql+psycopg")


@dataclass(frozen=True)
class Database:
    """A database of its own: `owner` is the superuser's URL, `url(role)` another role's."""

    owner: URL

    def url(self, role: str) -> URL:
        return self.owner.set(username=f"acogida_{role}", password=ROLE_PASSWORD)

    def environment(self) -> dict[str, str]:
        def shown(url: URL) -> str:
            return url.render_as_string(hide_password=False)

        return {
            "DATABASE_URL": shown(self.owner),
            **{f"DATABASE_URL_{r.upper()}": shown(self.url(r)) for r in ("app", "work", "facts", "figures")},
        }


@contextmanager
def cloned(cluster_url: URL, name: str) -> Iterator[Database]:
    """A clone of the migrated template, dropped at the end (about 30 ms)."""
    engine = sa.create_engine(cluster_url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE {test_cluster.TEMPLATE}"))
        connection.execute(sa.text(f"GRANT CONNECT ON DATABASE {name} TO PUBLIC"))
    try:
        yield Database(cluster_url.set(database=name))
    finally:
        core_db.session.remove()
        core_db.forget_engines()
        with engine.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        engine.dispose()


@contextmanager
def _environment(database: Database) -> Iterator[None]:
    before = {k: os.environ.get(k) for k in database.environment()}
    os.environ.update(database.environment())
    reset_settings()
    core_db.forget_engines()
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value
        reset_settings()


@pytest.fixture(scope="session")
def worker_database(cluster_url: URL) -> Iterator[Database]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with cloned(cluster_url, f"test_{worker}_{os.getpid()}") as database:
        yield database


@pytest.fixture(autouse=True)
def _still_clock() -> Iterator[None]:
    """The business clock stands at 23 November 2025, 18:00 UTC (noon in Tapachula), unless a test moves it."""
    with clock.held_at(NOW):
        yield


@pytest.fixture(autouse=True)
def _nobody() -> Iterator[None]:
    with access.acting_as(access.ANONYMOUS):
        yield


class Savepoint:
    """The test's connection: `as_owner()` for factories, role `acogida_app` otherwise."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.session = core_db.session

    @contextmanager
    def as_owner(self) -> Iterator[Any]:
        """Write as the owner (bypassing policies), then back to the application's role."""
        session = core_db.session
        session.flush()
        self.connection.execute(sa.text("SET LOCAL ROLE acogida_migrator"))
        try:
            yield session
            session.flush()
        finally:
            self.connection.execute(sa.text("SET LOCAL ROLE acogida_app"))

    def as_role(self, role: str) -> None:
        self.connection.execute(sa.text(f"SET LOCAL ROLE acogida_{role}"))


@pytest.fixture
def db(worker_database: Database) -> Iterator[Savepoint]:
    """A savepoint on a migrated PostgreSQL as role `acogida_app`; everything is rolled back."""
    from caseapp import load_areas

    load_areas()
    with _environment(worker_database):
        engine = sa.create_engine(worker_database.owner)
        connection = engine.connect()
        outer = connection.begin()
        core_db.session.remove()
        core_db.session(bind=connection, join_transaction_mode="create_savepoint")
        connection.execute(sa.text("SET LOCAL ROLE acogida_app"))
        try:
            yield Savepoint(connection)
        finally:
            core_db.session.remove()
            outer.rollback()
            connection.close()
            engine.dispose()


@pytest.fixture(scope="session")
def application() -> Any:
    """One application for the run: making it takes longer than most tests."""
    from caseapp import create_app

    return create_app(
        {"TESTING": True, "KEEP_SESSION": True, "WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": False}
    )


@pytest.fixture
def app(db: Savepoint, application: Any) -> Iterator[Any]:
    yield application
    application.extensions.pop("acogida_test_principal", None)


@pytest.fixture
def client(app: Any) -> Any:
    """A client that fails a request which leaves changes uncommitted, or a page without title, labels
    or nonce. `client.sign_in(user)` acts as that user."""
    from tests.client import CheckedClient

    app.test_client_class = CheckedClient
    return app.test_client()


@pytest.fixture
def committed_db(cluster_url: URL) -> Iterator[Database]:
    """A database of its own in which commits happen; the environment points at it."""
    from caseapp import load_areas

    load_areas()
    core_db.session.remove()
    with cloned(cluster_url, f"own_{os.getpid()}_{os.urandom(4).hex()}") as database, _environment(database):
        yield database
        core_db.session.remove()


@pytest.fixture(scope="session")
def migrations() -> Any:
    return migrate
