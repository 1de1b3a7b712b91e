"""A migrated database of its own for a bench, with the application's roles."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from caseapp.core import db, migrate
from caseapp.core.launcher import temporary_cluster
from config.settings import reset_settings

PASSWORD = "demo-role-password"


@contextmanager
def database() -> Iterator[sa.URL]:
    """The owner's URL; the environment leads the application there."""
    with temporary_cluster(None) as urls:
        owner = sa.engine.make_url(urls["DATABASE_URL"]).set(drivername="postgresql+psycopg")
        admin = sa.create_engine(owner.set(database="postgres"), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(sa.text("CREATE DATABASE bench"))
        admin.dispose()
        owner = owner.set(database="bench")
        engine = sa.create_engine(owner, poolclass=sa.pool.NullPool)
        with engine.begin() as connection:
            migrate.ensure_roles(connection, dict.fromkeys(migrate.LOGIN_ROLES, PASSWORD))
        migrate.upgrade(engine)
        migrate.load_reference(engine)
        engine.dispose()
        os.environ["DATABASE_URL"] = owner.render_as_string(hide_password=False)
        for role in ("app", "work", "facts", "figures"):
            url = owner.set(username=f"acogida_{role}", password=PASSWORD)
            os.environ[f"DATABASE_URL_{role.upper()}"] = url.render_as_string(hide_password=False)
        reset_settings()
        db.forget_engines()
        try:
            yield owner
        finally:
            db.session.remove()
            db.forget_engines()
