"""`serve`, `worker`, `beat`, `migrate`, `check`: each process of an installation, and whether it is well."""

from __future__ import annotations

import os
import sys
from typing import Any

import click
import redis
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError, ProgrammingError

from caseapp.core import db
from caseapp.core import migrate as migrations
from caseapp.core.command_line import Failed, say, with_home
from config.settings import environment_for_celery, settings


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@with_home
def serve(host: str, port: int) -> None:
    """Run the web server in the foreground (gunicorn)."""
    settings()
    arguments = ["--config", "python:config.gunicorn", "--bind", f"{host}:{port}", "caseapp:create_app()"]
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", *arguments])


@click.command()
@click.option("--queue", type=click.Choice(["casework", "figures"]), required=True)
@click.option("--concurrency", default=1, show_default=True)
@with_home
def worker(queue: str, concurrency: int) -> None:
    """Run a Celery worker: `casework` and `figures` are two processes with their own credentials."""
    needed = "DATABASE_URL_WORK" if queue == "casework" else "DATABASE_URL_FACTS"
    if needed not in settings().database_urls:
        raise Failed(f"{needed} is not set.")
    others = {"casework": ("DATABASE_URL", "DATABASE_URL_FACTS", "DATABASE_URL_FIGURES")}
    withheld = others.get(queue, ("DATABASE_URL", "DATABASE_URL_APP", "DATABASE_URL_WORK"))
    for name in withheld:
        os.environ.pop(name, None)
    _celery("worker", "--queues", queue, "--hostname", f"{queue}@%h", "--concurrency", str(concurrency))


@click.command()
@with_home
def beat() -> None:
    """Run Celery's clock."""
    schedule = str(settings().home or ".") + "/beat-schedule" if settings().home else "beat-schedule"
    _celery("beat", "--schedule", schedule, "--pidfile", "")


def _celery(*arguments: str) -> None:
    os.execve(
        sys.executable,
        [sys.executable, "-m", "celery", "--app", "workers.app:app", *arguments, "--loglevel", "INFO"],
        environment_for_celery(os.environ),
    )


@click.command()
@with_home
def migrate() -> None:
    """Create the roles (where this login may), migrate up and load the reference data."""
    s = settings()
    if not s.database_url:
        raise Failed("DATABASE_URL is not set: migrations run as the owner.")
    click.echo(prepare_database())


def prepare_database() -> str:
    """Roles, migrations, reference data on the owner's database; a line that says what was done."""
    engine = sa.create_engine(str(settings().database_url), poolclass=sa.pool.NullPool)
    passwords = migrations.passwords_of(settings().database_urls)
    try:
        with engine.begin() as connection:
            migrations.ensure_roles(connection, passwords)
    except ProgrammingError as error:
        if "permission denied" not in str(error.orig) and "must" not in str(error.orig):
            raise
        if not _roles_exist(engine):
            raise Failed(_for_the_administrator(engine, passwords)) from None
    migrations.upgrade(engine)
    codes = migrations.load_reference(engine)
    head = migrations.current(engine)
    return f"The database is at migration {head}; {codes} codes loaded."


def _roles_exist(engine: sa.Engine) -> bool:
    with engine.connect() as connection:
        found = connection.scalar(
            sa.text(
                "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'acogida\\_%' AND rolname = ANY (:names)"
            ),
            {"names": [f"acogida_{r}" for r in ("migrator", "definer", "app", "work", "facts", "figures")]},
        )
    return bool(found == 6)


def _for_the_administrator(engine: sa.Engine, passwords: dict[str, str]) -> str:
    with engine.connect() as connection:
        database = str(connection.scalar(sa.text("SELECT current_database()")))
        login = str(connection.scalar(sa.text("SELECT session_user")))
    shown = dict.fromkeys(passwords, "…")
    statements = migrations.roles_sql(shown, database, login)
    return (
        "This login may not create the roles. The database administrator runs:\n"
        + ";\n".join(statements)
        + ";"
    )


@click.command()
@click.option("--json", "as_json", is_flag=True)
@with_home
def check(as_json: bool) -> None:
    """Say whether database, broker and migrations are well; exit 1 if not."""
    answer: dict[str, Any] = {
        "ok": False,
        "database": False,
        "broker": False,
        "migrations": None,
        "demo": None,
    }
    try:
        with db.connect("app") as connection:
            connection.execute(sa.text("SELECT 1"))
            answer["database"] = True
            answer["migrations"] = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
            answer["demo"] = demo_progress(connection)
    except (OperationalError, ProgrammingError):
        pass
    answer["broker"] = _broker_answers()
    up_to_date = answer["migrations"] == migrations.head()
    answer["ok"] = bool(answer["database"] and answer["broker"] and up_to_date)
    words = {True: "well", False: "NOT well"}
    text = (
        f"database {words[answer['database']]}, broker {words[answer['broker']]}, "
        f"migrations {answer['migrations']} of {migrations.head()}"
    )
    if answer["demo"]:
        text += f", demo {answer['demo']['cases']} of {answer['demo']['of']} cases"
    say(answer, as_json=as_json, text=text)
    if not answer["ok"]:
        sys.exit(1)


def demo_progress(connection: sa.Connection) -> dict[str, int] | None:
    row = connection.execute(
        sa.text("SELECT done, total FROM job_run WHERE job = 'demo.fill' ORDER BY started_at DESC LIMIT 1")
    ).one_or_none()
    return None if row is None else {"cases": row.done, "of": row.total}


def _broker_answers() -> bool:
    url = settings().broker_url
    try:
        client = (
            redis.Redis(unix_socket_path=url.removeprefix("unix://"), socket_timeout=3)
            if url.startswith("unix://")
            else redis.Redis.from_url(url, socket_timeout=3)
        )
        return bool(client.ping())
    except redis.RedisError:
        return False
