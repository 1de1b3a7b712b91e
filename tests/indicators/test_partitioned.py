"""Facts in partitions by country and month count as the plain table does: nothing in the code names a partition
(docs/decisions/0320-facts-stay-in-one-table.md)."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from caseapp.core import db as core_db
from caseapp.indicators import rollup
from tests.bench import partitions
from tests.indicators.histories import Journal


class Owner:
    """The owner's connection, given text."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def execute(self, text: str) -> sa.CursorResult:
        return self.connection.execute(sa.text(text))


@pytest.fixture
def partitioned(committed_db):
    with core_db.connect("owner") as connection:
        partitions.partition(Owner(connection), "country and month", ["MEX", "GTM"], [2025])
    yield
    with core_db.connect("owner") as connection:
        partitions.restore(Owner(connection))


def test_a_partitioned_table_holds_the_same_facts(partitioned):
    journal = Journal()
    first = journal.event("person.registered", "a", date(2025, 7, 3))
    for person, day in (("a", date(2025, 10, 26)), ("b", date(2025, 10, 27)), ("b", date(2025, 11, 2))):
        journal.event("screening.completed", person, day, number=3)
    journal.event("case.opened", "b", date(2025, 8, 1))
    journal.write()
    rollup.roll_up(batch=2)
    with core_db.connect("facts") as connection:
        held = connection.execute(
            sa.text(
                "SELECT tableoid::regclass::text AS kept, period FROM facts.fact WHERE domain = 'screenings'"
            )
        ).fetchall()
    assert {(row.kept, row.period) for row in held} == {
        ("facts.fact_mex_202510", "2025-10a"), ("facts.fact_mex_202510", "2025-10b"), ("facts.fact_mex_202511", "2025-11"),
    }  # fmt: skip
    assert rollup.recount().differences == ()
    # A withdrawal is found in whichever partition it lies.
    journal.event("event.withdrawn", "a", date(2025, 11, 3), withdraws_id=first)
    journal.write()
    rollup.roll_up(batch=2)
    found = rollup.recount()
    assert found.differences == () and found.checked > 0
    with core_db.connect("facts") as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM facts.fact WHERE domain = 'arrivals'")) == 0
