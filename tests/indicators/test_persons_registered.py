"""The first indicator end to end: journal → queue → facts → markers → cells, and the recount that agrees."""

from __future__ import annotations

import sqlalchemy as sa

from caseapp.core import db as core_db
from caseapp.indicators import rollup
from tests.indicators.histories import Journal


def total(period: str, markers: tuple[str, ...]) -> int:
    with core_db.connect("facts") as connection:
        return connection.scalar(
            sa.text(
                "SELECT coalesce(sum(amount), 0) FROM facts.cell WHERE domain = 'arrivals' AND period LIKE :p "
                "AND counted = ANY(:m)"
            ),
            {"p": period, "m": list(markers)},
        )


def test_a_dozen_registrations_by_hand(committed_db):
    journal = Journal()
    for n in range(10):  # ten in September
        journal.event("person.registered", f"p{n}", f"2025-09-{n + 1:02d}")
    journal.event("person.registered", "p3", "2025-09-20", site="MX-GDL")  # again elsewhere, the same month
    journal.event("person.registered", "p4", "2025-10-05")  # again in the next quarter
    journal.event("person.registered", "p5", "2025-11-05")  # and in its second month
    journal.event("person.registered", "p4", "2025-11-06")  # for the third time
    wrong = journal.event("person.registered", "p10", "2025-09-15")
    journal.event("event.withdrawn", "p10", "2025-09-15", withdraws_id=wrong)
    journal.write()
    assert rollup.roll_up().checked > 15
    assert total("2025-09", ("YEAR", "QUARTER", "MONTH")) == 10
    assert total("2025-09", ("SITE",)) == 1
    assert total("2025-10%", ("QUARTER",)) == 1
    assert total("2025-11", ("QUARTER",)) == 1
    assert total("2025-11", ("MONTH",)) == 1
    assert total("2025-%", ("YEAR",)) == 10
    found = rollup.recount()
    assert found.differences == () and found.checked > 20


def test_merge_and_undo_are_exact(committed_db):
    journal = Journal()
    journal.event("person.registered", "a", "2025-09-01", household="h")
    journal.event("person.registered", "b", "2025-09-02", household="h")
    journal.write()
    rollup.roll_up()
    assert total("2025-09", ("YEAR",)) == 2
    journal.event("person.merged", "a", "2025-09-03", other="b")
    journal.write()
    rollup.roll_up()
    assert total("2025-09", ("YEAR",)) == 1
    assert rollup.recount().differences == ()
    journal.event("person.unmerged", "b", "2025-09-04", other="a")
    journal.write()
    rollup.roll_up()
    assert total("2025-09", ("YEAR",)) == 2
    assert rollup.recount().differences == ()


def test_a_recount_finds_what_was_changed_by_hand_and_repairs_it(committed_db):
    journal = Journal()
    for n in range(7):
        journal.event("person.registered", f"p{n}", "2025-09-01")
    journal.write()
    rollup.roll_up()
    with core_db.connect("facts") as connection:
        connection.execute(sa.text("UPDATE facts.cell SET amount = amount + 1"))
    # Whoever registers in September is asked about the Washington Group's questions by October.
    assert [(d.table, d.where) for d in rollup.recount().differences] == [
        ("cell", "arrivals 2025-09"),
        ("cell", "wg_asked 2025-10a"),
    ]
    assert rollup.recount(repair=True).differences != ()
    assert rollup.recount().differences == ()
