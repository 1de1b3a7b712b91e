"""Migrations: numbered, one head kept in a file, up-down-up, and the same as the models say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from caseapp import load_areas
from caseapp.core import migrate
from caseapp.core.db import Base
from tests import cluster as test_cluster

VERSIONS = Path(__file__).resolve().parents[2] / "migrations" / "versions"
SCHEMAS = ("public", "keyring", "facts", "released")


@pytest.fixture
def empty(cluster_url, tmp_path_factory):
    """An empty database of its own, with the roles."""
    name = f"migrations_test_{os.getpid()}"
    admin = sa.create_engine(cluster_url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine = sa.create_engine(cluster_url.set(database=name), poolclass=sa.pool.NullPool)
    # Roles belong to the whole cluster, and workers side by side each have a database in it.
    with test_cluster.alone(tmp_path_factory), engine.begin() as connection:
        migrate.ensure_roles(connection, dict.fromkeys(migrate.LOGIN_ROLES, test_cluster.ROLE_PASSWORD))
    yield engine
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    admin.dispose()


def left_over(engine: sa.Engine) -> set[str]:
    with engine.connect() as connection:
        tables = connection.execute(
            sa.text("SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname = ANY (:s)"),
            {"s": list(SCHEMAS)},
        ).scalars()
        functions = connection.execute(
            sa.text(
                "SELECT p.oid::regprocedure::text FROM pg_proc p LEFT JOIN pg_depend d "
                "ON d.objid = p.oid AND d.deptype = 'e' "
                "WHERE p.pronamespace = 'public'::regnamespace AND d.objid IS NULL"
            )
        ).scalars()
        return {*tables, *functions} - {"public.alembic_version"}


def test_numbers_follow_each_other_and_the_head_is_kept_in_a_file():
    script = ScriptDirectory.from_config(migrate.alembic_config())
    assert script.get_heads() == [migrate.head()]
    revisions = [r.revision for r in reversed(list(script.walk_revisions()))]
    assert revisions == [f"{n:04d}" for n in range(1, len(revisions) + 1)]
    for file in VERSIONS.glob("*.py"):
        assert re.fullmatch(r"\d{4}_[a-z_]+\.py", file.name), file.name


def test_migrations_import_no_models_and_no_lists():
    for file in VERSIONS.glob("*.py"):
        text = file.read_text()
        assert "import caseapp" not in text and "from caseapp" not in text, file.name
        assert "config/reference" not in text and "csv" not in text.split('"""')[-1], file.name


def test_up_down_up_leaves_nothing_behind_and_takes_data_along(empty):
    migrate.upgrade(empty)
    migrate.load_reference(empty)
    with empty.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO organisation (id, country, code, name, sort_key) "
                "VALUES ('00000000-0000-7000-8000-000000000001', 'MEX', 'X', 'X', 'x')"
            )
        )
    migrate.downgrade(empty)
    assert left_over(empty) == set()
    migrate.upgrade(empty)
    assert migrate.load_reference(empty) == migrate.load_reference(empty)


def test_the_migrated_database_is_what_the_models_say(empty):
    load_areas()
    migrate.upgrade(empty)
    with empty.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_schemas": True,
                "compare_type": True,
                "include_name": lambda name, type_, _: type_ != "schema" or name in (None, *SCHEMAS),
                "include_object": lambda obj, name, type_, reflected, other: (
                    not (
                        type_ == "table"
                        and reflected
                        and other is None
                        and obj.schema in ("facts", "released")
                    )
                    and name not in ("alembic_version", "ix_site_sort_key_trgm")
                ),
            },
        )
        differences = compare_metadata(context, Base.metadata)
    assert differences == []


def test_every_foreign_key_is_indexed(empty):
    migrate.upgrade(empty)
    with empty.connect() as connection:
        bare = connection.execute(
            sa.text(
                """
                SELECT c.conrelid::regclass::text || '.' || a.attname
                FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
                WHERE c.contype = 'f' AND NOT EXISTS (
                  SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1]
                  AND i.indpred IS NULL)
                """
            )
        ).scalars()
        # What an index on a code list would serve is never asked: those rows are never deleted.
        assert sorted(set(bare)) == []


def test_squawk_finds_nothing(tmp_path):
    """The offline SQL of every migration, read by a linter of migrations."""
    sql = tmp_path / "all.sql"
    done = subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head", "--sql"],
        cwd=VERSIONS.parents[1], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    sql.write_text(done.stdout)
    squawk = Path(sys.executable).with_name("squawk")
    config = VERSIONS.parents[1] / ".squawk.toml"
    found = subprocess.run([squawk, "--config", config, sql], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout[-4000:]
