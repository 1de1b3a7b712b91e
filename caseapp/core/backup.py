"""`backup` and `restore`: the data and the wrapped keys as two files, kept apart.

The data file (`data.dump`) holds no name: identifying columns are encrypted. The key file (`keys.dump`,
schema `keyring`) opens nothing without the country keys, which stand outside the database. Keep key
backups for a short time only: a case that was erased would open again with an older copy of its key.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import click
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from caseapp.core.command_line import Failed, with_home
from caseapp.core.launcher.binaries import postgres_folder
from config.settings import settings

DATA, KEYS = "data.dump", "keys.dump"


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the data.")
@click.option(
    "--keys-out", type=click.Path(path_type=Path), required=True, help="Another folder, for the keys."
)
@with_home
def backup(out: Path, keys_out: Path) -> None:
    """Write data and keys into two different folders (mode 0600)."""
    if out.expanduser().absolute() == keys_out.expanduser().absolute():
        raise Failed("Data and keys must not be kept together: give two different folders.")
    written = []
    for folder, name, choice in ((out, DATA, ["-N", "keyring"]), (keys_out, KEYS, ["-n", "keyring", "-a"])):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        target = folder / name
        target.touch(mode=0o600)
        target.chmod(0o600)
        _run("pg_dump", "--format=custom", "--role=acogida_migrator", *choice, "--file", str(target))
        written.append(f"{target} ({target.stat().st_size} bytes)")
    click.echo("Written: " + ", ".join(written))


@click.command()
@click.option("--from", "source", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--keys-from", type=click.Path(path_type=Path, exists=True), required=True)
@with_home
def restore(source: Path, keys_from: Path) -> None:
    """Put a backup into an EMPTY database (create the roles first with `acogida migrate`'s statements)."""
    engine = sa.create_engine(str(settings().database_url), poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        if connection.scalar(sa.text("SELECT to_regclass('public.\"case\"')")) is not None:
            raise Failed("This database is not empty: restore goes into a new one.")
    from caseapp.core import migrate

    with engine.begin() as connection:
        migrate.ensure_roles(connection, migrate.passwords_of(settings().database_urls))
        connection.execute(sa.text("GRANT acogida_definer TO acogida_migrator"))
        connection.execute(sa.text("SET LOCAL ROLE acogida_migrator"))
        connection.execute(sa.text("CREATE SCHEMA IF NOT EXISTS keyring"))
        connection.execute(sa.text("GRANT USAGE ON SCHEMA keyring TO acogida_app, acogida_work"))
        connection.execute(
            sa.text(
                "CREATE TABLE keyring.case_key (case_id uuid CONSTRAINT pk_case_key PRIMARY KEY, "
                "country char(3) NOT NULL, wrapped bytea NOT NULL, made_at timestamptz NOT NULL)"
            )
        )
        connection.execute(
            sa.text("GRANT SELECT, INSERT, DELETE ON keyring.case_key TO acogida_app, acogida_work")
        )
    _run("pg_restore", "--exit-on-error", "--no-comments", str(source / DATA), dbname=True)
    _run("pg_restore", "--exit-on-error", "--role=acogida_migrator", str(keys_from / KEYS), dbname=True)
    click.echo("Restored. Country keys stand outside the database: put the same file in place.")


def _run(program: str, *arguments: str, dbname: bool = False) -> None:
    """Run a client program as the owner; with `dbname` the last argument is the file, which comes last."""
    url = make_url(str(settings().database_url))
    plain = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    environment = {**os.environ, "PGPASSWORD": str(url.password or "")}
    words = list(arguments)
    file = [words.pop()] if dbname else []
    command = [str(postgres_folder() / program), *words, "--dbname", plain, *file]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise Failed(f"{program} failed: {last}")
