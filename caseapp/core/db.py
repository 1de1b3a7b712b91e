"""Engines by database role, the casework session and what every table has in common.

Each process works as one casework role (`app` in the web server, `work` in the casework worker).
De-identified facts and released figures are read and written through other roles on other
connections (`connect("facts")`, `connect("figures")`), never through the casework session: that is
the wall of `docs/architecture.md` as the database sees it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any, Literal, cast
from uuid import UUID

import psycopg
import sqlalchemy as sa
import uuid_utils.compat
from psycopg.pq import TransactionStatus
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, scoped_session, sessionmaker

from config.settings import settings

#: `figures_read` is role `figures` where it only reads: at a replica, if there is one (docs/scale.md).
Role = Literal["owner", "app", "work", "facts", "figures", "figures_read"]

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def uuid7() -> UUID:
    """A new time-ordered id (RFC 9562, version 7), made here so that a device without network can make one too."""
    return uuid_utils.compat.uuid7()


class Base(DeclarativeBase):
    """Root of all tables; text, UUID and zoned times are the default column types."""

    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map = {
        str: sa.Text(),
        datetime: sa.DateTime(timezone=True),
        UUID: sa.Uuid(),
    }

    def __init__(self, **values: Any) -> None:
        # The id is needed at once: it is part of what encrypted columns are bound to.
        if values.get("id") is None and _has_uuid(type(self)):
            values = {"id": uuid7(), **{k: v for k, v in values.items() if k != "id"}}
        known = _attributes(type(self))
        for name, value in values.items():
            if name not in known:
                raise TypeError(f"{type(self).__name__} has no attribute {name}")
            setattr(self, name, value)


@cache
def _has_uuid(table: type[Base]) -> bool:
    columns = sa.inspect(table).columns
    return "id" in columns and isinstance(columns["id"].type, sa.Uuid)


@cache
def _attributes(table: type[Base]) -> frozenset[str]:
    return frozenset(dir(table))


class Identified:
    """Mixin: a UUIDv7 primary key."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-10)


class Versioned:
    """Mixin: optimistic locking. Post `version` as a form field and compare it after `visible_to`."""

    version: Mapped[int] = mapped_column(sa.Integer, default=1, server_default="1")

    @classmethod
    def __declare_last__(cls) -> None:
        mapper = sa.inspect(cls)
        mapper.version_id_col = mapper.local_table.c.version
        mapper.version_id_generator = lambda version: (version or 0) + 1


def one_of(column: str, values: type[Any] | tuple[str, ...], *, optional: bool = False) -> sa.CheckConstraint:
    """A CHECK that keeps a text column inside a closed list (an enum class or a tuple of codes)."""
    codes = tuple(str(v.value) for v in values) if isinstance(values, type) else values
    listed = ", ".join(f"'{c}'" for c in codes)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


VARIABLES: dict[Role, str] = {
    "owner": "DATABASE_URL",
    "app": "DATABASE_URL_APP",
    "work": "DATABASE_URL_WORK",
    "facts": "DATABASE_URL_FACTS",
    "figures": "DATABASE_URL_FIGURES",
    "figures_read": "DATABASE_URL_FIGURES_READ",
}


def _url(role: Role) -> str:
    try:
        return settings().database_urls[VARIABLES[role]]
    except KeyError:
        raise LookupError(f"{VARIABLES[role]} is not set: this process may not work as {role}") from None


@cache
def engine(role: Role) -> sa.Engine:
    """The pool of a database role; made at first use, so that a forked child never shares its parent's."""
    url = _url(role)
    made = sa.create_engine(
        url,
        pool_size=10,
        max_overflow=10,
        pool_pre_ping=True,
        hide_parameters=True,  # an error is logged; a name that a statement carried is not
        connect_args={"options": "-c timezone=UTC -c statement_timeout=60000", "prepare_threshold": 5},
    )
    if role != "owner":
        sa.event.listen(made, "rollback", _roll_back_keeping_plans)
    return made


def _roll_back_keeping_plans(connection: sa.Connection) -> None:
    """Roll back below psycopg, which forgets every prepared statement when it does so itself, in case a table was
    made anew meanwhile. Only the owner changes tables; every page that merely reads ends in a rollback, and would
    plan all its statements again (`docs/decisions/0003-plans-outlive-a-rollback.md`)."""
    if connection.invalidated:
        return
    driver = cast(psycopg.Connection[Any], connection.connection.dbapi_connection)
    if driver.pgconn.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
        driver.pgconn.exec_(b"ROLLBACK")


def forget_engines() -> None:
    """Close every pool (after a fork, and when tests move to another database)."""
    for role in VARIABLES:
        try:
            made = engine(role)
        except Exception:
            continue
        made.dispose()
    engine.cache_clear()


class CaseworkSession(Session):
    """The session of casework; its role is the process's own (`use_role`)."""

    process_role: Role = "app"

    def get_bind(self, *args: Any, **kwargs: Any) -> Any:
        return self.bind if self.bind is not None else engine(type(self).process_role)


session = scoped_session(sessionmaker(class_=CaseworkSession, expire_on_commit=False, autoflush=True))


def use_role(role: Role) -> None:
    """Declare which role this process's casework session works as; called once at start-up."""
    CaseworkSession.process_role = role


def insert_rows(rows: Sequence[Base]) -> None:
    """`insert_values` for rows of one table that were made and not added to the session."""
    if rows:
        insert_values(type(rows[0]), [row.__dict__ for row in rows])


def insert_values(kind: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows of one table in one statement, one array a column: for hundreds at a time (a list of people).

    What they refer to must be flushed by then; they are not in the session afterwards. A column that none of them
    fills keeps its default of the database. Not for columns that are arrays themselves.
    """
    table = cast(sa.Table, kind.__table__)
    filled: dict[sa.Column[Any], list[Any]] = {}
    for column in table.columns:
        name, default = column.name, column.default
        values = [row.get(name) for row in rows]
        if isinstance(default, sa.ColumnDefault) and None in values:
            values = [_made(default) if value is None else value for value in values]
        if any(value is not None for value in values):
            filled[column] = values
    names = ", ".join(f'"{column.name}"' for column in filled)
    arrays = ", ".join(f":{column.name}" for column in filled)
    session.execute(
        sa.text(f'INSERT INTO "{table.name}" ({names}) SELECT * FROM unnest({arrays})').bindparams(
            *(sa.bindparam(column.name, type_=pg.ARRAY(column.type)) for column in filled)
        ),
        {column.name: values for column, values in filled.items()},
    )


def _made(default: sa.ColumnDefault) -> Any:
    return default.arg(None) if default.is_callable else default.arg


@contextmanager
def connect(role: Role) -> Iterator[sa.Connection]:
    """One transaction as another role (facts, figures, owner): commits at the end, rolls back on error."""
    with engine(role).begin() as connection:
        yield connection
