"""Roles, migrations and reference data: what `acogida migrate` does, in that order.

Six roles: `acogida_migrator` owns everything and bypasses policies (migrations, backup);
`acogida_definer` owns the few views and SECURITY DEFINER functions and cannot sign in; `acogida_app`,
`acogida_work`, `acogida_facts`, `acogida_figures` are what the processes sign in as. Only a role that
has BYPASSRLS (or a superuser) may grant it, so `ensure_roles` may be refused; `roles_sql` is what a
database administrator then runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.engine import make_url

ROOT = Path(__file__).resolve().parents[2]
LOGIN_ROLES = ("migrator", "app", "work", "facts", "figures")


def roles_sql(passwords: Mapping[str, str], database: str, login: str) -> list[str]:
    """The statements that create or correct the six roles. `passwords` by short role name; `login` is
    the role of DATABASE_URL, which runs migrations as `acogida_migrator`."""
    statements = []
    for role in ("migrator", "definer", "app", "work", "facts", "figures"):
        name = f"acogida_{role}"
        rights = "BYPASSRLS" if role in ("migrator", "definer") else "NOBYPASSRLS"
        sign_in = "LOGIN" if role in passwords else "NOLOGIN"
        statements.append(
            f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') "
            f"THEN CREATE ROLE {name}; END IF; END $$"
        )
        secret = f" PASSWORD '{passwords[role]}'" if role in passwords else ""
        statements.append(f"ALTER ROLE {name} {sign_in} {rights} NOSUPERUSER NOCREATEDB NOCREATEROLE{secret}")
    statements.append("GRANT acogida_definer TO acogida_migrator WITH INHERIT TRUE, SET TRUE")
    if login != "acogida_migrator":
        statements.append(f'GRANT acogida_migrator TO "{login}"')
    quoted = '"' + database.replace('"', '""') + '"'
    statements.append(f"GRANT CREATE, CONNECT, TEMPORARY ON DATABASE {quoted} TO acogida_migrator")
    statements.append("GRANT USAGE, CREATE ON SCHEMA public TO acogida_migrator WITH GRANT OPTION")
    statements.append("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    return statements


def ensure_roles(connection: sa.Connection, passwords: Mapping[str, str]) -> None:
    """Create or correct the roles. Raises `sqlalchemy.exc.ProgrammingError` (insufficient privilege)
    where this login may not; the caller then prints `roles_sql`."""
    database = connection.scalar(sa.text("SELECT current_database()"))
    login = connection.scalar(sa.text("SELECT session_user"))
    # Two that prepare this database at once must not collide; roles belong to the whole cluster, so whoever
    # prepares two databases of one cluster does it one after the other.
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(7201)"))
    for statement in roles_sql(passwords, str(database), str(login)):
        connection.execute(sa.text(statement))


def passwords_of(urls: Mapping[str, str]) -> dict[str, str]:
    """Passwords by short role name, from the roles' own URLs (`DATABASE_URL_APP` and so on)."""
    found: dict[str, str] = {}
    for role in LOGIN_ROLES:
        url = urls.get("DATABASE_URL" if role == "migrator" else f"DATABASE_URL_{role.upper()}")
        if url is None:
            continue
        parts = make_url(url)
        if parts.password and parts.username == f"acogida_{role}":
            found[role] = str(parts.password)
    return found


def alembic_config(connection: sa.Connection | None = None, metadata: Any = None) -> Config:
    """Alembic's configuration, working on a given connection."""
    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    if connection is not None:
        config.attributes["connection"] = connection
    config.attributes["target_metadata"] = metadata
    return config


def upgrade(engine: sa.Engine, to: str = "head") -> None:
    """Migrate the database of `engine` (the owner's) up."""
    with engine.connect() as connection:
        command.upgrade(alembic_config(connection), to)


def downgrade(engine: sa.Engine, to: str = "base") -> None:
    """Migrate down."""
    with engine.connect() as connection:
        command.downgrade(alembic_config(connection), to)


def load_reference(engine: sa.Engine) -> int:
    """Upsert the code lists and the event kinds; idempotent, retired by date, never deleted.
    Returns the number of rows in the lists."""
    from caseapp.core import journal, reference

    codes = [
        dict(zip(("l", "c", "es", "en", "g", "p", "vf", "vt", "m", "f"), _plain(row), strict=True))
        for row in reference.rows_for_database()
    ]
    kinds = [{"k": k.name, "es": k.label_es, "en": k.label_en} for k in journal.kinds().values()]
    with engine.begin() as connection:
        connection.execute(sa.text("SET LOCAL ROLE acogida_migrator"))
        connection.execute(
            sa.text(
                "INSERT INTO reference_code (list_name, code, label_es, label_en, code_group, position, "
                "valid_from, valid_to, maps_to, flags) VALUES (:l, :c, :es, :en, :g, :p, :vf, :vt, :m, :f) "
                "ON CONFLICT (list_name, code) DO UPDATE SET label_es = excluded.label_es, "
                "label_en = excluded.label_en, code_group = excluded.code_group, position = excluded.position, "
                "valid_from = excluded.valid_from, valid_to = excluded.valid_to, maps_to = excluded.maps_to, "
                "flags = excluded.flags"
            ),
            codes,
        )
        connection.execute(
            sa.text(
                "INSERT INTO event_kind (kind, label_es, label_en) VALUES (:k, :es, :en) "
                "ON CONFLICT (kind) DO UPDATE SET label_es = excluded.label_es, label_en = excluded.label_en"
            ),
            kinds,
        )
        connection.execute(
            sa.text(
                "INSERT INTO stay_end_pair (reason, destination, needs_review) VALUES (:r, :d, :n) "
                "ON CONFLICT (reason, destination) DO UPDATE SET needs_review = excluded.needs_review"
            ),
            [{"r": p.reason, "d": p.destination, "n": p.needs_review} for p in reference.stay_pairs()],
        )
    return len(codes)


def _plain(row: Any) -> list[Any]:
    return [sorted(v) if isinstance(v, (set, frozenset, tuple)) else v for v in tuple(row)]


def head() -> str:
    """The newest migration, as kept in `migrations/.head`."""
    return (ROOT / "migrations" / ".head").read_text().strip()


def current(engine: sa.Engine) -> str | None:
    """The migration the database is at."""
    with engine.connect() as connection:
        found = connection.scalar(sa.text("SELECT version_num FROM public.alembic_version"))
    return None if found is None else str(found)
