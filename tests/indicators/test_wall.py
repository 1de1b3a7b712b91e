"""Role `facts` reads the de-identified journal and nothing of people; casework reads no fact."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from caseapp.core import db as core_db
from tests.indicators.histories import Journal

FORBIDDEN = (
    'public."case"',
    "public.person",
    "public.case_event",
    "public.user_account",
    "public.audit",
    "keyring.case_key",
)


@pytest.mark.parametrize("table", FORBIDDEN)
def test_the_facts_role_reads_no_person(committed_db, table):
    with (
        core_db.connect("facts") as connection,
        pytest.raises(sa.exc.ProgrammingError, match="permission denied"),
    ):
        connection.execute(sa.text(f"SELECT * FROM {table} LIMIT 1"))


@pytest.mark.parametrize("role", ["app", "work", "figures"])
@pytest.mark.parametrize("table", ["facts.fact", "facts.cell", "facts.journal", "facts.dirty"])
def test_no_other_role_reads_facts(committed_db, role, table):
    with (
        core_db.connect(role) as connection,
        pytest.raises(sa.exc.ProgrammingError, match="permission denied"),
    ):
        connection.execute(sa.text(f"SELECT * FROM {table} LIMIT 1"))


def test_the_journal_fills_the_queue_in_its_own_transaction(committed_db):
    journal = Journal()
    journal.event("person.registered", "a", "2025-09-01")
    journal.event("person.merged", "a", "2025-09-01", other="b")
    journal.write()
    with core_db.connect("facts") as connection:
        assert connection.scalar(sa.text("SELECT count(DISTINCT person_key) FROM facts.dirty")) == 2
