"""Backup and restore: two files kept apart, no name in either, everything readable afterwards."""

from __future__ import annotations

import subprocess
from datetime import date

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from caseapp.cli import acogida, gather
from caseapp.core import access, db, migrate
from caseapp.core.db import session
from caseapp.core.launcher.binaries import postgres_folder
from caseapp.people.models import Person
from config.settings import reset_settings
from tests import cluster as test_cluster
from tests.factories import make_person, make_team


@pytest.fixture
def filled(committed_db):
    """A database with one person in it, written as the owner."""
    owner = sa.create_engine(committed_db.owner)
    session.remove()
    session(bind=owner)
    person = make_person(
        make_team(), given_names="Nombreraro", surname_1="Apellidounico", birth=date(1991, 2, 3)
    )
    session.commit()
    session.remove()
    owner.dispose()
    return committed_db, person.id


@pytest.fixture
def other(cluster_url, monkeypatch):
    """An empty database to restore into."""
    admin = sa.create_engine(cluster_url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text("DROP DATABASE IF EXISTS restored WITH (FORCE)"))
        connection.execute(sa.text("CREATE DATABASE restored"))
    yield cluster_url.set(database="restored")
    session.remove()
    db.forget_engines()
    with admin.connect() as connection:
        connection.execute(sa.text("DROP DATABASE IF EXISTS restored WITH (FORCE)"))
    admin.dispose()


def run(*arguments):
    gather()
    answer = CliRunner().invoke(acogida, list(arguments))
    return answer


def point_at(url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))
    for role in ("app", "work", "facts", "figures"):
        theirs = url.set(username=f"acogida_{role}", password=test_cluster.ROLE_PASSWORD)
        monkeypatch.setenv(f"DATABASE_URL_{role.upper()}", theirs.render_as_string(hide_password=False))
    reset_settings()
    session.remove()
    db.forget_engines()


def test_what_was_backed_up_is_restored_and_no_name_stands_in_the_files(filled, other, tmp_path, monkeypatch):
    _, person_id = filled
    data, keys = tmp_path / "data", tmp_path / "keys"
    answer = run("backup", "--out", str(data), "--keys-out", str(keys))
    assert answer.exit_code == 0, answer.output
    for file in (data / "data.dump", keys / "keys.dump"):
        assert file.stat().st_mode & 0o077 == 0
        plain = subprocess.run(
            [postgres_folder() / "pg_restore", "-f", "-", file], capture_output=True, check=True
        ).stdout
        assert b"Nombreraro" not in plain and b"Apellidounico" not in plain
    data_text = subprocess.run(
        [postgres_folder() / "pg_restore", "-f", "-", data / "data.dump"], capture_output=True, check=True
    ).stdout
    assert b"COPY keyring" not in data_text and b"COPY public.person " in data_text

    point_at(other, monkeypatch)
    answer = run("restore", "--from", str(data), "--keys-from", str(keys))
    assert answer.exit_code == 0, answer.output
    owner = sa.create_engine(other)
    session(bind=owner)
    assert session.get_one(Person, person_id).given_names == "Nombreraro"
    session.remove()
    assert migrate.current(owner) == migrate.head()
    owner.dispose()
    # The wall came along: the application's role sees nobody's person without an identity.
    with access.acting_as(access.ANONYMOUS):
        assert session.scalar(sa.select(sa.func.count()).select_from(Person)) == 0


def test_without_the_keys_nothing_is_readable(filled, other, tmp_path, monkeypatch):
    _, person_id = filled
    data, keys = tmp_path / "data", tmp_path / "keys"
    run("backup", "--out", str(data), "--keys-out", str(keys))
    point_at(other, monkeypatch)
    run("restore", "--from", str(data), "--keys-from", str(keys))
    owner = sa.create_engine(other)
    with owner.begin() as connection:
        connection.execute(sa.text("TRUNCATE keyring.case_key"))
    session(bind=owner)
    assert session.get_one(Person, person_id).full_name == ""
    session.remove()
    owner.dispose()


def test_data_and_keys_are_never_put_together(filled, tmp_path):
    answer = run("backup", "--out", str(tmp_path), "--keys-out", str(tmp_path))
    assert answer.exit_code == 1 and "two different folders" in answer.output


def test_a_database_with_cases_is_not_restored_over(filled, tmp_path):
    data, keys = tmp_path / "data", tmp_path / "keys"
    run("backup", "--out", str(data), "--keys-out", str(keys))
    answer = run("restore", "--from", str(data), "--keys-from", str(keys))
    assert answer.exit_code == 1 and "not empty" in answer.output
