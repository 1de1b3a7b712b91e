"""Prepared statements outlive a rollback where nobody can change a table (docs/decisions/0003)."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from caseapp.core import db as core_db

ASKED = sa.text("SELECT count(*) FROM site WHERE code = :code")
PREPARED = sa.text(
    "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT count(*) FROM site%'"
)


def _read_and_leave(role: core_db.Role) -> int:
    """Read eight times in transactions that end without a commit, on one connection; then how many are prepared."""
    with core_db.engine(role).connect() as connection:
        for _ in range(8):
            connection.execute(ASKED, {"code": "MX-TAP"})
            connection.rollback()
        return connection.scalar(PREPARED) or 0


@pytest.mark.parametrize("role", ["app", "work"])
def test_what_is_prepared_outlives_a_rollback(committed_db, role):
    assert _read_and_leave(role) == 1


def test_the_owner_who_may_change_tables_forgets(committed_db):
    assert _read_and_leave("owner") == 0


def test_a_rollback_undoes_and_leaves_the_connection_usable(committed_db):
    with core_db.engine("app").connect() as connection:
        with pytest.raises(sa.exc.DBAPIError):
            connection.execute(sa.text("SELECT 1 / 0"))
        connection.rollback()
        who = sa.text("SELECT nullif(current_setting('app.user', true), '')")
        connection.execute(sa.text("SELECT set_config('app.user', 'somebody', true)"))
        assert connection.scalar(who) == "somebody"
        connection.rollback()
        assert connection.scalar(who) is None


def test_a_connection_that_was_lost_is_replaced(committed_db):
    with core_db.engine("app").connect() as connection:
        pid = connection.scalar(sa.text("SELECT pg_backend_pid()"))
        with core_db.engine("owner").connect() as owner:
            owner.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        with pytest.raises(sa.exc.OperationalError):
            connection.execute(sa.text("SELECT 1"))
        connection.rollback()
        assert connection.scalar(sa.text("SELECT pg_backend_pid()")) != pid
