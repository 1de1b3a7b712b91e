"""Alembic's environment: migrations run as the owner (`acogida_migrator`) and import no models, except
to compare them with the migrated database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context

OWNER = "acogida_migrator"
config = context.config


def include_name(name, type_, parent_names):  # type: ignore[no-untyped-def]
    return name in (None, "public", "keyring", "facts", "released") if type_ == "schema" else True


options = {
    "target_metadata": config.attributes.get("target_metadata"),
    "include_schemas": True,
    "include_name": include_name,
    "version_table_schema": "public",
    "compare_type": True,
    "transaction_per_migration": True,
}

if context.is_offline_mode():
    context.configure(dialect_name="postgresql", literal_binds=True, **options)
    with context.begin_transaction():
        context.run_migrations()
else:
    given = config.attributes.get("connection")
    engine = None if given is not None else sa.create_engine(config.get_main_option("sqlalchemy.url"))
    connection = given if given is not None else engine.connect()
    try:
        connection.execute(sa.text(f"SET ROLE {OWNER}"))
        connection.execute(sa.text("SET lock_timeout = '5s'"))
        connection.execute(sa.text("SET statement_timeout = '10min'"))
        connection.commit()
        context.configure(connection=connection, **options)
        with context.begin_transaction():
            context.run_migrations()
        connection.execute(sa.text("RESET ROLE"))
        connection.commit()
    finally:
        if engine is not None:
            connection.close()
            engine.dispose()
